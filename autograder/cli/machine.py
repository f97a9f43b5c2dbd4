"""The commands about this machine and its data: datasets, doctor, schema."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from autograder import __version__
from autograder.cli._common import app, say

__all__ = ["datasets", "doctor", "schema"]


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
            say(f"{name:8} {about.rows:6} rows × {len(about.columns):2} columns  {about.kind:9}  {about.title}")
        return
    for name in names:
        path = fetch.fetch(name) if real else fetch.restore(name)
        say(f"{path}: {data.describe(name).provenance}")


@app.command()
def doctor() -> None:
    """Tell how well student code can be isolated on this machine."""
    import platform

    from autograder import doctor as examination

    say(f"autograder {__version__}, Python {platform.python_version()}, {platform.system()} {platform.release()}")
    say(examination.text(examination.examine()).rstrip())


@app.command()
def schema() -> None:
    """Print the JSON Schema of the report."""
    from autograder.render import json

    sys.stdout.write(json.schema())
