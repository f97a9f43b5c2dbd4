"""Show a class in the terminal: a bar while it is graded, then what there is to know about it."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from rich import progress
from rich.console import Console

from autograder.records import Record
from autograder.records.analysis import CheckFacts, LabFacts, Spread
from autograder.render.text import cap, clean, count, legible, number

__all__ = ["ClassBar", "lines"]

_WIDTH: Final = 32
_MOST: Final = 12
_WORST: Final = 5
_HARD: Final = 0.3


class ClassBar:
    """A bar with rate and remaining time; silent where there is no terminal."""

    def __init__(self, console: Console | None = None) -> None:
        """Prepare the bar.

        Args:
            console: where to draw, by default standard error.
        """
        self._console = console or Console(stderr=True)
        self._bar = progress.Progress(
            progress.TextColumn("grading"),
            progress.BarColumn(bar_width=30),
            progress.MofNCompleteColumn(),
            progress.TextColumn("{task.fields[rate]}"),
            progress.TimeRemainingColumn(),
            progress.TextColumn("{task.description}", style="dim", markup=False),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("looking", total=None, rate="")

    def planned(self, total: int, kept: int) -> None:
        """Be told how many submissions there are to grade, and how many need not be."""
        self._bar.reset(self._task, total=total, rate="", description=f"{kept} kept" if kept else "")

    def recorded(self, record: Record) -> None:
        """One submission is done."""
        speed = self._bar.tasks[0].finished_speed or self._bar.tasks[0].speed
        label = legible(f"{clean(record.student)} {record.lab}", self._console.encoding)
        rate = f"{speed:.1f}/s" if speed else ""
        self._bar.update(self._task, advance=1, rate=rate, description=label)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()


def lines(
    records: Sequence[Record],
    labs: Sequence[LabFacts],
    strays: Sequence[tuple[str, str]],
    notices: Sequence[str],
) -> list[str]:
    """What there is to know about a class, for a terminal.

    Args:
        records: the class.
        labs: what they say together.
        strays: what is no submission, and why not.
        notices: what else the instructor should read.
    """
    said: list[str] = []
    for lab in labs:
        if lab.spread is not None:
            said += [f"{lab.lab} · {lab.title}", *_spread(lab.spread), *_hard(lab.checks), ""]
    said += _block("Without a score, neither zero nor pass; the next run tries again", _troubles(records))
    said += _block("No submission", [f"{source}: {reason}" for source, reason in strays])
    said += _block("To know", list(notices))
    return said


def _spread(spread: Spread) -> list[str]:
    figures = (
        f"{spread.count} graded, mean {number(spread.mean)} of {number(spread.points)}, "
        f"median {number(spread.median)}, full marks {spread.full}"
    )
    most = max(spread.bins) or 1
    step = 100 // len(spread.bins)
    bars = [
        f"  {step * i:3}–{step * (i + 1):3} %  {'█' * -(-_WIDTH * bin // most)} {bin or ''}".rstrip()
        for i, bin in enumerate(spread.bins)
    ]
    return [f"  {figures}", *bars]


def _hard(checks: Sequence[CheckFacts]) -> list[str]:
    """The checks that the most do not pass."""
    hard = sorted((check for check in checks if check.failure_rate > _HARD), key=lambda check: -check.failure_rate)
    if not hard:
        return []
    rows = [
        f"  {100 * check.failure_rate:5.0f} %  {check.title}{' (hidden)' if check.hidden else ''}, "
        f"mostly {check.statuses[0][0]}"
        for check in hard[:_WORST]
    ]
    return ["  Checks that many do not pass:", *rows]


def _troubles(records: Sequence[Record]) -> list[str]:
    """Who could not be graded, and why; the same reason is told once."""
    reasons: dict[str, list[str]] = {}
    for record in records:
        if not record.graded:
            reasons.setdefault(record.reason, []).append(f"{record.student} {record.lab}")
    found = []
    for reason, who in reasons.items():
        more = f" and {count(len(who) - 3, 'other')}" if len(who) > 3 else ""
        found.append(f"{', '.join(who[:3])}{more}: {reason}")
    return found


def _block(title: str, items: Sequence[str]) -> list[str]:
    if not items:
        return []
    shown = [f"  - {_indented(item)}" for item in items[:_MOST]]
    more = [f"    … {len(items) - _MOST} more"] if len(items) > _MOST else []
    return [f"{title} ({len(items)}):", *shown, *more, ""]


def _indented(item: str) -> str:
    text, note = cap(clean(item), lines=6, chars=600)
    return "\n    ".join([*text.split("\n"), *([note] if note else [])])
