"""One value → the skeleton and the blobs of a frame (see ``wire``)."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from typing import Any

from autograder.sandbox._forms import (
    ARRAY,
    BIG,
    BYTES,
    CATEGORICAL,
    COMPLEX,
    DICT,
    DTYPE,
    EXTENSION,
    EXTENSION_DTYPE,
    FRAME,
    FROZEN,
    HANDLE,
    INDEX,
    INTERVAL,
    LIST,
    LONG,
    MAX_COUNT,
    MAX_DEPTH,
    MAX_DIGITS,
    MAX_SKELETON,
    MAX_TABLES,
    MULTI,
    OBJECTS,
    RANGE,
    SCALAR,
    SERIES,
    SET,
    STANDS_FOR_ITSELF,
    STR,
    TIME,
    TUPLE,
    Handle,
    WireError,
)


class Encoder:
    """Turns one value into a skeleton and its blobs."""

    def __init__(self, keep: Callable[[object], Handle] | None) -> None:
        self.blobs: list[bytes] = []
        self._keep = keep
        self._nodes = 0
        self._tables = 0

    def encode(self, value: Any, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise WireError(f"the value is nested more than {MAX_DEPTH} levels deep, or contains itself")
        self._count(1)
        if value is None or value is True or value is False:
            return value
        kind = type(value)
        if kind is float:
            return value
        if kind is int:
            return self._integer(value)
        if kind is str:
            return self._text(value)
        if kind is bytes:
            return self._bytes(value)
        if kind.__module__.partition(".")[0] in ("numpy", "pandas") or _derived_from_tables(kind):
            done = self._table(value, depth)
            if done is not None:
                return done
        return self._plain(value, depth)

    def _all(self, values: list[Any], depth: int) -> list[Any]:
        """What :meth:`encode` makes of each; a list of nothing but what stands for itself is looked at as a whole."""
        if len(values) < 8 or depth > MAX_DEPTH or not STANDS_FOR_ITSELF.issuperset(map(type, values)):
            return [self.encode(value, depth) for value in values]
        numbers = [value for value in values if type(value) is int]
        longest = max((len(value) for value in values if type(value) is str), default=0)
        if longest > LONG or min(numbers, default=0) < -(2**63) or max(numbers, default=0) >= 2**64:
            return [self.encode(value, depth) for value in values]
        self._count(len(values))
        return values

    def _count(self, parts: int) -> None:
        self._must_fit(parts)
        self._nodes += parts

    def _must_fit(self, parts: int) -> None:
        if self._nodes + parts > MAX_SKELETON:
            raise WireError("the value is too large to send: more than 4 million parts")

    def _integer(self, value: int) -> Any:
        if -(2**63) <= value < 2**64:
            return value
        if value.bit_length() > MAX_DIGITS * 3:
            raise WireError("the value holds an integer of thousands of digits")
        return [BIG, str(value)]

    def _text(self, value: str) -> Any:
        if len(value) <= LONG:
            return value
        return [STR, self._blob(value.encode("utf-8", "replace"))]

    def _bytes(self, value: bytes) -> Any:
        return value if len(value) <= LONG else [BYTES, self._blob(value)]

    def _blob(self, data: bytes) -> int:
        self.blobs.append(data)
        if len(self.blobs) > MAX_COUNT:
            raise WireError(f"the value holds more than {MAX_COUNT} long texts or arrays")
        return len(self.blobs) - 1

    def _bulk(self, tag: int, *parts: Any) -> list[Any]:
        self._tables += 1
        if self._tables > MAX_TABLES:
            raise WireError(f"the value holds more than {MAX_TABLES} arrays, columns and indexes")
        return [tag, *parts]

    def _plain(self, value: Any, depth: int) -> Any:
        # Base-class access throughout: a subclass that lies about itself is read as what it is made of.
        if isinstance(value, bool):
            return bool(value)
        if isinstance(value, int):
            return self._integer(int.__int__(value))
        if isinstance(value, float):
            return float.__float__(value)
        if isinstance(value, complex):
            return [COMPLEX, value.real, value.imag]
        if isinstance(value, str):
            return self._text(str.__str__(value))
        if isinstance(value, bytes | bytearray):
            return self._bytes(bytes(value))
        if isinstance(value, dict):
            self._must_fit(2 * dict.__len__(value))  # before it is copied
            return [DICT, *self._all([part for pair in dict.items(value) for part in pair], depth + 1)]
        iterate: tuple[tuple[type[Any], int], ...] = ((list, LIST), (tuple, TUPLE), (set, SET), (frozenset, FROZEN))
        for base, tag in iterate:
            if isinstance(value, base):
                self._must_fit(base.__len__(value))
                return [tag, *self._all([*base.__iter__(value)], depth + 1)]
        return self._moment(value) or self._handle(value)

    def _moment(self, value: Any) -> Any:
        if isinstance(value, dt.datetime):
            return [TIME, "datetime", dt.datetime.isoformat(value)]
        if isinstance(value, dt.date):
            return [TIME, "date", dt.date.isoformat(value)]
        if isinstance(value, dt.time):
            return [TIME, "time", dt.time.isoformat(value)]
        if isinstance(value, dt.timedelta):
            return [TIME, "delta", [value.days, value.seconds, value.microseconds]]
        return None

    def _handle(self, value: object) -> Any:
        if self._keep is None:
            raise WireError(f"a {type(value).__name__} is not plain data")
        handle = self._keep(value)
        return [HANDLE, handle.id, handle.type, handle.text]

    def _table(self, value: Any, depth: int) -> Any:
        """numpy and pandas objects; None if it is neither."""
        np = sys.modules["numpy"]
        if isinstance(value, np.generic):
            return self._scalar(value, depth)
        if isinstance(value, np.ndarray):
            return self._array(value, depth)
        pd = sys.modules.get("pandas")
        if pd is None:
            return None
        if value is pd.NaT:
            return [TIME, "NaT", ""]
        if value is pd.NA:
            return [TIME, "NA", ""]
        if isinstance(value, pd.Timestamp):
            return [TIME, "timestamp", value.isoformat()]
        if isinstance(value, pd.Timedelta):
            return [TIME, "timedelta", value.isoformat()]
        if isinstance(value, pd.Period):
            return [TIME, "period", [value.ordinal, value.freqstr]]
        if isinstance(value, pd.Interval):
            ends = [self.encode(end, depth + 1) for end in (value.left, value.right)]
            return [INTERVAL, *ends, value.closed]
        if isinstance(value, pd.DataFrame):
            columns = [self._column(column.array, depth + 1) for _, column in pd.DataFrame.items(value)]
            names, rows = self.encode(value.columns, depth + 1), self.encode(value.index, depth + 1)
            return self._bulk(FRAME, names, rows, columns)
        if isinstance(value, pd.Series):
            name = self.encode(value.name, depth + 1)
            rows, values = self.encode(value.index, depth + 1), self._column(value.array, depth + 1)
            return self._bulk(SERIES, name, rows, values)
        if isinstance(value, pd.Index):
            return self._index(value, pd, depth)
        if isinstance(value, pd.api.extensions.ExtensionArray):
            return self._column(value, depth)
        return None

    def _scalar(self, value: Any, depth: int) -> Any:
        if not DTYPE.fullmatch(value.dtype.str):
            return self._handle(value)
        if not value.dtype.itemsize:  # an empty text
            return [SCALAR, f"{value.dtype.kind}0", b""]
        return [SCALAR, value.dtype.str, value.tobytes()]

    def _array(self, value: Any, depth: int) -> Any:
        np = sys.modules["numpy"]
        plain = np.asarray(value)
        if np.ma.isMaskedArray(value):
            plain = np.ma.getdata(value).astype(object)
            plain[np.ma.getmaskarray(value)] = None
        if plain.dtype == object:
            return self._bulk(OBJECTS, list(plain.shape), self._all(plain.ravel().tolist(), depth + 1))
        if not DTYPE.fullmatch(plain.dtype.str):
            return self._handle(value)
        blob = self._blob(np.ascontiguousarray(plain).tobytes())
        return self._bulk(ARRAY, plain.dtype.str, list(plain.shape), blob)

    def _column(self, array: Any, depth: int) -> Any:
        pd = sys.modules["pandas"]
        if isinstance(array, pd.Categorical):
            codes = self.encode(array.codes, depth + 1)
            return self._bulk(CATEGORICAL, codes, self.encode(array.categories, depth + 1), bool(array.ordered))
        np = sys.modules["numpy"]
        plain = np.asarray(array)
        if isinstance(array.dtype, np.dtype) or type(array).__name__ == "NumpyExtensionArray":
            if plain.dtype != object and not DTYPE.fullmatch(plain.dtype.str):
                raise WireError(f"a column of dtype {plain.dtype} is not plain data")
            return self._array(plain, depth + 1)
        name = str(array.dtype)
        if name.startswith("string"):
            name = "string"
        if not EXTENSION_DTYPE.fullmatch(name):
            return self._array(plain.astype(object), depth + 1)
        return self._bulk(EXTENSION, name, self._all([*array.astype(object)], depth + 1))

    def _index(self, index: Any, pd: Any, depth: int) -> Any:
        if isinstance(index, pd.RangeIndex):
            name = self.encode(index.name, depth + 1)
            return self._bulk(RANGE, int(index.start), int(index.stop), int(index.step), name)
        if isinstance(index, pd.MultiIndex):
            levels = [self._index(level, pd, depth + 1) for level in index.levels]
            codes = [[int(code) for code in part] for part in index.codes]
            return self._bulk(MULTI, levels, codes, [self.encode(name, depth + 1) for name in index.names])
        return self._bulk(INDEX, self._column(index.array, depth + 1), self.encode(index.name, depth + 1))


def _derived_from_tables(kind: type) -> bool:
    return any(base.__module__.partition(".")[0] in ("numpy", "pandas") for base in kind.__mro__)
