"""The commands that hand labs and grades to other systems: nbgrader, gradebook, export, gradescope, classroom."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from autograder.cli._common import Labs, app, choose, complain, say
from autograder.errors import UsageError

__all__ = ["classroom", "export", "gradebook", "gradescope", "nbgrader"]

_Results = Annotated[Path, typer.Argument(help="Folder of results that grade-class wrote.")]


@app.command()
def nbgrader(
    to: Annotated[Path, typer.Option(help="Folder of nbgrader's course.")],
    labs: Labs = None,
) -> None:
    """Lay out a course for nbgrader: notebooks with solutions, all else as students get it."""
    from autograder.catalog import Catalog
    from autograder.nbcourse.layout import lay_out, notebooks

    catalog = Catalog()
    chosen = choose(catalog, labs) if labs else [lab for lab in catalog.labs() if notebooks(lab)]
    for folder in lay_out(catalog, chosen, to):
        say(f"wrote {folder}")
    say(f"Go to {to} and run `nbgrader generate_assignment {chosen[0].id}`; then collect, autograde and give feedback.")


@app.command()
def gradebook(
    results: _Results,
    db: Annotated[str, typer.Option(metavar="URL", help="Database; RESULTS/gradebook.db if none is given.")] = "",
) -> None:
    """Store a class's grades in nbgrader's gradebook; what was given by hand there stays."""
    from autograder.catalog import Catalog
    from autograder.gradebook import store
    from autograder.records import read_records

    records = read_records(results)
    if not records:
        raise UsageError(f"{results} has no records. Run `nox -s grade-class` first.")
    url = db or f"sqlite:///{(results / 'gradebook.db').resolve()}"
    stored = store(records, Catalog(), url)
    say(f"{stored} graded submissions are in the gradebook.")
    if stored < len(records):
        complain(f"{len(records) - stored} could not be graded: they have no score there and need a manual grade.")
    if not db:
        say(f"See them with `nbgrader export --db {url}`.")


@app.command()
def export(
    results: _Results,
    format: Annotated[list[str], typer.Option(help="csv, canvas, moodle or gradescope; may be repeated.")],
    to: Annotated[Path | None, typer.Option(help="Folder for the files; RESULTS/exports if none is given.")] = None,
) -> None:
    """Write a class's grades as files that spreadsheets and learning platforms import."""
    from autograder import exports
    from autograder.catalog import Catalog
    from autograder.records import read_records

    records, catalog = read_records(results), Catalog()
    target = to or results / "exports"
    for name in format:
        written = exports.export(records, catalog, name, target)
        say(f"{name}: {written[0]}" if len(written) == 1 else f"{name}: {len(written)} files in {target}")
    ungraded = sum(not record.graded for record in records)
    if ungraded:
        complain(f"{ungraded} of {len(records)} could not be graded and have no score in these files.")


@app.command()
def gradescope(
    lab: Annotated[str, typer.Argument(help="Lab, by number or name.")],
    to: Annotated[Path | None, typer.Option(help="The zip; LAB-gradescope.zip if none is given.")] = None,
    hidden: Annotated[
        str,
        typer.Option(
            help="When students see feedback on hidden checks: visible, after_due_date, after_published or hidden."
        ),
    ] = "visible",
) -> None:
    """Pack a lab as an autograder for Gradescope. The zip holds hidden checks."""
    from autograder.catalog import Catalog
    from autograder.gradescope import bundle

    catalog = Catalog()
    chosen = catalog.find(lab)
    path = bundle(catalog, chosen, to or Path(f"{chosen.id}-gradescope.zip"), hidden=hidden)
    say(f"{path}: upload it as the autograder of a programming assignment worth {chosen.points:g} points.")
    say("It holds hidden checks: keep it from students.")


@app.command()
def classroom(
    labs: Labs = None,
    to: Annotated[Path | None, typer.Option(help="Write the workflow to this file instead of showing it.")] = None,
    fail_under: Annotated[
        float,
        typer.Option(help="Mark a run as failed that reaches fewer per cent of the points.", min=0, max=100),
    ] = 100,
) -> None:
    """Write the workflow with which GitHub Classroom grades each push."""
    from autograder.catalog import Catalog
    from autograder.classroom import workflow

    text = workflow(choose(Catalog(), labs), fail_under=fail_under)
    if to is None:
        sys.stdout.write(text)
        return
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{to} cannot be written: {error.strerror}. Choose another --to.") from None
    say(f"wrote {to}: commit it in the template repository as .github/workflows/classroom.yml.")
