"""Read HINTS.md: for each task of a lab its hints, from the first nudge to the last."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt

from autograder.errors import ManifestError
from autograder.manifest import Lab

__all__ = ["load_hints", "parse_hints"]

_HEADING = re.compile(r"(\d+)\.\s+(.+)")
_MARKER = re.compile(r"\d{1,9}[.)]")


def load_hints(path: Path, lab: Lab) -> dict[str, tuple[str, ...]]:
    """Read a lab's HINTS.md; see :func:`parse_hints`.

    Raises:
        ManifestError: the file is missing or does not fit the lab; every fault is listed.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ManifestError(path, ["the file is missing: add it, with one heading for each task"]) from None
    except (UnicodeDecodeError, OSError) as error:
        raise ManifestError(path, [f"cannot be read: {error}"]) from None
    return parse_hints(text, lab, path)


def parse_hints(text: str, lab: Lab, path: Path | str = "HINTS.md") -> dict[str, tuple[str, ...]]:
    """The hints of every task.

    Each task has a heading ``## 1. Describe each class`` with its number and title, and below it a numbered
    list. Other headings and any text around the lists are for the reader only.

    Args:
        text: HINTS.md.
        lab: the lab whose tasks the headings must name.
        path: what to call the file in an error.

    Returns:
        Task id → its hints in order, each as Markdown.

    Raises:
        ManifestError: a heading without its task, a task without heading or hints; every fault is listed.
    """
    problems = []
    hints: dict[str, tuple[str, ...]] = {}
    for number, title, found in _sections(text):
        heading = f'"## {number}. {title}"'
        if not 1 <= number <= len(lab.task):
            problems.append(f"{heading}: lab.toml has {len(lab.task)} tasks: remove it or correct the number")
            continue
        task = lab.task[number - 1]
        if title != task.title:
            problems.append(f"{heading}: lab.toml calls task {number} {task.title!r}: make them agree")
        if task.id in hints:
            problems.append(f"{heading}: task {number} has a heading already: join the two")
        if not found:
            problems.append(f"{heading}: has no hints: add a numbered list below it")
        hints[task.id] = hints.get(task.id, ()) + found
    problems += [
        f'"## {number}. {task.title}": is missing: add it, with a numbered list of hints'
        for number, task in enumerate(lab.task, start=1)
        if task.id not in hints
    ]
    if problems:
        raise ManifestError(path, problems)
    return {task.id: hints[task.id] for task in lab.task}


def _sections(text: str) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """Number, title and hints below each numbered heading of the second level."""
    tokens = MarkdownIt("commonmark").parse(text)
    lines = text.split("\n")
    section: tuple[int, str] | None = None
    hints: list[str] = []
    for index, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag in ("h1", "h2"):
            if section:
                yield *section, tuple(hints)
            match = _HEADING.fullmatch(tokens[index + 1].content.strip()) if token.tag == "h2" else None
            section, hints = (int(match[1]), match[2]) if match else None, []
        elif token.type == "list_item_open" and token.level == 1 and _MARKER.match(token.info + token.markup):
            assert token.map is not None, "a list item always has its lines"
            hints.append(_item(lines[slice(*token.map)]))
    if section:
        yield *section, tuple(hints)


def _item(lines: list[str]) -> str:
    """The Markdown of a list item without its number and indentation."""
    first = re.sub(r"^\s*\d+[.)]\s*", "", lines[0])
    return f"{first}\n{textwrap.dedent(chr(10).join(lines[1:]))}".strip()
