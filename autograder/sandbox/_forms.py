"""What both halves of the codec agree on: tags, limits, dtypes, handles."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

MAX_SKELETON: Final = 4 << 20
"""Bytes of structure in one frame; decoded it takes about forty times as much."""
MAX_BLOBS: Final = 64 << 20
"""Bytes of bulk data in one frame."""
MAX_DEPTH: Final = 32
"""Levels of nesting."""
MAX_COUNT: Final = 4096
"""Blobs in one frame; each is used once."""
MAX_TABLES: Final = 4 * MAX_COUNT
"""Arrays, columns, indexes and tables in one frame: each costs far more than the few bytes that ask for it."""
LONG: Final = 1024
MAX_DIGITS: Final = 4000

(LIST, TUPLE, SET, FROZEN, DICT, BIG, COMPLEX, STR, BYTES, TIME, ARRAY, OBJECTS, SCALAR) = range(13)
(FRAME, SERIES, INDEX, RANGE, MULTI, CATEGORICAL, EXTENSION, INTERVAL, HANDLE) = range(13, 22)

STANDS_FOR_ITSELF: Final = frozenset({type(None), bool, int, float, str})
"""Types of which all but long texts and large numbers are sent as they are."""

DTYPE = re.compile(r"[<>|=]?(b1|[iu][1248]|f[248]|c8|c16|[mM]8(\[(Y|M|W|D|h|m|s|ms|us|ns)\])?|[SU]\d{1,5})")
EXTENSION_DTYPE = re.compile(
    r"U?Int(8|16|32|64)|Float(32|64)|boolean|string|str|datetime64\[(s|ms|us|ns), [A-Za-z0-9_/+:-]{1,40}\]"
    r"|period\[[A-Za-z0-9-]{1,12}\]|interval\[[a-z0-9\[\]]{1,20}, (left|right|both|neither)\]"
)


class WireError(Exception):
    """A value cannot be sent, or a frame is not one that :func:`pack` makes."""


@dataclass(frozen=True, slots=True)
class Handle:
    """An object that stays in the worker.

    Attributes:
        id: the worker's number for it.
        type: name of its class.
        text: its ``repr``, shortened; as untrusted as everything else about it.
    """

    id: int
    type: str
    text: str


class Blobs:
    """The bulk data of one frame, and how much of a frame's allowance is left."""

    def __init__(self, parts: list[bytes]) -> None:
        self._parts: list[bytes | None] = list(parts)
        self._tables = 0

    def take(self, number: Any) -> bytes:
        """A blob, which is gone then: used again and again, it would make much of little."""
        if type(number) is not int or not 0 <= number < len(self._parts):
            raise WireError("number out of range")
        data, self._parts[number] = self._parts[number], None
        if data is None:
            raise WireError("a blob is used twice")
        return data

    def count(self) -> None:
        """One more array, column, index or table."""
        self._tables += 1
        if self._tables > MAX_TABLES:
            raise WireError("frame beyond the limits")
