"""How much of an archive is borne, and the count of what was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from autograder.errors import ArchiveError

__all__ = ["LIMITS", "Budget", "Limits"]

_MB: Final = 1 << 20
_GENEROUS: Final = 16 * _MB
"""Below this, no ratio is suspicious: a small file of zeros packs a thousand to one."""


@dataclass(frozen=True)
class Limits:
    """What an archive may hold. Sizes are of what really comes out, never of what headers say."""

    archive_mb: float = 128
    """The archive itself."""
    entries: int = 20_000
    """Entries of any kind, those that are left out as well."""
    list_mb: float = 4
    """The list of entries at the end of a zip."""
    files: int = 2_000
    """Files that are written."""
    file_mb: float = 32
    """One file; a larger one is left out."""
    total_mb: float = 256
    """All that is unpacked, also for files that are left out."""
    ratio: float = 200
    """Unpacked size over packed size, once more than 16 MB have come out."""


LIMITS: Final = Limits()
"""More than any lab asks for, and little enough for every machine."""


class Budget:
    """Counts what an archive costs, and refuses it when that is too much."""

    def __init__(self, limits: Limits, packed: int) -> None:
        """Begin to count for an archive of ``packed`` bytes."""
        self._limits = limits
        self._packed = packed
        self._entries = self._files = self._bytes = 0
        if packed > limits.archive_mb * _MB:
            raise ArchiveError(f"It is larger than {limits.archive_mb:g} MB. Hand in only what the lab asks for.")

    @property
    def file_bytes(self) -> int:
        """The most that one file may hold."""
        return int(self._limits.file_mb * _MB)

    @property
    def list_bytes(self) -> int:
        """The most that a list of entries may take."""
        return int(self._limits.list_mb * _MB)

    def entry(self) -> None:
        """Count an entry."""
        self._entries += 1
        if self._entries > self._limits.entries:
            self.too_many_entries()

    def too_many_entries(self) -> None:
        """Refuse an archive for the length of its list."""
        raise ArchiveError(
            f"It has more than {self._limits.entries:,} entries. Hand in only what the lab asks for, "
            "no environment and no history."
        )

    def file(self) -> None:
        """Count a file that is to be written."""
        self._files += 1
        if self._files > self._limits.files:
            raise ArchiveError(f"It has more than {self._limits.files:,} files. Hand in only what the lab asks for.")

    def unpacked(self, count: int) -> None:
        """Count bytes that came out."""
        self._bytes += count
        if self._bytes > self._limits.total_mb * _MB:
            raise ArchiveError(f"It holds more than {self._limits.total_mb:g} MB. Hand in only what the lab asks for.")
        if self._bytes > max(_GENEROUS, self._packed * self._limits.ratio):
            raise ArchiveError(f"It grows more than {self._limits.ratio:g}-fold when it is opened, as bombs do.")
