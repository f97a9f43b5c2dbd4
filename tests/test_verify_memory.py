"""What was as it should be is not judged again until something that it depends on changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from autograder import build, grading
from autograder.mutants.proof import Verdict
from autograder.results import LabReport

if TYPE_CHECKING:
    from tests.conftest import Course

Judge = Callable[..., dict[str, Verdict]]
JUDGED = {"the reference solution", "the untouched starter", "two is added", "the sum of x and x"}


@pytest.fixture(autouse=True)
def _built(course: Course) -> None:
    build.build(course.root)


def new(found: dict[str, Verdict]) -> set[str]:
    """Cases that were judged in this run."""
    return {case for case, verdict in found.items() if not verdict.remembered and verdict.kind != "build"}


def test_an_unchanged_lab_is_remembered(judged: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second run grades nothing and comes to the same."""
    first = judged(mutants=None)

    def grade(*_: object) -> LabReport:
        raise AssertionError("graded again")

    monkeypatch.setattr(grading, "grade", grade)
    second = judged(mutants=None)

    assert new(first) > JUDGED
    assert new(second) == {"mutation score"}
    assert [(v.kind, v.problem, v.scores, v.lost, v.checks, v.caught_by) for v in first.values()] == [
        (v.kind, v.problem, v.scores, v.lost, v.checks, v.caught_by) for v in second.values()
    ]


def test_another_case_is_judged_alone(course: Course, judged: Judge) -> None:
    """The others have not changed."""
    judged()
    course.edit(course.grader / "cases.toml", 'by = "x + x"', 'by = "x * 2"')

    assert new(judged()) == {"the sum of x and x"}


@pytest.mark.parametrize("fails", ['["greet"]', '["double", "greet"]'])
def test_another_claim_about_a_case_is_judged(course: Course, judged: Judge, fails: str) -> None:
    """The submission is the same, what it should lose is not."""
    judged()
    course.edit(course.grader / "cases.toml", 'fails = ["double"]', f"fails = {fails}")

    assert new(judged()) == {"two is added"}


@pytest.mark.parametrize("file", ["test_hidden.py", "test_visible.py"])
def test_other_graders_judge_all_again(course: Course, judged: Judge, file: str) -> None:
    """Each verdict may be another one."""
    judged()
    course.write(course.grader / file, f"{(course.grader / file).read_text()}\n# changed\n")

    assert new(judged()) == JUDGED


def test_another_solution_is_judged(course: Course, judged: Judge) -> None:
    """And all that is made from it."""
    judged()
    course.edit(course.solution / "work.py", "Hello, {name}!", "Hello, {name!s}!")

    assert new(judged()) == JUDGED - {"the untouched starter"}


def test_what_is_not_as_it_should_be_is_judged_again(course: Course, judged: Judge) -> None:
    """Until it is."""
    course.edit(course.grader / "cases.toml", 'by = "x + x"', 'by = "x + x + 1"')
    first = judged()

    assert first["the sum of x and x"].problem
    assert new(judged()) == {"the sum of x and x"}


def test_what_took_too_long_is_judged_again(course: Course, judged: Judge) -> None:
    """It may have been the machine that was slow."""
    course.limit(check_s=0.5)
    course.edit(course.grader / "cases.toml", 'by = "2 + x"', 'by = "[0 for _ in iter(int, 1)]"')
    build.build(course.root)
    first = judged()

    assert first["two is added"].problem == ""
    assert new(judged()) == {"two is added"}


def test_each_turn_is_remembered_by_itself(judged: Judge) -> None:
    """Other seeds are other submissions."""
    judged(repeat=2)
    found = judged(repeat=3)

    assert new(found) == {"the reference solution, seed 2", "two is added, seed 2"}


def test_fresh_judges_all_again(judged: Judge) -> None:
    """And remembers what comes of it."""
    judged()

    assert new(judged(fresh=True)) == JUDGED
    assert new(judged()) == set()


def test_a_line_that_was_cut_off_is_judged_again(course: Course, judged: Judge) -> None:
    """A run may be stopped while it writes; the other lines count."""
    judged()
    (file,) = (course.root / ".cache" / "verify").iterdir()
    file.write_bytes(file.read_bytes()[:-30])

    assert len(new(judged())) == 1
    assert new(judged()) == set()


def test_without_a_place_to_write_all_is_judged(course: Course, judged: Judge) -> None:
    """Memory saves time, and is no condition."""
    (course.root / ".cache").write_text("not a folder")
    judged()

    assert new(judged()) == JUDGED
