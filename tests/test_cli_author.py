"""The commands of authors: solutions, build, verify and doctor, and the exit codes they end with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from autograder import verify
from autograder.sandbox.client import Zygote

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


def test_verify_names_what_does_not_fit(
    command: Command, course: Course, zygote: Zygote, monkeypatch: pytest.MonkeyPatch
) -> None:
    """0 if all is proven; 1, with the case and the task, if not."""

    class HereAndNow:
        def __init__(
            self, workers: int, context: object, begin: Callable[..., None], given: tuple[object, ...]
        ) -> None:
            begin(*given)

        def map(self, function: Callable[..., object], jobs: list[object]) -> Iterator[object]:
            return map(function, jobs)

        def __enter__(self) -> HereAndNow:
            return self

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(verify, "ProcessPoolExecutor", HereAndNow)
    monkeypatch.setattr(verify, "Zygote", lambda modules: zygote)
    monkeypatch.setattr(verify, "_here", None)
    command("build", "--force")
    clean = command("verify")
    course.edit(course.grader / "test_hidden.py", "assert result ==", "assert True or result ==")
    course.forget_graders()
    holed = command("verify", "01", "--jobs", "1")

    assert (clean.code, holed.code) == (0, 1)
    assert "two is added" in holed.out
    assert "double lost no points" in holed.out


def test_doctor_tells_the_levels(command: Command) -> None:
    """Each level, and the one that will be used."""
    said = command("doctor")

    assert said.code == 0
    assert all(level in said.out for level in ("kernel", "landlock", "process"))
    assert "Student code will run at level" in said.out
