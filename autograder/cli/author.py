"""The commands of an author: solutions, verify, build."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.cli._common import BELOW, Labs, Seed, app, choose, deliver, graded, leave, say
from autograder.errors import UsageError

__all__ = ["build", "solutions", "verify"]


@app.command()
def solutions(labs: Labs = None, seed: Seed = 0) -> None:
    """Grade the reference solutions, which must get full marks."""
    from autograder.catalog import Catalog
    from autograder.grading import Request

    catalog = Catalog()
    if catalog.for_students:
        raise UsageError("This is the student edition: it has no solutions.")
    chosen = choose(catalog, labs)
    report = graded(catalog, [Request(lab, catalog.solution_dir(lab.id), seed=seed) for lab in chosen])
    deliver(catalog, report, "terminal", None, save=False)
    leave(report, 100)


@app.command()
def verify(
    labs: Labs = None,
    seed: Seed = 0,
    jobs: Annotated[
        int, typer.Option(help="Processes that grade side by side; 0: one more than cores, as some wait.", min=0)
    ] = 0,
    mutants: Annotated[
        int, typer.Option(help="Most mutants for each lab, spread over its parts and the kinds of mistakes.", min=1)
    ] = 25,
    all_mutants: Annotated[bool, typer.Option("--all-mutants", help="Try every mutant; takes a while.")] = False,
    no_mutants: Annotated[bool, typer.Option("--no-mutants", help="Leave mutants out: a quick look.")] = False,
    repeat: Annotated[
        int,
        typer.Option(help="Grade solution and mistakes so often, with other hidden data and hash seeds.", min=1),
    ] = 1,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Grade again what was as it should be and has not changed since.")
    ] = False,
    json: Annotated[Path | None, typer.Option(help="Write what was found to this file, too.")] = None,
) -> None:
    """Prove the graders: solution full, starter zero, cases as they say, mutants found, labs/ in step."""
    from autograder import goldens
    from autograder.catalog import Catalog
    from autograder.cores import usable_cores
    from autograder.render import verdicts
    from autograder.verify import verify as run

    catalog = Catalog()
    if catalog.for_students:
        raise UsageError("This is the student edition: it has no solutions to prove graders with.")
    chosen = tuple(choose(catalog, labs))
    if json is not None:
        _write(json, "")  # better to know now than in five minutes
    if all_mutants and no_mutants:
        raise UsageError("Choose one of --all-mutants and --no-mutants.")
    most = 0 if no_mutants else None if all_mutants else mutants
    workers = jobs or usable_cores() + 1
    with verdicts.Board() as board:
        for verdict in run(
            catalog,
            chosen,
            workers=workers,
            seed=seed,
            mutants=most,
            repeat=repeat,
            fresh=fresh,
            planned=board.planned,
        ):
            board.add(verdict)
    if json is not None:
        _write(json, board.proof.to_json())
    reviewed = goldens.reviewed_with(catalog.root)
    if reviewed != goldens.this_python():
        say(f"Feedback was not compared: it was reviewed with Python {reviewed}, and others word errors differently.")
    if board.proof.problems:
        raise typer.Exit(BELOW)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}. Choose another --json.") from None


@app.command()
def build(
    labs: Labs = None,
    check: Annotated[bool, typer.Option("--check", help="Only tell whether labs/ is in step.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files in labs/ that have been worked on.")] = False,
) -> None:
    """Make the student's view in labs/ from solutions/."""
    from autograder import build as builder
    from autograder.catalog import Catalog

    catalog = Catalog()
    if check:
        stale = builder.check(catalog.root)
        if stale:
            say("labs/ is not in step with solutions/. Run `nox -s build`:")
            for line in stale:
                say(f"  - {line}")
            raise typer.Exit(BELOW)
        say("labs/ is in step with solutions/.")
        return
    result = builder.build(catalog.root, [catalog.find(name).id for name in labs] if labs else None, force=force)
    for name in result.written:
        say(f"wrote   {name}")
    for name in result.removed:
        say(f"removed {name}")
    for name in result.kept:
        say(f"kept    {name}: it has been worked on (--force overwrites it)")
    say(f"{len(result.written)} written, {len(result.unchanged)} unchanged, {len(result.kept)} kept.")
