"""The command for a class: grade-class."""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from autograder.cli._common import Seed, app, complain, say
from autograder.errors import InfrastructureError, ManifestError, UsageError

__all__ = ["grade_class"]


@app.command()
def grade_class(
    submissions: Annotated[Path, typer.Argument(help="Folder of what the class handed in.")],
    to: Annotated[Path, typer.Option(help="Folder of results.")],
    lab: Annotated[str | None, typer.Option(help="Everything is for this lab.")] = None,
    jobs: Annotated[int, typer.Option(help="Processes that grade side by side; 0: one per core.", min=0)] = 0,
    dask: Annotated[str, typer.Option(metavar="tcp://HOST:PORT", help="Grade on this Dask cluster.")] = "",
    fresh: Annotated[bool, typer.Option("--fresh", help="Grade again what has not changed.")] = False,
    allow_unsafe: Annotated[
        bool, typer.Option("--allow-unsafe", help="Grade where student code cannot be isolated.")
    ] = False,
    anonymous: Annotated[
        bool, typer.Option("--anonymous", help="Write a page of the class that names nobody.")
    ] = False,
    extensions: Annotated[Path | None, typer.Option(help="CSV student,lab,until: who may be later.")] = None,
    received: Annotated[Path | None, typer.Option(help="CSV student,lab,received: when work came in.")] = None,
    export: Annotated[
        list[str] | None, typer.Option(help="csv, canvas, moodle or gradescope; may be repeated.")
    ] = None,
    gradebook: Annotated[str, typer.Option(metavar="URL", help="Store grades in this nbgrader gradebook.")] = "",
    seed: Seed = 0,
) -> None:
    """Grade what a class handed in; a run that was stopped goes on where it was."""
    from autograder.batch.run import Order
    from autograder.batch.run import grade_class as run
    from autograder.render.classwork import ClassBar, lines

    _must_be_known(export or [])
    catalog, deadlines, times = _rules(extensions, received)
    order = Order(
        submissions=submissions,
        results=to,
        only=catalog.find(lab) if lab else None,
        seed=seed,
        fresh=fresh,
        unsafe=allow_unsafe,
        deadlines=deadlines,
        received=times,
    )
    start = time.monotonic()
    with _no_collector():
        try:
            with ClassBar() as bar:
                result = run(order, catalog, bar, workers=jobs, dask=dask)
        except KeyboardInterrupt:
            complain(f"Stopped. What was graded is in {to}; the same command goes on from there.")
            raise typer.Exit(130) from None
        from autograder.batch.publish import publish  # not before, so that grading begins sooner
        from autograder.records.analysis import analyse

        labs = analyse(result.records)
        page = publish(to, catalog.course.title, result.records, labs, anonymous=anonymous)
    strays = [(stray.source, stray.reason) for stray in result.strays]
    for line in lines(result.records, labs, strays, result.notices):
        say(line)
    for line in _passed_on(result.records, catalog, export or [], to, gradebook):
        say(line)
    seconds = time.monotonic() - start
    kept = f", {result.kept} kept that had not changed" if result.kept else ""
    blank = f", {result.untouched} labs in clones untouched" if result.untouched else ""
    say(f"{result.graded} graded in {seconds:.1f} s{kept}{blank}. The class: {page}")
    failed = sum(not record.graded for record in result.records)
    if failed:
        raise InfrastructureError(f"{failed} of {len(result.records)} submissions have no score; see above.")


@contextlib.contextmanager
def _no_collector() -> Iterator[None]:
    """Thousands of records live to the end; to look through them again and again costs as much as to read them."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _rules(extensions: Path | None, received: Path | None) -> tuple[Any, Any, Any]:
    """The course, its deadlines and times of receipt; the faults of all files are told at once."""
    from autograder import late
    from autograder.catalog import Catalog

    problems: list[str] = []
    catalog: Any = None
    later: dict[tuple[str, str], Any] = {}
    times: dict[tuple[str, str], Any] = {}
    try:
        catalog = Catalog()
    except ManifestError as error:
        problems.append(str(error))

    def find(name: str) -> str:
        return str(catalog.find(name).id) if catalog else name

    try:
        if extensions is not None:
            later = late.read_extensions(extensions, catalog.course.due if catalog else None, find)
    except ManifestError as error:
        problems.append(str(error))
    try:
        if received is not None:
            times = late.read_received(received, find)
    except ManifestError as error:
        problems.append(str(error))
    if problems:
        raise UsageError("\n".join(problems))
    return catalog, late.Deadlines(catalog.course.due, catalog.course.late, later), times


def _must_be_known(formats: list[str]) -> None:
    """Before anything is graded."""
    if not formats:
        return
    from autograder.exports import FORMATS

    for format in formats:
        if format not in FORMATS:
            raise UsageError(f"There is no export called {format!r}: choose one of {', '.join(FORMATS)}.")


def _passed_on(records: Any, catalog: Any, formats: list[str], results: Path, gradebook: str) -> Iterator[str]:
    """Exports and the gradebook, a sentence each."""
    for format in formats:
        from autograder.exports import export

        for path in export(records, catalog, format, results / "exports"):
            yield f"Exported for {format}: {path}"
    if gradebook:
        from autograder.gradebook import store

        yield f"Stored in the gradebook: {store(records, catalog, gradebook)} submissions."
