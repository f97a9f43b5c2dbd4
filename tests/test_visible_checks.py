"""What a grader without its hidden half does, and fixtures that both halves share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from autograder.errors import GraderError
from autograder.grading import census
from autograder.results import Outcome

if TYPE_CHECKING:
    from tests.conftest import Course, Said

LAB = "01-tiny-lab"
SHARED = """
    import pytest


    @pytest.fixture(scope="session")
    def number():
        '''A number that students may know.'''
        return 2


    @pytest.fixture(scope="session")
    def doubled(submission, number):
        '''What comes of it, asked for once.'''
        return submission.load("work.py").double(number)
"""
VISIBLE = """
    import pytest


    @pytest.mark.task("double")
    def test_two(doubled, number):
        '''Twice the number is the number and itself.'''
        assert doubled == number + number, f"double({number}) is {doubled!r}."


    @pytest.mark.task("greet")
    def test_ada(submission):
        '''Ada is greeted by name.'''
        assert submission.load("work.py").greet("Ada") == "Hello, Ada!", "Not so."
"""


def hide(course: Course, counts: str) -> None:
    """Make it a student edition, as far as checks go."""
    (course.grader / "test_hidden.py").unlink()
    course.write(course.grader / "hidden.json", counts)


def test_checks_are_counted_without_running(course: Course) -> None:
    """Per task, visible and hidden ones; no submission is needed."""
    course.forget_graders()
    catalog = course.catalog

    assert census(catalog.lab(LAB), catalog) == {"double": (1, 1), "greet": (1, 0)}


def test_a_grader_that_cannot_be_loaded_cannot_be_counted(course: Course) -> None:
    """The error names it."""
    course.write(course.grader / "test_hidden.py", "import nothing_of_that_name\n")
    course.forget_graders()
    catalog = course.catalog

    with pytest.raises(GraderError, match=r"test_hidden\.py cannot be loaded"):
        census(catalog.lab(LAB), catalog)


def test_hidden_checks_elsewhere_are_announced(course: Course) -> None:
    """A report in a student edition says how many hidden checks its score is without."""
    hide(course, '{"double": 3, "greet": 4}')
    report = course.grade()

    assert report.hidden_elsewhere == 7
    assert report.checks_hidden == 0
    assert report.full_marks


def test_only_those_of_the_tasks_chosen_are_announced(course: Course) -> None:
    """Who grades one task is told of its checks."""
    hide(course, '{"double": 3, "greet": 4}')

    assert course.grade(tasks=["greet"]).hidden_elsewhere == 4


@pytest.mark.parametrize("counts", ["", "[]", "{", '{"double": "many"}', '{"double": null}', '{"double": -3}'])
def test_a_damaged_count_costs_nobody_the_report(course: Course, counts: str) -> None:
    """A student may have edited it."""
    hide(course, counts)
    report = course.grade()

    assert report.outcome is Outcome.GRADED
    assert report.hidden_elsewhere == 0


def test_the_authors_edition_announces_nothing(course: Course) -> None:
    """Where hidden checks run, none are elsewhere."""
    assert course.grade().hidden_elsewhere == 0


def test_the_command_says_visible_checks_only(course: Course, command: Callable[..., Said]) -> None:
    """Full points of visible checks are not sold as the whole truth."""
    hide(course, '{"double": 3, "greet": 4}')
    course.write(course.lab / "work.py", (course.solution / "work.py").read_bytes())
    said = command("grade", "tiny")

    assert "4 / 4 visible checks only" in said.out
    assert "2 visible checks, and 7 hidden checks that your instructor runs" in said.out
    assert "Full marks" not in said.out
    assert f"To hand it in: nox -s submit -- {LAB}" in said.out
    assert "visible checks only" in (course.root / ".grades" / f"{LAB}.html").read_text()


def test_shared_fixtures_serve_visible_checks(course: Course) -> None:
    """What is in visible/fixtures.py is there without a conftest.py."""
    course.write(course.grader / "visible" / "fixtures.py", SHARED)
    course.write(course.grader / "test_visible.py", VISIBLE)
    hide(course, "{}")
    report = course.grade()

    assert report.problem == ""
    assert report.full_marks


def test_a_conftest_overrides_shared_fixtures(course: Course) -> None:
    """Hidden checks have the shared work done on more, and both halves see the same."""
    course.write(course.grader / "visible" / "fixtures.py", SHARED)
    course.write(course.grader / "test_visible.py", VISIBLE)
    course.write(
        course.grader / "conftest.py",
        "import pytest\n\n\n@pytest.fixture(scope='session')\ndef number():\n    return 21\n",
    )
    report = course.grade("def double(x):\n    return 0\n\ndef greet(name):\n    return ''\n", visible_only=True)

    assert report.tasks[0].checks[0].message == "double(21) is 0."


def test_shared_fixtures_are_fresh_for_each_submission(course: Course) -> None:
    """What one submission gave is not remembered for the next."""
    course.write(course.grader / "visible" / "fixtures.py", SHARED)
    course.write(course.grader / "test_visible.py", VISIBLE)
    scores = [
        course.grade(f"def double(x):\n    return {factor} * x\n", visible_only=True, tasks=["double"]).score
        for factor in (2, 3, 2)
    ]

    assert scores == [3, 0, 3]


def test_shared_fixtures_with_a_bug_are_our_failure(course: Course) -> None:
    """Nobody gets a zero for a grader's bug."""
    course.write(course.grader / "visible" / "fixtures.py", "import nothing_of_that_name\n")
    report = course.grade()

    assert report.outcome is Outcome.INFRASTRUCTURE_ERROR
    assert report.score is None
    assert "fixtures.py cannot be loaded: ModuleNotFoundError" in report.problem
