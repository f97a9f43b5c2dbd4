"""The files of one submission as plain data: it can be hashed, sent to another machine and laid out there.

What a lab does not ask for travels as a name alone, and what may not be read (links, pipes, huge files) as a stand-in
of its kind. So staging finds there what it would have found here, and says the same about it.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from autograder import handin
from autograder.archives.names import is_litter
from autograder.errors import InfrastructureError
from autograder.manifest import Lab
from autograder.staging import MAX_FILE_MB

__all__ = ["Handed", "pack", "unpack"]

_MAX_NAMES: Final = 2000
_MAX_DEPTH: Final = 20
_NOT_THEIRS: Final = {handin.FILE, "timestamp.txt"}
"""Written by tools at the top of a submission."""


@dataclass(frozen=True)
class Handed:
    """What was handed in for a lab.

    Attributes:
        files: name → content, of the files that the lab asks for.
        large: name → size in bytes, of those that are larger than is borne.
        links: those that are symbolic links, or the folders before them that are.
        odd: those that are neither files nor links.
        others: names of all other files.
    """

    files: Mapping[str, bytes]
    large: Mapping[str, int]
    links: tuple[str, ...]
    odd: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def sums(self) -> dict[str, str]:
        """Name → SHA-256 of the files."""
        return {name: hashlib.sha256(content).hexdigest() for name, content in self.files.items()}

    @property
    def digest(self) -> str:
        """SHA-256 of all of it."""
        facts = (sorted(self.sums.items()), sorted(self.large.items()), self.links, self.odd, self.others)
        return hashlib.sha256(repr(facts).encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def size(self) -> int:
        """Bytes of content."""
        return sum(map(len, self.files.values()))


def pack(folder: Path, lab: Lab) -> Handed:
    """Take in what a folder holds; no link is followed, and nothing that blocks is opened.

    Raises:
        InfrastructureError: a file cannot be read.
    """
    files: dict[str, bytes] = {}
    large: dict[str, int] = {}
    links, odd = set(), []
    for name in lab.submit:
        path = folder / name
        try:
            if link := _link(folder, name):
                links.add(link)
            elif not os.path.lexists(path):
                continue
            elif not stat.S_ISREG(path.lstat().st_mode):
                odd.append(name)
            elif isinstance(content := _read(path), int):
                large[name] = content
            else:
                files[name] = content
        except OSError as error:
            raise InfrastructureError(f"{path} cannot be read: {error.strerror}.") from None
    others = [name for name in _names(folder) if name not in lab.submit and name not in links]
    # A folder in the place of a file comes along with what is in it.
    odd = [name for name in odd if not any(other.startswith(f"{name}/") for other in others)]
    return Handed(files, large, tuple(sorted(links)), tuple(odd), tuple(others))


def unpack(handed: Handed, folder: Path) -> None:
    """Lay out in an empty folder what was packed."""
    for name, content in handed.files.items():
        _place(folder, name).write_bytes(content)
    for name, size in handed.large.items():
        with _place(folder, name).open("wb") as stream:
            stream.truncate(size)  # a hole: it takes no room
    for name in handed.links:
        _place(folder, name).symlink_to("nowhere")
    for name in handed.odd:
        os.mkfifo(_place(folder, name))
    for name in handed.others:
        _place(folder, name).touch()


def _place(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _link(folder: Path, name: str) -> str:
    """The part of a path that is a symbolic link; empty if none is."""
    parts = name.split("/")
    heads = ("/".join(parts[:end]) for end in range(1, len(parts) + 1))
    return next((head for head in heads if (folder / head).is_symlink()), "")


def _read(path: Path) -> bytes | int:
    """Content of a regular file, or its size if it is too large."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as stream:
        content = stream.read((MAX_FILE_MB << 20) + 1)
        return content if len(content) <= MAX_FILE_MB << 20 else max(len(content), os.fstat(descriptor).st_size)


def _names(folder: Path) -> list[str]:
    """Every name that is none of a folder, sorted, without what tools leave behind."""
    found: list[str] = []
    waiting = [""]
    while waiting and len(found) < _MAX_NAMES:
        inside = waiting.pop()
        try:
            with os.scandir(folder / inside) as listed:
                entries = sorted(listed, key=lambda entry: entry.name)
        except OSError as error:
            raise InfrastructureError(f"{folder / inside} cannot be read: {error.strerror}.") from None
        for entry in entries:
            name = f"{inside}{entry.name}"
            if is_litter(entry.name) or name in _NOT_THEIRS:
                continue
            if not entry.is_dir(follow_symlinks=False):
                found.append(name)
            elif name.count("/") < _MAX_DEPTH:
                waiting.append(f"{name}/")
    return sorted(found)[:_MAX_NAMES]
