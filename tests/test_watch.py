"""While a learner works, each save is graded: the visible checks first, then all, and only news is shown."""

from __future__ import annotations

import datetime as dt
import io
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from autograder import watch
from autograder.render.changes import Screen, changed_tasks
from autograder.results import CheckResult, LabReport, Outcome
from autograder.watch import Event, Events

if TYPE_CHECKING:
    from tests.conftest import Course

STUBS = "def double(x):\n    raise NotImplementedError\n\ndef greet(name):\n    raise NotImplementedError\n"
HALF = "def double(x):\n    return 2 * x\n\ndef greet(name):\n    raise NotImplementedError\n"


class Audience:
    """Notes what it is shown, and does what a learner would do then."""

    def __init__(self, then: Callable[[LabReport, bool], None]) -> None:
        self.shown: list[tuple[bool, list[str], float | None]] = []
        self.hinted: list[LabReport] = []
        self._then = then

    def changes(self, seen: Mapping[str, CheckResult], after: LabReport, *, complete: bool) -> None:
        self.shown.append((complete, [task.id for task in changed_tasks(seen, after)], after.score))
        self._then(after, complete)

    def hints(self, report: LabReport) -> None:
        self.hinted.append(report)


@pytest.fixture
def learner(course: Course) -> Path:
    """The file of a learner who has not begun."""
    course.write(course.lab / "lab.toml", (course.solution / "lab.toml").read_text())
    course.write(course.lab / "work.py", STUBS)
    return course.lab / "work.py"


@pytest.fixture
def watched(course: Course, zygote: Any) -> Callable[..., Audience]:
    """Watch a course whose learner acts: ``watched(lambda events, report, complete: …)``."""

    def run(then: Callable[[Events, LabReport, bool], None], *first: Event) -> Audience:
        events = Events()
        audience = Audience(lambda report, complete: then(events, report, complete))
        for event in first:
            events.put(event)
        watch.watch(course.catalog.labs()[0], course.catalog, zygote, events, audience)
        return audience

    return run


def quit_when_complete(events: Events, report: LabReport, complete: bool) -> None:
    """What a learner does who has seen enough."""
    if complete:
        events.put(Event.QUIT)


def test_the_visible_checks_come_first(learner: Path, watched: Callable[..., Audience]) -> None:
    """A round shows the visible checks, then all, and ends with the score of all."""
    audience = watched(quit_when_complete)

    assert [(complete, score) for complete, _, score in audience.shown] == [(False, 0), (True, 0)]


def test_a_save_shows_what_it_changed(learner: Path, watched: Callable[..., Audience]) -> None:
    """After a save only the task that came out differently is news."""

    def act(events: Events, report: LabReport, complete: bool) -> None:
        if complete and report.score == 0:
            learner.write_text(HALF)
            events.put(Event.SAVED)
        elif complete:
            events.put(Event.QUIT)

    audience = watched(act)

    assert audience.shown[-1][::2] == (True, 3)
    assert {task for _, tasks, _ in audience.shown[2:] for task in tasks} == {"double"}


def test_a_save_that_changes_nothing_is_no_news(learner: Path, watched: Callable[..., Audience]) -> None:
    """Grading again without a change shows no task."""
    rounds: list[bool] = []

    def act(events: Events, report: LabReport, complete: bool) -> None:
        rounds.append(complete)
        events.put(Event.GRADE if len(rounds) == 2 else Event.QUIT) if complete else None

    assert [tasks for _, tasks, _ in watched(act).shown[2:]] == [[], []]


def test_a_save_ends_what_is_out_of_date(learner: Path, watched: Callable[..., Audience]) -> None:
    """A save while the rest of the checks runs starts over; the outdated rest is never shown."""

    def act(events: Events, report: LabReport, complete: bool) -> None:
        if not complete and learner.read_text() == STUBS:
            learner.write_text(HALF)
            events.put(Event.SAVED)
        elif complete:
            events.put(Event.QUIT)

    assert [(complete, score) for complete, _, score in watched(act).shown][1:] == [(False, 3), (True, 3)]


def test_hints_belong_to_the_last_report(learner: Path, watched: Callable[..., Audience]) -> None:
    """h asks for hints without grading again."""

    def act(events: Events, report: LabReport, complete: bool) -> None:
        if complete:
            events.put(Event.HINTS)
            events.put(Event.QUIT)

    audience = watched(act)

    assert [report.hints.keys() for report in audience.hinted] == [{"double", "greet"}]
    assert len(audience.shown) == 2


def test_saves_in_a_row_are_one() -> None:
    """Of several saves that wait, one is graded; a key after them counts."""
    events = Events()
    for event in (Event.SAVED, Event.SAVED, Event.SAVED, Event.HINTS, Event.QUIT):
        events.put(event)

    assert [events.next(), events.next()] == [Event.HINTS, Event.QUIT]
    assert not events.waiting()


def test_only_files_that_are_handed_in_count(tmp_path: Path) -> None:
    """A save of another file, or a cache, is no event; a file that an editor replaces is one."""
    with watch.listen(tmp_path, ("work.py",)) as events:
        (tmp_path / "notes.txt").write_text("x")
        deadline = time.monotonic() + 20
        while not events.waiting() and time.monotonic() < deadline:
            # The watch begins a moment after it was asked for, so one save alone might come too early.
            (tmp_path / "other.py").write_text("x")
            (tmp_path / ".work.swp").write_text("x = 1")
            os.replace(tmp_path / ".work.swp", tmp_path / "work.py")
            select.select([], [], [], 0.05)
        event = events.next()

    assert event is Event.SAVED


def screen() -> tuple[Screen, io.StringIO]:
    """A screen and what is on it."""
    file = io.StringIO()
    console = Console(file=file, width=80, color_system=None, force_terminal=False)
    return Screen("01-tiny-lab", console, clock=lambda: dt.datetime(2026, 1, 2, 3, 4, 5)), file


def test_the_screen_shows_keys_changes_and_the_score(course: Course) -> None:
    """What changed is shown as in a report, and a line at the end tells the time and how the lab stands."""
    report = course.grade(HALF)
    shown, file = screen()
    shown.changes({}, report, complete=True)
    first = file.getvalue()
    shown.changes({check.id: check for task in report.tasks for check in task.checks}, report, complete=True)
    second = file.getvalue().removeprefix(first)

    assert "q quits" in first
    assert re.search(r"✓ 1\. .* 3 / 3", first)
    assert re.search(r"03:04:05  Next: task 2\. .* 3 / 4", first)
    assert second.startswith("03:04:05  Nothing changed. Next: task 2.")


def test_the_screen_shows_our_own_failure(course: Course) -> None:
    """A round that failed on our side is no verdict."""
    report = course.grade(HALF)
    broken = report.model_copy(
        update={"outcome": Outcome.INFRASTRUCTURE_ERROR, "score": None, "tasks": (), "problem": "no disk"}
    )
    shown, file = screen()
    shown.changes({}, broken, complete=True)

    assert "our side failed" in file.getvalue()
    assert "no disk" in file.getvalue()


def test_in_a_real_terminal(course: Course, learner: Path) -> None:
    """A save is noticed, q ends it with exit code 0, and the terminal is as it was."""
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    process = subprocess.Popen(
        [sys.executable, "-m", "autograder", "watch", "tiny"],
        cwd=course.root,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "dumb", "COLUMNS": "80"},
    )
    shown = until(ours, "0 / 4")
    learner.write_text(HALF)
    shown += until(ours, "3 / 4")
    os.write(ours, b"q")
    code = process.wait(30)
    after = termios.tcgetattr(theirs)
    os.close(ours)
    os.close(theirs)

    assert code == 0
    assert "Nothing handed in yet" in shown
    assert after == before


def until(terminal: int, words: str) -> str:
    """What a terminal shows until it shows some words."""
    shown = ""
    deadline = time.monotonic() + 60
    while words not in shown and time.monotonic() < deadline:
        if select.select([terminal], [], [], 1)[0]:
            shown += os.read(terminal, 4096).decode()
    assert words in shown, shown
    return shown
