"""Show what verifying graders brings to light: a bar while it goes on, then a table per lab."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich import progress
from rich.console import Console
from rich.table import Table

__all__ = ["Board"]

_ORDER = ("build", "solution", "starter", "right", "wrong")


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
        self._rows: dict[str, list[tuple[str, str, str, dict[str, float], float]]] = {}
        self._start = time.monotonic()
        self.clean = True

    def planned(self, total: int) -> None:
        """Be told how many verdicts there will be."""
        self._bar.update(self._task, total=total)

    def add(self, lab: str, kind: str, case: str, problem: str, scores: dict[str, float], seconds: float) -> None:
        """One verdict; ``problem`` is empty if all is as it should be."""
        self._rows.setdefault(lab, []).append((kind, case, problem, scores, seconds))
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
            faults = sum(bool(row[2]) for rows in self._rows.values() for row in rows)
            verdict = (
                f"{faults} of {count} verdicts are not as they should be"
                if faults
                else f"{count} verdicts as they should be"
            )
            self._console.print(f"{verdict} · {time.monotonic() - self._start:.1f} s", highlight=False, markup=False)

    def _print(self, lab: str, rows: list[tuple[str, str, str, dict[str, float], float]]) -> None:
        tasks = list(dict.fromkeys(task for row in rows for task in row[3]))
        table = Table(title=lab, title_justify="left", box=None, pad_edge=False, show_edge=False)
        table.add_column("")
        table.add_column("case", overflow="fold", max_width=60)
        for task in tasks:
            table.add_column(task, justify="right")
        for kind, case, problem, scores, _ in sorted(rows, key=lambda row: _ORDER.index(row[0])):
            mark = "✗" if problem else "✓"
            table.add_row(f"{mark} {kind}", case, *(f"{scores[task]:g}" if task in scores else "" for task in tasks))
        self._console.print(table, highlight=False)
        for kind, case, problem, _, _ in rows:
            if problem:
                self._console.print(f"  ✗ {kind}, {case}: {problem}", highlight=False, markup=False, style="red")
        self._console.print()
