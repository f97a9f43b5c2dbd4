"""Take in what student code prints, keep the beginning, count the rest."""

from __future__ import annotations

import os
from typing import Final

__all__ = ["CUT", "KEEP", "Output"]

CUT: Final = "[… cut: "
"""How the note begins that ends an output which was cut."""
KEEP: Final = 64 << 10
"""Bytes kept of what is printed between two calls of :meth:`Output.take`."""
_TURN: Final = 8 << 20


class Output:
    """The reading end of a pipe. It never blocks the writer for long and never grows."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.reader, False)
        self.closed = False
        self._kept = bytearray()
        self._total = 0

    def opened(self) -> None:
        """Give up our copy of the writing end: the sandbox has its own now."""
        os.close(self.writer)
        self.writer = -1

    def drain(self) -> None:
        """Take in what is there now."""
        taken = 0
        while not self.closed and taken < _TURN:
            try:
                data = os.read(self.reader, 1 << 20)
            except BlockingIOError:
                return
            if not data:
                self.close()
            taken += len(data)
            self._total += len(data)
            if len(self._kept) < KEEP:
                self._kept += data[: KEEP - len(self._kept)]

    def take(self) -> str:
        """What was printed since the last call; what was cut is said at the end."""
        self.drain()
        text = self._kept.decode("utf-8", "replace")
        if self._total > len(self._kept):
            text += f"\n{CUT}{_size(self._total)} were printed]"
        self._kept.clear()
        self._total = 0
        return text

    def close(self) -> None:
        """Stop listening."""
        if self.writer >= 0:
            self.opened()
        if not self.closed:
            self.closed = True
            os.close(self.reader)


def _size(count: int) -> str:
    for unit, factor in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if count >= factor:
            return f"{count / factor:.3g} {unit}"
    return f"{count} bytes"
