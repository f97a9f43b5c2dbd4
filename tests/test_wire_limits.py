"""What is no plain data travels as its base or as a handle; what is too much does not travel at all."""

from __future__ import annotations

import collections
import enum
import io
import re
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from autograder.sandbox import wire
from autograder.sandbox.wire import Handle, WireError, pack, unpack


def there_and_back(value: object) -> Any:
    """``value`` after a journey."""
    return unpack(io.BytesIO(pack(value)).read)


# ---- subclasses and other objects


class Point(NamedTuple):
    x: int
    y: str


class Colour(enum.IntEnum):
    RED = 3


class Grade(enum.StrEnum):
    A = "a"


class Liar(str):
    """Says that it is something else."""

    def __str__(self) -> str:
        return "another text"

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


class Hollow(list):
    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0


class Vault(dict):
    def items(self) -> Any:
        return {}.items()


class Frame(pd.DataFrame):
    @property
    def _constructor(self) -> type:
        return Frame


class Row(np.ndarray):
    def tolist(self) -> Any:
        return "something else"


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (Point(1, "a"), (1, "a")),
        (Colour.RED, 3),
        (Grade.A, "a"),
        (Liar("truth"), "truth"),
        (Hollow([1, 2]), [1, 2]),
        (Vault(a=1), {"a": 1}),
        (collections.OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
        (collections.Counter("aab"), {"a": 2, "b": 1}),
        (collections.defaultdict(list, a=[1]), {"a": [1]}),
        (bytearray(b"ab"), b"ab"),
    ],
)
def test_subclasses_travel_as_their_base(value: object, wanted: object) -> None:
    """What a student's subclass overrides stays behind."""
    back = there_and_back([value])[0]

    assert type(back) is type(wanted)
    assert back == wanted


def test_tables_of_subclasses_travel_as_tables() -> None:
    """Subclasses of tables and arrays arrive as the class that libraries know."""
    back = there_and_back([Frame({"a": [1]}), np.zeros((1, 2)).view(Row), np.ma.masked_array([1, 2], [False, True])])

    assert [type(part) for part in back] == [pd.DataFrame, np.ndarray, np.ndarray]
    assert back[2].tolist() == [1, None]


def test_other_objects_become_handles() -> None:
    """What is not plain data stays, wherever it lies, and a handle travels in its place."""
    kept: list[object] = []

    def keep(value: object) -> Handle:
        kept.append(value)
        return Handle(len(kept), type(value).__name__, "shown")

    function = lambda: 1  # noqa: E731
    back = unpack(io.BytesIO(pack({"a": [function, 1], "b": (re,)}, keep)).read)

    assert kept == [function, re]
    assert back == {"a": [Handle(1, "function", "shown"), 1], "b": (Handle(2, "module", "shown"),)}


@pytest.mark.parametrize("value", [object(), len, (n for n in "ab"), re.compile("a"), np.dtype("i4")])
def test_without_a_keeper_other_objects_are_an_error(value: object) -> None:
    """The grader's side sends plain data only."""
    with pytest.raises(WireError, match="is not plain data"):
        pack([value])


# ---- limits


def nested(levels: int) -> list[Any]:
    """A list in a list in a list …"""
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


def endless() -> list[Any]:
    """A list that contains itself."""
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (nested(wire.MAX_DEPTH + 1), "levels deep, or contains itself"),
        (endless(), "levels deep, or contains itself"),
        (1 << 20_000, "thousands of digits"),
        (np.zeros(wire.MAX_BLOBS + 1, dtype="i1"), "more than 64 MB"),
        (["x" * 900] * 6000, "more than 4 MB of structure"),
        ([0] * (wire.MAX_SKELETON + 1), "more than 4 million parts"),
        (dict.fromkeys(range(wire.MAX_SKELETON // 2 + 1)), "more than 4 million parts"),
        (["x" * 2000] * 5000, "more than 4096 long texts or arrays"),
        ([pd.RangeIndex(3)] * 20_000, "more than 16384 arrays, columns and indexes"),
        (pd.Series([1], dtype=np.longdouble), "is not plain data"),
    ],
    ids=["deep", "recursive", "digits", "blobs", "skeleton", "parts", "pairs", "long texts", "indexes", "odd column"],
)
def test_what_is_too_much_is_refused_with_a_reason(value: object, reason: str) -> None:
    """A value beyond the limits is refused before it is sent, and the message says why."""
    with pytest.raises(WireError, match=reason):
        pack(value)


def test_what_just_fits_is_sent() -> None:
    """The limits allow what they say."""
    deep = nested(wire.MAX_DEPTH)

    assert there_and_back(deep) == deep
    assert there_and_back(-(10**3500)) == -(10**3500)
    assert len(there_and_back(np.zeros(wire.MAX_BLOBS, dtype="i1"))) == wire.MAX_BLOBS
