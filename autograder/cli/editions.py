"""The command that makes another edition of the course: release."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.cli._common import app, say, shortest

__all__ = ["release"]


@app.command()
def release(
    to: Annotated[Path | None, typer.Option(help="Folder for the student edition; must not be there yet.")] = None,
    zip: Annotated[Path | None, typer.Option(help="Archive to write.")] = None,
    self_test: Annotated[
        bool, typer.Option("--self-test/--no-self-test", help="Run its own commands in a fresh environment.")
    ] = True,
) -> None:
    """Make what students get: no solutions, no hidden checks, no history; proved, and tried out."""
    from autograder.catalog import Catalog
    from autograder.release import release as make

    made = make(Catalog(), to=to, zip=zip, self_test=self_test, tell=lambda step: say(f"  {step} …"))
    say(f"{made.files} files; none of {made.secrets:,} secret lines and files is in them.")
    for lab, hidden in made.hidden.items():
        say(f"  {lab:28} {hidden:3} hidden checks stay with you")
    for place in (to, zip):
        if place is not None:
            say(f"Written to {shortest(place)}.")
    if not self_test:
        say("Not tried out: in the new folder, run `pip install -r requirements.txt` and `nox -s grade`.")
    say("Next: give it to your students. What they hand in, you grade here with `nox -s grade-class`.")
