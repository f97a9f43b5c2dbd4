"""Whatever bytes arrive in place of a frame, the decoder gives a value or WireError, and takes little memory."""

from __future__ import annotations

import io
import resource
import struct
from collections.abc import Callable, Sequence

import msgpack
import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autograder.sandbox import _forms as tag
from autograder.sandbox import wire
from autograder.sandbox.wire import WireError, pack, unpack

ROWS = [tag.RANGE, 0, 1, 1, None]
NONE = [tag.RANGE, 0, 0, 1, None]
MANY = [tag.RANGE, 0, 1 << 26, 1, None]


def reader(data: bytes) -> Callable[[int], bytes]:
    """Read from ``data``, whose end is the end of the conversation."""
    stream = io.BytesIO(data)

    def read(size: int) -> bytes:
        part = stream.read(size)
        if len(part) < size:
            raise WireError("the other side has hung up")
        return part

    return read


def frame(tree: object, blobs: Sequence[bytes] = ()) -> bytes:
    """A frame as a forger would make it."""
    skeleton = tree if isinstance(tree, bytes) else msgpack.packb(tree, unicode_errors="surrogatepass")
    return struct.pack(f"<II{len(blobs)}Q", len(skeleton), len(blobs), *map(len, blobs)) + skeleton + b"".join(blobs)


# ---- forged frames

FORGED = {
    "no skeleton": frame(b""),
    "two skeletons": frame(b"\xc0\xc0"),
    "cut skeleton": frame(b"\x92\x00"),
    "a map": frame({"a": 1}),
    "an extension type": frame(msgpack.ExtType(5, b"x")),
    "an extension type among texts": frame([tag.LIST, *"abcdefghijk", msgpack.ExtType(5, b"x")]),
    "a timestamp": frame([tag.LIST, msgpack.Timestamp(1, 2)]),
    "no tag": frame([]),
    "a tag that is a text": frame(["__class__", 1]),
    "a tag that is a float": frame([5.0, "1"]),
    "a tag that is True": frame([True, 1]),
    "a tag out of range": frame([tag.HANDLE + 1, 1, 2, 3]),
    "a tag below range": frame([-1, 1, 2, 3]),
    "nested beyond the limit": frame(b"\x92\x00" * 70 + b"\xc0"),
    "nested beyond the parser": frame(b"\x91" * 100_000 + b"\xc0"),
    "a dict of an odd number of parts": frame([tag.DICT, 1, 2, 3]),
    "a list as a key": frame([tag.DICT, [tag.LIST], 1]),
    "a table in a set": frame([tag.SET, [tag.FRAME, NONE, NONE, []]]),
    "keys that collide": frame([tag.SET, *([tag.BIG, str(n * (2**61 - 1))] for n in range(2000))]),
    "integer of letters": frame([tag.BIG, "ten"]),
    "integer of a million digits": frame([tag.BIG, "1" * 1_000_000]),
    "complex of texts": frame([tag.COMPLEX, "a", "b"]),
    "a blob that is not there": frame([tag.STR, 0]),
    "a blob of negative number": frame([tag.BYTES, -1], [b"x"]),
    "a blob used twice": frame([tag.LIST, [tag.BYTES, 0], [tag.BYTES, 0]], [b"x"]),
    "a time of no kind": frame([tag.TIME, "eon", ""]),
    "a day that does not exist": frame([tag.TIME, "date", "2024-02-30"]),
    "a duration beyond all": frame([tag.TIME, "delta", [10**12, 0, 0]]),
    "a period of no frequency": frame([tag.TIME, "period", [1, "fortnight"]]),
    "a timestamp of a thousand letters": frame([tag.TIME, "timestamp", "x" * 1000]),
    "an array of objects by dtype": frame([tag.ARRAY, "|O", [1], 0], [b"x" * 8]),
    "an array of records": frame([tag.ARRAY, "i4,f8", [1], 0], [b"x" * 12]),
    "an array too short": frame([tag.ARRAY, "<i8", [2], 0], [b"x" * 8]),
    "an array of negative length": frame([tag.ARRAY, "<i8", [-1], 0], [b""]),
    "an array with a shape of text": frame([tag.ARRAY, "<i8", "1", 0], [b"x" * 8]),
    "an array of 99 dimensions": frame([tag.ARRAY, "|i1", [1] * 99, 0], [b"x"]),
    "an array of many empty texts": frame([tag.ARRAY, "|S0", [1 << 40], 0], [b""]),
    "an array of huge empty dimensions": frame([tag.ARRAY, "|i1", [0, 1 << 62, 1 << 62], 0], [b""]),
    "an array of characters beyond Unicode": frame([tag.ARRAY, "<U1", [1], 0], [b"\xff" * 4]),
    "an array of objects, too few": frame([tag.OBJECTS, [1 << 40], []]),
    "a scalar too long": frame([tag.SCALAR, "<i4", b"x" * 8]),
    "a scalar of text": frame([tag.SCALAR, "<i4", "xxxx"]),
    "a scalar beyond Unicode": frame([tag.SCALAR, "<U1", b"\xff" * 4]),
    "a table without an index": frame([tag.FRAME, NONE, 5, []]),
    "a table with a column too few": frame([tag.FRAME, ROWS, NONE, []]),
    "a column too short": frame([tag.FRAME, ROWS, MANY, [[tag.ARRAY, "<i8", [1], 0]]], [b"x" * 8]),
    "a number stretched to a column": frame([tag.SERIES, None, MANY, 5]),
    "a text stretched to a column": frame([tag.FRAME, ROWS, ROWS, ["x"]]),
    "an index stretched to a column": frame([tag.FRAME, ROWS, MANY, [MANY]]),
    "an index stretched to codes": frame([tag.CATEGORICAL, MANY, MANY, True]),
    "a column in two dimensions": frame([tag.SERIES, None, ROWS, [tag.ARRAY, "<i8", [1, 1], 0]], [b"x" * 8]),
    "an index that is too long": frame([tag.RANGE, 0, 1 << 60, 1, None]),
    "an index without a step": frame([tag.RANGE, 0, 5, 0, None]),
    "an index named by a list": frame([tag.RANGE, 0, 5, 1, [tag.LIST, 1]]),
    "codes beyond the levels": frame([tag.MULTI, [ROWS], [[7]], [None]]),
    "codes beyond the categories": frame([tag.CATEGORICAL, [tag.ARRAY, "|i1", [1], 0], ROWS, False], [b"\x07"]),
    "a dtype of no name": frame([tag.EXTENSION, "object", [1]]),
    "a dtype that does not fit": frame([tag.EXTENSION, "Int64", ["a"]]),
    "a time zone that is a path": frame([tag.EXTENSION, "datetime64[ns, ../../etc/passwd]", [None]]),
    "an interval of tables": frame([tag.INTERVAL, ROWS, 1, "right"]),
    "an interval closed by a list": frame([tag.INTERVAL, 1, 2, [tag.LIST]]),
    "a handle without a number": frame([tag.HANDLE, "1", "a", "b"]),
    "a handle with too few parts": frame([tag.HANDLE, 1]),
    "too many tables": frame([tag.LIST, *[NONE] * (tag.MAX_TABLES + 1)]),
    "too many columns": frame([tag.FRAME, [tag.RANGE, 0, 20_000, 1, None], NONE, [[tag.OBJECTS, [0], []]] * 20_000]),
    "a skeleton beyond the limit": struct.pack("<II", wire.MAX_SKELETON + 1, 0),
    "too many blobs": struct.pack("<II", 1, 1 << 31),
    "blobs beyond the limit": struct.pack("<II2Q", 1, 2, wire.MAX_BLOBS, 1),
    "a blob of 16 exabytes": struct.pack("<IIQ", 1, 1, 2**64 - 1),
}


@pytest.mark.parametrize("data", FORGED.values(), ids=FORGED)
def test_a_forged_frame_is_refused(data: bytes) -> None:
    """A frame that no worker makes ends in WireError, whatever is wrong with it."""
    with pytest.raises(WireError):
        unpack(reader(data))


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=5) | st.tuples(st.integers(0, tag.HANDLE), inner).map(list),
    max_leaves=25,
)
TAGGED = st.builds(lambda number, rest: [number, *rest], st.integers(0, tag.HANDLE), st.lists(ANYTHING, max_size=4))


@given(st.one_of(TAGGED, ANYTHING), st.lists(st.binary(max_size=16), max_size=3))
def test_no_tree_makes_the_decoder_fail_otherwise(tree: object, blobs: list[bytes]) -> None:
    """Whatever tree a frame holds, decoding gives a value or WireError."""
    outcome = _outcome(frame(tree, blobs))

    assert outcome in ("a value", "WireError")


@given(st.binary(max_size=200))
@example(b"")
def test_no_bytes_make_the_decoder_fail_otherwise(data: bytes) -> None:
    """Whatever bytes arrive, decoding gives a value or WireError."""
    outcome = _outcome(data)

    assert outcome in ("a value", "WireError")


SAMPLE = pack(
    {
        "table": pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": pd.Categorical(["u", "v"])}),
        "series": pd.Series([1.5], index=pd.MultiIndex.from_tuples([("a", 1)])),
        "array": np.arange(3),
        "rest": [(1, 2.5), {3, "a"}, b"x" * 2000, "y" * 2000, pd.Timestamp("2024"), 10**30],
    }
)


@given(st.integers(0, len(SAMPLE) - 1), st.integers(0, 255))
def test_no_damage_makes_the_decoder_fail_otherwise(position: int, byte: int) -> None:
    """A sound frame in which one byte was changed gives a value or WireError."""
    outcome = _outcome(SAMPLE[:position] + bytes([byte]) + SAMPLE[position + 1 :])

    assert outcome in ("a value", "WireError")


@given(st.integers(0, len(SAMPLE) - 1))
def test_a_frame_that_was_cut_is_never_a_value(size: int) -> None:
    """The beginning of a frame is no frame."""
    with pytest.raises(WireError):
        unpack(reader(SAMPLE[:size]))


@pytest.mark.parametrize(
    "name",
    [
        "an array of many empty texts",
        "a number stretched to a column",
        "an index stretched to a column",
        "an index stretched to codes",
        "too many columns",
        "a blob of 16 exabytes",
    ],
)
def test_little_does_not_become_much(name: str) -> None:
    """A short frame that asks for gigabytes is refused before they are taken."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcome = _outcome(FORGED[name])
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024

    assert outcome == "WireError"
    assert grown_mb < 100


def _outcome(data: bytes) -> str:
    try:
        unpack(reader(data))
    except WireError:
        return "WireError"
    return "a value"
