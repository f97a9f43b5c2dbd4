"""Look into one student's folder: which lab its files fit, when they were changed, what they were called."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from autograder.archives import is_archive
from autograder.archives.names import is_litter
from autograder.batch.layouts import Named
from autograder.manifest import Lab

__all__ = [
    "TIMESTAMP",
    "archives_in",
    "best",
    "changed",
    "core",
    "differs",
    "listed",
    "meant",
    "timestamp",
    "uploaded_as",
]

TIMESTAMP: Final = "timestamp.txt"
"""Where nbgrader keeps the time of a submission."""

_MAX_AROUND: Final = 3
_STAMP: Final = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(\.\d+)? UTC")


def listed(folder: Path) -> list[os.DirEntry[str]]:
    """What is in a folder, sorted by name, without what desktops, editors and nbgrader leave there."""
    with os.scandir(folder) as entries:
        found = [entry for entry in entries if not is_litter(entry.name) and entry.name != TIMESTAMP]
    return sorted(found, key=lambda entry: entry.name)


def meant(labs: Collection[Lab]) -> frozenset[str]:
    """Names of folders that belong to the work: those of labs, and those of their files."""
    return frozenset({"labs", *(lab.id for lab in labs), *(n.partition("/")[0] for lab in labs for n in lab.submit)})


def core(folder: Path, meant: Collection[str]) -> Path:
    """The folder inside those that were merely packed around the work."""
    for _ in range(_MAX_AROUND):
        inside = listed(folder)
        if len(inside) != 1 or inside[0].name in meant or not inside[0].is_dir(follow_symlinks=False):
            break
        folder = folder / inside[0].name
    return folder


def best(folder: Path, labs: Sequence[Lab]) -> list[Lab]:
    """The labs whose files these are: those of which most are there, more than one if that is a draw."""
    scores = {lab.id: sum(os.path.lexists(folder / name) for name in lab.submit) for lab in labs}
    most = max(scores.values(), default=0)
    if not most:
        return []
    rest = [lab for lab in labs if scores[lab.id] == most]
    least = min(len(lab.submit) for lab in rest)
    return [lab for lab in rest if len(lab.submit) == least]


def archives_in(folder: Path) -> list[str]:
    """Names of the archives at the top of a folder."""
    return [
        entry.name
        for entry in listed(folder)
        if entry.is_file(follow_symlinks=False) and is_archive(folder / entry.name)
    ]


def changed(*paths: Path) -> dt.datetime:
    """When the latest of those that are there was changed."""
    times = [path.lstat().st_mtime for path in paths if os.path.lexists(path)]
    return dt.datetime.fromtimestamp(max(times, default=0.0), dt.UTC)


def timestamp(folder: Path) -> dt.datetime | None:
    """The time that nbgrader's exchange noted for a submission; None if it did not."""
    path = folder / TIMESTAMP
    try:
        if path.is_symlink() or path.stat().st_size > 100:
            return None
        match = _STAMP.fullmatch(path.read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError):
        return None
    return dt.datetime.fromisoformat(f"{match[1]}+00:00") if match else None


def differs(mine: Path, given: Path, names: Collection[str]) -> bool:
    """Whether any of the files is not the one handed out."""
    return any(_content(mine / name) != _content(given / name) for name in names)


def uploaded_as(named: Named, labs: Collection[Lab]) -> str:
    """Where an uploaded file belongs: platforms forget folders, and Canvas numbers what is uploaded again."""
    if named.file in (".", ".."):
        return "_"
    places: dict[str, set[str]] = {}
    for name in (name for lab in labs for name in lab.submit):
        places.setdefault(name.rpartition("/")[2], set()).add(name)
    for guess in (named.file, re.sub(r"-\d+(?=\.[^.]*$|$)", "", named.file)):
        if len(places.get(guess, ())) == 1:
            return next(iter(places[guess]))
    return named.file


def _content(path: Path) -> bytes | None:
    try:
        return None if path.is_symlink() or not path.is_file() else path.read_bytes()
    except OSError:
        return None
