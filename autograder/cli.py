"""The command line: parse, call, print, exit. Nothing else in the autograder does."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from autograder import __version__
from autograder.errors import AutograderError, BuildError, InfrastructureError, ManifestError, UsageError

__all__ = ["app", "main"]

GRADED, BELOW, USAGE, INFRASTRUCTURE = 0, 1, 2, 3

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
    chosen = _chosen(catalog, labs)
    if submission is not None and len(chosen) != 1:
        raise UsageError("--submission needs exactly one lab: name it, as in `grade 02 --submission DIR`.")
    if task and len(chosen) != 1:
        raise UsageError("--task needs exactly one lab: name it, as in `grade 02 --task slice-stats`.")
    _known_format(format)
    requests = [
        Request(lab, submission or catalog.lab_dir(lab.id), tasks=task or None, hints=hints, seed=seed)
        for lab in chosen
    ]
    report = _graded(catalog, requests)
    _deliver(catalog, report, format, output)
    _leave(report, fail_under)


@app.command()
def solutions(labs: Labs = None, seed: Seed = 0) -> None:
    """Grade the reference solutions, which must get full marks."""
    from autograder.catalog import Catalog
    from autograder.grading import Request

    catalog = Catalog()
    if catalog.for_students:
        raise UsageError("This is the student edition: it has no solutions.")
    chosen = _chosen(catalog, labs)
    report = _graded(catalog, [Request(lab, catalog.solution_dir(lab.id), seed=seed) for lab in chosen])
    _deliver(catalog, report, "terminal", None, save=False)
    _leave(report, 100)


@app.command()
def verify(
    labs: Labs = None,
    seed: Seed = 0,
    jobs: Annotated[int, typer.Option(help="Processes that grade side by side.", min=1)] = 2,
) -> None:
    """Prove the graders: solution full, starter zero, every case as it says, labs/ in step."""
    from autograder.catalog import Catalog
    from autograder.render import verdicts
    from autograder.verify import verify as run

    catalog = Catalog()
    chosen = tuple(_chosen(catalog, labs))
    with verdicts.Board() as board:
        for verdict in run(catalog, chosen, workers=jobs, seed=seed, planned=board.planned):
            board.add(
                verdict.lab,
                verdict.kind,
                verdict.case,
                verdict.problem,
                fails=verdict.fails,
                lost=verdict.lost,
                scores=verdict.scores,
                seconds=verdict.seconds,
            )
    if not board.clean:
        raise typer.Exit(BELOW)


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
            _say("labs/ is not in step with solutions/. Run `nox -s build`:")
            for line in stale:
                _say(f"  - {line}")
            raise typer.Exit(BELOW)
        _say("labs/ is in step with solutions/.")
        return
    result = builder.build(catalog.root, [catalog.find(name).id for name in labs] if labs else None, force=force)
    for name in result.written:
        _say(f"wrote   {name}")
    for name in result.removed:
        _say(f"removed {name}")
    for name in result.kept:
        _say(f"kept    {name}: it has been worked on (--force overwrites it)")
    _say(f"{len(result.written)} written, {len(result.unchanged)} unchanged, {len(result.kept)} kept.")


@app.command()
def datasets(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Data sets; none: list them.")] = None,
    real: Annotated[bool, typer.Option("--real", help="Fetch the published table.")] = False,
) -> None:
    """List the data sets, fetch their published tables, or bring back the shipped ones."""
    from autograder import datasets as data
    from autograder import fetch

    if not names:
        for name in data.names():
            about = data.describe(name)
            _say(f"{name:8} {about.rows:6} rows × {len(about.columns):2} columns  {about.kind:9}  {about.title}")
        return
    for name in names:
        path = fetch.fetch(name) if real else fetch.restore(name)
        _say(f"{path}: {data.describe(name).provenance}")


@app.command()
def doctor() -> None:
    """Tell how well student code can be isolated on this machine."""
    import platform

    from autograder import doctor as examination

    _say(f"autograder {__version__}, Python {platform.python_version()}, {platform.system()} {platform.release()}")
    _say(examination.text(examination.examine()).rstrip())


@app.command()
def schema() -> None:
    """Print the JSON Schema of the report."""
    from autograder.render import json

    sys.stdout.write(json.schema())


def main() -> NoReturn:
    """Run a command; every error that we know ends in a sentence and its exit code."""
    if sys.platform == "win32":
        _complain("The autograder needs Linux or macOS. On Windows use WSL 2: `wsl --install`, and try again there.")
        sys.exit(USAGE)
    # Graders fit small models, for which threads cost more than they bring. It must be said before NumPy is imported.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    try:
        code = app(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else GRADED)
    except (UsageError, ManifestError, BuildError) as error:
        _complain(str(error))
        sys.exit(USAGE)
    except AutograderError as error:
        _complain(f"Our side failed: {error}")
        sys.exit(INFRASTRUCTURE)
    except typer.Exit as stop:
        sys.exit(stop.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        _complain("Stopped.")
        sys.exit(130)
    except Exception as error:
        if hasattr(error, "show") and hasattr(error, "exit_code"):  # Typer's own complaints about usage
            error.show()
            sys.exit(USAGE)
        raise


def _chosen(catalog: Any, names: list[str] | None) -> list[Any]:
    """The labs that were named, each once; all of them if none was."""
    if not names:
        return list(catalog.labs())
    return list({lab.id: lab for lab in map(catalog.find, names)}.values())


def _graded(catalog: Any, requests: list[Any]) -> Any:
    from autograder.manifest import preloads
    from autograder.sandbox.client import Zygote

    # The zygote imports what student code needs while this side imports what graders need.
    with Zygote(preloads(request.lab for request in requests)) as zygote:
        from autograder.grading import grade as grade_one
        from autograder.render.progress import Progress
        from autograder.results import Report

        with Progress() as bar:
            return Report(labs=tuple(grade_one(request, catalog, zygote, bar) for request in requests))


def _known_format(format: str) -> None:
    from autograder.render import FORMATS

    if format not in FORMATS:
        raise UsageError(f"There is no format {format!r}: choose one of {', '.join(FORMATS)}.")


def _deliver(catalog: Any, report: Any, format: str, output: Path | None, *, save: bool = True) -> None:
    from autograder.render import render, terminal

    if output is not None:
        with _writing(output):
            output.parent.mkdir(parents=True, exist_ok=True)
            output.write_text(render(report, format), encoding="utf-8")
        _say(f"Report written to {output}.")
        return
    if format != "terminal":
        sys.stdout.write(render(report, format))
        return
    saved = _save(catalog.root, report) if save else {}
    terminal.show(report, saved=saved)


def _save(root: Path, report: Any) -> dict[str, str]:
    """A page per lab in .grades/; a learner who cannot write there still gets the feedback."""
    from autograder.render import render
    from autograder.results import Report

    folder = root / ".grades"
    saved = {}
    with contextlib.suppress(OSError):
        folder.mkdir(exist_ok=True)
        for lab in report.labs:
            for format, ending in (("html", "html"), ("json", "json")):
                (folder / f"{lab.lab}.{ending}").write_text(render(Report(labs=(lab,)), format), encoding="utf-8")
            saved[lab.lab] = f".grades/{lab.lab}.html"
    return saved


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}. Choose another --output.") from None


def _leave(report: Any, fail_under: float | None) -> None:
    if report.score is None:
        raise InfrastructureError("at least one lab could not be graded; see above.")
    if fail_under is not None and report.score < report.points * fail_under / 100:
        raise typer.Exit(BELOW)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _complain(text: str) -> None:
    sys.stderr.write(f"{text}\n")
