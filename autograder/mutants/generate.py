"""Generate the mutants of a reference solution: each is the solution with one mistake in it."""

from __future__ import annotations

import ast
import difflib
import json
import re
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import yaml  # type: ignore[import-untyped]

from autograder.cases import Case
from autograder.manifest import Lab
from autograder.mutants import lines, prose, python, tables
from autograder.mutants.edits import Edit, apply, inside, regions

__all__ = ["Mutant", "mutants", "sample"]

_SHOWN = 48


@dataclass(frozen=True)
class Mutant(Case):
    """A case that must lose points somewhere; nobody knows beforehand where.

    Attributes:
        operator: the kind of mistake.
        file: the file that it is in.
        unit: the function, section or key that it is in.
        replace: the lines of the solution that it changes, without indentation.
        by: what stands in their place.
        diff: both, with a line of context.
    """

    operator: str
    file: str
    unit: str
    replace: str
    by: str
    diff: str


@dataclass(frozen=True)
class _Piece:
    """A text that is edited as one: a file, or a cell of a notebook."""

    text: str
    kind: str
    label: str
    spans: Sequence[tuple[int, int]]
    whole: Callable[[str], bytes]


_OPERATORS: dict[str, Callable[[str], Iterator[Edit]]] = {
    "python": python.edits,
    "yaml": tables.yaml_edits,
    "toml": tables.toml_edits,
    "prose": prose.edits,
    "lines": lines.edits,
}
_KINDS = {".py": "python", ".yaml": "yaml", ".yml": "yaml", ".toml": "toml", ".md": "prose"}


def mutants(lab: Lab, exemplar: Path) -> tuple[Mutant, ...]:
    """Every mutant of what a student writes, in the order of the files; the same at each call.

    Args:
        lab: the lab.
        exemplar: folder with the reference solution.
    """
    found = []
    for file in lab.submit:
        for piece in _pieces(file, (exemplar / file).read_bytes()):
            seen = {_meaning(piece.text, piece.kind)}
            proposed = inside(_OPERATORS[piece.kind](piece.text), piece.spans)
            for edit in sorted(proposed, key=lambda edit: (edit.start, edit.end)):
                changed = apply(piece.text, edit)
                meaning = _meaning(changed, piece.kind)
                if meaning and meaning not in seen:
                    seen.add(meaning)
                    found.append(_mutant(file, piece, edit, changed))
    return tuple(found)


def sample(every: Sequence[Mutant], most: int) -> tuple[Mutant, ...]:
    """At most so many mutants, spread evenly over the parts of the solution and the kinds of mistakes.

    Args:
        every: the mutants of one lab.
        most: how many to keep; they stay in order.
    """
    groups: dict[tuple[str, str], dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for number, mutant in enumerate(every):
        groups[mutant.file, mutant.unit][mutant.operator].append(number)
    queues = []
    for operators in groups.values():
        turns = max(map(len, operators.values()))
        queues.append([numbers[turn] for turn in range(turns) for numbers in operators.values() if turn < len(numbers)])
    longest = max(map(len, queues), default=0)
    order = [queue[turn] for turn in range(longest) for queue in queues if turn < len(queue)]
    return tuple(every[number] for number in sorted(order[:most]))


def _pieces(file: str, data: bytes) -> Iterator[_Piece]:
    text = data.decode("utf-8")
    if not file.endswith(".ipynb"):
        kind = _KINDS.get(PurePosixPath(file).suffix, "lines")
        yield _Piece(text, kind, file, regions(text), lambda changed: changed.encode("utf-8"))
        return
    for number, cell in enumerate(json.loads(text)["cells"]):
        source = "".join(cell["source"])
        answers = cell["metadata"].get("nbgrader", {}).get("solution", False)
        spans = regions(source) or ([(0, len(source))] if answers else [])

        def whole(changed: str, number: int = number) -> bytes:
            notebook = json.loads(text)
            notebook["cells"][number]["source"] = changed.splitlines(keepends=True)
            return json.dumps(notebook).encode("utf-8")

        kind = "python" if cell["cell_type"] == "code" else "prose"
        yield _Piece(source, kind, f"{file}, cell {number + 1}", spans, whole)


def _meaning(text: str, kind: str) -> str:
    """The same for texts that say the same; empty for one that nobody can read."""
    try:
        match kind:
            case "python":
                return ast.dump(ast.parse(python.without_magics(text)))
            case "yaml":
                return repr(yaml.safe_load(text))
            case "toml":
                return repr(tomllib.loads(text))
    except (SyntaxError, ValueError, yaml.YAMLError):
        return ""
    return text


def _mutant(file: str, piece: _Piece, edit: Edit, changed: str) -> Mutant:
    before, after = piece.text.splitlines(), changed.splitlines()
    diff = list(difflib.unified_diff(before, after, n=1, lineterm=""))[3:]
    old, new = _difference(piece.text[edit.start : edit.end], edit.by)
    what = f"{_short(old)} → {_short(new)}" if new.strip() else f"without {_short(old)}"
    return Mutant(
        name=f"{piece.label}, {edit.unit}: {edit.operator}, {what}",
        fails=(),
        files={file: piece.whole(changed)},
        operator=edit.operator,
        file=file,
        unit=edit.unit,
        replace="\n".join(line[1:].strip() for line in diff if line.startswith("-")),
        by="\n".join(line[1:].strip() for line in diff if line.startswith("+")),
        diff="\n".join(line for line in diff if not line.startswith("@@")),
    )


def _difference(old: str, new: str) -> tuple[str, str]:
    """Two texts without the words that they begin with and end with both."""
    left, right = (re.findall(r"[\w.]+|\s+|.", text, re.DOTALL) for text in (old, new))
    while len(left) > 1 and len(right) > 1 and left[0] == right[0]:
        left, right = left[1:], right[1:]
    while len(left) > 1 and len(right) > 1 and left[-1] == right[-1]:
        left, right = left[:-1], right[:-1]
    return "".join(left), "".join(right)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"
