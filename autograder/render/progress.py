"""Show how far grading has come: a bar on standard error that leaves no trace."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich import progress
from rich.console import Console
from rich.markup import escape
from rich.table import Column

from autograder.render.text import clean, legible

__all__ = ["Progress"]


class Progress:
    """A progress bar with the lab and the current check; silent where there is no terminal.

    ::

        with Progress() as bar:
            bar.lab("Slice Iris", total_checks=17)
            bar.check("Every row lands in exactly one slice")
            bar.advance()
    """

    def __init__(self, console: Console | None = None) -> None:
        """Prepare the bar.

        Args:
            console: where to draw, by default standard error.
        """
        self._console = console or Console(stderr=True)
        self._bar = progress.Progress(
            progress.TextColumn("[bold]{task.fields[lab]}", table_column=Column(no_wrap=True)),
            progress.BarColumn(bar_width=20, table_column=Column(min_width=20)),
            progress.MofNCompleteColumn(table_column=Column(no_wrap=True, min_width=7)),
            progress.TextColumn(
                "{task.description}",
                style="dim",
                table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"),
            ),
            console=self._console,
            expand=True,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task: progress.TaskID | None = None

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def lab(self, title: str, total_checks: int | None) -> None:
        """Begin a lab.

        Args:
            title: what to call it.
            total_checks: how many checks it has; ``None`` while that is not known.
        """
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(
            "", total=total_checks, lab=self._line(title, max(12, min(28, self._console.width // 3)))
        )

    def check(self, title: str) -> None:
        """Name the check that runs now."""
        if self._task is not None:
            self._bar.update(self._task, description=self._line(title, 100))

    def advance(self) -> None:
        """Count one check as done."""
        if self._task is not None:
            self._bar.advance(self._task)

    def _line(self, title: str, most: int) -> str:
        line = " ".join(clean(title).split())
        short = line if len(line) <= most else line[: most - 1].rstrip() + "…"
        return escape(legible(short, self._console.encoding))
