"""Run a notebook's code cells one by one, without Jupyter, and report which of them failed."""

from __future__ import annotations

import ast
import json
import linecache
import re
import types
from collections.abc import Callable, Collection

__all__ = ["NotANotebook", "describe", "run_notebook"]

_BODY_MAGICS = {"%%capture", "%%prun", "%%time", "%%timeit"}
"""Cell magics whose body is Python of the notebook itself."""
# `++` and `*+` give nothing back: a line of a hundred thousand spaces would take minutes otherwise.
_MAGIC = re.compile(r"^(\s*+)(?:[\w, ]++=\s*+)?[%!]")
_HELP = re.compile(r"^(\s*+)(?:\?{1,2}[\w.]++|[\w.]++\?{1,2})\s*+$")
_MAX_FRAMES = 8


class NotANotebook(Exception):
    """The file is not a Jupyter notebook."""


def run_notebook(
    path: str, name: str, module: types.ModuleType, skip: Collection[int], started: Callable[[int], None]
) -> list[dict[str, object]]:
    """Execute the code cells of the notebook at ``path`` in ``module``.

    Cells are numbered as Jupyter numbers them after *Restart Kernel and Run All Cells*: code cells only, from 1.

    Args:
        path: the file.
        name: what to call it in tracebacks.
        module: where names are defined.
        skip: cells to leave out because they hung or ended the process before.
        started: told the number of each cell before it runs.

    Returns:
        One description (see :func:`describe`) for each cell that raised, with its number under ``cell``.

    Raises:
        NotANotebook: the file has no notebook in it.
    """
    module.__dict__.update(display=lambda *_, **__: None, get_ipython=lambda: None)
    faults: list[dict[str, object]] = []
    for number, source in enumerate(_sources(path), start=1):
        if number in skip or not source.strip():
            continue
        started(number)
        label = f"{name}, cell {number}"
        code = _without_magics(source)
        linecache.cache[label] = (len(code), None, code.splitlines(keepends=True), label)
        try:
            exec(compile(ast.parse(code, label), label, "exec"), module.__dict__)
        except BaseException as error:
            faults.append({**describe(error, {label: label}), "cell": number})
    return faults


def _sources(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8") as file:
            notebook = json.load(file)
        cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        return ["".join(cell["source"]) for cell in cells]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise NotANotebook(f"{type(error).__name__}: {error}") from None


def _without_magics(source: str) -> str:
    lines = source.splitlines()
    first = next((line.strip() for line in lines if line.strip()), "")
    if first.startswith("%%") and first.split()[0] not in _BODY_MAGICS:
        return "\n" * (len(lines) - 1)
    kept = []
    for line in lines:
        found = _MAGIC.match(line) or _HELP.match(line)
        kept.append(f"{found.group(1)}pass" if found else line)
    text = "\n".join(kept)
    if text != source:
        # A line inside a string or an expression may only look like a magic: then it stays as it was.
        try:
            ast.parse(source)
        except SyntaxError:
            return text
    return source


def describe(error: BaseException, own: dict[str, str]) -> dict[str, object]:
    """What the grader may know of an exception: class names, message, and the student's own lines.

    Args:
        error: the exception; nothing that it defines itself is trusted to work.
        own: file name in tracebacks → what to call it.
    """
    try:
        detail = "" if isinstance(error, SystemExit) and error.code is None else str(error)
    except BaseException:
        detail = "(its message cannot be read)"
    frames = _own_frames(error, own)
    if isinstance(error, SyntaxError) and error.filename in own and error.lineno:
        frames = [*frames, (own[error.filename], error.lineno, (error.text or "").strip())]
        detail = error.msg or detail
    kind = type(error)
    return {
        "kind": kind.__name__,
        "bases": [base.__name__ for base in kind.__mro__ if base is not object],
        "detail": detail[:2000],
        "frames": [list(frame) for frame in frames[-_MAX_FRAMES:]],
    }


def _own_frames(error: BaseException, own: dict[str, str]) -> list[tuple[str, int, str]]:
    """The lines of a traceback that lie in the student's own files, outermost first."""
    frames = []
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file in own:
            line = linecache.getline(file, trace.tb_lineno).strip()
            frames.append((own[file], trace.tb_lineno, line[:200]))
        trace = trace.tb_next
    return frames
