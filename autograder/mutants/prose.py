"""Mutate Markdown: an empty section, a missing row, another number; and the YAML at its top."""

from __future__ import annotations

import re
from collections.abc import Iterator

from autograder.mutants import tables
from autograder.mutants.edits import Edit, alter_number, regions

__all__ = ["edits"]

_NUMBER = r"(?<![\w.,/])\d+(?:[.,]\d+)*(?![\w/]|\.\d)"
_LINK = re.compile(r"\[[^\]]*\]\([^)]*\)")


def edits(text: str) -> Iterator[Edit]:
    """Every mutation of a Markdown text."""
    front = re.match(r"---\n(.*?\n)---\n", text, re.DOTALL)
    body = front.end() if front else 0
    if front:
        for edit in tables.yaml_edits(front[1]):
            if edit.operator not in ("wrong name", "item removed"):  # names and tags are free
                yield Edit(edit.start + 4, edit.end + 4, edit.by, edit.operator, edit.unit)
    headings = [(match.start(), match[1].strip()) for match in re.finditer(r"(?m)^#+ +(.*)$", text)]
    for start, end in regions(text):
        if start >= body:
            unit = next((name for at, name in reversed(headings) if at < start), "top")
            yield Edit(start, end, "", "section emptied", unit)
            yield from _rows(text, start, end, unit)
            yield from _numbers(text, start, end, unit)


def _rows(text: str, start: int, end: int, unit: str) -> Iterator[Edit]:
    """Each row of each table but its heading."""
    for row in re.finditer(r"(?m)^\|.*\|\n", text[start:end]):
        before = text[: start + row.start()].rsplit("\n", 2)[-2]
        if before.startswith("|") and "---" not in row[0]:
            yield Edit(start + row.start(), start + row.end(), "", "row removed", unit)


def _numbers(text: str, start: int, end: int, unit: str) -> Iterator[Edit]:
    """Each number that states a result: those of tables, and those with decimals."""
    links = [match.span() for match in _LINK.finditer(text)]
    for match in re.finditer(_NUMBER, text[start:end]):
        at = start + match.start()
        line = text[text.rfind("\n", 0, at) + 1 :].partition("\n")[0]
        in_link = any(left <= at < right for left, right in links)
        if not in_link and (line.startswith("|") or re.fullmatch(r"0\.\d+", match[0])):
            yield Edit(at, at + len(match[0]), alter_number(match[0]), "number altered", unit)
