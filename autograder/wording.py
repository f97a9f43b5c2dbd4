"""Say in a few words what was called and what came back."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["call_text", "value_text"]

_SHORT = 60


def call_text(name: str, args: Sequence[object], kwargs: Mapping[str, object]) -> str:
    """``slice_stats(df, "petal_width")``, with large arguments named by what they are."""
    sizes: list[str] = []
    parts = [_argument(value, sizes) for value in args]
    parts += [f"{key}={_argument(value, sizes)}" for key, value in kwargs.items()]
    where = f", {'; '.join(sizes)}" if sizes else ""
    return f"{name}({', '.join(parts)}){where}"


def value_text(value: object) -> str:
    """A value that was returned, in the words of a sentence: ``a DataFrame of 3 rows × 2 columns``."""
    kind = type(value).__name__
    if kind == "Remote":  # an object that stayed in the sandbox
        kind = str(getattr(value, "type", kind))[:_SHORT]
        return f"{_article(kind)} {kind}"
    shape = getattr(value, "shape", None)
    if kind == "DataFrame" and isinstance(shape, tuple):
        return f"a DataFrame of {_count(shape[0], 'row')} × {_count(shape[1], 'column')}"
    if kind == "Series" or kind.endswith("Index"):
        return f"{_article(kind)} {kind} of {_count(_length(value), 'value')}"
    if kind == "ndarray":
        return f"an array of shape {shape}"
    if value is None:
        return "None"
    if isinstance(value, dict | list | tuple | set | frozenset):
        return _short(value) or f"a {kind} of {_count(len(value), 'item')}"
    if isinstance(value, bool | int | float | complex | str | bytes) or shape == ():
        text = repr(_plain(value))
        return text if len(text) <= 2 * _SHORT else f"{text[: 2 * _SHORT]}…"
    return f"{_article(kind)} {kind}"


def _argument(value: Any, sizes: list[str]) -> str:
    kind = type(value).__name__
    if kind == "DataFrame":
        sizes.append(f"df having {_count(value.shape[0], 'row')} and {_count(value.shape[1], 'column')}")
        return "df"
    if kind in ("Series", "ndarray", "Index"):
        return {"Series": "series", "ndarray": "array", "Index": "index"}[kind]
    if isinstance(value, functools.partial):
        return f"{getattr(value.func, '__name__', 'partial')}(…)"
    if isinstance(value, str):
        text = '"' + value.replace('"', "'") + '"'
        return text if len(text) <= _SHORT else f'{text[:_SHORT]}…"'
    if callable(value):
        return str(getattr(value, "__name__", kind))
    return _short(_plain(value)) or {"dict": "{…}", "list": "[…]", "tuple": "(…)", "set": "{…}"}.get(kind, f"<{kind}>")


def _short(value: Any) -> str:
    """One short line; empty if there is none, which is found out without writing tables out."""
    if isinstance(value, dict | list | tuple | set | frozenset):
        parts = value.values() if isinstance(value, dict) else value
        if 3 * len(value) > _SHORT or any(type(part).__name__ in ("DataFrame", "Series") for part in parts):
            return ""
    text = repr(value)
    return text if len(text) <= _SHORT and "\n" not in text else ""


def _plain(value: Any) -> Any:
    """A scalar of numpy as Python has it: ``1.5``, not ``np.float64(1.5)``."""
    return value.item() if hasattr(value, "item") and getattr(value, "shape", None) == () else value


def _article(kind: str) -> str:
    return "an" if kind[:1].lower() in "aeiou" else "a"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _length(value: Any) -> int:
    return len(value)
