"""The commands of a learner: grade, watch, submit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from autograder.cli._common import (
    BELOW,
    Labs,
    Seed,
    app,
    choose,
    complain,
    deliver,
    graded,
    known_format,
    leave,
    page_of,
    say,
    shortest,
)
from autograder.errors import UsageError

__all__ = ["grade", "submit", "watch"]


@app.command()
def grade(
    labs: Labs = None,
    task: Annotated[list[str] | None, typer.Option(help="Grade this task only; may be repeated.")] = None,
    submission: Annotated[Path | None, typer.Option(help="Grade the files in this folder instead of labs/.")] = None,
    format: Annotated[str, typer.Option(help="terminal, json or html.")] = "terminal",
    output: Annotated[Path | None, typer.Option(help="Write the report to this file.")] = None,
    fail_under: Annotated[
        float | None,
        typer.Option(help="Exit with 1 if fewer per cent of the points were reached.", min=0, max=100),
    ] = None,
    hints: Annotated[bool, typer.Option("--hints", help="Show hints for tasks that are not done.")] = False,
    seed: Seed = 0,
    fresh: Annotated[bool, typer.Option("--fresh", help="Grade again, even if nothing has changed.")] = False,
) -> None:
    """Grade your work and tell what to do next."""
    from autograder.catalog import Catalog
    from autograder.grading import Request
    from autograder.memory import Memory
    from autograder.results import Report

    catalog = Catalog()
    chosen = choose(catalog, labs)
    if submission is not None and len(chosen) != 1:
        raise UsageError("--submission needs exactly one lab: name it, as in `grade 02 --submission DIR`.")
    if task and len(chosen) != 1:
        raise UsageError("--task needs exactly one lab: name it, as in `grade 02 --task slice-stats`.")
    known_format(format)
    requests = [
        Request(lab, submission or catalog.lab_dir(lab.id), tasks=task or None, hints=hints, seed=seed)
        for lab in chosen
    ]
    memory = Memory(catalog)
    found = {} if fresh else {request.lab.id: memory.recall(request) for request in requests}
    known = {lab: remembered for lab, remembered in found.items() if remembered}
    changed = [request for request in requests if request.lab.id not in known]
    reports = {lab: remembered.report for lab, remembered in known.items()}
    reports |= {report.lab: report for report in (graded(catalog, changed).labs if changed else ())}
    report = Report(labs=tuple(reports[request.lab.id] for request in requests))
    written = [lab for lab, remembered in known.items() if memory.has(remembered, catalog.root / page_of(lab))]
    pages = deliver(catalog, report, format, output, written=written)
    for request in changed:
        page = pages.get(request.lab.id)
        memory.keep(request, reports[request.lab.id], page=catalog.root / page if page else None)
    if known:
        (say if format == "terminal" else complain)(_unchanged(known, only=not changed))
    leave(report, fail_under)


def _unchanged(known: Mapping[str, Any], *, only: bool) -> str:
    """Which labs were not graded again, and of when their reports are."""
    last = max(remembered.since for remembered in known.values()).astimezone()
    when = f"{last:%H:%M}" if last.date() == dt.date.today() else f"{last:%Y-%m-%d %H:%M}"
    what = "Nothing" if only else f"In {', '.join(known)} nothing"
    return f"{what} has changed since {when}, so the report is from then. Grade again: add --fresh."


@app.command()
def watch(lab: Annotated[str, typer.Argument(help="Lab, by number or name.")], seed: Seed = 0) -> None:
    """Grade a lab again whenever you save, and show what that changed."""
    from autograder.catalog import Catalog
    from autograder.manifest import preloads
    from autograder.render.changes import Screen
    from autograder.sandbox.client import Zygote

    catalog = Catalog()
    chosen = catalog.find(lab)
    with Zygote(preloads([chosen])) as zygote:
        from autograder import watch as watching

        folder = catalog.lab_dir(chosen.id)
        with watching.listen(folder, chosen.submit) as events:
            watching.watch(chosen, catalog, zygote, events, Screen(chosen.id), seed=seed)


@app.command()
def submit(
    lab: Annotated[str, typer.Argument(help="Lab, by number or name.")],
    to: Annotated[
        Path | None, typer.Option(help="Folder for the archive; handin/ of the course if none is named.")
    ] = None,
    student: Annotated[str | None, typer.Option(help="Your id, if your course asks for it.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Pack it although something is missing or fails.")] = False,
) -> None:
    """Pack your work on a lab into one archive to hand in."""
    from autograder import submit as packing
    from autograder.catalog import Catalog
    from autograder.manifest import preloads
    from autograder.render.progress import Progress
    from autograder.sandbox.client import Zygote

    catalog = Catalog()
    chosen = catalog.find(lab)
    with Zygote(preloads([chosen])) as zygote, Progress() as bar:
        found = packing.examine(chosen, catalog.lab_dir(chosen.id), catalog, zygote, bar)
    for sentence in (*found.missing, *found.broken):
        say(f"  ! {sentence}")
    if not (found.sound or force):
        say(f"Not packed. Put that right and try again, or pack it as it is: `nox -s submit -- {chosen.id} --force`.")
        raise typer.Exit(BELOW)
    about = packing.manifest(chosen, found.files, student=student, now=dt.datetime.now(dt.UTC))
    target = (to or catalog.root / "handin") / packing.archive_name(about)
    replaced = packing.write(target, packing.archived(about, found.files))
    say(_standing(chosen.id, found))
    say(f"{'Replaced' if replaced else 'Packed'} {shortest(target)}: {', '.join(about.files)}.")
    say(f"Time {about.time:%Y-%m-%d %H:%M} UTC, fingerprint {about.hash[:12]}.")
    say("Next: upload this file where your course collects work. If you change something, pack it again.")


def _standing(lab: str, found: Any) -> str:
    """How the work stands, in a sentence or two; nothing of it keeps anyone from handing in."""
    if found.report.score is None:
        return f"Our side failed, so nothing was checked: {found.report.problem}"
    passed, total = found.passed
    if passed == total:
        return f"All {total} visible checks pass. Hidden checks follow when it is graded."
    return f"  ! {passed} of {total} visible checks pass. `nox -s grade -- {lab}` shows the others."
