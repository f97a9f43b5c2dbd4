"""Choose what to grade: for each student and lab the latest attempt, packed and put aside."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import pickle
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder import handin
from autograder.batch.found import Broken, Found, Item, Sender, Stray, Untouched
from autograder.batch.handed import Handed, pack
from autograder.errors import InfrastructureError
from autograder.manifest import Lab

__all__ = ["Attempt", "Collected", "collect"]


@dataclass(frozen=True)
class Attempt:
    """A submission that has been looked at.

    Attributes:
        sender: whose it is.
        lab: for which lab.
        source: where it was found, relative to the folder of submissions.
        submitted: when it was handed in, as far as anybody knows.
        changed: when it was last changed on this disk.
        digest: hash of its files and notices.
        notices: sentences about what was left out on the way here.
        stored: the file in which it is packed; None if it need not be graded.
        problem: why it cannot be opened.
    """

    sender: Sender
    lab: Lab
    source: str
    submitted: dt.datetime | None
    changed: dt.datetime
    digest: str = ""
    notices: tuple[str, ...] = ()
    stored: Path | None = None
    problem: str = ""

    @property
    def of(self) -> tuple[str, str]:
        """Student and lab."""
        return self.sender.student, self.lab.id

    @property
    def when(self) -> dt.datetime:
        """The time by which the latest attempt is chosen."""
        return self.submitted or self.changed

    def unpacked(self) -> Handed:
        """The files; they are put aside no longer."""
        assert self.stored is not None
        handed = pickle.loads(self.stored.read_bytes())
        assert isinstance(handed, Handed)
        self.stored.unlink()
        return handed


@dataclass(frozen=True)
class Collected:
    """What a folder of submissions holds.

    Attributes:
        attempts: one per student and lab, sorted by lab and student.
        strays: what is no submission.
        untouched: how many labs in clones of the course are as they were handed out.
        notices: sentences about students with several attempts.
    """

    attempts: tuple[Attempt, ...]
    strays: tuple[Stray, ...]
    untouched: int
    notices: tuple[str, ...]


def collect(
    items: Iterable[Item],
    aside: Path,
    received: Mapping[tuple[str, str], dt.datetime],
    known: Callable[[Attempt], bool],
) -> Collected:
    """Look at everything that was found, and put aside what must be graded.

    Args:
        items: what was found.
        aside: a folder for packed submissions.
        received: student and lab → when work really came in.
        known: whether an attempt has been graded before.

    Raises:
        InfrastructureError: there is no room, or a file cannot be read.
    """
    strays: list[Stray] = []
    untouched = 0
    attempts: dict[tuple[str, str], list[Attempt]] = {}
    for number, item in enumerate(items):
        match item:
            case Stray():
                strays.append(item)
            case Untouched():
                untouched += 1
            case Broken() | Found():
                attempt = _look(item, aside / str(number), received, known)
                attempts.setdefault(attempt.of, []).append(attempt)
    chosen, notices = [], []
    for several in attempts.values():
        several.sort(key=lambda attempt: (attempt.when, attempt.source))
        chosen.append(several[-1])
        if len(several) > 1:
            notices.append(_which(several))
    chosen.sort(key=lambda attempt: (attempt.lab.preload, attempt.lab.id, attempt.sender.student))
    return Collected(tuple(chosen), tuple(strays), untouched, tuple(notices))


def _look(
    item: Found | Broken,
    aside: Path,
    received: Mapping[tuple[str, str], dt.datetime],
    known: Callable[[Attempt], bool],
) -> Attempt:
    came = received.get((item.sender.student, item.lab.id))
    if isinstance(item, Broken):
        return Attempt(item.sender, item.lab, item.source, came, item.changed, problem=item.problem)
    try:
        handed = pack(item.folder, item.lab)
    except InfrastructureError as error:
        return Attempt(item.sender, item.lab, item.source, came, item.changed, problem=str(error))
    notices = item.notices
    if item.handin is not None:
        notices += handin.differences(item.handin, handed.sums)
    digest = hashlib.sha256(json.dumps([handed.digest, notices]).encode()).hexdigest()
    submitted = came or item.submitted
    attempt = Attempt(item.sender, item.lab, item.source, submitted, item.changed, digest, notices)
    if known(attempt):
        return attempt
    try:
        aside.write_bytes(pickle.dumps(handed))
    except OSError as error:
        raise InfrastructureError(f"{aside} cannot be written: {error.strerror}. Make room in TMPDIR.") from None
    return Attempt(item.sender, item.lab, item.source, submitted, item.changed, digest, notices, aside)


def _which(several: list[Attempt]) -> str:
    last, student, lab = several[-1], *several[-1].of
    said = "says that it was handed in" if last.submitted else "was changed"
    others = ", ".join(attempt.source for attempt in several[:-1])
    return (
        f"{student} has {len(several)} attempts at {lab}. Graded: {last.source}, "
        f"which {said} last ({last.when:%Y-%m-%d %H:%M %Z}). Not graded: {others}."
    )
