"""Grade a lab again whenever a file of it is saved: first what is visible, then all, unless another save comes."""

from __future__ import annotations

import contextlib
import os
import queue
import select
import sys
import termios
import threading
import tty
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Final, Protocol

import watchfiles

from autograder.catalog import Catalog
from autograder.grading import Request, grade
from autograder.manifest import Lab
from autograder.results import CheckResult, LabReport
from autograder.sandbox.client import Zygote

__all__ = ["Audience", "Event", "Events", "listen", "watch"]


class Event(Enum):
    """What may happen while nobody grades."""

    SAVED = "saved"
    GRADE = "enter"
    HINTS = "h"
    QUIT = "q"


_KEYS: Final = {"\n": Event.GRADE, "\r": Event.GRADE, "h": Event.HINTS, "q": Event.QUIT, "\x03": Event.QUIT}
_DEBOUNCE_MS: Final = 50
"""Editors write a file in several steps, milliseconds apart."""


class Audience(Protocol):
    """Who wants to see what came of it."""

    def changes(self, seen: Mapping[str, CheckResult], after: LabReport, *, complete: bool) -> None:
        """Some checks ran, or all did (``complete``)."""

    def hints(self, report: LabReport) -> None:
        """Somebody asked for hints."""


class Events:
    """A queue of events; saves that come while one waits are the same save."""

    def __init__(self) -> None:
        self._queue: queue.Queue[Event] = queue.Queue()

    def put(self, event: Event) -> None:
        """Add an event."""
        self._queue.put(event)

    def next(self) -> Event:
        """The next event; waits for it."""
        event = self._queue.get()
        while event is Event.SAVED and not self._queue.empty():
            event = self._queue.get()
        return event

    def waiting(self) -> bool:
        """Whether an event waits."""
        return not self._queue.empty()


def watch(lab: Lab, catalog: Catalog, zygote: Zygote, events: Events, audience: Audience, *, seed: int = 0) -> None:
    """Grade, then again at every save, until somebody quits.

    Args:
        lab: the lab.
        catalog: the course.
        zygote: where sandboxes are forked.
        events: saves and keys.
        audience: told what changed.
        seed: of the hidden data.
    """
    seen: dict[str, CheckResult] = {}
    last: LabReport | None = None
    event = Event.GRADE
    while event is not Event.QUIT:
        if event is not Event.HINTS:
            last = _grade(lab, catalog, zygote, events, audience, seen, seed) or last
        elif last is not None:
            audience.hints(last)
        event = events.next()


def _grade(
    lab: Lab,
    catalog: Catalog,
    zygote: Zygote,
    events: Events,
    audience: Audience,
    seen: dict[str, CheckResult],
    seed: int,
) -> LabReport | None:
    """The whole report; None if something else happened before it was there."""
    for complete in (False, True):
        request = Request(lab, catalog.lab_dir(lab.id), hints=True, seed=seed, visible_only=not complete)
        try:
            report = grade(request, catalog, zygote, _Impatient(events))
        except KeyboardInterrupt:
            if events.waiting():
                return None
            raise
        audience.changes(seen, report, complete=complete)
        seen.update({check.id: check for task in report.tasks for check in task.checks})
    return report


class _Impatient:
    """Stops grading between two checks, as Ctrl-C does, as soon as something else is to be done."""

    def __init__(self, events: Events) -> None:
        self._events = events

    def lab(self, title: str, total_checks: int) -> None: ...

    def check(self, title: str) -> None:
        if self._events.waiting():
            raise KeyboardInterrupt

    def advance(self) -> None: ...


@contextlib.contextmanager
def listen(folder: Path, files: tuple[str, ...]) -> Iterator[Events]:
    """Events of a lab's folder and, where there is a terminal, of its keys.

    Args:
        folder: the lab's folder.
        files: whose saves count, relative to it.
    """
    events = Events()
    wanted = {str((folder / name).resolve()) for name in files}
    over = threading.Event()

    def saves() -> None:
        for _ in watchfiles.watch(
            folder.resolve(),
            watch_filter=lambda _, path: path in wanted,
            debounce=_DEBOUNCE_MS,
            step=_DEBOUNCE_MS // 2,
            stop_event=over,
            raise_interrupt=False,
        ):
            events.put(Event.SAVED)

    watcher = threading.Thread(target=saves, daemon=True)
    with _keys(events.put):
        watcher.start()
        try:
            yield events
        finally:
            over.set()
            watcher.join()


@contextlib.contextmanager
def _keys(pressed: Callable[[Event], None]) -> Iterator[None]:
    """Tell about keys as they are pressed, without waiting for the end of a line."""
    if not sys.stdin.isatty():
        yield
        return
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    stop, stopped = os.pipe()

    def read() -> None:
        while stop not in (ready := select.select([terminal, stop], [], [])[0]) and terminal in ready:
            for key in os.read(terminal, 64).decode("utf-8", "ignore").lower():
                if key in _KEYS:
                    pressed(_KEYS[key])

    reader = threading.Thread(target=read, daemon=True)
    try:
        tty.setcbreak(terminal)  # Ctrl-C still interrupts
        reader.start()
        yield
    finally:
        os.close(stopped)
        if reader.ident is not None:
            reader.join()
        os.close(stop)
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
