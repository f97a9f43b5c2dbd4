"""Plain data, arrays and tables come back as they were sent."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps
from hypothesis.extra import pandas as pds

from autograder.sandbox.wire import pack, unpack


def there_and_back(value: object) -> Any:
    """``value`` after a journey."""
    return unpack(io.BytesIO(pack(value)).read)


def same(a: Any, b: Any) -> bool:
    """Equality that knows types, order of keys, NaN, -0.0, arrays and tables."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and same(a.tolist(), b.tolist())
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return same(list(a.items()), list(b.items()))
    if isinstance(a, float | complex):
        return repr(a) == repr(b)
    if a is pd.NaT or a is pd.NA:
        return a is b
    return bool(a == b)


# ---- plain data

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**200), 2**200)
    | st.floats()
    | st.complex_numbers()
    | st.text(st.characters(codec="utf-8"))
    | st.binary()
    | st.dates()
    | st.times()
    | st.timedeltas()
    | st.datetimes()
    | st.datetimes(timezones=st.just(dt.timezone(dt.timedelta(hours=2, minutes=30))))
)
KEYS = st.recursive(
    SCALARS.filter(lambda value: value == value),
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3),
    max_leaves=4,
)
PLAIN = st.recursive(
    SCALARS | KEYS,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.tuples(inner, inner)
        | st.sets(KEYS, max_size=4)
        | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=20,
)


@given(PLAIN)
@example(["x" * 5000, b"y" * 5000, ("x" * 5000,)])
@example([0, "a", [1, [2, [3]]]])
@example({1: "a", (1,): "b", frozenset({1}): "c"})
@example(dt.timedelta(days=999_999_999, microseconds=1))
@example([None, True, 1.5, "a", -(2**63), 2**64 - 1] * 3)
@example([*range(20), 2**64])
@example([*range(20), -(2**63) - 1])
@example(["x"] * 20 + ["x" * 1024, "x" * 1025])
@example({number: "x" * (number * 100) for number in range(20)})
@example([*"abcdefghijk", ["l"], ("m", b"n")])
@example(frozenset(range(100)))
def test_plain_data_comes_back_the_same(value: object) -> None:
    """Plain data of any nesting comes back equal, types and order included."""
    back = there_and_back(value)

    assert same(back, value)


@given(
    nps.arrays(st.one_of(nps.scalar_dtypes(), nps.unicode_string_dtypes()), nps.array_shapes(min_dims=0, min_side=0))
)
@example(np.arange(6, dtype=">i4").reshape(2, 3).T)
@example(np.array([[None, "a"], [1, {"b": [2.5]}]], dtype=object))
@example(np.zeros((0, 3)))
@example(np.array(["", ""]))
def test_arrays_come_back_the_same(array: np.ndarray) -> None:
    """numpy arrays keep dtype, byte order, shape and content, and can be written to."""
    assume(array.dtype.kind not in "mM" or np.datetime_data(array.dtype)[0] not in ("ps", "fs", "as"))
    assume(array.dtype.itemsize <= 16 or array.dtype.kind not in "fc")

    back = there_and_back(array)

    assert same(back, array)
    assert back.flags.writeable


@given(nps.arrays(nps.scalar_dtypes(), 1).map(lambda array: array[0]))
@example(np.str_(""))
@example(np.str_("ä" * 3000))
@example(np.datetime64("NaT"))
def test_numpy_scalars_come_back_the_same(value: np.generic) -> None:
    """numpy scalars keep their type."""
    assume(value.dtype.kind not in "mM" or np.datetime_data(value.dtype)[0] not in ("ps", "fs", "as"))
    assume(value.dtype.itemsize <= 16 or value.dtype.kind not in "fc")

    back = there_and_back(value)

    assert back.dtype == value.dtype
    assert same(back.tolist(), value.tolist())


# ---- tables

DAYS = pd.date_range("2024-03-30", periods=3, tz="Europe/Berlin")
INDEXES = {
    "range": pd.RangeIndex(3, 0, -1, name="n"),
    "integers": pd.Index([3, 1, 2], dtype="int8", name=("a", 1)),
    "floats": pd.Index([0.5, np.nan, -0.0]),
    "strings": pd.Index(["a", "b", "a"], name="letter"),
    "mixed": pd.Index([1, "a", None]),
    "tuples": pd.Index([("a", 1), ("b", 2), ("c", 3)], tupleize_cols=False),
    "objects that look like numbers": pd.Index([1, 2, 3], dtype=object),
    "objects that look like days": pd.Index(list(DAYS.tz_localize(None)), dtype=object),
    "Booleans": pd.Index([True, False, True]),
    "days": pd.DatetimeIndex(["2024-01-01", "NaT", "1999-12-31T23:59:59.123456789"]),
    "days in a time zone": DAYS._with_freq(None),
    "durations": pd.TimedeltaIndex(["1s", "NaT", "2 days"]),
    "periods": pd.PeriodIndex(["2024-01", "2024-02", "NaT"], freq="M"),
    "intervals": pd.cut([1.0, 2.0, 9.0], [0, 2, 10]).categories.repeat([2, 1]),
    "categories": pd.CategoricalIndex(["b", "a", None], categories=["b", "a", "unused"], ordered=True),
    "two levels": pd.MultiIndex.from_tuples([("a", 1), ("b", 2), ("a", 3)], names=["x", None]),
    "two levels with a hole": pd.MultiIndex.from_arrays([["a", None, "b"], DAYS]),
}
COLUMNS = {
    "nullable integers": pd.array([1, None, 3], dtype="Int16"),
    "nullable floats": pd.array([1.5, None, np.nan], dtype="Float64"),
    "nullable Booleans": pd.array([True, None, False], dtype="boolean"),
    "strings": pd.array(["a", None, "ü"], dtype="string"),
    "categories of numbers": pd.Categorical([2.5, None, 1.0]),
    "categories of intervals": pd.cut([1, 5, 20], [0, 2, 10]),
    "days": pd.array(["2024-01-01", None, "2024-01-03"], dtype="datetime64[s]"),
    "days in a time zone": DAYS.array,
    "durations": pd.array(["1s", None, "3s"], dtype="timedelta64[ns]"),
    "periods": pd.period_range("2024", periods=3, freq="Q").array,
    "intervals": pd.arrays.IntervalArray.from_breaks([0, 1, 2, 3], closed="left"),
    "mixed objects": np.array([1, "a", None], dtype=object),
    "missing values of every kind": np.array([None, np.nan, pd.NaT], dtype=object),
    "containers": np.array([{"a": [1]}, (1, 2), {3}], dtype=object),
    "dates": np.array([dt.date(2024, 1, 1), dt.datetime(2024, 1, 1, 12), pd.Timestamp("2024")], dtype=object),
    "small floats": np.array([0.5, np.inf, -0.0], dtype="float16"),
}


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
def test_every_kind_of_index_comes_back_the_same(index: pd.Index) -> None:
    """An index keeps its kind, dtype, order, missing values and name; so does a Series that has it."""
    series = pd.Series([1.5, 2.5, np.nan], index=index, name="s")

    pd.testing.assert_index_equal(there_and_back(index), index, exact=True)
    pd.testing.assert_series_equal(there_and_back(series), series, check_freq=False, check_index_type=True)


@pytest.mark.parametrize("values", COLUMNS.values(), ids=COLUMNS)
def test_every_kind_of_column_comes_back_the_same(values: Any) -> None:
    """A column keeps its dtype and its values, alone and in a table."""
    table = pd.DataFrame({"n": [1, 2, 3], "c": values}, index=["x", "y", "x"])

    back = there_and_back({"table": table, "column": table["c"], "array": values})

    pd.testing.assert_frame_equal(back["table"], table, check_exact=True, check_freq=False)
    pd.testing.assert_series_equal(back["column"], table["c"], check_exact=True, check_freq=False)
    assert back["array"].dtype == values.dtype


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame(),
        pd.DataFrame(index=range(3)),
        pd.DataFrame(columns=["a", "b"], dtype="int64"),
        pd.DataFrame([[1, 2.5, "x"]], columns=["a", "a", "a"]),
        pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_product([["a"], ["count", "mean"]], names=["k", "v"])),
        pd.DataFrame([[1, 2]], columns=[0, "0"]),
        pd.DataFrame(np.arange(12).reshape(3, 4)).T,
        pd.DataFrame({"a": [1, 2, 1]}).groupby("a").agg(n=("a", "size"), mean=("a", "mean")),
    ],
    ids=["nothing", "rows only", "columns only", "double names", "two levels", "mixed names", "transposed", "grouped"],
)
def test_tables_of_odd_shapes_come_back_the_same(table: pd.DataFrame) -> None:
    """Empty tables, doubled and layered column names survive."""
    pd.testing.assert_frame_equal(there_and_back(table), table, check_column_type=True)


@given(
    pds.data_frames(
        [
            pds.column("i", dtype="int32"),
            pds.column("f", dtype=float),
            pds.column("t", elements=st.text(max_size=5), dtype=object),
            pds.column("b", dtype=bool),
        ]
    )
)
def test_tables_come_back_the_same(table: pd.DataFrame) -> None:
    """Any table of numbers, texts and Booleans comes back equal."""
    back = there_and_back(table)

    pd.testing.assert_frame_equal(back, table, check_exact=True)
