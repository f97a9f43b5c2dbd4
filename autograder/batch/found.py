"""What turns up in a folder of submissions."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from autograder.handin import Handin
from autograder.manifest import Lab

__all__ = ["Broken", "Found", "Item", "Sender", "Stray", "Untouched"]


@dataclass(frozen=True)
class Sender:
    """Who handed something in.

    Attributes:
        student: id, fit for a folder's name.
        name: what the learning platform calls the student; may be empty.
        late: whether the platform says that it came late.
    """

    student: str
    name: str = ""
    late: bool = False


@dataclass(frozen=True)
class Found:
    """A submission. Its folder may be gone once the next one is asked for.

    Attributes:
        sender: whose it is.
        lab: for which lab.
        folder: where its files are.
        source: where it was found, relative to the folder of submissions.
        submitted: when it was handed in, as far as it says.
        changed: when its files or its archive were last changed on this disk.
        handin: its manifest, if it has one.
        notices: sentences about what was left out on the way here.
    """

    sender: Sender
    lab: Lab
    folder: Path
    source: str
    submitted: dt.datetime | None
    changed: dt.datetime
    handin: Handin | None
    notices: tuple[str, ...]


@dataclass(frozen=True)
class Broken:
    """A submission that cannot be opened, and why."""

    sender: Sender
    lab: Lab
    source: str
    problem: str
    changed: dt.datetime


@dataclass(frozen=True)
class Stray:
    """Something that is no submission, or nobody knows whose or for what; and why."""

    source: str
    reason: str


@dataclass(frozen=True)
class Untouched:
    """A lab in a clone of the course that is still as it was handed out."""

    sender: Sender
    lab: Lab


Item = Found | Broken | Stray | Untouched
