"""One result per check: what came of it, what is told, and what stays untold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from autograder.results import CheckResult, CheckStatus, LabReport, TaskState

if TYPE_CHECKING:
    from tests.conftest import Course

WORK = """
    def double(x):
        print("doubling", x)
        return 2 * x

    def broken(x):
        return table[x]

    def later():
        raise NotImplementedError

    def greet(name):
        return f"Hello, {name}!"
"""
USE = "work = submission.load('work.py')\n"


def checks(report: LabReport) -> dict[str, CheckResult]:
    """The checks of a graded report by the names of their functions."""
    assert report.problem == ""
    return {check.id.partition("::")[2]: check for task in report.tasks for check in task.checks}


# ---- what a check can come to


def test_a_check_that_passes(course: Course) -> None:
    """Nothing is said but what was printed."""
    check = course.check(USE + "assert work.double(2) == 4, 'unused'", WORK)

    assert (check.status, check.message, check.called, check.returned) == (CheckStatus.PASSED, "", "", "")
    assert check.output == "doubling 2\n"


def test_a_check_that_fails(course: Course) -> None:
    """The message of the assert, the call and its result are told, and nothing else."""
    check = course.check(USE + "result = work.double(2)\nassert result == 5, 'Expected five.'", WORK)

    assert (check.status, check.message) == (CheckStatus.FAILED, "Expected five.")
    assert (check.called, check.returned) == ("double(2)", "4")
    assert not check.not_started


def test_asserts_do_not_explain_themselves(course: Course) -> None:
    """The values that an assert compares stay with the grader."""
    check = course.check(USE + "secret = 12345\nassert work.double(2) == secret, 'No.'", WORK)

    assert "12345" not in check.model_dump_json()


def test_student_code_that_raises(course: Course) -> None:
    """The exception in a sentence, and the student's own line."""
    check = course.check(USE + "work.broken(3)", WORK)

    assert (check.status, check.message) == (
        CheckStatus.ERROR,
        "broken raised NameError: name 'table' is not defined.",
    )
    assert [(place.where, place.line, place.source) for place in check.locations] == [("work.py", 7, "return table[x]")]
    assert (check.called, check.returned, check.not_started) == ("broken(3)", "", False)


def test_work_that_has_not_begun(course: Course) -> None:
    """NotImplementedError is no mistake yet."""
    check = course.check(USE + "work.later()", WORK)

    assert (check.status, check.not_started) == (CheckStatus.ERROR, True)


def test_a_name_that_is_missing(course: Course) -> None:
    """A misspelt function is told with the one that may be it."""
    check = course.check(USE + "work.dubble(1)", WORK)

    assert check.status is CheckStatus.ERROR
    assert check.message == "work.py defines no dubble. Did you mean double to be it?"


def test_an_error_while_a_fixture_is_made_is_the_student_s_too(course: Course) -> None:
    """Loading in a fixture is told like loading in the check."""
    fixture = "import pytest\n\n@pytest.fixture\ndef work(submission):\n    return submission.load('work.py')\n"
    course.write(course.grader / "conftest.py", fixture)
    hidden = '@pytest.mark.task("double")\ndef test_it(work):\n    """It."""\n    assert work.double(1) == 2, "no"\n'
    course.write(course.grader / "test_hidden.py", f"import pytest\n\n{hidden}")
    check = checks(course.grade("import no_such_module"))["test_it"]

    assert check.status is CheckStatus.ERROR
    assert check.message == "work.py raised ModuleNotFoundError: No module named 'no_such_module'."


def test_long_messages_and_output_are_cut_with_a_note(course: Course) -> None:
    """Neither grows without end."""
    body = USE + "work.flood()\nassert False, 'x' * 10_000"
    check = course.check(body, "def flood():\n    print('y' * 10_000)\n")

    assert check.message == "x" * 4000 + "\n[… cut: 6000 more characters]"
    assert check.output == "y" * 4000 + "\n[… cut: 6001 more characters]"


# ---- several checks


def test_output_goes_with_the_check_that_printed_it(course: Course) -> None:
    """Each check shows what was printed during it."""
    found = checks(course.grade(WORK))

    assert found["test_two"].output == "doubling 2\n"
    assert found["test_any_number"].output.startswith("doubling ")
    assert found["test_any_number"].output.count("\n") == 1
    assert found["test_ada"].output == ""


def test_titles_weights_and_what_is_hidden(course: Course) -> None:
    """The docstring's first paragraph is the title; only test_visible.py is not hidden."""
    found = checks(course.grade(WORK))

    assert found["test_any_number"].title == "Twice any number is the number and itself"
    assert {name: (check.hidden, check.weight) for name, check in found.items()} == {
        "test_two": (False, 1),
        "test_any_number": (True, 2),
        "test_ada": (False, 1),
    }


def test_a_check_waits_for_what_it_needs(course: Course) -> None:
    """What depends on a check that did not pass is skipped, and says why."""
    found = checks(course.grade("def double(x):\n    return 0\ndef greet(name): return ''\n"))

    assert found["test_any_number"].status is CheckStatus.SKIPPED
    assert found["test_any_number"].message == "Runs once the checks before it pass."


NEEDS = '''
    import pytest

    @pytest.mark.task("double")
    @pytest.mark.parametrize("path", ["a/1", "b/2", "a"])
    def test_path(submission, path):
        """A path."""
        assert submission.load("work.py").good(path), "bad path"

    @pytest.mark.task("greet")
    @pytest.mark.needs("test_path")
    def test_after(submission):
        """After."""
'''


@pytest.mark.parametrize(("bad", "status"), [("", CheckStatus.PASSED), ("b/2", CheckStatus.SKIPPED)])
def test_all_cases_of_a_check_are_needed(course: Course, bad: str, status: CheckStatus) -> None:
    """A parametrized check has a result per case, and has passed when all of them have."""
    course.write(course.grader / "test_hidden.py", NEEDS)
    work = f"def good(path):\n    return path != {bad!r}\n"
    found = checks(course.grade(work))

    assert [name for name in found if "path" in name] == ["test_path[a/1]", "test_path[b/2]", "test_path[a]"]
    assert found["test_after"].status is status


def test_what_is_not_graded_keeps_nothing_waiting(course: Course) -> None:
    """A task that is graded alone does not wait for checks of another one."""
    course.write(course.grader / "test_hidden.py", NEEDS)
    found = checks(course.grade("def greet(name):\n    return ''\n", tasks=["greet"]))

    assert found["test_after"].status is CheckStatus.PASSED


# ---- hidden data


RANDOM = """
    import pytest

    @pytest.mark.task("double")
    def test_one(rng, seed):
        '''One.'''
        assert False, f"{seed} {rng.integers(10**9)}"

    @pytest.mark.task("double")
    def test_other(rng, seed):
        '''Other.'''
        assert False, f"{seed} {rng.integers(10**9)}"
"""


def test_random_numbers_follow_from_the_seed_and_the_check(course: Course) -> None:
    """Graded again they are the same; another seed or another check has others."""
    course.write(course.grader / "test_hidden.py", RANDOM)
    drawn = [checks(course.grade(WORK, seed=seed)) for seed in (0, 0, 1)]
    first, again, other = [[found[name].message for name in ("test_one", "test_other")] for found in drawn]

    assert first == again
    assert len({text.split()[1] for text in (*first, *other)}) == 4
    assert [text.split()[0] for text in (first[0], other[0])] == ["0", "1"]


# ---- two labs


def test_two_labs_graded_in_turn_do_not_mix(course: Course) -> None:
    """Each lab has its own conftest and its own checks, though their files are called the same."""
    other = "02-other-lab"
    for folder in ("solutions", "autograder/graders"):
        for path in list((course.root / folder / "01-tiny-lab").iterdir()):
            course.write(course.root / folder / other / path.name, path.read_text())
    course.edit(course.root / "course.toml", '"01-tiny-lab"', f'"01-tiny-lab", "{other}"')
    for lab, number in (("01-tiny-lab", 1), (other, 2)):
        fixture = f"import pytest\n\n@pytest.fixture(scope='session')\ndef lab():\n    return {number}\n"
        body = f'"""It."""\n    assert lab == 0, "{number}" + str(lab)\n'
        check = f'@pytest.mark.task("double")\ndef test_lab(lab):\n    {body}'
        course.write(course.root / "autograder" / "graders" / lab / "conftest.py", fixture)
        course.write(course.root / "autograder" / "graders" / lab / "test_hidden.py", f"import pytest\n\n{check}")
    said = [checks(course.grade(WORK, lab=lab))["test_lab"].message for lab in ("01-tiny-lab", other, "01-tiny-lab")]

    assert said == ["11", "22", "11"]


def test_a_grader_knows_which_tasks_are_graded(course: Course) -> None:
    """So that it need not try out what nobody asked for."""
    course.edit(course.grader / "test_hidden.py", "rng):", "rng, asked_for):")
    course.edit(course.grader / "test_hidden.py", "assert result ==", 'assert asked_for == {"double"} and result ==')
    alone, together = course.grade(tasks=["double"]), course.grade()

    assert alone.full_marks
    assert [task.state for task in together.tasks] == [TaskState.PARTIAL, TaskState.FULL]
