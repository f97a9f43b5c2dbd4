"""A lab's graders are held against its solution, its starter and its cases; whatever does not fit is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from autograder import build, verify
from autograder.errors import ManifestError
from autograder.sandbox.client import Zygote
from autograder.verify import Verdict

if TYPE_CHECKING:
    from tests.conftest import Course

Judge = Callable[..., dict[str, Verdict]]


class HereAndNow:
    """Stands in for a pool of processes."""

    def __init__(self, workers: int, context: object, begin: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        begin(*arguments)

    def map(self, function: Callable[[Any], Any], jobs: list[Any]) -> Iterator[Any]:
        """One after the other."""
        return map(function, jobs)

    def __enter__(self) -> HereAndNow:
        return self

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture
def judge(course: Course, zygote: Zygote, monkeypatch: pytest.MonkeyPatch) -> Judge:
    """Verify the course in this process; verdicts by the names of their cases."""
    monkeypatch.setattr(verify, "ProcessPoolExecutor", HereAndNow)
    monkeypatch.setattr(verify, "Zygote", lambda modules: zygote)
    monkeypatch.setattr(verify, "_here", None)

    def run(**options: Any) -> dict[str, Verdict]:
        catalog = course.catalog
        return {verdict.case: verdict for verdict in verify.verify(catalog, catalog.labs(), **options)}

    return run


def problems(found: dict[str, Verdict]) -> dict[str, str]:
    """Case → what is wrong with it."""
    return {case: verdict.problem for case, verdict in found.items() if verdict.problem}


def test_a_sound_lab_has_no_problems(course: Course, judge: Judge) -> None:
    """A verdict for the build, the solution, the starter and each case."""
    build.build(course.root)
    found = judge()

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


def test_the_number_of_verdicts_is_told_first(course: Course, judge: Judge) -> None:
    """Whoever shows progress knows how much there is."""
    told: list[int] = []
    found = judge(planned=told.append)

    assert told == [len(found)] == [5]


def test_labs_out_of_step_are_named(judge: Judge) -> None:
    """A student view that is missing or stale is a problem of its own."""
    problem = judge()["in step with solutions/"].problem

    assert "labs/ is not in step with solutions/ (nox -s build)" in problem
    assert "labs/01-tiny-lab/work.py" in problem


def test_a_solution_that_loses_points_is_named(course: Course, judge: Judge) -> None:
    """With the task, the check and its message."""
    course.edit(course.solution / "work.py", "Hello, {", "Hullo, {")
    problem = judge()["the reference solution"].problem

    assert problem.startswith("greet lost points: test_visible.py::test_ada: Ada was greeted by 'Hullo, Ada!'.")


def test_points_for_nothing_are_named(course: Course, judge: Judge) -> None:
    """A grader that gives the starter points is found out."""
    course.edit(course.grader / "test_visible.py", "assert text ==", "assert True or text ==")
    course.edit(course.grader / "test_visible.py", 'submission.load("work.py").greet("Ada")', '"Hello"')
    found = judge()

    assert found["the untouched starter"].problem == "points for nothing in greet"


def test_a_starter_that_is_scolded_is_named(course: Course, judge: Judge) -> None:
    """Work that has not begun must be shown as such."""
    course.edit(course.grader / "test_visible.py", 'submission.load("work.py").greet("Ada")', '"Hello"')

    assert judge()["the untouched starter"].problem == "not shown as 'not started': greet"


def test_a_mistake_that_costs_nothing_is_named(course: Course, judge: Judge) -> None:
    """A wrong case that gets full marks shows a hole in the graders."""
    course.edit(course.grader / "test_hidden.py", "assert result ==", "assert True or result ==")

    assert problems(judge())["two is added"] == "double lost no points"


def test_a_mistake_that_costs_too_much_is_named(course: Course, judge: Judge) -> None:
    """A wrong case may lose points in its own tasks only."""
    course.edit(course.grader / "cases.toml", 'by = "2 + x"', "by = '''2 + x\n\n\ngone = 1 / 0'''")
    problem = problems(judge())["two is added"]

    assert problem.startswith("greet lost points: test_visible.py::test_ada: work.py raised ZeroDivisionError")


def test_a_right_answer_that_loses_points_is_named(course: Course, judge: Judge) -> None:
    """A grader that accepts only the author's way is found out."""
    course.edit(course.grader / "cases.toml", 'by = "x + x"', 'by = "x + x + 0.5"')

    assert problems(judge())["the sum of x and x"].startswith("double lost points: test_visible.py::test_two")


def test_a_grader_s_bug_is_named_for_each_submission(course: Course, judge: Judge) -> None:
    """Our own failures are told as such."""
    course.edit(course.grader / "test_hidden.py", "number = int", "number = undefined or int")
    found = problems(judge())

    assert found["the reference solution"].startswith("infrastructure error: ")
    assert "NameError" in found["the reference solution"]


def test_faults_of_cases_toml_stop_all(course: Course, judge: Judge) -> None:
    """What cannot be read is no verdict."""
    course.write(course.grader / "cases.toml", "[[wrong]]\n")

    with pytest.raises(ManifestError, match=r"wrong\.1\.name: is required"):
        judge()


def test_it_works_in_processes_of_its_own(course: Course) -> None:
    """Two workers side by side come to the same verdicts, in the order asked for."""
    build.build(course.root)
    found = list(verify.verify(course.catalog, course.catalog.labs(), workers=2))

    assert [verdict.problem for verdict in found] == [""] * 5
    assert [verdict.kind for verdict in found] == ["build", "solution", "starter", "wrong", "right"]
