"""Mutate files that hold one thing on each line: a Procfile, requirements, patterns to ignore."""

from __future__ import annotations

import re
from collections.abc import Iterator

from autograder.mutants.edits import Edit, alter_number, next_other

__all__ = ["edits"]

_HOSTS = ("0.0.0.0", "127.0.0.1")


def edits(text: str) -> Iterator[Edit]:
    """Every mutation of a text that is read line by line; lines that begin with ``#`` are comments."""
    rows = [match for match in re.finditer(r"^.+$", text, re.MULTILINE) if not match[0].lstrip().startswith("#")]
    names = [row[0].partition(":")[0] for row in rows if re.match(r"\w+:", row[0])]
    for row in rows:
        start, line = row.start(), row[0]
        unit = (re.match(r"[\w.-]+", line) or re.match(r".*", line))[0]  # type: ignore[index]
        yield Edit(start, min(row.end() + 1, len(text)), "", "line removed", unit)
        for found, by, operator in _changes(line, names):
            yield Edit(start + found.start(), start + found.end(), by, operator, unit)


def _changes(line: str, names: list[str]) -> Iterator[tuple[re.Match[str], str, str]]:
    if match := re.match(r"(\w+)(?=:)", line):
        yield match, f"{match[0]}s", "renamed"
        if other := next_other(match[0], names):
            yield match, other, "wrong name"
    for match in re.finditer(r"\$\{(\w+):-([^}]*)\}", line):
        yield match, f"${match[1]}", "default removed"
        yield match, match[2], "variable removed"
    for match in re.finditer(r"(?<!\S)--[\w-]+(?:[= ](?!-)\S+)?[ ]?", line):
        yield match, "", "option dropped"
    for host, other in zip(_HOSTS, reversed(_HOSTS), strict=True):
        for match in re.finditer(rf"(?<![\d.]){re.escape(host)}(?![\d.])", line):
            yield match, other, "host changed"
    for match in re.finditer(r"==[^\s;#]*", line):
        yield match, "", "version dropped"
        yield match, match[0].replace("==", ">="), "version dropped"
    for match in re.finditer(r"(?<![\w.])\d+(?:\.\d+)*(?![\w.])", line):
        if match[0] not in _HOSTS:
            yield match, alter_number(match[0]), "number altered"
    if match := re.search(r"(?<=\S) \S+$", line):
        yield match, "", "word dropped"
    if match := re.match(r"/(?=\w)", line):
        yield match, "", "pattern widened"
    if match := re.match(r"\*\.\w+$", line):
        yield match, "*", "pattern widened"
