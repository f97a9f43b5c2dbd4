"""The skeleton and the blobs of a frame → one value, trusting nothing (see ``wire``)."""

from __future__ import annotations

import datetime as dt
import itertools
import math
import re
from collections.abc import Callable
from typing import Any, Final

import msgpack

from autograder.sandbox._forms import (
    ARRAY,
    BIG,
    BYTES,
    CATEGORICAL,
    COMPLEX,
    DTYPE,
    EXTENSION,
    EXTENSION_DTYPE,
    FRAME,
    HANDLE,
    INDEX,
    INTERVAL,
    MAX_BLOBS,
    MAX_DEPTH,
    MAX_DIGITS,
    MULTI,
    OBJECTS,
    RANGE,
    SCALAR,
    SERIES,
    STANDS_FOR_ITSELF,
    STR,
    TIME,
    Blobs,
    Handle,
    WireError,
)


def decode(node: Any, blobs: Blobs, depth: int) -> Any:
    if depth > 2 * MAX_DEPTH:
        raise WireError("frame nested too deep")
    if not isinstance(node, list):
        if isinstance(node, msgpack.ExtType | msgpack.Timestamp):
            raise WireError("unknown type in frame")
        return node
    tag, *rest = node
    if type(tag) is not int or not 0 <= tag <= HANDLE:
        raise WireError("unknown tag in frame")
    down = depth + 1
    match tag:
        case 0:  # LIST
            return _all(rest, blobs, down)
        case 1:  # TUPLE
            return tuple(_all(rest, blobs, down))
        case 2:  # SET
            return set(_hashable(_all(rest, blobs, down)))
        case 3:  # FROZEN
            return frozenset(_hashable(_all(rest, blobs, down)))
        case 4:  # DICT
            parts = _all(rest, blobs, down)
            return dict(zip(_hashable(parts[::2]), parts[1::2], strict=True))
    if tag in _BULK:
        blobs.count()
    return _DECODERS[tag](rest, blobs, down)


def _all(nodes: list[Any], blobs: Blobs, depth: int) -> list[Any]:
    """What :func:`decode` makes of each; scalars need no look of their own."""
    if depth <= 2 * MAX_DEPTH and STANDS_FOR_ITSELF.issuperset(map(type, nodes)):
        return nodes
    return [decode(node, blobs, depth) for node in nodes]


def _hashable(keys: list[Any]) -> list[Any]:
    """The keys, unless they were chosen to collide: building a dict of those would take hours."""
    hashes = sorted(hash(key) for key in keys)
    collisions = sum(a == b for a, b in itertools.pairwise(hashes))
    if collisions > 1000:
        raise WireError("a set or dict with too many colliding keys")
    return keys


def _big(rest: list[Any], blobs: Blobs, depth: int) -> int:
    (digits,) = rest
    if len(digits) > MAX_DIGITS or not re.fullmatch(r"-?\d+", digits):
        raise WireError("malformed integer")
    return int(digits)


def _moment(rest: list[Any], blobs: Blobs, depth: int) -> Any:
    kind, text = rest
    match kind:
        case "datetime":
            return dt.datetime.fromisoformat(text)
        case "date":
            return dt.date.fromisoformat(text)
        case "time":
            return dt.time.fromisoformat(text)
        case "delta":
            days, seconds, microseconds = text
            return dt.timedelta(days, seconds, microseconds)
    import pandas as pd

    match kind:
        case "NaT":
            return pd.NaT
        case "NA":
            return pd.NA
        case "timestamp":
            return pd.Timestamp(_short(text))
        case "timedelta":
            return pd.Timedelta(_short(text))
        case "period":
            ordinal, frequency = text
            return pd.Period(ordinal=ordinal, freq=_short(frequency))
    raise WireError("unknown time")


def _short(text: Any) -> str:
    if not isinstance(text, str) or len(text) > 64:
        raise WireError("malformed time")
    return text


def _dtype(name: Any) -> Any:
    import numpy as np

    if not isinstance(name, str) or not DTYPE.fullmatch(name):
        raise WireError("unknown dtype")
    return np.dtype(name)


def _shape(shape: Any) -> tuple[int, ...]:
    if not isinstance(shape, list) or len(shape) > 32 or not all(type(n) is int and n >= 0 for n in shape):
        raise WireError("malformed shape")
    return tuple(shape)


def _array(rest: list[Any], blobs: Blobs, depth: int) -> Any:
    import numpy as np

    name, shape, blob = rest
    dtype, dims = _dtype(name), _shape(shape)
    data = blobs.take(blob)
    count = math.prod(dims)
    if count * dtype.itemsize != len(data) or (count > 1 and not data):
        raise WireError("array of the wrong size")
    _check_text(dtype, data)
    return np.frombuffer(data, dtype).reshape(dims).copy() if data else np.empty(dims, dtype)


def _objects(rest: list[Any], blobs: Blobs, depth: int) -> Any:
    import numpy as np

    shape, parts = rest
    dims = _shape(shape)
    if math.prod(dims) != len(parts):
        raise WireError("array of the wrong size")
    flat = np.empty(len(parts), dtype=object)
    for i, value in enumerate(_all(parts, blobs, depth)):
        flat[i] = value
    return flat.reshape(dims)


def _scalar(rest: list[Any], blobs: Blobs, depth: int) -> Any:
    import numpy as np

    name, data = rest
    dtype = _dtype(name)
    if not isinstance(data, bytes) or len(data) != dtype.itemsize:
        raise WireError("scalar of the wrong size")
    _check_text(dtype, data)
    return np.frombuffer(data, dtype, 1)[0] if data else dtype.type()


def _check_text(dtype: Any, data: bytes) -> None:
    """Characters beyond Unicode would raise wherever they are looked at."""
    import numpy as np

    if dtype.kind == "U" and data and np.frombuffer(data, f"{dtype.str[0]}u4").max() > 0x10FFFF:
        raise WireError("malformed text")


def _number(value: Any, below: int) -> int:
    if type(value) is not int or not 0 <= value < below:
        raise WireError("number out of range")
    return value


def _frame(rest: list[Any], blobs: Blobs, depth: int) -> Any:
    import pandas as pd

    columns, index, arrays = rest
    names, rows = _any_index(columns, blobs, depth), _any_index(index, blobs, depth)
    values = [_column(array, blobs, depth) for array in arrays]
    if len(names) != len(values) or any(len(array) != len(rows) for array in values):
        raise WireError("table of the wrong shape")
    frame = pd.DataFrame(dict(enumerate(values)), index=rows)
    frame.columns = names
    return frame


def _series(rest: list[Any], blobs: Blobs, depth: int) -> Any:
    import pandas as pd

    name, index, array = rest
    rows, values = _any_index(index, blobs, depth), _column(array, blobs, depth)
    if len(values) != len(rows):
        raise WireError("table of the wrong shape")
    return pd.Series(values, index=rows, name=decode(name, blobs, depth))


def _column(node: Any, blobs: Blobs, depth: int) -> Any:
    """An array, and nothing that pandas would stretch to the length it needs."""
    import numpy as np
    import pandas as pd

    array = decode(node, blobs, depth)
    if isinstance(array, pd.api.extensions.ExtensionArray) or (isinstance(array, np.ndarray) and array.ndim == 1):
        return array
    raise WireError("a column was expected")


def _any_index(node: Any, blobs: Blobs, depth: int) -> Any:
    import pandas as pd

    index = decode(node, blobs, depth)
    if not isinstance(index, pd.Index):
        raise WireError("an index was expected")
    return index


def _plain_index(rest: list[Any], blobs: Blobs, depth: int) -> Any:
    import pandas as pd

    array, name = rest
    values = _column(array, blobs, depth)
    return pd.Index(values, dtype=values.dtype, name=decode(name, blobs, depth), tupleize_cols=False)


def _range(rest: list[Any], blobs: Blobs, depth: int) -> Any:
    import pandas as pd

    start, stop, step, name = rest
    if len(range(start, stop, step)) > MAX_BLOBS:
        raise WireError("index too long")
    return pd.RangeIndex(start, stop, step, name=decode(name, blobs, depth))


def _multi(rest: list[Any], blobs: Blobs, depth: int) -> Any:
    import pandas as pd

    levels, codes, names = rest
    sets = [_any_index(level, blobs, depth) for level in levels]
    return pd.MultiIndex(levels=sets, codes=codes, names=[decode(name, blobs, depth) for name in names])


def _categorical(rest: list[Any], blobs: Blobs, depth: int) -> Any:
    import pandas as pd

    codes, categories, ordered = rest
    values = _any_index(categories, blobs, depth)
    return pd.Categorical.from_codes(_column(codes, blobs, depth), values, ordered=ordered is True)


def _extension(rest: list[Any], blobs: Blobs, depth: int) -> Any:
    import pandas as pd

    name, parts = rest
    if not isinstance(name, str) or not EXTENSION_DTYPE.fullmatch(name):
        raise WireError("unknown dtype")
    values: Any = _all(parts, blobs, depth)
    return pd.array(values, dtype=name)


def _interval(rest: list[Any], blobs: Blobs, depth: int) -> Any:
    import pandas as pd

    left, right, closed = rest
    return pd.Interval(decode(left, blobs, depth), decode(right, blobs, depth), closed)


def _as_handle(rest: list[Any], blobs: Blobs, depth: int) -> Handle:
    number, kind, text = rest
    return Handle(_number(number, 2**53), str(kind)[:200], str(text)[:400])


_DECODERS: Final[dict[int, Callable[[list[Any], Blobs, int], Any]]] = {
    BIG: _big,
    COMPLEX: lambda rest, blobs, depth: complex(float(rest[0]), float(rest[1])),
    STR: lambda rest, blobs, depth: blobs.take(rest[0]).decode("utf-8", "replace"),
    BYTES: lambda rest, blobs, depth: blobs.take(rest[0]),
    TIME: _moment,
    ARRAY: _array,
    OBJECTS: _objects,
    SCALAR: _scalar,
    FRAME: _frame,
    SERIES: _series,
    INDEX: _plain_index,
    RANGE: _range,
    MULTI: _multi,
    CATEGORICAL: _categorical,
    EXTENSION: _extension,
    INTERVAL: _interval,
    HANDLE: _as_handle,
}
_BULK: Final = frozenset({ARRAY, OBJECTS, FRAME, SERIES, INDEX, RANGE, MULTI, CATEGORICAL, EXTENSION})
