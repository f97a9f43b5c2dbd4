"""When work is due, for whom later, and how many points being late costs."""

from __future__ import annotations

import csv
import datetime as dt
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Final, NamedTuple

from autograder.errors import LabNotFound, ManifestError
from autograder.manifest import LatePolicy

__all__ = ["Deadlines", "penalty", "read_extensions", "read_received"]

_DAY: Final = dt.timedelta(days=1)
_CENT: Final = Fraction(1, 100)
_EXAMPLE: Final = "2026-03-01T23:59:00+01:00"


@dataclass(frozen=True)
class Deadlines:
    """When each student's work is due, and what lateness costs.

    Attributes:
        due: lab → date for everybody; a lab without one is never late.
        policy: what lateness costs.
        extensions: student and lab → a later date for one of them.
    """

    due: Mapping[str, dt.datetime] = field(default_factory=dict)
    policy: LatePolicy = field(default_factory=LatePolicy)
    extensions: Mapping[tuple[str, str], dt.datetime] = field(default_factory=dict)

    def due_for(self, student: str, lab: str) -> dt.datetime | None:
        """When a student's work for a lab is due; None if there is no date."""
        return self.extensions.get((student, lab), self.due.get(lab))

    def penalty(self, student: str, lab: str, points: float, submitted: dt.datetime | None) -> float:
        """Points that a student loses for handing in at ``submitted``; none if nobody knows when that was."""
        due = self.due_for(student, lab)
        if due is None or submitted is None:
            return 0.0
        return penalty(points, submitted - due, self.policy)


def penalty(points: float, late: dt.timedelta, policy: LatePolicy) -> float:
    """Points lost by being late, between 0 and ``points``, rounded half up to hundredths.

    Each begun day costs ``policy.per_day`` per cent of the points, counted from the due date, up to
    ``policy.at_most``. Within the grace period nothing is lost; once the lab is closed everything is.

    Args:
        points: what the lab can give.
        late: time from the due date to handing in; negative if early.
        policy: the rule.
    """
    if late <= dt.timedelta(minutes=policy.grace_minutes):
        return 0.0
    if policy.closes_after_days is not None and late > policy.closes_after_days * _DAY:
        return points
    # Numbers as they are written: 0.1 is a tenth, not the nearest binary fraction.
    whole, per_day, at_most = (Fraction(repr(number)) for number in (points, policy.per_day, policy.at_most))
    per_cent = min(at_most, -(-late // _DAY) * per_day)
    cents = math.floor(whole * per_cent / 100 / _CENT + Fraction(1, 2))
    return min(points, float(cents * _CENT))


def read_extensions(
    path: Path, due: Mapping[str, dt.datetime] | None, find: Callable[[str], str]
) -> dict[tuple[str, str], dt.datetime]:
    """Read a CSV with the columns ``student``, ``lab`` and ``until``: who may hand in later, and how late.

    Args:
        path: the file.
        due: lab → the date that is extended; None if nobody knows, and later dates are taken as they are.
        find: the id of the lab that a name means; raises LabNotFound.

    Returns:
        Student and lab → the later date.

    Raises:
        ManifestError: with every fault of the file.
    """
    faults, rows = _read(path, "until", find)
    for row in rows:
        if due is None:
            break
        date = due.get(row.lab)
        if date is None:
            faults.append(
                f"line {row.line}: {row.lab} has no due date in course.toml: add it under [due] or remove the line"
            )
        elif row.moment < date:
            faults.append(f"line {row.line}: until is before the due date {date.isoformat()}: give a later one")
    return _moments(path, faults, rows)


def read_received(path: Path, find: Callable[[str], str]) -> dict[tuple[str, str], dt.datetime]:
    """Read a CSV with the columns ``student``, ``lab`` and ``received``: when work really came in.

    Args:
        path: the file.
        find: the id of the lab that a name means; raises LabNotFound.

    Returns:
        Student and lab → when it was received.

    Raises:
        ManifestError: with every fault of the file.
    """
    return _moments(path, *_read(path, "received", find))


class _Row(NamedTuple):
    line: int
    student: str
    lab: str
    moment: dt.datetime


def _read(path: Path, column: str, find: Callable[[str], str]) -> tuple[list[str], list[_Row]]:
    """The faults of a file and its sound rows."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(path, [f"cannot be read as text in UTF-8: {error}"]) from None
    lines = text.splitlines()
    separator = ";" if lines and ";" in lines[0] and "," not in lines[0] else ","
    table = csv.DictReader(lines, delimiter=separator, skipinitialspace=True)
    missing = [name for name in ("student", "lab", column) if name not in (table.fieldnames or ())]
    if missing:
        return [f"line 1: needs the columns student,lab,{column}; {', '.join(missing)} is not there"], []
    faults: list[str] = []
    rows: list[_Row] = []
    for cells in table:
        line = table.line_num
        student, lab, moment = ((cells.get(name) or "").strip() for name in ("student", "lab", column))
        if not any((student, lab, moment)):
            continue
        if not student:
            faults.append(f"line {line}: names no student: add the id or remove the line")
        try:
            lab = find(lab)
        except LabNotFound:
            faults.append(f"line {line}: no lab is called {lab!r}: correct the name")
            continue
        when = _moment(moment)
        if when is None:
            faults.append(f"line {line}: {column} must be a date and time with time zone, such as {_EXAMPLE}")
        elif student:
            rows.append(_Row(line, student, lab, when))
    return faults, rows


def _moments(path: Path, faults: list[str], rows: list[_Row]) -> dict[tuple[str, str], dt.datetime]:
    found: dict[tuple[str, str], dt.datetime] = {}
    for row in rows:
        if (row.student, row.lab) in found:
            faults.append(f"line {row.line}: {row.student} and {row.lab} stand in an earlier line, too: keep one")
        found[row.student, row.lab] = row.moment
    if faults:
        raise ManifestError(path, faults)
    return found


def _moment(text: str) -> dt.datetime | None:
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
