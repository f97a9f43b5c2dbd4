"""Turn a report into something to read: terminal text, a web page or JSON."""

from __future__ import annotations

from autograder.errors import UsageError
from autograder.render import html, json, terminal
from autograder.results import Report

__all__ = ["FORMATS", "render"]

FORMATS = {"html": html.page, "json": json.dumps, "terminal": terminal.text}
"""Name of a format → what writes a report in it."""


def render(report: Report, format: str) -> str:
    """The report in one of :data:`FORMATS`.

    Raises:
        UsageError: there is no such format.
    """
    if format not in FORMATS:
        raise UsageError(f"There is no format {format!r}: choose one of {', '.join(FORMATS)}.")
    return FORMATS[format](report)
