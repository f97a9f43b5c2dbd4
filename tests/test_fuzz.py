"""Bytes that a student may have chosen break nothing of ours; ``nox -s fuzz`` tries many more, led by coverage."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import msgpack
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

SPEC = importlib.util.spec_from_file_location("targets", Path(__file__).parent / "fuzz" / "targets.py")
assert SPEC is not None
assert SPEC.loader is not None
targets: Any = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(targets)

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 30)
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.binary(max_size=12)
    | st.text(max_size=8)
    | st.sampled_from(
        ["<i8", "|O", "<U0", "M8[ns]", "Int64", "category", "period[M]", "interval[int64, right]", "timestamp", "left"]
    )
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=5) | st.tuples(st.integers(0, 22), inner, inner).map(list),
    max_leaves=25,
)


@settings(max_examples=400)
@given(TREES)
@example([10, "<U0", [2**40], 0])
@example([16, 0, 2**62, 1, None])
@example([9, "delta", [10**18, 0, 0]])
@example([18, "datetime64[ns, dateutil//etc/passwd]", [0]])
def test_any_skeleton(tree: object) -> None:
    """A frame of any structure decodes, or is refused in one way."""
    targets.decode_skeleton(msgpack.packb(tree))


@settings(max_examples=400)
@given(st.binary(max_size=200))
def test_any_frame(data: bytes) -> None:
    """A frame of any bytes decodes, or is refused in one way."""
    targets.decode(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["cells", "cell_type", "source", "code", "metadata"]), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=200)
@given(JSON)
@example({"cells": [{"cell_type": "code", "source": 1}]})
@example({"cells": {"cell_type": "code"}})
def test_any_json_as_a_notebook(value: object) -> None:
    """Any JSON is a notebook with cells, or is refused in one way."""
    targets.load_notebook(json.dumps(value).encode())


@settings(max_examples=100)
@given(st.binary(max_size=100))
@example(b"[" * 10_000)
@example(b"\xff\xfe{}")
def test_any_bytes_as_a_notebook(data: bytes) -> None:
    """Any bytes are a notebook with cells, or are refused in one way."""
    targets.load_notebook(data)


@settings(max_examples=200)
@given(st.text(st.sampled_from(list("abc =%!?()\n\t'\"\\#:[]{},.0\x00\u00e9\ud7ff")), max_size=40))
def test_any_text_as_a_cell(text: str) -> None:
    """A cell of any text runs, or is described as a fault."""
    targets.run_notebook(text.encode())


def test_a_target_notices(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault without a description, or an exception of another kind, does not pass unnoticed."""
    monkeypatch.setattr(targets.cells, "run_notebook", lambda *_: [{}])
    monkeypatch.setattr(targets.wire, "unpack", lambda read: {}[read])

    with pytest.raises(AssertionError):
        targets.run_notebook(b"x = 1")
    with pytest.raises(KeyError):
        targets.decode(b"")
