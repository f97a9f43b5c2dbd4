"""Feedback is compared with what was reviewed, whatever differs from machine to machine."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from autograder import goldens

if TYPE_CHECKING:
    from tests.conftest import Course

Make = Callable[..., tuple[object, str]]
MAKE = Path(__file__).parent / "golden" / "feedback" / "make.py"

TEXT = "1. Double a number\n  ✗ Two is doubled\n    Called double(2).\n    | The result is 3, expected 4.\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A course in which one case was reviewed."""
    goldens.write(tmp_path, "01-tiny-lab", "two is added", TEXT)
    return tmp_path


def test_the_same_feedback_has_no_difference(root: Path) -> None:
    """What was reviewed is fine."""
    assert goldens.difference(root, "01-tiny-lab", "two is added", TEXT) == ""


def test_other_feedback_is_shown_with_the_first_line_that_differs(root: Path) -> None:
    """The problem names a line and what to do."""
    problem = goldens.difference(root, "01-tiny-lab", "two is added", TEXT.replace("is 3", "is 5"))

    assert problem == (
        "its feedback is not what was reviewed (- | The result is 3, expected 4.); "
        "review it and run: python tests/golden/feedback/make.py 01-tiny-lab"
    )


def test_feedback_of_another_python_is_not_compared(root: Path) -> None:
    """Another version words errors differently: nothing is said about what only looks different."""
    (root / "tests" / "golden" / "feedback" / "python.txt").write_text("2.7\n")

    assert goldens.reviewed_with(root) == "2.7"
    assert goldens.difference(root, "01-tiny-lab", "two is added", TEXT.replace("is 3", "is 5")) == ""


def test_what_is_left_to_chance_must_have_been_reviewed_once(root: Path) -> None:
    """Another draw is no difference, for this case alone; that nobody ever read its feedback is a problem."""
    drawn = TEXT.replace("    Called double(2).\n", "").replace("is 3", "is 17.25")

    assert goldens.difference(root, "01-tiny-lab", "two is added", drawn, by_chance=True) == ""
    assert goldens.difference(root, "01-tiny-lab", "two is added", drawn)
    assert "never been reviewed" in goldens.difference(root, "01-tiny-lab", "three is added", drawn, by_chance=True)


def test_a_case_without_a_golden_file_is_a_problem(root: Path) -> None:
    """Nobody has reviewed it."""
    problem = goldens.difference(root, "01-tiny-lab", "Three is added!", TEXT)

    assert "never been reviewed (tests/golden/feedback/01-tiny-lab/three-is-added.txt is not there)" in problem


def test_a_course_without_goldens_is_compared_with_nothing(tmp_path: Path) -> None:
    """A course that keeps no reviewed feedback has no problem with it."""
    assert goldens.difference(tmp_path, "01-tiny-lab", "two is added", TEXT) == ""


def test_a_fixed_port_is_compared(root: Path) -> None:
    """Port 5000 is not one that happened to be free."""
    goldens.write(root, "01-tiny-lab", "a port", "nobody can connect to port 5000.")

    assert goldens.difference(root, "01-tiny-lab", "a port", "nobody can connect to port 8000.")


def test_writing_tells_whether_anything_has_changed(root: Path) -> None:
    """The same text is not written again."""
    assert not goldens.write(root, "01-tiny-lab", "two is added", TEXT)
    assert goldens.write(root, "01-tiny-lab", "two is added", "")
    assert goldens.golden(root, "01-tiny-lab", "two is added").read_text() == "# two is added\n\n"


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("<Thing object at 0x7f73f43358d0>", "<Thing object at 0x55f3f4331230>"),
        ("md5: 86e8a022a2b6e550b71626acc7afa981", "md5: 0123a022a2b6e550b71626acc7afa981"),
        ("nobody can connect to port 35345.", "nobody can connect to port 44665."),
        ("Finished server process [30]", "Finished server process [7]"),
        ("/venv/lib/python3.11/site-packages/a.py", "/home/me/.venv/lib/python3.13/site-packages/a.py"),
    ],
)
def test_what_differs_from_machine_to_machine_is_no_difference(root: Path, here: str, there: str) -> None:
    """Addresses, hashes of models, ports, numbers of processes and places of libraries are not compared."""
    goldens.write(root, "01-tiny-lab", "it varies", here)

    assert goldens.difference(root, "01-tiny-lab", "it varies", there) == ""


@pytest.fixture
def make(course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Make:
    """Run make.py in the miniature course: exit code, and what it said."""
    monkeypatch.chdir(course.root)

    def run(*argv: str) -> tuple[object, str]:
        monkeypatch.setattr(sys, "argv", ["make.py", *argv])
        plain = [finder for finder in sys.meta_path if type(finder).__name__ != "AssertionRewritingHook"]
        monkeypatch.setattr(sys, "meta_path", plain)
        course.forget_graders()
        with pytest.raises(SystemExit) as stop:
            runpy.run_path(str(MAKE), run_name="__main__")
        return stop.value.code, capsys.readouterr().out

    return run


def test_make_records_every_wrong_case_and_removes_what_is_no_more(course: Course, make: Make) -> None:
    """A second call has nothing to write, and --check finds what was tampered with."""
    folder = course.root / "tests" / "golden" / "feedback" / "01-tiny-lab"
    course.write(folder / "gone.txt", "# gone\n")
    first, second = make("tiny"), make("tiny")
    (path,) = folder.iterdir()
    text = path.read_text()
    course.edit(path, "Called", "Asked")

    assert first == (0, "wrote 01-tiny-lab: two is added\nremoved 01-tiny-lab: gone.txt\n")
    assert second == (0, "")
    assert text.startswith("# two is added\n\n1. Double a number\n  ✗ ")
    assert make("tiny", "--check")[0] == 1
    assert make("tiny", "--only", "of another name") == (0, "")
