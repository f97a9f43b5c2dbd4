"""Show a class as one HTML page that needs nothing else: distributions, item analysis, a table to sort and filter."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from markupsafe import Markup

from autograder.records import Record
from autograder.records.analysis import LabFacts, Spread
from autograder.render.html import environment

__all__ = ["page", "pseudonym"]

_HERE: Final = Path(__file__).parent
_HARD: Final = 0.5
_WEAK: Final = 0.1


@dataclass(frozen=True)
class _Cell:
    """One student's result for one lab.

    Attributes:
        state: ``full``, ``partial``, ``none`` or ``error``.
        score: points after the penalty; None if there are none.
        penalty: points lost for lateness.
        link: the report's address; empty if there is none to show.
    """

    state: str
    score: float | None
    penalty: float
    link: str


@dataclass(frozen=True)
class _Row:
    """One student: labels, a cell per lab (None: nothing handed in), and the total."""

    student: str
    name: str
    cells: tuple[_Cell | None, ...]
    total: float
    flags: str


def page(
    title: str, records: Sequence[Record], labs: Sequence[LabFacts], *, made: dt.datetime, secret: bytes = b""
) -> str:
    """The class as a self-contained HTML document.

    Args:
        title: of the course.
        records: the class.
        labs: what :func:`~autograder.records.analysis.analyse` says of it.
        made: when, for the footer.
        secret: turns ids into pseudonyms; then the page names nobody and links to no report.
    """
    script = (_HERE / "dashboard.js").read_text(encoding="utf-8")
    return (
        environment()
        .get_template("dashboard.html.j2")
        .render(
            title=title,
            labs=labs,
            rows=_rows(records, [lab.lab for lab in labs], secret),
            troubles=[] if secret else [record for record in records if not record.graded],
            ungraded=sum(not record.graded for record in records),
            anonymous=bool(secret),
            made=made.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M UTC"),
            script=Markup(script),
            script_hash=base64.b64encode(hashlib.sha256(f"\n{script}".encode()).digest()).decode(),
            hard=_HARD,
            weak=_WEAK,
            heights=_heights,
            in_words=_in_words,
        )
    )


def pseudonym(student: str, secret: bytes) -> str:
    """A name for a student that stays the same as long as the secret does, and tells nothing without it."""
    return hmac.new(secret, student.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:10]


def _rows(records: Sequence[Record], labs: Sequence[str], secret: bytes) -> list[_Row]:
    by_student: dict[str, dict[str, Record]] = {}
    for record in records:
        by_student.setdefault(record.student, {})[record.lab] = record
    rows = []
    for student, mine in by_student.items():
        cells = tuple(_cell(mine.get(lab), linked=not secret) for lab in labs)
        shown = pseudonym(student, secret) if secret else student
        name = "" if secret else next((record.name for record in mine.values() if record.name), "")
        rows.append(_Row(shown, name, cells, round(sum(r.score or 0.0 for r in mine.values()), 2), _flags(mine)))
    # By what is shown: pseudonyms in the order of names would give the names away.
    return sorted(rows, key=lambda row: (row.name.casefold(), row.student.casefold(), row.student))


def _cell(record: Record | None, *, linked: bool) -> _Cell | None:
    if record is None:
        return None
    link = f"{quote(record.student, safe='')}/{record.lab}/report.html" if linked and record.report is not None else ""
    if record.score is None or record.report is None:
        return _Cell("error", None, 0.0, link)
    state = "full" if record.score >= record.report.points else "partial" if record.score else "none"
    return _Cell(state, record.score, record.penalty, link)


def _flags(mine: Mapping[str, Record]) -> str:
    """Words that the filter of the table knows."""
    flags = {
        "ungraded": any(not record.graded for record in mine.values()),
        "late": any(record.penalty for record in mine.values()),
        "full": all(record.report is not None and record.report.full_marks for record in mine.values()),
    }
    return " ".join(flag for flag, is_so in flags.items() if is_so)


def _heights(spread: Spread) -> list[tuple[int, str]]:
    """Each bar of a histogram: its number and its height relative to the tallest."""
    most = max(spread.bins) or 1
    return [(number, f"{100 * number / most:.4g}%") for number in spread.bins]


def _in_words(spread: Spread) -> str:
    """A histogram for those who cannot see it."""
    step = 100 // len(spread.bins)
    parts = [f"{step * i} to {step * (i + 1)} %: {number}" for i, number in enumerate(spread.bins) if number]
    return "Scores by per cent of the points. " + ", ".join(parts)
