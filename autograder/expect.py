"""Assertions for graders whose messages are feedback: what came back, what was expected, in a sentence."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable, Iterator
from typing import Any

from autograder.errors import StudentError

__all__ = ["close", "columns", "instance", "labels", "raises", "that", "unchanged"]


def that(condition: object, message: str) -> None:
    """Fail with ``message`` unless ``condition`` holds.

    Raises:
        AssertionError: it does not.
    """
    if not condition:
        raise AssertionError(message)


def instance(value: object, kind: type | tuple[type, ...], description: str) -> None:
    """``value`` must be a ``kind``; ``description`` says so in words ("a DataFrame with one row per class").

    Raises:
        AssertionError: it is something else.
    """
    from autograder.wording import value_text

    that(isinstance(value, kind), f"Expected {description}, got {value_text(value)}.")


def columns(frame: Any, wanted: Iterable[str], *, exactly: bool = False) -> None:
    """``frame`` must have the columns ``wanted``.

    Args:
        frame: a DataFrame.
        wanted: names of columns.
        exactly: whether it may have no others.

    Raises:
        AssertionError: a column is missing, or one too many is there.
    """
    wanted, has = list(wanted), list(frame.columns)
    absent = [name for name in wanted if name not in has]
    that(
        not absent,
        f"Expected the columns {_listed(wanted)}. Missing: {_listed(absent)}. The columns are {_listed(has)}.",
    )
    twice = sorted({str(name) for name in wanted if has.count(name) > 1})
    that(not twice, f"The column {_listed(twice)} is there more than once.")
    extra = [name for name in has if name not in wanted] if exactly else []
    that(not extra, f"Expected the columns {_listed(wanted)} and no others; found {_listed(extra)} as well.")


def labels(indexed: Any, wanted: Iterable[object], *, what: str = "label") -> None:
    """The index of a DataFrame or Series (or an index itself) must hold exactly ``wanted``, in any order.

    Raises:
        AssertionError: a label is missing, doubled or not wanted.
    """
    index = indexed.index if hasattr(indexed, "iloc") else indexed
    # pandas' NA refuses to be compared.
    has = [str(label) if type(label).__name__ == "NAType" else label for label in index]
    wanted = list(wanted)
    absent = [label for label in wanted if label not in has]
    that(
        not absent,
        f"Expected a row for each {what}. Missing: {_listed(absent)}. The rows are labelled {_listed(has)}.",
    )
    extra = [label for label in has if label not in wanted]
    that(not extra, f"Expected a row for each {what} and no others; found {_listed(extra)} as well.")
    that(len(has) == len(wanted), f"Expected one row for each {what}, got {len(has)} rows for {len(wanted)}.")


def close(actual: object, wanted: float, what: str, *, rel: float = 1e-6, abs: float = 1e-9) -> None:
    """A number must equal ``wanted`` but for rounding; NaN equals NaN.

    Raises:
        AssertionError: it differs, or is not a number.
    """
    try:
        number = float(actual)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        raise AssertionError(f"{_capital(what)} should be a number, got {type(actual).__name__}.") from None
    same = math.isclose(number, wanted, rel_tol=rel, abs_tol=abs) or (math.isnan(number) and math.isnan(wanted))
    that(same, f"{_capital(what)} is {_number(number)}, expected {_number(wanted)}.")


def unchanged(before: Any, after: Any, message: str) -> None:
    """A DataFrame, Series, array or plain data must be the same as before, types and index included.

    Raises:
        AssertionError: with ``message``, if anything differs.
    """
    that(_same(before, after), message)


@contextlib.contextmanager
def raises(*kinds: str, mentions: str | Iterable[str] = (), reason: str = "") -> Iterator[None]:
    """The block must make student code raise one of ``kinds``.

    Args:
        kinds: names of exception classes; a subclass counts as well.
        mentions: words of which the message must contain each, in any case.
        reason: what was wrong with the call, for the feedback: "the column does not exist".

    Raises:
        AssertionError: it raised nothing, something else, or without those words.
    """
    wanted = " or ".join(kinds)
    why = f" because {reason}" if reason else ""
    try:
        yield
    except StudentError as error:
        if error.isa("NotImplementedError") or type(error) is not StudentError:
            raise
        that(
            any(error.isa(kind) for kind in kinds),
            f"Expected a {wanted}{why}. It raised {error.kind}: {_brief(error.detail)}",
        )
        words = [mentions] if isinstance(mentions, str) else list(mentions)
        absent = [word for word in words if word.lower() not in error.detail.lower()]
        that(
            not absent,
            f"It raised {error.kind} as expected, but its message does not mention {_listed(absent)}.",
        )
        return
    raise AssertionError(f"Expected a {wanted}{why}, but no error was raised.")


def _same(a: Any, b: Any) -> bool:
    if type(a) is not type(b):
        return False
    if hasattr(a, "equals"):
        return bool(a.equals(b))
    if hasattr(a, "dtype"):
        if a.dtype != b.dtype or a.shape != b.shape:
            return False
        return bool(((a == b) | ((a != a) & (b != b))).all())  # NaN equals NaN
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(map(_same, a.values(), b.values()))
    return bool(a == b or (a != a and b != b))


def _listed(values: Iterable[object]) -> str:
    shown = [str(value) for value in values]
    if len(shown) > 8:
        shown = [*shown[:8], f"… ({len(shown)} in all)"]
    return ", ".join(shown) or "nothing"


def _brief(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}…"


def _number(value: float) -> str:
    return "NaN" if math.isnan(value) else f"{value:.6g}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
