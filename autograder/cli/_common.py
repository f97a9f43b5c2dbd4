"""What every command shares: the app, its arguments, exit codes, and ways to grade, show and end."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from autograder.errors import InfrastructureError, UsageError

__all__ = [
    "BELOW",
    "GRADED",
    "INFRASTRUCTURE",
    "USAGE",
    "Labs",
    "Seed",
    "app",
    "choose",
    "complain",
    "deliver",
    "graded",
    "known_format",
    "leave",
    "page_of",
    "say",
    "shortest",
]

GRADED: Final = 0
BELOW: Final = 1
USAGE: Final = 2
INFRASTRUCTURE: Final = 3

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Grade the labs of MLOps Deployment Labs.",
    epilog="Exit codes: 0 graded, 1 below what was asked for, 2 wrong usage, 3 our side failed.",
)

Labs = Annotated[
    list[str] | None,
    typer.Argument(metavar="[LAB]...", help="Labs, by number or name; all if none is given."),
]
Seed = Annotated[int, typer.Option(help="Seed of the hidden data.", min=0)]


def choose(catalog: Any, names: list[str] | None) -> list[Any]:
    """The labs that were named, each once; all of them if none was."""
    if not names:
        return list(catalog.labs())
    return list({lab.id: lab for lab in map(catalog.find, names)}.values())


def graded(catalog: Any, requests: list[Any]) -> Any:
    from autograder.manifest import preloads
    from autograder.sandbox.client import Zygote

    # The zygote imports what student code needs while this side imports what graders need.
    with Zygote(preloads(request.lab for request in requests)) as zygote:
        from autograder.grading import grade as grade_one
        from autograder.render.progress import Progress
        from autograder.results import Report

        with Progress() as bar:
            return Report(labs=tuple(grade_one(request, catalog, zygote, bar) for request in requests))


def known_format(format: str) -> None:
    from autograder.render import FORMATS

    if format not in FORMATS:
        raise UsageError(f"There is no format {format!r}: choose one of {', '.join(FORMATS)}.")


def deliver(
    catalog: Any,
    report: Any,
    format: str,
    output: Path | None,
    *,
    save: bool = True,
    written: Collection[str] = (),
) -> dict[str, str]:
    """Write, print or show a report; the pages that there are now: lab → file. Those of ``written`` are there."""
    from autograder.render import render, terminal

    if output is not None:
        with _writing(output):
            output.parent.mkdir(parents=True, exist_ok=True)
            output.write_text(render(report, format), encoding="utf-8")
        say(f"Report written to {output}.")
        return {}
    if format != "terminal":
        sys.stdout.write(render(report, format))
        return {}
    saved = _save(catalog.root, report, written) if save else {}
    terminal.show(report, saved=saved)
    return saved


def page_of(lab: str) -> str:
    """Where the page with a lab's last report is, from the course's folder."""
    return f".grades/{lab}.html"


def _save(root: Path, report: Any, written: Collection[str]) -> dict[str, str]:
    """A page per lab in .grades/; a learner who cannot write there still gets the feedback."""
    from autograder.render import render
    from autograder.results import Report

    folder = root / ".grades"
    saved = {}
    with contextlib.suppress(OSError):
        folder.mkdir(exist_ok=True)
        for lab in report.labs:
            for format, ending in (("html", "html"), ("json", "json")) if lab.lab not in written else ():
                (folder / f"{lab.lab}.{ending}").write_text(render(Report(labs=(lab,)), format), encoding="utf-8")
            saved[lab.lab] = page_of(lab.lab)
    return saved


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}. Choose another --output.") from None


def leave(report: Any, fail_under: float | None) -> None:
    if report.score is None:
        raise InfrastructureError("at least one lab could not be graded; see above.")
    if fail_under is not None and report.score < report.points * fail_under / 100:
        raise typer.Exit(BELOW)


def shortest(path: Path) -> str:
    """A path as it is typed from here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def complain(text: str) -> None:
    sys.stderr.write(f"{text}\n")
