"""Calls and values are told in a few words, whatever they are."""

from __future__ import annotations

import functools
import statistics
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autograder.wording import call_text, value_text

FRAME = pd.DataFrame({"a": [1, 2, 3], "b": [1, 2, 3]})


@pytest.mark.parametrize(
    ("args", "kwargs", "text"),
    [
        ((), {}, "f()"),
        ((1, 2.5, None, True), {}, "f(1, 2.5, None, True)"),
        (("petal",), {"by": "species"}, 'f("petal", by="species")'),
        (('say "hi"',), {}, "f(\"say 'hi'\")"),
        (("x" * 200,), {}, f'f("{"x" * 59}…")'),
        ((FRAME,), {}, "f(df), df having 3 rows and 2 columns"),
        (
            (FRAME[:1], 3),
            {"other": FRAME},
            "f(df, 3, other=df), df having 1 row and 2 columns; df having 3 rows and 2 columns",
        ),
        (
            (FRAME["a"], FRAME["a"].to_numpy(), FRAME.index[:1]),
            {},
            "f(series, array, RangeIndex(start=0, stop=1, step=1))",
        ),
        ((pd.Index(["a"]),), {}, "f(index)"),
        ((statistics.mean, functools.partial(statistics.quantiles, n=4)), {}, "f(mean, quantiles(…))"),
        (([1, 2], (3,), {"a": 1}, {4}), {}, "f([1, 2], (3,), {'a': 1}, {4})"),
        ((list(range(99)), tuple(range(99)), dict.fromkeys(range(99)), set(range(99))), {}, "f([…], (…), {…}, {…})"),
        ((np.float64(1.5),), {}, "f(1.5)"),
    ],
)
def test_calls(args: tuple[Any, ...], kwargs: dict[str, Any], text: str) -> None:
    """Short arguments are shown, long ones named by what they are."""
    assert call_text("f", args, kwargs) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (True, "True"),
        (3, "3"),
        (0.1 + 0.2, "0.30000000000000004"),
        ("text", "'text'"),
        ("x" * 500, "'" + "x" * 119 + "…"),
        (b"raw", "b'raw'"),
        (np.int64(3), "3"),
        (np.bool_(True), "True"),
        (np.str_("a"), "'a'"),
        ([], "[]"),
        ([1, 2], "[1, 2]"),
        (["x" * 100], "a list of 1 item"),
        ({"a": 1}, "{'a': 1}"),
        (dict.fromkeys(range(99)), "a dict of 99 items"),
        (("a\nb",), "('a\\nb',)"),
        (frozenset(range(99)), "a frozenset of 99 items"),
        (FRAME, "a DataFrame of 3 rows × 2 columns"),
        (FRAME[["a"]][:1], "a DataFrame of 1 row × 1 column"),
        (FRAME["a"], "a Series of 3 values"),
        (np.zeros((2, 3)), "an array of shape (2, 3)"),
        (np.array(5), "an array of shape ()"),
        (pd.Index([1]), "an Index of 1 value"),
        (pd.RangeIndex(3), "a RangeIndex of 3 values"),
        (pd.Categorical(["a"]), "a Categorical"),
        (pd.Timestamp("2024-01-01"), "a Timestamp"),
        (pd.NaT, "a NaTType"),
        (object(), "an object"),
        ({"a": FRAME}, "a dict of 1 item"),
        ([FRAME["a"][:0]], "a list of 1 item"),
        (range(3), "a range"),
        ([0] * 20, f"[{', '.join('0' * 20)}]"),
        ([0] * 21, "a list of 21 items"),
    ],
)
def test_values(value: object, text: str) -> None:
    """What was returned, in the words of a sentence."""
    assert value_text(value) == text
