"""Which names of an archive may become files, and which are some tool's and stay behind."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from autograder.errors import ArchiveError

__all__ = ["Names", "fault", "is_litter", "parts_of", "shown"]

_MAX_PART: Final = 200
"""Bytes. Linux allows 255; what is unpacked may be given another ending."""
_MAX_NAME: Final = 1000
_MAX_DEPTH: Final = 20
_LITTER: Final = re.compile(
    r"__MACOSX|\._.*|\.DS_Store|Thumbs\.db|desktop\.ini|__pycache__|\.ipynb_checkpoints|\.pytest_cache|\.grades|\.git"
    r"|\.venv|venv|node_modules",
    re.IGNORECASE,
)


def parts_of(name: str) -> tuple[str, ...]:
    """The parts of a name between slashes, without those that say "here"."""
    return tuple(part for part in name.split("/") if part not in ("", "."))


def is_litter(name: str) -> bool:
    """Whether a desktop, an editor or Git left this behind: nobody meant to hand it in."""
    return any(_LITTER.fullmatch(part) for part in parts_of(name))


def fault(name: str) -> str:
    """Why a name cannot become a file below a folder; empty if it can."""
    parts = parts_of(name)
    if not parts:
        return "its name is empty"
    if name.startswith("/") or re.match(r"[A-Za-z]:", name):
        return "its name is an absolute path"
    if ".." in parts:
        return "its name leads out of the archive"
    if "\\" in name:
        return "its name has a backslash"
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in name):
        return "its name has characters that cannot be seen"
    sizes = [len(part.encode()) for part in parts]
    if max(sizes) > _MAX_PART or sum(sizes) > _MAX_NAME or len(parts) > _MAX_DEPTH:
        return "its name is too long"
    return ""


def shown(name: str) -> str:
    """A name to be read by people: short, and with whatever cannot be seen spelled out."""
    return repr(name if len(name) <= 100 else f"{name[:60]}…{name[-30:]}")


class Names:
    """The names taken so far. Upper and lower case count as the same, as they do on two systems out of three."""

    def __init__(self) -> None:
        """Begin with none."""
        self._files: dict[str, str] = {}
        self._folders: dict[str, str] = {}

    def take(self, parts: tuple[str, ...]) -> None:
        """Take a file's name and those of its folders.

        Raises:
            ArchiveError: it is taken, so that one could not tell which content counts.
        """
        name = "/".join(parts)
        if _key(name) in self._files or _key(name) in self._folders:
            other = self._files.get(_key(name)) or self._folders[_key(name)]
            self._refuse(name, other)
        for end in range(1, len(parts)):
            folder = "/".join(parts[:end])
            other = self._files.get(_key(folder)) or self._folders.setdefault(_key(folder), folder)
            if other != folder or _key(folder) in self._files:
                self._refuse(folder, other)
        self._files[_key(name)] = name

    def _refuse(self, name: str, other: str) -> None:
        if name == other:
            raise ArchiveError(f"It holds {shown(name)} twice. Pack it anew, with each file once.")
        raise ArchiveError(
            f"It holds both {shown(other)} and {shown(name)}, which are one file on many systems. Keep one of them."
        )


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
