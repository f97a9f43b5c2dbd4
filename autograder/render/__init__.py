"""Turn a report into something to read: terminal text, a web page or JSON."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Final

from autograder.errors import UsageError
from autograder.results import Report

__all__ = ["FORMATS", "render"]

FORMATS: Final = {"html": "page", "json": "dumps", "terminal": "text"}
"""Name of a format, which is that of its module → the function of it that writes a report. Loaded when needed."""


def render(report: Report, format: str) -> str:
    """The report in one of :data:`FORMATS`.

    Raises:
        UsageError: there is no such format.
    """
    if format not in FORMATS:
        raise UsageError(f"There is no format {format!r}: choose one of {', '.join(FORMATS)}.")
    write: Callable[[Report], str] = getattr(import_module(f"autograder.render.{format}"), FORMATS[format])
    return write(report)
