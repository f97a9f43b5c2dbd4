"""Show what verifying graders brings to light: a bar while it goes on, then a table per lab."""

from __future__ import annotations

import time
from types import TracebackType
from typing import NamedTuple, Self

from rich import progress
from rich.console import Console

__all__ = ["Board"]

_MEANING = {
    "build": "labs/ in step with solutions/",
    "solution": "reference solution with full marks",
    "starter": "untouched starter with no points, shown as not started",
    "right": "valid alternatives with full marks",
    "wrong": "known mistakes that lose points in exactly their tasks",
}
_ORDER = tuple(_MEANING)


class _Row(NamedTuple):
    kind: str
    case: str
    problem: str
    fails: tuple[str, ...]
    lost: tuple[str, ...]
    scores: dict[str, float]
    seconds: float


class Board:
    """Collects verdicts and prints them when it is left."""

    def __init__(self, console: Console | None = None) -> None:
        """Prepare the board.

        Args:
            console: where to print, by default standard output.
        """
        self._console = console or Console()
        bar = Console(stderr=True)
        self._bar = progress.Progress(
            progress.TextColumn("verifying"),
            progress.BarColumn(bar_width=30),
            progress.MofNCompleteColumn(),
            progress.TimeRemainingColumn(),
            progress.TextColumn("{task.description}", style="dim"),
            console=bar,
            transient=True,
            disable=not bar.is_terminal,
        )
        self._task = self._bar.add_task("", total=None)
        self._rows: dict[str, list[_Row]] = {}
        self._start = time.monotonic()
        self.clean = True

    def planned(self, total: int) -> None:
        """Be told how many verdicts there will be."""
        self._bar.update(self._task, total=total)

    def add(
        self,
        lab: str,
        kind: str,
        case: str,
        problem: str,
        *,
        fails: tuple[str, ...] = (),
        lost: tuple[str, ...] = (),
        scores: dict[str, float],
        seconds: float,
    ) -> None:
        """One verdict.

        Args:
            lab: id of the lab.
            kind: ``build``, ``solution``, ``starter``, ``right`` or ``wrong``.
            case: the submission, in words.
            problem: what is not as it should be; empty if all is.
            fails: tasks that should lose points.
            lost: tasks that did.
            scores: task id → score.
            seconds: how long it took.
        """
        self._rows.setdefault(lab, []).append(_Row(kind, case, problem, fails, lost, scores, seconds))
        self.clean = self.clean and not problem
        self._bar.update(self._task, advance=1, description=case)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()
        if error is None:
            for lab, rows in self._rows.items():
                self._print(lab, rows)
            count = sum(len(rows) for rows in self._rows.values())
            faults = sum(bool(row.problem) for rows in self._rows.values() for row in rows)
            verdict = (
                f"{faults} of {count} verdicts are not as they should be"
                if faults
                else f"{count} verdicts as they should be"
            )
            self._console.print(f"{verdict} · {time.monotonic() - self._start:.1f} s", highlight=False, markup=False)

    def _print(self, lab: str, rows: list[_Row]) -> None:
        out = self._console
        out.print(lab, style="bold", highlight=False, markup=False)
        for kind in _ORDER:
            these = [row for row in rows if row.kind == kind]
            if these:
                good = sum(not row.problem for row in these)
                line = f"  {'✓' if good == len(these) else '✗'} {kind:9} {good:3} of {len(these):3}  {_MEANING[kind]}"
                out.print(line, highlight=False, markup=False)
        tasks = list(dict.fromkeys(task for row in rows for task in row.scores))
        for task in tasks:
            aimed = [row for row in rows if task in row.fails]
            caught = sum(task in row.lost for row in aimed)
            if aimed:
                out.print(f"      {task:24} caught {caught} of {len(aimed)} mistakes", style="dim", highlight=False)
        for row in rows:
            if row.problem:
                out.print(f"  ✗ {row.kind}, {row.case}: {row.problem}", highlight=False, markup=False, style="red")
        slow = sorted(rows, key=lambda row: -row.seconds)[0]
        out.print(f"  slowest: {slow.case} ({slow.seconds:.1f} s)\n", style="dim", highlight=False, markup=False)
