"""The command for a class: grade-class, what it says and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from autograder.records import read_records

if TYPE_CHECKING:
    from tests.conftest import Course

Command = Callable[..., Any]
LAB = "01-tiny-lab"
GOOD = "def double(x):\n    return 2 * x\n\ndef greet(name):\n    return f'Hello, {name}!'\n"


@pytest.fixture
def submissions(tmp_path: Path) -> Path:
    """Good work of ann, half of it by bob, a day late both."""
    for student, work in (("ann", GOOD), ("bob", GOOD.replace("2 * x", "4"))):
        folder = tmp_path / "class" / student / LAB
        folder.mkdir(parents=True)
        (folder / "work.py").write_text(work)
        (folder / "timestamp.txt").write_text("2026-03-02 12:00:00 UTC")
    return tmp_path / "class"


def late(course: Course) -> None:
    """A tenth a day, due the day before."""
    text = (course.root / "course.toml").read_text()
    due = f"\n[due]\n{LAB} = 2026-03-01T12:00:00Z\n[late]\nper_day = 10\n"
    (course.root / "course.toml").write_text(text + due)


def test_a_class_from_end_to_end(course: Course, command: Command, submissions: Path, tmp_path: Path) -> None:
    """Grades, penalties, exports and a page; the second time nothing is graded again."""
    late(course)
    (submissions / "README.txt").write_text("what is this?")
    (tmp_path / "extensions.csv").write_text("student,lab,until\nann,tiny,2026-03-02T12:00:00Z\n")
    options = (submissions, "--to", "../results", "--extensions", tmp_path / "extensions.csv", "--jobs", "1")
    said = command("grade-class", *options, "--export", "csv", "--export", "canvas")
    records = read_records(tmp_path / "results")
    again = command("grade-class", *options, "--anonymous")

    assert (said.code, again.code) == (0, 0)
    assert [(record.student, record.score, record.penalty) for record in records] == [("ann", 4, 0), ("bob", 1.6, 0.4)]
    assert "2 graded, mean 3 of 4, median 3, full marks 1" in said.out
    assert "README.txt: expected <student>/<lab>/" in said.out
    assert "2 graded in " in said.out
    assert said.out.endswith("The class: ../results/index.html")
    assert (tmp_path / "results" / "exports" / "grades.csv").is_file()
    assert (tmp_path / "results" / "exports" / "canvas.csv").is_file()
    assert "0 graded in " in again.out
    assert ", 2 kept that had not changed. The class:" in again.out
    assert "Students appear under pseudonyms." in (tmp_path / "results" / "index.html").read_text()


def test_faults_of_all_files_are_told_at_once(
    course: Course, command: Command, submissions: Path, tmp_path: Path
) -> None:
    """course.toml and both tables; nothing is graded."""
    (course.root / "course.toml").write_text((course.root / "course.toml").read_text() + "\n[late]\nper_week = 1\n")
    (tmp_path / "later.csv").write_text("student,lab,until\nann,01,tomorrow\n")
    (tmp_path / "came.csv").write_text("student,lab\n")
    said = command(
        "grade-class", submissions, "--to", tmp_path / "results",
        "--extensions", tmp_path / "later.csv", "--received", tmp_path / "came.csv",
    )  # fmt: skip

    assert said.code == 2
    assert "late.per_week: unknown key" in said.err
    assert "line 2: until must be a date and time with time zone" in said.err
    assert "line 1: needs the columns student,lab,received; received is not there" in said.err
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--lab", "nothing"], "No lab is called 'nothing'."),
        (["--export", "xlsx"], "There is no export called 'xlsx': choose one of csv,"),
        (["--jobs", "-1"], "Invalid value for '--jobs'"),
        (["--extensions", "none.csv"], "none.csv: 1 problem"),
    ],
)
def test_wrong_options_are_told_before_anything_runs(
    command: Command, submissions: Path, tmp_path: Path, options: list[str], complaint: str
) -> None:
    """With exit code 2 and no folder of results."""
    said = command("grade-class", submissions, "--to", tmp_path / "results", *options)

    assert said.code == 2
    assert complaint in said.err
    assert not (tmp_path / "results").exists()


def test_missing_folders_are_wrong_usage(command: Command, tmp_path: Path) -> None:
    """With the remedy."""
    said = command("grade-class", tmp_path / "none", "--to", tmp_path / "results")

    assert said.code == 2
    assert "none is not a folder. Name the folder that holds what the class handed in." in said.err
