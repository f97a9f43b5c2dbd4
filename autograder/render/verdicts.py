"""Show what verifying graders brings to light: a bar while it goes on, then tables and all that is not in order."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Final, Self

from rich import progress
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from autograder.mutants.proof import LabProof, Proof, Survivor, Verdict, prove

__all__ = ["Board", "show"]

_MEANING: Final = {
    "build": "labs/ in step with solutions/",
    "solution": "reference solution with full marks",
    "starter": "untouched starter, not started and no points",
    "right": "valid alternatives with full marks",
    "variant": "the solution in other styles, with full marks",
    "wrong": "known mistakes that cost exactly their tasks",
    "repeat": "the same with other hidden data and hash seeds",
}
_MOST_LINES: Final = 10


class Board:
    """Collects verdicts behind a progress bar; prints what they prove when it is left."""

    def __init__(self, console: Console | None = None) -> None:
        """Prepare the board.

        Args:
            console: where to print, by default standard output.
        """
        self._console = console or Console()
        bar = Console(stderr=True)
        self._bar = progress.Progress(
            progress.TextColumn("verifying"),
            progress.BarColumn(bar_width=20),
            progress.MofNCompleteColumn(),
            progress.TimeRemainingColumn(),
            progress.TextColumn(
                "{task.description}",
                style="dim",
                table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"),
            ),
            console=bar,
            expand=True,
            transient=True,
            disable=not bar.is_terminal,
        )
        self._task = self._bar.add_task("", total=None)
        self._verdicts: list[Verdict] = []
        self._start = time.monotonic()

    @property
    def proof(self) -> Proof:
        """What the verdicts so far prove."""
        return prove(self._verdicts)

    def planned(self, total: int) -> None:
        """Be told how many verdicts there will be."""
        self._bar.update(self._task, total=total)

    def add(self, verdict: Verdict) -> None:
        """Take one verdict."""
        self._verdicts.append(verdict)
        self._bar.update(self._task, advance=1, description=escape(f"{verdict.lab[:2]} {verdict.case}"))

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()
        if error is None:
            show(self.proof, self._console, time.monotonic() - self._start)


def show(proof: Proof, console: Console, seconds: float) -> None:
    """Print a proof.

    Args:
        proof: what to print.
        console: where.
        seconds: how long it all took.
    """
    for lab in proof.labs:
        _show_lab(lab, console)
    count = sum(total for lab in proof.labs for _, total in lab.kinds.values())
    mutants = sum(lab.killed + len(lab.survivors) for lab in proof.labs)
    remembered = sum(lab.remembered for lab in proof.labs)
    told = f"{count} verdicts" + (f", {mutants} mutants" if mutants else "")
    told += f", {remembered} of them remembered" if remembered else ""
    faults = f"{proof.problems} not as it should be" if proof.problems else "all as it should be"
    _line(console, f"{told}: {faults} · {seconds:.1f} s", "bold red" if proof.problems else "bold green")


def _show_lab(lab: LabProof, console: Console) -> None:
    _line(console, lab.lab, "bold")
    for kind, meaning in _MEANING.items():
        if kind in lab.kinds:
            good, total = lab.kinds[kind]
            _line(console, f"  {'✓' if good == total else '✗'} {kind:9}{good:4} of {total:4}  {meaning}")
    score = lab.mutation_score
    if score is not None:
        sign = "✓" if not lab.survivors else "·"
        tried = lab.killed + len(lab.survivors)
        _line(console, f"  {sign} {'mutant':9}{lab.killed:4} of {tried:4}  killed: a mutation score of {score:.1%}")
        _line(console, f"{'':14}{len(lab.survivors)} survived, {lab.equivalent} equivalent are not counted", "dim")
    if lab.tasks:
        console.print(_tasks(lab, mutants=score is not None))
    for problem in lab.problems:
        console.print(Padding(Text(f"✗ {problem}", "red"), (0, 0, 0, 2)))
    for survivor in lab.survivors:
        _show_survivor(survivor, console)
    if lab.slowest_checks:
        for slow in lab.slowest_checks:
            _line(console, f"    {slow.seconds:6.2f} s  {slow.check}", "dim")
        told = f"{lab.slowest_case_seconds:6.2f} s  slowest of {lab.seconds:.0f} s: {lab.slowest_case}"
        console.print(Padding(Text(told, "dim"), (0, 0, 0, 4)))
    console.print()


def _tasks(lab: LabProof, *, mutants: bool) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("    task", no_wrap=True, overflow="ellipsis", max_width=28)
    for name in ("mistakes caught", "others spared", *(["mutants killed"] if mutants else [])):
        table.add_column(name, justify="right", no_wrap=True)
    for task in lab.tasks:
        caught, spared = f"{task.caught} of {task.aimed}", f"{task.spared - task.punished} of {task.spared}"
        table.add_row(f"    {escape(task.task)}", caught, spared, *([str(task.mutants)] if mutants else []))
    return table


def _show_survivor(survivor: Survivor, console: Console) -> None:
    console.print(Padding(Text(f"survived: {survivor.case}", "yellow"), (0, 0, 0, 2)))
    lines = survivor.diff.splitlines()
    kept = lines if len(lines) <= _MOST_LINES else [*lines[: _MOST_LINES - 1], " …"]
    for line in kept:
        console.print(Padding(Text(line, {"-": "red", "+": "green"}.get(line[:1], "dim")), (0, 0, 0, 6)))


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(text, style=style, highlight=False, markup=False)
