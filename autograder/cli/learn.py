"""The commands of a learner: grade."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.cli._common import Labs, Seed, app, choose, deliver, graded, known_format, leave
from autograder.errors import UsageError

__all__ = ["grade"]


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
) -> None:
    """Grade your work and tell what to do next."""
    from autograder.catalog import Catalog
    from autograder.grading import Request

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
    report = graded(catalog, requests)
    deliver(catalog, report, format, output)
    leave(report, fail_under)
