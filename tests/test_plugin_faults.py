"""Whatever a grader does wrong is ours, never the student's: no score, and the instructor is told why."""

from __future__ import annotations

from textwrap import dedent, indent
from typing import TYPE_CHECKING

import pytest

from autograder.results import Outcome

if TYPE_CHECKING:
    from tests.conftest import Course


def problem(course: Course, hidden: str) -> str:
    """Why a lab with these hidden checks could not be graded."""
    course.write(course.grader / "test_hidden.py", f"import pytest\n\n{dedent(hidden)}")
    report = course.grade()
    assert (report.outcome, report.score) == (Outcome.INFRASTRUCTURE_ERROR, None)
    return report.problem


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{}['key']", "test_it raised KeyError: 'key'"),
        ("assert 1 == 2", "failed without a message for the student"),
        ("raise AssertionError", "failed without a message for the student"),
        ("pytest.skip('later')", "skipped itself (later): a missing result is no result"),
        ("pytest.xfail('known')", "test_it raised XFailed: known"),
        ("pytest.importorskip('no_such_module')", "skipped itself"),
        ("raise SystemExit(0)", "test_it raised SystemExit: 0"),
        ("pytest.exit('enough')", "a check ended pytest: enough"),
        ("submission.load('work.py').double(lambda: 1)", "is the grader's own and cannot be sent to student code"),
        ("request.getfixturevalue('no_such_fixture')", "no_such_fixture"),
    ],
)
def test_a_check_that_does_anything_but_judge_is_our_failure(course: Course, body: str, said: str) -> None:
    """Nobody is scored by a grader that has a bug, and the instructor is told which."""
    hidden = f'@pytest.mark.task("double")\ndef test_it(submission, request):\n    """It."""\n{indent(body, "    ")}\n'

    assert said in problem(course, hidden)


@pytest.mark.parametrize(
    ("hidden", "said"),
    [
        ('def test_it():\n    """It."""\n', 'test_it: needs @pytest.mark.task("…") with the id of its task'),
        ('@pytest.mark.task("double")\ndef test_it():\n    pass\n', "test_it: needs a docstring"),
        ('@pytest.mark.task("dubble")\ndef test_it():\n    """It."""\n', "no task 'dubble', only double, greet"),
        ('@pytest.mark.task()\ndef test_it():\n    """It."""\n', "needs @pytest.mark.task"),
        ('@pytest.mark.task("double", weight=0)\ndef test_it():\n    """It."""\n', "weight must be greater than 0"),
        (
            '@pytest.mark.task("double")\n@pytest.mark.needs("test_tow")\ndef test_it():\n    """It."""\n',
            "needs 'test_tow', which is no check that runs before it",
        ),
        (
            '@pytest.mark.task("double")\n@pytest.mark.needs("test_ada")\ndef test_it():\n    """It."""\n',
            "needs 'test_ada', which is no check that runs before it",
        ),
        ('@pytest.mark.task("double")\ndef test_it(no_such_fixture):\n    """It."""\n', "no_such_fixture"),
        ("import no_such_module\n", "cannot be loaded"),
        ("def test_it(:\n", "cannot be loaded"),
        ("pytest.skip('all of it', allow_module_level=True)\n", "test_hidden.py skipped itself"),
        ("pytest.importorskip('no_such_module')\n", "test_hidden.py skipped itself"),
        (
            "@pytest.fixture\ndef bug():\n    yield\n    {}['key']\n\n"
            '@pytest.mark.task("double")\ndef test_it(bug):\n    """It."""\n',
            "test_it raised KeyError: 'key'",
        ),
    ],
)
def test_a_module_with_faults_is_our_failure(course: Course, hidden: str, said: str) -> None:
    """Marks, docstrings, imports and fixtures are held to account before anyone is scored."""
    assert said in problem(course, hidden)


def test_a_conftest_with_faults_is_our_failure(course: Course) -> None:
    """A conftest.py that cannot be loaded ends in a report, not in an exception."""
    course.write(course.grader / "conftest.py", "import no_such_module\n")
    report = course.grade()

    assert (report.outcome, report.score) == (Outcome.INFRASTRUCTURE_ERROR, None)
    assert "no_such_module" in report.problem


def test_the_first_mistake_is_told(course: Course) -> None:
    """After our own failure no further check runs."""
    body = '@pytest.mark.task("double")\ndef test_{0}():\n    """It."""\n    raise ValueError("{0}")\n\n'

    assert "ValueError: first" in problem(course, body.format("first") + body.format("second"))


def test_all_faulty_checks_are_told_at_once(course: Course) -> None:
    """An author sees every missing mark and docstring in one go."""
    said = problem(course, "def test_a():\n    pass\n\ndef test_b():\n    pass\n")

    assert [line.rpartition("::")[2][:6] for line in said.splitlines()] == ["test_a", "test_a", "test_b", "test_b"]


def test_stopping_by_hand_is_no_failure(course: Course) -> None:
    """Ctrl-C while checks run ends the grading, not in a report."""
    hidden = '@pytest.mark.task("double")\ndef test_it():\n    """It."""\n    raise KeyboardInterrupt\n'
    course.write(course.grader / "test_hidden.py", f"import pytest\n\n{hidden}")

    with pytest.raises(KeyboardInterrupt):
        course.grade()
