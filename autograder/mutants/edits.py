"""What a mutation operator proposes: one change of a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

__all__ = ["Edit", "alter_number", "apply", "inside", "next_other", "regions"]

_BEGIN = re.compile(r"^[ \t]*(?:#+|<!--|//|--|/\*)[ \t]*(?:### )?BEGIN SOLUTION\b.*$", re.MULTILINE)
_END = re.compile(r"^[ \t]*(?:#+|<!--|//|--|/\*)[ \t]*(?:### )?END SOLUTION\b", re.MULTILINE)


@dataclass(frozen=True)
class Edit:
    """Put ``by`` in the place of ``text[start:end]``.

    Attributes:
        start, end: where, in characters.
        by: the new text.
        operator: the kind of mistake, in a word or two.
        unit: the function, section or key that it is in.
    """

    start: int
    end: int
    by: str
    operator: str
    unit: str


def apply(text: str, edit: Edit) -> str:
    """The text after the edit."""
    return text[: edit.start] + edit.by + text[edit.end :]


def regions(text: str) -> list[tuple[int, int]]:
    """Where the solution regions of a text are, without their marker lines."""
    found = []
    for begin in _BEGIN.finditer(text):
        end = _END.search(text, begin.end())
        if end is not None:
            found.append((min(begin.end() + 1, end.start()), end.start()))
    return found


def inside(edits: Iterable[Edit], spans: Iterable[tuple[int, int]]) -> Iterator[Edit]:
    """Those edits that change nothing outside of the spans."""
    spans = list(spans)
    for edit in edits:
        if any(start <= edit.start and edit.end <= end for start, end in spans):
            yield edit


def alter_number(number: str) -> str:
    """The number with another first significant digit: ``0.893`` → ``0.993``."""
    place = next((at for at, char in enumerate(number) if char in "123456789"), -1)
    if place < 0:  # 0 → 1, 0.000 → 0.100
        place = number.find(".") + 1 if "." in number else len(number) - 1
    return f"{number[:place]}{int(number[place]) % 9 + 1}{number[place + 1 :]}"


def next_other(value: str, pool: Iterable[str]) -> str | None:
    """The value after this one in a list of distinct ones, the first behind the last."""
    distinct = list(dict.fromkeys(pool))
    if value not in distinct or len(distinct) < 2:
        return next((other for other in distinct if other != value), None)
    return distinct[(distinct.index(value) + 1) % len(distinct)]
