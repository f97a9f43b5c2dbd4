"""Clear a solution of its answers: what is left is the student's view of the lab.

An answer stands between two lines that say ``### BEGIN SOLUTION`` and ``### END SOLUTION``, as a comment of
the file's format; a stub takes its place. Regions are replaced by nbgrader's own preprocessors, in notebooks
and in text alike. nbgrader forgives a lot (a stray END, a misspelt BEGIN). A leaked answer cannot be called
back, so here anything that only resembles a marker is a fault, and so is a line of an answer that shows up
elsewhere.
"""

from __future__ import annotations

import ast
import difflib
import json
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from autograder.errors import BuildError

__all__ = ["clear", "telling_lines", "text_of"]

_AS_IS = ("HINTS.md", "README.md", "lab.toml")
"""Written for the student in the first place."""

_TELLING = 15
"""A line shorter than this many characters gives nothing away (``return result``)."""

_MARKERS = ("BEGINSOLUTION", "ENDSOLUTION", "STARTSOLUTION", "STOPSOLUTION")
_RUN_TRACES = ("ExecuteTime", "execution", "papermill")


@dataclass(frozen=True)
class _Format:
    """How a format writes a comment, and what takes the place of an answer in it."""

    opening: str
    closing: str = ""
    stub: str = ""

    @property
    def marker(self) -> re.Pattern[str]:
        closing = f" {re.escape(self.closing)}" if self.closing else ""
        hashes = "### " if self.opening == "#" else f"{re.escape(self.opening)} (?:### )?"
        return re.compile(rf"\s*{hashes}(BEGIN|END) (SOLUTION){closing}\s*")

    @property
    def example(self) -> str:
        hashes = "###" if self.opening == "#" else self.opening
        return f"{hashes} BEGIN SOLUTION {self.closing}".strip()

    def text(self) -> str:
        return self.stub or f"{self.opening} YOUR WORK HERE {self.closing}".strip()


_PYTHON = _Format("#", stub="# YOUR CODE HERE\nraise NotImplementedError()")
_MARKUP = _Format("<!--", "-->", "<!-- YOUR TEXT HERE -->")
_FORMATS = {
    **dict.fromkeys((".py", ".pyi"), _PYTHON),
    **dict.fromkeys((".htm", ".html", ".markdown", ".md", ".svg", ".xml"), _MARKUP),
    **dict.fromkeys((".go", ".java", ".js", ".rs", ".ts"), _Format("//")),
    **dict.fromkeys((".c", ".css"), _Format("/*", "*/")),
    **dict.fromkeys((".lua", ".sql"), _Format("--")),
}
_OTHER = _Format("#")
"""YAML, TOML, Procfile, Dockerfile, requirements, shell, ignore files, …"""

_NOTEBOOK = _Format("#")
_CELL_MARKER = re.compile(r"\s*(?:### |<!-- (?:### )?)(BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)(?: -->)?\s*")


@dataclass
class _Ledger:
    """What the author gives away, what not, and the faults found so far."""

    given: set[str] = field(default_factory=set)
    secret: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)


def clear(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """What a student gets of a solution's files, in the same order.

    The same solution gives the same bytes at any time and place.

    Args:
        files: POSIX path relative to the lab's folder → content.

    Raises:
        BuildError: with every fault found, a line each: unbalanced, nested or misspelt markers, a stub that
            does not fit, a broken notebook, a line of a solution that the student would see.
    """
    ledger = _Ledger()
    view = {}
    for name, data in files.items():
        view[name] = (_clear_notebook if name.endswith(".ipynb") else _clear_text)(name, data, ledger)
    if problems := ledger.problems or _leaks(view, ledger):
        raise BuildError("\n".join(problems))
    return view


def telling_lines(files: Mapping[str, bytes]) -> frozenset[str]:
    """The lines of a solution that would give its answers away wherever they stand, without their indentation.

    Args:
        files: POSIX path relative to the lab's folder → content, of a solution that :func:`clear` accepts.
    """
    ledger = _Ledger()
    for name, data in files.items():
        (_clear_notebook if name.endswith(".ipynb") else _clear_text)(name, data, ledger)
    return _telling(ledger)


def text_of(name: str, data: bytes) -> str:
    """All that a file says: of JSON, such as a notebook, every string, with its line breaks as such.

    Raises:
        ValueError: its name says that it is a notebook, and it is none.
    """
    if name.endswith((".ipynb", ".json")):
        try:
            return "\n".join(_strings(json.loads(data)))
        except (ValueError, RecursionError):
            if name.endswith(".ipynb"):
                raise ValueError(f"{name} is no notebook") from None
    return data.decode("utf-8", errors="replace")


def _clear_text(name: str, data: bytes, ledger: _Ledger) -> bytes:
    style = _FORMATS.get(PurePosixPath(name).suffix.lower(), _OTHER)
    try:
        text = data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        if re.search(rb"(BEGIN|END) SOLUTION", data):
            ledger.problems.append(f"{name}: has a solution region but is not UTF-8 text: save it as UTF-8")
        return data
    before = len(ledger.problems)
    has_region = _scan(text, style.marker, style, name, ledger)
    if has_region and name in _AS_IS:
        ledger.problems.append(f"{name}: goes to students as it is: take the solution region out")
    if not has_region or len(ledger.problems) > before:
        return data
    cleared = _without_regions(text, style.text())
    if style is _PYTHON:
        _must_parse(cleared, name, ledger)
    return cleared.encode()


def _scan(text: str, marker: re.Pattern[str], style: _Format, where: str, ledger: _Ledger, whole: bool = False) -> bool:
    """Sort the lines of a text into given and secret, note faults; True if there is a solution region.

    ``whole``: all of the text is the answer, although no marker says so.
    """
    opened, kind, has_solution = 0, "", False
    given = set() if where == "HINTS.md" else ledger.given  # a hint may not give a line away
    for number, line in enumerate(text.split("\n"), 1):
        at = f"{where}, line {number}"
        if not (match := marker.fullmatch(line)):
            if _resembles_marker(line):
                told = f"{at}: {line.strip()!r} looks like a marker but is none"
                ledger.problems.append(f"{told}: write {style.example!r}, or END, and nothing else")
            (ledger.secret if opened or whole else given).add(line.strip())
        elif match[1] == "BEGIN":
            if opened:
                ledger.problems.append(f"{at}: the region of line {opened} is still open: end it first")
            opened, kind = number, match[2]
            has_solution |= kind == "SOLUTION"
        else:
            if not opened:
                ledger.problems.append(f"{at}: END {match[2]} without a BEGIN: add or remove one")
            elif kind != match[2]:
                ledger.problems.append(f"{at}: line {opened} began a {kind}: end it with END {kind}")
            opened = 0
    if opened:
        ledger.problems.append(f"{where}, line {opened}: BEGIN {kind} without an END: add it")
    return has_solution


def _resembles_marker(line: str) -> bool:
    if re.search(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)", line):
        return True
    letters = re.sub(r"[^A-Z]", "", line.upper())
    is_comment = re.match(r"\s*(#|<!--|//|--|/\*|;|%)", line)
    return bool(is_comment and difflib.get_close_matches(letters, _MARKERS, n=1, cutoff=0.88))


def _without_regions(text: str, stub: str) -> str:
    from nbformat.v4 import new_code_cell
    from nbgrader.preprocessors import ClearSolutions

    cell = new_code_cell(text, metadata={"nbgrader": {"solution": True}})
    step = ClearSolutions(code_stub={"python": stub})
    return str(step.preprocess_cell(cell, {"language": "python"}, 0)[0].source)


def _must_parse(source: str, where: str, ledger: _Ledger) -> None:
    try:
        with warnings.catch_warnings(action="ignore"):
            ast.parse(source)
    except SyntaxError as error:
        told = f"{where}: with the stub in place, line {error.lineno} is no Python ({error.msg})"
        ledger.problems.append(f"{told}: let the region begin and end where a statement does")


def _clear_notebook(name: str, data: bytes, ledger: _Ledger) -> bytes:
    import nbformat
    from nbgrader import preprocessors as steps
    from nbgrader.nbgraderformat import ValidationError

    notebook = _read_notebook(name, data, ledger)
    before = len(ledger.problems)
    for number, cell in enumerate(notebook.cells if notebook else (), 1):
        where = f"{name}, cell {number}"
        is_solution = bool(cell.metadata.get("nbgrader", {}).get("solution"))
        whole = is_solution and "BEGIN SOLUTION" not in cell.source
        if _scan(cell.source, _CELL_MARKER, _NOTEBOOK, where, ledger, whole) and not is_solution:
            remedy = 'set "solution": true in its nbgrader metadata'
            ledger.problems.append(f"{where}: has a solution region but is no solution cell: {remedy}")
    if notebook is None or len(ledger.problems) > before:
        return data
    resources: dict[str, Any] = {}
    try:
        for step in (
            *(steps.LockCells, steps.ClearSolutions, steps.ClearOutput, steps.CheckCellMetadata),
            *(steps.ClearHiddenTests, steps.ClearMarkScheme, steps.ComputeChecksums, steps.CheckCellMetadata),
        ):
            notebook, resources = step().preprocess(notebook, resources)
        _drop_traces(notebook)
        nbformat.validate(notebook)
    except (RuntimeError, ValueError, KeyError, ValidationError, nbformat.ValidationError) as error:
        ledger.problems.append(f"{name}: nbgrader cannot use it: {str(error).strip() or repr(error)}")
        return data
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "code" and not re.search(r"^\s*[%!?]|[!?]$", cell.source, re.MULTILINE):
            _must_parse(cell.source, f"{name}, cell {number}", ledger)
    return (str(nbformat.writes(notebook)).rstrip("\n") + "\n").encode()


def _read_notebook(name: str, data: bytes, ledger: _Ledger) -> Any:
    import nbformat

    try:
        raw = json.loads(data)
        version = raw["nbformat"], raw["nbformat_minor"]
        # nbformat would make up ids at random, and no two builds would be alike.
        ids = [cell.get("id") for cell in raw["cells"]] if version >= (4, 5) else []
        if version < (4, 0):
            raise ValueError("its format is older than version 4")
        if None in ids or len(set(ids)) < len(ids):
            raise ValueError("its cells need ids, each its own")
        nbformat.validate(nbformat.from_dict(raw))
        return nbformat.reads(data.decode("utf-8"), as_version=4)
    except (ValueError, TypeError, KeyError, AttributeError, nbformat.ValidationError) as error:
        fault = str(error).strip().split("\n")[0] if isinstance(error, ValueError) else repr(error)[:200]
        ledger.problems.append(f"{name}: is no sound notebook ({fault}): open and save it in JupyterLab")
        return None


def _drop_traces(notebook: Any) -> None:
    """Remove what running or editing left in the metadata, and pictures that only an answer showed."""
    for key in set(notebook.metadata) - {"kernelspec", "language_info"}:
        del notebook.metadata[key]
    for cell in notebook.cells:
        for key in _RUN_TRACES:
            cell.metadata.pop(key, None)
        shown = {k: v for k, v in cell.pop("attachments", {}).items() if f"attachment:{k}" in cell.source}
        if shown:
            cell["attachments"] = shown


def _leaks(view: dict[str, bytes], ledger: _Ledger) -> list[str]:
    secret = _telling(ledger)
    problems = []
    for name, data in view.items():
        text = text_of(name, data)
        shown = {part.strip() for part in (*text.split("\n"), *re.findall(r"`([^`\n]+)`", text))}
        problems += [f"{name}: shows {line!r}, a line of a solution: reword it" for line in sorted(secret & shown)]
    return problems


def _telling(ledger: _Ledger) -> frozenset[str]:
    stubs = {line for style in (*_FORMATS.values(), _OTHER) for line in style.text().split("\n")}
    secret = {line for line in ledger.secret - ledger.given - stubs if len(line) >= _TELLING}
    return frozenset(line for line in secret if not line.startswith(("import ", "from ")))


def _strings(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key in value:
            yield str(key)
            yield from _strings(value[key])
    elif isinstance(value, list):
        joined = all(isinstance(part, str) for part in value)
        yield from ["".join(value)] if joined else (text for part in value for text in _strings(part))
