"""Write a class's grades as the files that spreadsheets and learning platforms import.

============  =========================================================================================
csv           ``grades.csv``, a row per student and lab; ``class.csv``, a row per student, a column per lab
canvas        ``canvas.csv`` for *Grades → Import* in Canvas
moodle        ``moodle.csv`` for *Grades → Import → CSV file* in Moodle; ``moodle-<lab>.csv``, the grading
              worksheet of an assignment, for students known by the numbers of Moodle's downloads
gradescope    ``gradescope/<student>/<lab>/results.json``, as Gradescope's autograders write it
============  =========================================================================================

Work that could not be graded leaves its cell empty, or what the platform takes for that: never a zero. A lab's
column is called as the lab is (``02-iris-slicing``); call the assignment on the platform the same, or choose it when
the platform asks.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from autograder.catalog import Catalog
from autograder.errors import InfrastructureError, UsageError
from autograder.manifest import Lab
from autograder.records import Record, write_atomically
from autograder.render import gradescope
from autograder.render.text import clean, short

__all__ = ["FORMATS", "export"]

_Cell = str | float | None
_Rows = list[list[_Cell]]

_NO_GRADE: Final = "-"
"""What Moodle writes and reads where there is no grade. An empty cell may become a 0 there."""
_FORMULA: Final = re.compile(r"(^|[;\n])(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20])")
"""Where a spreadsheet would begin to compute: at the start of a cell, or of what it may take for the next one."""


def export(records: Sequence[Record], catalog: Catalog, format: str, target: Path) -> tuple[Path, ...]:
    """Write the grades of a class in one format. Files of an earlier export are replaced.

    Args:
        records: what the class has got.
        catalog: the course, which says what labs are worth.
        format: one of :data:`FORMATS`.
        target: folder for the files; it is made, for its owner alone, if it is not there.

    Returns:
        The files written.

    Raises:
        UsageError: there is no such format, nothing to export, or a record that does not fit the course.
        InfrastructureError: the files cannot be written.
    """
    if format not in FORMATS:
        raise UsageError(f"There is no export format {format!r}: choose one of {', '.join(FORMATS)}.")
    if not records:
        raise UsageError("There is nothing to export: no record of graded work. Run `nox -s grade-class` first.")
    labs = _labs(records, catalog)
    written = []
    for name, text in FORMATS[format](records, labs):
        written.append(_write(target, name, text))
    return tuple(written)


def _labs(records: Iterable[Record], catalog: Catalog) -> list[Lab]:
    """The labs that the records are about, in course order; each record must fit its lab as it is now."""
    found = {name: catalog.lab(name) for name in {record.lab for record in records}}
    for record in records:
        lab = found[record.lab]
        if record.report is not None and record.report.points != lab.points:
            raise UsageError(
                f"{record.student}'s {lab.id} was graded out of {record.report.points:g} points, and the lab has "
                f"{lab.points:g} now. Grade the class again: `nox -s grade-class`."
            )
    return [found[name] for name in catalog.ids if name in found]


def _spreadsheets(records: Sequence[Record], labs: Sequence[Lab]) -> Iterable[tuple[str, str]]:
    head: list[_Cell] = ["student", "name", "lab", "title", "score", "points", "score before penalty", "penalty"]
    head += ["submitted", "due", "graded", "problem"]
    rows: _Rows = [head]
    titles = {lab.id: lab for lab in labs}
    for record in sorted(records, key=lambda record: (record.student, record.lab)):
        lab = titles[record.lab]
        before = record.report.score if record.report is not None else None
        rows.append(
            [record.student, record.name, lab.id, lab.title, record.score, lab.points, before]
            + [record.penalty if record.graded else None]
            + [moment.isoformat() if moment else None for moment in (record.submitted, record.due)]
            + ["yes" if record.graded else "no", short(record.reason)]
        )
    yield "grades.csv", _text(rows)
    wide: _Rows = [["student", "name", *(lab.id for lab in labs), "total", "points"]]
    for student, name, scores, complete in _students(records, labs):
        total = round(sum(score for score in scores if score is not None), 2) if complete else None
        points = round(sum(lab.points for lab in labs), 2)
        wide.append([student, name, *scores, total, points])
    yield "class.csv", _text(wide)


def _canvas(records: Sequence[Record], labs: Sequence[Lab]) -> Iterable[tuple[str, str]]:
    """Canvas finds a student by its own ID, by SIS User ID, by SIS Login ID and at last by name."""
    rows: _Rows = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *(lab.id for lab in labs)]]
    rows.append(["    Points Possible", None, None, None, None, *(lab.points for lab in labs)])
    for student, name, scores, _ in _students(records, labs):
        rows.append([name or student, student if student.isdecimal() else None, student, student, None, *scores])
    yield "canvas.csv", _text(rows)


def _moodle(records: Sequence[Record], labs: Sequence[Lab]) -> Iterable[tuple[str, str]]:
    """For the gradebook, the first columns of Moodle's own export; for an assignment, its grading worksheet.

    Work downloaded from Moodle carries a number that only the worksheet knows.
    """
    rows: _Rows = [["First name", "Last name", "Username", "ID number", "Email address", *(lab.id for lab in labs)]]
    full = {record.student: record.names for record in records if record.name}
    for student, _, scores, _ in _students(records, labs):
        email = student if "@" in student else None
        told = [_NO_GRADE if score is None else score for score in scores]
        rows.append([*full.get(student, ("", "")), student, student, email, *told])
    yield "moodle.csv", _text(rows)
    for lab in labs:
        sheet: _Rows = [["Identifier", "Full name", "Grade", "Maximum grade", "Last modified (grade)"]]
        for record in records:
            if record.lab == lab.id and record.graded and record.student.isdecimal():
                sheet.append([f"Participant {record.student}", record.name, record.score, lab.points, _NO_GRADE])
        if len(sheet) > 1:
            yield f"moodle-{lab.id}.csv", _text(sheet)


def _gradescope(records: Sequence[Record], labs: Sequence[Lab]) -> Iterable[tuple[str, str]]:
    for record in records:
        if record.report is not None and record.graded:
            yield f"gradescope/{record.student}/{record.lab}/results.json", gradescope.dumps(record.report)


FORMATS: Final[dict[str, Callable[[Sequence[Record], Sequence[Lab]], Iterable[tuple[str, str]]]]] = {
    "csv": _spreadsheets,
    "canvas": _canvas,
    "moodle": _moodle,
    "gradescope": _gradescope,
}
"""Name of a format → what yields its files: name below the target folder, and text."""


def _students(records: Iterable[Record], labs: Sequence[Lab]) -> Iterable[tuple[str, str, list[float | None], bool]]:
    """For each student: id, name, a score or nothing per lab, and whether all that was handed in is graded."""
    theirs: dict[str, dict[str, Record]] = {}
    for record in records:
        theirs.setdefault(record.student, {})[record.lab] = record
    for student in sorted(theirs):
        work = theirs[student]
        scores = [work[lab.id].score if lab.id in work else None for lab in labs]
        name = next((record.name for record in work.values() if record.name), "")
        yield student, name, scores, all(record.graded for record in work.values())


def _text(rows: _Rows) -> str:
    file = io.StringIO(newline="")
    csv.writer(file).writerows([_cell(value) for value in row] for row in rows)
    return file.getvalue()


def _cell(value: _Cell) -> _Cell:
    """A number as a number, anything else as text that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value if value == _NO_GRADE else _FORMULA.sub(r"\1'", clean(value))
    return int(value) if float(value).is_integer() else value


def _write(target: Path, name: str, text: str) -> Path:
    path = target / name
    try:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        for depth in range(1, len(Path(name).parts)):
            target.joinpath(*Path(name).parts[:depth]).mkdir(mode=0o700, exist_ok=True)
        write_atomically(path, text)
    except OSError as error:
        raise InfrastructureError(f"{path} cannot be written: {error}. Make room or choose another --to.") from None
    return path
