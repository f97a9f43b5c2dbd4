"""A lab's graders are held against its solution, its starter and its cases; whatever does not fit is named."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from autograder import build, grading
from autograder.cases import Case
from autograder.errors import ManifestError
from autograder.examination import Recall
from autograder.mutants.proof import Verdict
from autograder.results import LabReport
from autograder.verify import plan, verify
from autograder.verify.plan import Job, in_turns
from tests.processes import alive, descendants, eventually

if TYPE_CHECKING:
    from tests.conftest import Course

Judge = Callable[..., dict[str, Verdict]]


def problems(found: dict[str, Verdict]) -> dict[str, str]:
    """Case → what is wrong with it."""
    return {case: verdict.problem for case, verdict in found.items() if verdict.problem}


def test_a_sound_lab_has_no_problems(course: Course, judged: Judge) -> None:
    """A verdict for the build, the solution, the starter and each case."""
    build.build(course.root)
    found = judged()

    assert problems(found) == {}
    assert {case: verdict.kind for case, verdict in found.items()} == {
        "in step with solutions/": "build",
        "the reference solution": "solution",
        "the untouched starter": "starter",
        "two is added": "wrong",
        "the sum of x and x": "right",
    }
    assert found["two is added"].scores == {"double": 1, "greet": 1}
    assert found["two is added"].lost == ("double",)


def test_the_number_of_verdicts_is_told_first(course: Course, judged: Judge) -> None:
    """Whoever shows progress knows how much there is."""
    told: list[int] = []
    found = judged(planned=told.append)

    assert told == [len(found)] == [5]


def test_labs_take_turns(course: Course) -> None:
    """They end together, so that one that waits is never alone; no queue is read further than it must be."""
    read: list[str] = []
    (lab,) = course.catalog.labs()

    def queue(names: str) -> tuple[Iterator[Job], int]:
        def jobs() -> Iterator[Job]:
            for name in names:
                read.append(name)
                yield Job(lab, "wrong", Case(name, (), {}))

        return jobs(), len(names)

    turns = in_turns([queue("abcd"), queue("xy")])

    assert [next(turns).case.name for _ in range(2)] == ["a", "x"]
    assert set(read) <= set("axb")
    assert [job.case.name for job in turns] == ["b", "c", "y", "d"]


def test_labs_out_of_step_are_named(judged: Judge) -> None:
    """A student view that is missing or stale is a problem of its own."""
    problem = judged()["in step with solutions/"].problem

    assert "labs/ is not in step with solutions/ (nox -s build)" in problem
    assert "labs/01-tiny-lab/work.py" in problem


def test_a_solution_that_loses_points_is_named(course: Course, judged: Judge) -> None:
    """With the task, the check and its message."""
    course.edit(course.solution / "work.py", "Hello, {", "Hullo, {")
    problem = judged()["the reference solution"].problem

    assert problem.startswith("greet lost points: test_visible.py::test_ada: Ada was greeted by 'Hullo, Ada!'.")


def test_points_for_nothing_are_named(course: Course, judged: Judge) -> None:
    """A grader that gives the starter points is found out."""
    course.edit(course.grader / "test_visible.py", "assert text ==", "assert True or text ==")
    course.edit(course.grader / "test_visible.py", 'submission.load("work.py").greet("Ada")', '"Hello"')
    found = judged()

    assert found["the untouched starter"].problem == "points for nothing in greet"


def test_a_starter_that_is_scolded_is_named(course: Course, judged: Judge) -> None:
    """Work that has not begun must be shown as such."""
    course.edit(course.grader / "test_visible.py", 'submission.load("work.py").greet("Ada")', '"Hello"')

    assert judged()["the untouched starter"].problem == "not shown as 'not started': greet"


def test_a_mistake_that_costs_nothing_is_named(course: Course, judged: Judge) -> None:
    """A wrong case that gets full marks shows a hole in the graders."""
    course.edit(course.grader / "test_hidden.py", "assert result ==", "assert True or result ==")

    assert problems(judged())["two is added"] == "double lost no points"


def test_a_mistake_that_costs_too_much_is_named(course: Course, judged: Judge) -> None:
    """A wrong case may lose points in its own tasks only."""
    course.edit(course.grader / "cases.toml", 'by = "2 + x"', "by = '''2 + x\n\n\ngone = 1 / 0'''")
    problem = problems(judged())["two is added"]

    assert problem.startswith("greet lost points: test_visible.py::test_ada: work.py raised ZeroDivisionError")


def test_a_right_answer_that_loses_points_is_named(course: Course, judged: Judge) -> None:
    """A grader that accepts only the author's way is found out."""
    course.edit(course.grader / "cases.toml", 'by = "x + x"', 'by = "x + x + 0.5"')

    assert problems(judged())["the sum of x and x"].startswith("double lost points: test_visible.py::test_two")


def test_a_grader_s_bug_is_named_for_each_submission(course: Course, judged: Judge) -> None:
    """Our own failures are told as such."""
    course.edit(course.grader / "test_hidden.py", "number = int", "number = undefined or int")
    found = problems(judged())

    assert found["the reference solution"].startswith("infrastructure error: ")
    assert "NameError" in found["the reference solution"]


def test_faults_of_cases_toml_stop_all(course: Course, judged: Judge) -> None:
    """What cannot be read is no verdict."""
    course.write(course.grader / "cases.toml", "[[wrong]]\n")

    with pytest.raises(ManifestError, match=r"wrong\.1\.name: is required"):
        judged()


def test_variants_must_get_full_marks(course: Course, judged: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are the solution in other words."""
    spaced = {"work.py": (course.solution / "work.py").read_bytes().replace(b"2 * x", b"2*x")}
    monkeypatch.setattr(plan, "variants", lambda lab, exemplar: [Case("less space", (), spaced)])
    course.edit(course.grader / "test_visible.py", "result = ", 'text = submission.read("work.py")\n    result = ')
    course.edit(course.grader / "test_visible.py", "assert result ==", 'assert "2*x" not in text and result ==')
    found = judged()

    assert found["less space"].kind == "variant"
    assert problems(found)["less space"].startswith("double lost points: test_visible.py::test_two")


def test_mutants_are_hunted(course: Course, judged: Judge) -> None:
    """Each is held against the checks until one does not pass."""
    build.build(course.root)
    found = judged(mutants=None)

    hunted = {case: (verdict.caught_by, verdict.lost) for case, verdict in found.items() if verdict.kind == "mutant"}
    assert hunted == {
        "work.py, double: constant, 2 → 3": ("test_visible.py::test_two", ("double",)),
        "work.py, double: arithmetic, * → /": ("test_visible.py::test_two", ("double",)),
    }
    assert found["mutation score"].problem == ""


def test_a_mutant_that_survives_a_likely_task_meets_the_others(course: Course, judged: Judge) -> None:
    """What one task lets pass, another may find."""
    for name in ("test_visible.py", "test_hidden.py"):
        course.edit(course.grader / name, "assert result ==", "assert True or result ==")
    both = 'submission.load("work.py").greet("Ada") * (submission.load("work.py").double(3) == 6)'
    course.edit(course.grader / "test_visible.py", 'submission.load("work.py").greet("Ada")', both)
    found = judged(mutants=None)

    assert {verdict.lost for verdict in found.values() if verdict.kind == "mutant"} == {("greet",)}


def test_a_mutant_that_hangs_is_found_soon(course: Course, judged: Judge) -> None:
    """It may take a few times as long as the solution, not as long as a student's work."""
    course.limit(check_s=600, wall_s=600)
    course.edit(
        course.solution / "work.py", "return 2 * x", "n = x + x\n    while n > x + x:\n        pass\n    return n"
    )
    course.write(course.grader / "cases.toml", "")
    found = judged(mutants=None)
    hung = found["work.py, double: comparison, > → <="]

    assert hung.caught_by == "test_visible.py::test_two"
    assert hung.seconds < 60


def test_a_floor_is_held(course: Course, judged: Judge) -> None:
    """Too many survivors are a problem, and each has its diff."""
    for name in ("test_visible.py", "test_hidden.py"):
        course.edit(course.grader / name, "assert result ==", "assert True or result ==")
    course.write(course.grader / "cases.toml", "[floor]\nmutation_score = 0.5\n")
    found = judged(mutants=None)

    assert problems(found)["mutation score"] == "0.0% of the mutants are found, the floor is 50.0%"
    assert found["work.py, double: arithmetic, * → /"].caught_by == ""
    assert "+    return 2 / x" in found["work.py, double: arithmetic, * → /"].diff


EQUIVALENT = """
[[equivalent]]
file = "work.py"
replace = "return 2 * x"
by = "return 3 * x"
reason = "An example of a reason."
"""


def test_equivalent_mutants_are_not_tried(course: Course, judged: Judge) -> None:
    """They are told, but count for nothing."""
    course.write(course.grader / "cases.toml", EQUIVALENT)
    found = judged(mutants=None)

    assert found["work.py, double: constant, 2 → 3"].kind == "equivalent"
    assert [case for case, verdict in found.items() if verdict.kind == "mutant"] == [
        "work.py, double: arithmetic, * → /"
    ]


def test_an_equivalent_mutant_that_there_is_not_is_an_error(course: Course, judged: Judge) -> None:
    """The solution has changed since; the entry would hide nothing, or one day the wrong mutant."""
    course.write(course.grader / "cases.toml", EQUIVALENT.replace("3 * x", "4 * x"))
    problem = r"01-tiny-lab: equivalent\.1: work\.py has no mutants that put 'return 4 \* x' .*: remove the entry"

    with pytest.raises(ManifestError, match=problem):
        judged(mutants=None)


def test_an_equivalent_mutant_must_be_one(course: Course, judged: Judge) -> None:
    """Where two functions have the same line, the entry says which of them it means."""
    course.edit(course.solution / "work.py", 'return f"Hello, {name}!"', "return 2 * x")
    course.write(course.grader / "cases.toml", EQUIVALENT)

    told = r"has 2 mutants that put .*: say where \(double, greet\), or how many times"
    with pytest.raises(ManifestError, match=told):
        judged(mutants=None)
    course.write(course.grader / "cases.toml", EQUIVALENT + "times = 2\n")
    assert sum(verdict.kind == "equivalent" for verdict in judged(mutants=None).values()) == 2
    course.write(course.grader / "cases.toml", EQUIVALENT + 'where = "greet"\n')
    found = judged(mutants=None)
    assert [case for case, verdict in found.items() if verdict.kind == "equivalent"] == [
        "work.py, greet: constant, 2 → 3"
    ]


def test_no_mutants_are_tried_where_the_solution_is_wrong(course: Course, judged: Judge) -> None:
    """All would be found, and nothing would be shown by it."""
    course.edit(course.solution / "work.py", "return 2 * x", "return 2 + x")
    course.write(course.grader / "cases.toml", "")
    found = judged(mutants=None)

    assert not [verdict for verdict in found.values() if verdict.kind == "mutant"]
    assert problems(found)["mutation score"].startswith("no mutants were tried")


def test_a_mutant_that_breaks_a_grader_is_a_problem_of_ours(course: Course, judged: Judge) -> None:
    """It is neither found nor a survivor."""
    course.edit(course.grader / "test_hidden.py", "assert result ==", "assert 1 // (result - 3 * number) and result ==")
    course.edit(course.grader / "test_visible.py", "assert result ==", "assert result == 6 or result ==")
    problem = problems(judged(mutants=None))["work.py, double: constant, 2 → 3"]

    assert problem.startswith("infrastructure error: ")
    assert "ZeroDivisionError" in problem


def test_a_sample_of_the_mutants_will_do(course: Course, judged: Judge) -> None:
    """For a quicker look."""
    found = judged(mutants=1)

    assert sum(verdict.kind == "mutant" for verdict in found.values()) == 1


def test_solution_and_mistakes_are_graded_again(course: Course, judged: Judge) -> None:
    """With other seeds; a check that depends on them is found out."""
    course.edit(course.grader / "test_hidden.py", "rng):", "rng, seed):")
    course.edit(course.grader / "test_hidden.py", "== number + number", "== number + number + (seed == 2)")
    found = judged(repeat=3)

    assert [case for case, verdict in found.items() if verdict.kind == "repeat"] == [
        "the reference solution, seed 1",
        "two is added, seed 1",
        "the reference solution, seed 2",
        "two is added, seed 2",
    ]
    assert list(problems(found))[1:] == ["the reference solution, seed 2"]  # after that of the build


def test_only_the_first_turn_recalls_results(judged: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is graded again shows that verdicts do not depend on chance, so all of it is run."""
    grade, recalls = grading.grade, set()

    def noted(request: grading.Request, *given: Any, recall: Recall | None) -> LabReport:
        recalls.add((request.seed, recall is not None))
        return grade(request, *given, recall=recall)

    monkeypatch.setattr(grading, "grade", noted)
    judged(repeat=2)

    assert recalls == {(0, True), (1, False)}


def test_each_turn_has_another_hash_seed(course: Course) -> None:
    """In student code and in graders alike."""
    work = course.solution / "work.py"
    course.edit(work, "return 2 * x", "print(hash('salt'))\n    return 2 * x")
    log = course.root / "log"
    told = "submission.session.transcript().output.strip(), hash('salt')"
    check = f"with open({str(log)!r}, 'a') as log:\n        print({told}, file=log)"
    course.edit(course.grader / "test_visible.py", "    assert result", f"    {check}\n    assert result")
    course.write(course.grader / "cases.toml", "")
    build.build(course.root)
    found = list(verify(course.catalog, course.catalog.labs(), workers=1, mutants=0, repeat=2))

    assert [verdict.problem for verdict in found if verdict.kind in ("solution", "repeat")] == ["", ""]
    lines = [re.fullmatch(r"(-?\d+) (-?\d+)", line) for line in log.read_text().splitlines()]
    student, grader = zip(*(line.groups() for line in lines if line), strict=True)
    assert (len(set(student)), len(set(grader))) == (2, 2)


def test_nothing_outlives_a_run_that_is_killed(course: Course) -> None:
    """Neither processes that judge nor the student code that they wait for."""
    course.limit(check_s=600, wall_s=600)
    course.edit(course.grader / "cases.toml", 'by = "2 + x"', 'by = "[0 for _ in iter(int, 1)]"')
    build.build(course.root)
    command = [sys.executable, "-m", "autograder", "verify", "--no-mutants", "--jobs", "1"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(command, cwd=course.root, env=environment, stdout=subprocess.DEVNULL) as run:
        memory = course.root / ".cache" / "verify" / "01-tiny-lab.jsonl"
        begun = eventually(memory.is_file)  # the solution has been judged, so there are processes
        below = descendants(run.pid)
        run.kill()

    assert begun
    assert len(below) > 1
    assert eventually(lambda: not alive(below))


def test_it_works_in_processes_of_its_own(course: Course) -> None:
    """Two workers side by side come to the same verdicts."""
    build.build(course.root)
    found = list(verify(course.catalog, course.catalog.labs(), workers=2))

    assert {verdict.problem for verdict in found} == {""}
    assert found[0].kind == "build"
    kinds = {"build", "solution", "starter", "wrong", "right", "variant", "mutant", "floor"}
    assert {verdict.kind for verdict in found} == kinds
