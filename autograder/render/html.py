"""Show a report as HTML that needs nothing else: no network, no scripts, no other file."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from autograder.render import story
from autograder.render.text import cap, clean, count, number
from autograder.results import LabReport, Location, Outcome, Report, TaskResult, TaskState

__all__ = ["environment", "fragment", "page"]

_STATES = {TaskState.FULL: "full", TaskState.PARTIAL: "partial", TaskState.NONE: "none"}
_SIGNS = {"full": "✓", "partial": "◐", "none": "✗", "idle": "–", "error": "!"}
_PLACES = 12


def page(report: Report) -> str:
    """The report as a self-contained HTML document."""
    return _render("report.html.j2", report)


def fragment(report: Report) -> str:
    """The report as a piece of HTML to stand in a notebook, whose looks it leaves alone."""
    return _render("fragment.html.j2", report)


def _render(template: str, report: Report) -> str:
    return environment().get_template(template).render(report=report, story=story, several=len(report.labs) != 1)


@cache
def environment() -> Environment:
    """Templates that escape all they print, with what our pages share."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent, encoding="utf-8"),
        autoescape=True,
        finalize=_presentable,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "capped": _capped,
        "count": count,
        "markdown": _markdown,
        "moment": _moment,
        "number": number,
    }
    environment.globals |= {
        "lab_state": _lab_state,
        "percent": _percent,
        "places": _places,
        "signs": _SIGNS,
        "task_state": _task_state,
    }
    return environment


def _presentable(value: object) -> object:
    """Spell out control characters in everything the template prints; escaping comes after."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _capped(text: str, lines: int, chars: int) -> str:
    shown, note = cap(clean(text), lines=lines, chars=chars)
    return f"{shown}\n{note}" if note else shown


def _markdown(text: str) -> Markup:
    """A hint as HTML; HTML inside it stays text, and no picture is loaded."""
    reader = MarkdownIt("commonmark", {"html": False}).disable("image")
    return Markup(reader.render(clean(text)))


def _task_state(task: TaskResult) -> str:
    return "idle" if story.idle(task) else _STATES[task.state]


def _lab_state(lab: LabReport) -> str:
    if lab.outcome is Outcome.INFRASTRUCTURE_ERROR:
        return "error"
    if story.untouched(lab):
        return "idle"
    return "full" if lab.full_marks else "partial" if lab.score else "none"


def _moment(started: str) -> str:
    try:
        return datetime.fromisoformat(started).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    except ValueError:
        return started


def _percent(part: float | None, whole: float) -> str:
    return f"{100 * (part or 0) / whole:.4g}%" if whole else "0%"


def _places(locations: tuple[Location, ...]) -> tuple[tuple[Location, ...], int, tuple[Location, ...]]:
    """The first and the last locations, and how many between them are left out."""
    if len(locations) <= _PLACES:
        return locations, 0, ()
    return locations[: _PLACES // 2], len(locations) - _PLACES, locations[-_PLACES // 2 :]
