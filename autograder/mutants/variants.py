"""Turn a reference solution into others that do the same, all of which must get full marks."""

from __future__ import annotations

import ast
import copy
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from autograder.cases import Case
from autograder.manifest import Lab
from autograder.mutants import renaming, restyle, rewrite

__all__ = ["variants"]

_Rewrite = Callable[[str], str]
_Notebook = dict[str, Any]

_CODE: Mapping[str, _Rewrite] = {
    "reformatted": restyle.reformat,
    "a comment behind every statement": restyle.add_comments,
    "local variables renamed": renaming.rename_locals,
    "type hints added": restyle.add_hints,
    "every function prints": restyle.add_prints,
    "every function warns": restyle.add_warnings,
    "functions in another order": restyle.reorder,
}
_YAML = (
    ("other comments", rewrite.comment_yaml),
    ("keys in another order", rewrite.dump_yaml),
    ("flow style", rewrite.flow_yaml),
)
_LINES = (("other white space", rewrite.space_lines), ("lines in another order", rewrite.reverse_lines))
_TEXT: Mapping[str, tuple[tuple[str, _Rewrite], ...]] = {
    ".yaml": _YAML,
    ".yml": _YAML,
    ".toml": (
        ("other comments", rewrite.comment_toml),
        ("keys in another order", rewrite.dump_toml),
        ("dotted keys", lambda text: rewrite.dump_toml(text, dotted=True)),
    ),
    ".md": (("other white space", rewrite.reflow), ("one more section", rewrite.with_section)),
    "Procfile": (("other white space", rewrite.space_procfile),),
    "requirements.txt": _LINES,
    ".dockerignore": _LINES,
    ".gitignore": _LINES,
    ".python-version": (("other white space", rewrite.space_lines),),
    ".slugignore": _LINES,
}
"""Name or ending of a file → what can be done to it."""
_WINDOWS = (".md", ".py", ".toml", ".yaml", ".yml")


def variants(lab: Lab, exemplar: Path) -> Iterator[Case]:
    """Every variant of a reference solution that the kinds of its files allow.

    Each changes all files of a kind at once, or each of several texts in a way of its own. Notebook cells with magics
    and locked cells stay as they are, and so do files of kinds that are not known here.

    Args:
        lab: the lab.
        exemplar: folder with the reference solution.
    """
    sources = {name: text for name in lab.submit if (text := _read(exemplar / name)) is not None}
    code = {name: text for name, text in sources.items() if name.endswith((".py", ".ipynb"))}
    for what, change in _CODE.items():
        yield from _case(f"code: {what}", code, {name: _in_code(name, text, change) for name, text in code.items()})
    numeric = {name: text for name, text in code.items() if _is_numeric(name, text)}
    nudged = {name: _in_code(name, text, restyle.nudge_floats) for name, text in numeric.items()}
    yield from _case("code: results that differ in the twelfth digit", numeric, nudged)
    notebooks = {name: text for name, text in code.items() if name.endswith(".ipynb")}
    yield from _case("notebook: more cells", notebooks, {n: _more_cells(t) for n, t in notebooks.items()})
    yield from _case("notebook: cells in another order", notebooks, {n: _cells_moved(t) for n, t in notebooks.items()})
    texts = {name: sources[name] for name in sorted(sources.keys() - code.keys())}
    for turn in range(max(map(len, _TEXT.values()))):
        changes = {name: _changes(name)[turn] for name in texts if turn < len(_changes(name))}
        after = {name: change(texts[name]) for name, (_, change) in changes.items()}
        changed = [f"{name}: {what}" for name, (what, _) in changes.items() if after[name] != texts[name]]
        yield from _case("; ".join(changed), texts, after)
    windows = {name: text.replace("\n", "\r\n") for name, text in sources.items() if name.endswith(_WINDOWS)}
    yield from _case("line ends of Windows", sources, windows)


def _changes(name: str) -> tuple[tuple[str, _Rewrite], ...]:
    path = PurePosixPath(name)
    return _TEXT.get(path.name, _TEXT.get(path.suffix, ()))


def _read(path: Path) -> str | None:
    """A text with its line ends as they are; None if it is no text."""
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return None


def _case(name: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Case]:
    changed = {file: text.encode() for file, text in after.items() if text != before[file]}
    if changed:
        yield Case(name, (), changed)


def _in_code(name: str, text: str, change: _Rewrite) -> str:
    if not name.endswith(".ipynb"):
        return change(text)
    notebook: _Notebook = json.loads(text)
    before = copy.deepcopy(notebook)
    for cell in _editable(notebook):
        cell["source"] = change("".join(cell["source"])).rstrip("\n").splitlines(keepends=True)
    return text if _sources(notebook) == _sources(before) else json.dumps(notebook)


def _sources(notebook: _Notebook) -> list[str]:
    return ["".join(cell["source"]) for cell in notebook["cells"]]


def _editable(notebook: _Notebook) -> list[dict[str, Any]]:
    """The code cells that are a learner's to change and have nothing in them but Python."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code" and not _is_locked(cell) and _tree(cell)]


def _is_locked(cell: Mapping[str, Any]) -> bool:
    return bool(cell["metadata"].get("nbgrader", {}).get("locked", False))


def _tree(cell: Mapping[str, Any]) -> ast.Module | None:
    try:
        tree = ast.parse("".join(cell["source"]))
    except SyntaxError:
        return None
    return tree if tree.body else None


def _is_numeric(name: str, text: str) -> bool:
    if not name.endswith(".ipynb"):
        return restyle.is_numeric(text)
    return any(restyle.is_numeric("".join(cell["source"])) for cell in _editable(json.loads(text)))


def _more_cells(text: str) -> str:
    """Notes, scratch work, a plot magic and an empty cell around every cell, all of them run and saved with output."""
    notebook = json.loads(text)
    cells = [_cell(0, "%matplotlib inline"), _cell(1, "import sys\nscratch = []")]
    for cell in notebook["cells"]:
        number = len(cells)
        lines = f"scratch.append({number})\nprint(scratch)\nprint(scratch, file=sys.stderr)\nscratch"
        cells += [cell, {**_cell(number, "A note to *myself*."), "cell_type": "markdown"}, _cell(number + 1, lines)]
    for cell in cells:
        if cell["cell_type"] == "markdown":
            cell.pop("execution_count", None)
            cell.pop("outputs", None)
    return json.dumps({**notebook, "cells": [*cells, _cell(len(cells), "")]})


def _cell(number: int, source: str) -> dict[str, Any]:
    output = {"name": "stdout", "output_type": "stream", "text": ["so far\n"]}
    return {
        "cell_type": "code",
        "execution_count": number + 1,
        "id": f"mine-{number}",
        "metadata": {},
        "outputs": [output] if source else [],
        "source": source.splitlines(keepends=True),
    }


def _cells_moved(text: str) -> str:
    """The cells that only define functions in reverse order, unless code outside of functions calls one of these."""
    notebook = json.loads(text)
    places = [
        place
        for place, cell in enumerate(notebook["cells"])
        if cell["cell_type"] == "code" and not _is_locked(cell) and _only_defines(_tree(cell))
    ]
    names = {
        node.name for place in places for node in _body(notebook["cells"][place]) if isinstance(node, ast.FunctionDef)
    }
    outside = [node for cell in _editable(notebook) for node in _body(cell) if not isinstance(node, ast.FunctionDef)]
    used = {node.id for each in outside for node in ast.walk(each) if isinstance(node, ast.Name)}
    if len(places) < 2 or names & used:
        return text
    moved = [notebook["cells"][place] for place in reversed(places)]
    for place, cell in zip(places, moved, strict=True):
        notebook["cells"][place] = cell
    return json.dumps(notebook)


def _body(cell: Mapping[str, Any]) -> list[ast.stmt]:
    tree = _tree(cell)
    return tree.body if tree else []


def _only_defines(tree: ast.Module | None) -> bool:
    """Whether a cell has functions without defaults that are computed, and at most constants beside them."""
    if tree is None or not any(isinstance(node, ast.FunctionDef) for node in tree.body):
        return False
    loose = [node for node in tree.body if not isinstance(node, ast.FunctionDef)]
    plain = all(isinstance(node, ast.Assign) and _is_literal(node.value) for node in loose)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return plain and all(
        not function.decorator_list and all(_is_literal(default) for default in function.args.defaults)
        for function in functions
    )


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except ValueError:
        return False
    return True
