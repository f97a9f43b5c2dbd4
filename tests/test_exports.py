"""Files for spreadsheets and learning platforms: their documented columns, safe cells, and no false zero."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder import exports
from autograder.errors import UsageError
from autograder.records import Record, write_record
from autograder.results import Isolation, LabReport, Outcome

LAB = "01-tiny-lab"
SUBMITTED = dt.datetime(2026, 3, 2, 10, tzinfo=dt.UTC)


def record(student: str, score: float | None = None, **about: Any) -> Record:
    """What a student has got; without a score it could not be graded."""
    about = {"key": "k", "submitted": SUBMITTED, **about}
    if score is None:
        return Record(student=student, lab=LAB, **{"problem": "the archive is damaged", **about})
    report = LabReport(
        lab=LAB,
        title="Double and greet",
        outcome=Outcome.GRADED,
        isolation=Isolation.KERNEL,
        points=4,
        score=score,
        started="2026-03-02T09:00:00+00:00",
        seconds=1,
        engine="0",
    )
    return Record(student=student, lab=LAB, report=report, **about)


@pytest.fixture
def export(course: Any, tmp_path: Path) -> Callable[..., list[list[str]]]:
    """Export records and read one of the files: ``export("canvas", "canvas.csv", record("ada", 3))``."""

    def write(format: str, name: str, *records: Record) -> list[list[str]]:
        target = tmp_path / "exports"
        written = exports.export(records, course.catalog, format, target)
        assert target / name in written
        with open(target / name, newline="", encoding="utf-8") as file:
            return list(csv.reader(file))

    return write


def test_csv_has_a_row_per_student_and_lab(export: Callable[..., list[list[str]]]) -> None:
    """grades.csv tells score, points, penalty, times, and why something was not graded."""
    rows = export("csv", "grades.csv", record("bob"), record("ada", 3.5, name="Ada Lovelace", penalty=0.25))

    ada, bob = (dict(zip(rows[0], row, strict=True)) for row in rows[1:])
    assert ada == {
        "student": "ada",
        "name": "Ada Lovelace",
        "lab": LAB,
        "title": "Double and greet",
        "score": "3.25",
        "points": "4",
        "score before penalty": "3.5",
        "penalty": "0.25",
        "submitted": "2026-03-02T10:00:00+00:00",
        "due": "",
        "graded": "yes",
        "problem": "",
    }
    assert (bob["score"], bob["score before penalty"], bob["penalty"]) == ("", "", "")
    assert (bob["graded"], bob["problem"]) == ("no", "the archive is damaged")


def test_csv_has_a_table_of_the_class(export: Callable[..., list[list[str]]]) -> None:
    """class.csv has a column per lab and a total, which is empty where something could not be graded."""
    rows = export("csv", "class.csv", record("ada", 0), record("bob"))

    assert rows == [
        ["student", "name", LAB, "total", "points"],
        ["ada", "", "0", "0", "4"],
        ["bob", "", "", "", "4"],
    ]


def test_canvas_gets_its_columns(export: Callable[..., list[list[str]]]) -> None:
    """The header, the row of points possible, and ids where Canvas looks for them."""
    rows = export("canvas", "canvas.csv", record("ada", 3.5, name="Ada Lovelace"), record("12345", 4), record("zoe"))

    assert rows == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", LAB],
        ["    Points Possible", "", "", "", "", "4"],
        ["12345", "12345", "12345", "12345", "", "4"],
        ["Ada Lovelace", "", "ada", "ada", "", "3.5"],
        ["zoe", "", "zoe", "zoe", "", ""],
    ]


def test_moodle_gets_its_columns(export: Callable[..., list[list[str]]]) -> None:
    """Names and every id that Moodle can map; no grade is a dash, since Moodle may read an empty cell as 0."""
    rows = export("moodle", "moodle.csv", record("ada@uni.edu", 3.5, name="Lovelace, Ada"), record("zoe"))

    assert rows == [
        ["First name", "Last name", "Username", "ID number", "Email address", LAB],
        ["Ada", "Lovelace", "ada@uni.edu", "ada@uni.edu", "ada@uni.edu", "3.5"],
        ["", "", "zoe", "zoe", "", "-"],
    ]


def test_moodles_worksheet_knows_its_participants(export: Callable[..., list[list[str]]]) -> None:
    """Students known by the number of a Moodle download go into the assignment's worksheet, if they are graded."""
    rows = export("moodle", f"moodle-{LAB}.csv", record("123456", 3.5, name="Ada L"), record("77"), record("bob", 1))

    assert rows == [
        ["Identifier", "Full name", "Grade", "Maximum grade", "Last modified (grade)"],
        ["Participant 123456", "Ada L", "3.5", "4", "-"],
    ]


def test_gradescope_gets_a_file_per_submission(course: Any, tmp_path: Path) -> None:
    """Whoever was graded has a results.json, and nobody else."""
    written = exports.export([record("ada", 3.5), record("bob")], course.catalog, "gradescope", tmp_path)

    assert written == (tmp_path / "gradescope" / "ada" / LAB / "results.json",)
    assert json.loads(written[0].read_text())["score"] == 3.5


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "\n=", " =", "\uff1d", "x;=", "x\n+"])
@pytest.mark.parametrize("format", ["csv", "canvas", "moodle"])
def test_no_cell_is_a_formula(course: Any, tmp_path: Path, start: str, format: str) -> None:
    """Names, ids and problems that would make a spreadsheet compute are defused; numbers stay numbers."""
    bad = f"{start}1+1"
    records = [record(f"a{bad}", 3.5, name=bad), record(bad.strip() or "x", problem=bad, name=bad)]

    for path in exports.export(records, course.catalog, format, tmp_path):
        with open(path, newline="", encoding="utf-8") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        begins = [part.strip() for cell in cells for part in cell.replace("\n", ";").split(";") if part.strip()]

        assert [part for part in begins if part[0] in "=+-@\uff1d\uff0b\uff0d\uff20\t\r" and part != "-"] == []
        assert "3.5" in cells or path.name != "canvas.csv"


def test_files_are_private(course: Any, tmp_path: Path) -> None:
    """Grades can be read by whoever wrote them alone."""
    target = tmp_path / "a" / "b"
    written = exports.export([record("ada", 1)], course.catalog, "gradescope", target)
    written += exports.export([record("ada", 1)], course.catalog, "csv", target)

    assert {path.stat().st_mode & 0o777 for path in written} == {0o600}
    folders = [target, *(path for path in target.rglob("*") if path.is_dir())]
    assert {path.stat().st_mode & 0o777 for path in folders} == {0o700}


def test_labs_stand_in_course_order(course: Any, tmp_path: Path) -> None:
    """Columns follow the course, and a lab that nobody handed in has none."""
    for name in ("00-first-lab", "02-unused-lab"):
        course.write(course.root / "solutions" / name / "lab.toml", (course.solution / "lab.toml").read_text())
        course.write(course.root / "solutions" / name / "work.py", "")
    course.edit(course.root / "course.toml", '"01-tiny-lab"', '"01-tiny-lab", "00-first-lab", "02-unused-lab"')
    other = record("ada", 2).model_copy(update={"lab": "00-first-lab"})

    exports.export([other, record("ada", 1), record("bob", 4)], course.catalog, "csv", tmp_path)

    assert (tmp_path / "class.csv").read_text().splitlines() == [
        f"student,name,{LAB},00-first-lab,total,points",
        "ada,,1,2,3,8",
        "bob,,4,,4,8",
    ]


def test_what_does_not_fit_is_refused(course: Any, tmp_path: Path) -> None:
    """Unknown formats, empty classes, unknown labs and records older than the lab's points are explained."""
    stale = record("ada", 3)
    with pytest.raises(UsageError, match="csv, canvas, moodle, gradescope"):
        exports.export([stale], course.catalog, "excel", tmp_path)
    with pytest.raises(UsageError, match="nothing to export"):
        exports.export([], course.catalog, "csv", tmp_path)
    with pytest.raises(UsageError, match="99-gone"):
        exports.export([stale.model_copy(update={"lab": "99-gone"})], course.catalog, "csv", tmp_path)
    course.edit(course.solution / "lab.toml", "points = 1", "points = 2")

    with pytest.raises(UsageError, match="out of 4 points, and the lab has 5 now"):
        exports.export([stale], course.catalog, "csv", tmp_path)

    assert list(tmp_path.rglob("*.csv")) == []


def test_the_command_writes_every_format_asked_for(course: Any, command: Callable[..., Any], tmp_path: Path) -> None:
    """``export RESULTS --format … --format …`` writes beside the results and tells who is missing."""
    results = tmp_path / "results"
    for one in (record("ada", 3.5), record("bob")):
        write_record(results, one, {})

    said = command("export", results, "--format", "canvas", "--format", "csv")

    assert said.code == 0
    assert sorted(path.name for path in (results / "exports").iterdir()) == ["canvas.csv", "class.csv", "grades.csv"]
    assert "1 of 2 could not be graded" in said.err
