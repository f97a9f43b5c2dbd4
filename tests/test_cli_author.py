"""The commands of authors: solutions, build, verify and doctor, and the exit codes they end with."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from autograder import cores
from autograder import verify as verifying
from autograder.mutants.proof import Verdict

if TYPE_CHECKING:
    from tests.conftest import Course

Command = Callable[..., Any]


def test_solutions_must_get_everything(command: Command, course: Course) -> None:
    """0 if they do, 1 if they do not."""
    full = command("solutions")
    course.edit(course.solution / "work.py", "2 * x", "2 + x")
    less = command("solutions", "01")

    assert (full.code, less.code) == (0, 1)
    assert not (course.root / ".grades").exists()


def test_the_student_edition_has_no_solutions(command: Command, course: Course) -> None:
    """Asking for them is wrong usage, and grading goes on without them."""
    course.solution.parent.rename(course.root.parent / "away")
    said = command("solutions")

    assert said.code == 2
    assert "This is the student edition: it has no solutions." in said.err
    assert command("grade", "01").code == 0


def test_labs_are_built_and_checked(command: Command, course: Course) -> None:
    """Out of step is 1, what was worked on is kept, and --force is the way over it."""
    stale = command("build", "--check")
    kept = command("build")
    forced = command("build", "01", "--force")
    fresh = command("build", "--check")

    assert (stale.code, kept.code, forced.code, fresh.code) == (1, 0, 0, 0)
    assert "labs/ is not in step with solutions/. Run `nox -s build`:" in stale.out
    assert "kept labs/01-tiny-lab/work.py: it has been worked on (--force overwrites it)" in kept.out
    assert "wrote labs/01-tiny-lab/work.py" in forced.out
    assert fresh.out == "labs/ is in step with solutions/."


def test_a_solution_that_would_leak_ends_with_2(command: Command, course: Course) -> None:
    """A marker without its partner is an error of the author's."""
    course.edit(course.solution / "work.py", "    return 2 * x\n    ### END SOLUTION\n", "    return 2 * x\n")
    said = command("build")

    assert said.code == 2
    assert "work.py" in said.err


@pytest.mark.usefixtures("verify_here")
def test_verify_names_what_does_not_fit(command: Command, course: Course) -> None:
    """0 if all is proven; 1, with the case and the task, if not."""
    command("build", "--force")
    clean = command("verify")
    course.edit(course.grader / "test_hidden.py", "assert result ==", "assert True or result ==")
    course.forget_graders()
    holed = command("verify", "01", "--jobs", "1", "--no-mutants")

    assert (clean.code, holed.code) == (0, 1)
    assert "two is added" in holed.out
    assert "double lost no points" in holed.out


@pytest.mark.usefixtures("verify_here")
def test_verify_shows_survivors_and_fails_below_the_floor(command: Command, course: Course) -> None:
    """Each with its lines; the table has the tasks, and JSON has it all."""
    command("build", "--force")
    course.edit(course.grader / "test_visible.py", "assert result ==", "assert result < 5 or result ==")
    course.write(course.grader / "test_hidden.py", "")
    course.write(course.grader / "cases.toml", "[floor]\nmutation_score = 0.97\n")
    course.forget_graders()
    said = command("verify", "--json", "proof.json")
    lab = json.loads((course.root / "proof.json").read_text())["labs"][1]

    assert said.code == 1
    assert "✗ floor, mutation score: 50.0% of the mutants are found, the floor is 97.0%" in said.out
    assert "survived: work.py, double: arithmetic, * → / " in said.out
    assert "- return 2 * x + return 2 / x" in said.out
    assert (lab["lab"], lab["killed"], lab["mutation_score"]) == ("01-tiny-lab", 1, 0.5)
    assert [survivor["operator"] for survivor in lab["survivors"]] == ["arithmetic"]


def test_all_mutants_or_none(command: Command) -> None:
    """Not both."""
    said = command("verify", "--all-mutants", "--no-mutants")

    assert said.code == 2
    assert "Choose one of --all-mutants and --no-mutants." in said.err


@pytest.mark.parametrize(
    ("options", "wanted"), [((), (4, False)), (("--jobs", "2"), (2, False)), (("--fresh",), (4, True))]
)
def test_verify_runs_one_job_more_than_there_are_cores(
    command: Command, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], wanted: tuple[int, bool]
) -> None:
    """Unless told otherwise; and judges what it remembers only when told to."""
    asked: list[tuple[int, bool]] = []

    def run(*_: object, workers: int, fresh: bool, **__: object) -> Iterator[Verdict]:
        asked.append((workers, fresh))
        return iter(())

    monkeypatch.setattr(verifying, "verify", run)
    monkeypatch.setattr(cores, "usable_cores", lambda: 3)

    assert command("verify", *options).code == 0
    assert asked == [wanted]


def test_verify_says_at_once_that_a_file_cannot_be_written(command: Command) -> None:
    """Not after minutes of work."""
    said = command("verify", "--json", "no/such/folder.json")

    assert said.code == 2
    assert "no/such/folder.json cannot be written" in said.err


def test_doctor_tells_the_levels(command: Command) -> None:
    """Each level, and the one that will be used."""
    said = command("doctor")

    assert said.code == 0
    assert all(level in said.out for level in ("kernel", "landlock", "process"))
    assert "Student code will run at level" in said.out
