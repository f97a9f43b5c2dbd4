"""One record per student and lab, kept as files that a crash cannot tear."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from autograder.errors import InfrastructureError, UsageError
from autograder.results import LabReport, Outcome, Report

__all__ = [
    "RECORD_VERSION",
    "Record",
    "folder_of",
    "read_records",
    "update_record",
    "write_atomically",
    "write_record",
]

RECORD_VERSION: Final = 1
"""Records of another version are not read but graded again."""

_RECORD: Final = "record.json"
_REPORT: Final = "report.json"
_PART: Final = ".part"


class Record(BaseModel):
    """One student's work for one lab: what came of it, or why nothing did."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, use_attribute_docstrings=True)

    version: int = RECORD_VERSION
    student: Annotated[str, Field(pattern=r"^[^/\x00.][^/\x00]{0,99}$")]
    """Id of the student: a plain name that can be a folder's."""
    name: str = ""
    """Full name, where the way of handing in tells it."""
    lab: Annotated[str, Field(pattern=r"^\d{2}-[a-z0-9-]+$")]
    key: str
    """Hash of all that the grade depends on: submission, graders, data sets, engine."""
    source: str = ""
    """Folder or archive that was graded, relative to the folder of submissions."""
    submitted: dt.datetime | None = None
    """When it was handed in, with time zone; None if nobody knows."""
    due: dt.datetime | None = None
    """When it was due for this student, extensions included; None if there is no date."""
    penalty: Annotated[float, Field(ge=0)] = 0.0
    """Points taken off for lateness."""
    problem: str = ""
    """Why there is no report (an archive that cannot be opened, say); empty if there is one."""
    report: Annotated[LabReport | None, Field(exclude=True)] = None

    @property
    def graded(self) -> bool:
        """Whether there is a score. Otherwise there is a problem, in ``problem`` or in the report."""
        return self.report is not None and self.report.outcome is Outcome.GRADED

    @property
    def score(self) -> float | None:
        """Points after the penalty, never below 0; None if the work could not be graded."""
        if self.report is None or self.report.score is None:
            return None
        return round(max(0.0, self.report.score - self.penalty), 2)

    @property
    def reason(self) -> str:
        """Why the work could not be graded; empty if it was."""
        if self.report is None:
            return self.problem
        return self.report.problem

    @property
    def names(self) -> tuple[str, str]:
        """First and last name, as far as anybody can tell from ``"Ada King Lovelace"`` or ``"Lovelace, Ada"``."""
        last, comma, first = self.name.partition(",")
        if not comma:
            first, _, last = self.name.strip().rpartition(" ")
        return " ".join(first.split()), " ".join(last.split())

    @model_validator(mode="after")
    def _aware(self) -> Record:
        for moment in (self.submitted, self.due):
            if moment is not None and moment.tzinfo is None:
                raise ValueError("submitted and due need a time zone")
        return self


def folder_of(results: Path, student: str, lab: str) -> Path:
    """Where a record and its reports lie."""
    return results / student / lab


def write_record(results: Path, record: Record, pages: Mapping[str, str]) -> None:
    """Keep a record and what goes with it. The record itself is written last: if it is there, all is.

    Args:
        results: the folder of results.
        record: the record; its report becomes ``report.json``.
        pages: file name → text of further files beside it (``report.html``).

    Raises:
        InfrastructureError: the folder cannot be written.
    """
    folder = folder_of(results, record.student, record.lab)
    try:
        for parent in (results, folder.parent, folder):
            parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / _RECORD).unlink(missing_ok=True)
        for stale in (folder / _REPORT, folder / "report.html", *folder.glob(f".*{_PART}")):
            stale.unlink(missing_ok=True)
        for name, text in pages.items():
            write_atomically(folder / name, text)
        if record.report is not None:
            write_atomically(folder / _REPORT, Report(labs=(record.report,)).model_dump_json(indent=1))
        write_atomically(folder / _RECORD, record.model_dump_json(indent=1))
    except OSError as error:
        raise _unwritable(folder, error) from None


def update_record(results: Path, record: Record) -> None:
    """Replace a record alone, for another due date, say; its report stays as it is.

    Raises:
        InfrastructureError: the folder cannot be written.
    """
    folder = folder_of(results, record.student, record.lab)
    try:
        write_atomically(folder / _RECORD, record.model_dump_json(indent=1))
    except OSError as error:
        raise _unwritable(folder, error) from None


def read_records(results: Path) -> tuple[Record, ...]:
    """All records of a class, sorted by student and lab. Folders without a whole record are left out.

    Raises:
        UsageError: ``results`` is not a folder.
    """
    if not results.is_dir():
        raise UsageError(f"{results} is not a folder of results. Make one with `nox -s grade-class`.")
    found = []
    for path in sorted(results.glob(f"*/*/{_RECORD}")):
        record = _read(path)
        if record is not None:
            found.append(record)
    return tuple(found)


def write_atomically(path: Path, text: str) -> None:
    """Replace a file by ``text`` in one step; readers see the old content or the new, never half of it."""
    descriptor, name = tempfile.mkstemp(prefix=".", suffix=_PART, dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _unwritable(folder: Path, error: OSError) -> InfrastructureError:
    return InfrastructureError(f"{folder} cannot be written: {error.strerror}. Make room or choose another --to.")


def _read(path: Path) -> Record | None:
    """A record with its report; None if either is damaged, of another version or in another one's folder."""
    try:
        record = Record.model_validate_json(path.read_bytes())
        if record.version != RECORD_VERSION or path.parent.parts[-2:] != (record.student, record.lab):
            return None
        if record.problem:
            return record
        report = Report.model_validate_json((path.parent / _REPORT).read_bytes())
    except (OSError, ValidationError, ValueError):
        return None
    return record.model_copy(update={"report": report.labs[0]}) if report.labs else None
