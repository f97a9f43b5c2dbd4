"""Which parts of the engine students get, and which sessions of nox.

Whoever adds a module says here on which side it is: a name on neither list stops the release.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from autograder.errors import BuildError

__all__ = ["engine", "noxfile"]

_LEARNERS: Final = {
    "": {
        *("__init__.py", "__main__.py", "catalog.py", "checks.py", "clearing.py", "cli", "containers.py"),
        *("datasets.py", "doctor.py", "download.py", "drawn.py", "errors.py", "examination.py", "expect.py"),
        *("fetch.py", "fingerprint.py", "grading.py", "handin.py", "hints.py", "memory.py"),
        *("manifest.py", "notebook.py", "plugin.py", "render", "results.py", "sandbox", "scoring.py", "staging.py"),
        *("submission", "submit.py", "watch.py", "wording.py"),
    },
    "cli": {"__init__.py", "_common.py", "learn.py", "machine.py"},
    "render": {
        *("__init__.py", "changes.py", "fragment.html.j2", "html.py", "json.py", "lab.html.j2", "progress.py"),
        *("report.css", "report.html.j2", "story.py", "terminal.py", "text.py"),
    },
}
"""Folder → what students get of it. Of folders that are not listed they get all."""
_WORKSHOP: Final = {
    "": {
        *("archives", "batch", "build.py", "cases", "cases.py", "classroom", "classroom.py", "cores.py"),
        *("exports", "exports.py"),
        *("gradebook", "gradebook.py", "goldens.py", "graders", "gradescope", "gradescope.py", "late.py", "mutants"),
        *("nbcourse", "nbcourse.py", "records", "records.py", "release", "verify", "verify.py"),
    },
    "cli": {"author.py", "classes.py", "editions.py", "systems.py"},
    "render": {
        *("classwork.py", "comment.py", "dashboard.css", "dashboard.html.j2", "dashboard.js", "dashboard.py"),
        *("feedback.py", "gradescope.py", "verdicts.py"),
    },
}
_KINDS: Final = (".css", ".j2", ".js", ".json", ".py", ".typed")
_SESSIONS: Final = {"grade", "watch", "submit", "datasets", "doctor", "docs", "serve"}


def engine(folder: Path) -> dict[str, Path]:
    """The files of the package that students get: name relative to the folder → file.

    Raises:
        BuildError: a module is on neither list, or one that students get needs one that they do not get.
    """
    found = {path.relative_to(folder).as_posix(): path for path in _public(folder, folder)}
    for name, path in found.items():
        if path.suffix not in _KINDS:
            raise BuildError(f"autograder/{name}: files of this kind are not known to be public: see {_HERE}")
    _must_be_complete(found)
    return found


_HERE: Final = "autograder/release/engine.py"


def _public(folder: Path, top: Path) -> Iterator[Path]:
    where = "" if folder == top else folder.relative_to(top).as_posix()
    for path in sorted(folder.iterdir()):
        if path.name == "__pycache__" or path.name in _WORKSHOP.get(where, ()):
            continue
        if where in _LEARNERS and path.name not in _LEARNERS[where]:
            shown = path.relative_to(top.parent).as_posix()
            raise BuildError(f"{shown}: nobody has said whether students get it: say so in {_HERE}")
        if path.is_dir():
            yield from _public(path, top)
        else:
            yield path


def _must_be_complete(found: Mapping[str, Path]) -> None:
    """No shipped module may import one that stays behind, not even late."""
    modules = {name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in found}
    for name, path in found.items():
        for wanted in _imports(path) if path.suffix == ".py" else ():
            if wanted.partition(".")[0] not in {module.partition(".")[0] for module in modules}:
                raise BuildError(
                    f"autograder/{name}: needs autograder.{wanted}, which students do not get: see {_HERE}"
                )


def _imports(path: Path) -> Iterator[str]:
    """The names below ``autograder`` that a file imports: ``sandbox.client``."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name[11:] for alias in node.names if alias.name.startswith("autograder."))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("autograder."):
            yield str(node.module)[11:]
        elif isinstance(node, ast.ImportFrom) and node.module == "autograder":
            yield from (alias.name for alias in node.names if not alias.name.startswith("__"))


def noxfile(source: str) -> str:
    """The noxfile with the sessions of learners alone."""
    lines = source.splitlines(keepends=True)
    for node in reversed(ast.parse(source).body):
        if isinstance(node, ast.FunctionDef) and node.decorator_list and node.name not in _SESSIONS:
            start = min(decorator.lineno for decorator in node.decorator_list) - 1
            end = node.end_lineno or node.lineno
            while end < len(lines) and not lines[end].strip():
                end += 1
            del lines[start:end]
    return "".join(lines)
