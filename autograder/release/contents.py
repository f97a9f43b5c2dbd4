"""What is public, file by file. What is not known to be public is not copied; what is nothing at all is an error."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from autograder import datasets
from autograder.build import student_view
from autograder.catalog import Catalog
from autograder.errors import BuildError, UsageError
from autograder.grading import HIDDEN, census
from autograder.release.engine import engine, noxfile

__all__ = ["PublicFile", "contents", "files_in", "is_public_check"]

_AS_THEY_ARE: Final = (
    *(".editorconfig", ".gitattributes", ".gitignore", "LICENSE", "course.toml", "mkdocs.yml", "pyproject.toml"),
    "requirements.txt",
)
_DOCS: Final = ("assets", "generate", "hooks.py", "index.md", "learn", "reference", "security.md")
_DOCS_OF_OTHERS: Final = ("decisions", "extend", "plots", "teach")
_REFERENCE_OF_OTHERS: Final = ("cases.md", "grader.md", "manifests.md")
_DOC_KINDS: Final = (".css", ".ico", ".js", ".json", ".md", ".png", ".py", ".svg", ".txt", ".webp", ".woff2")
_DATASET: Final = ("README.md", "SHA256SUMS", "dataset.toml", "make.py")
_CACHES: Final = {".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache", "__pycache__"}
_NOT_DATA: Final = ("__pycache__", "published")


@dataclass(frozen=True)
class PublicFile:
    """A file of the student edition."""

    content: bytes
    executable: bool = False


def contents(catalog: Catalog) -> dict[str, PublicFile]:
    """Every file of the student edition, sorted by path; POSIX, relative to its root.

    Args:
        catalog: the course, in the author's edition.

    Raises:
        BuildError: something is neither known to be public nor known to stay, or a solution would leak.
        DatasetError: a table cannot be brought back to the form in which it ships.
        GraderError: the checks of a lab cannot be counted.
        UsageError: this is a student edition already.
    """
    if catalog.for_students:
        raise UsageError("This is the student edition already: it has no solutions. Release from the author's edition.")
    root = catalog.root
    if datasets.root() != root / "datasets":
        raise UsageError(f"The data sets are taken from {datasets.root()}. Run the autograder of {root}, in {root}.")
    found = {name: _public(root / name) for name in _AS_THEY_ARE}
    found["README.md"] = _public(Path(__file__).with_name("README.md"))
    found["noxfile.py"] = PublicFile(noxfile((root / "noxfile.py").read_text(encoding="utf-8")).encode())
    found |= {f"autograder/{name}": _public(path) for name, path in engine(root / "autograder").items()}
    found |= {f"docs/{name}": _public(path) for name, path in _docs(root / "docs")}
    found |= {f"datasets/{name}": file for name, file in _datasets(root / "datasets")}
    for lab in catalog.labs():
        found |= {f"labs/{lab.id}/{name}": file for name, file in _lab(catalog.solution_dir(lab.id))}
        hidden = {task: hidden for task, (_, hidden) in census(lab, catalog).items()}
        found |= {
            f"autograder/graders/{lab.id}/{name}": file for name, file in _grader(catalog.grader_dir(lab.id), hidden)
        }
    return dict(sorted(found.items()))


def is_public_check(name: str) -> bool:
    """Whether a file of a grader's folder goes to students: visible checks, and all that is in ``visible/``."""
    return name == "test_visible.py" or name.startswith("visible/")


def _public(path: Path) -> PublicFile:
    if path.is_symlink() or not path.is_file():
        raise BuildError(f"{path}: is missing, or a link: put the file itself there")
    return PublicFile(path.read_bytes(), bool(path.stat().st_mode & 0o100))


def _lab(solution: Path) -> Iterator[tuple[str, PublicFile]]:
    """A lab as students get it: made from the solution, whatever has been done in labs/."""
    for name, content in student_view(solution).items():
        yield name, PublicFile(content, bool((solution / name).stat().st_mode & 0o100))


def _grader(folder: Path, hidden: Mapping[str, int]) -> Iterator[tuple[str, PublicFile]]:
    for name, path in files_in(folder):
        if is_public_check(name):
            yield name, _public(path)
    yield HIDDEN, PublicFile((json.dumps(hidden, indent=1) + "\n").encode())


def _datasets(folder: Path) -> Iterator[tuple[str, PublicFile]]:
    for name in ("README.md", ".gitattributes"):
        yield name, _public(folder / name)
    for name in datasets.names():
        for path in sorted((folder / name).iterdir()):
            if path.name in (f"{name}.csv", *_NOT_DATA):
                continue
            if path.name not in _DATASET and not (
                path.name.startswith(f"{name}_") and path.suffix in (".json", ".csv")
            ):
                raise BuildError(f"datasets/{name}/{path.name}: is not known to be part of the data set: remove it")
            yield f"{name}/{path.name}", _public(path)
        yield f"{name}/{name}.csv", PublicFile(_table(name))


def _table(name: str) -> bytes:
    """The table as it ships, even if the published one is in its place here."""
    content = datasets.path(name).read_bytes()
    if datasets.sha256(content) == datasets.shipped_sha256(name):
        return content
    content = datasets.make(name)
    if datasets.sha256(content) != datasets.shipped_sha256(name):
        raise BuildError(f"datasets/{name}: neither the table in place nor what make.py makes is the one that ships")
    return content


def _docs(folder: Path) -> Iterator[tuple[str, Path]]:
    for name, path in files_in(folder):
        top, _, rest = name.partition("/")
        if top in _DOCS_OF_OTHERS or (top == "reference" and rest in _REFERENCE_OF_OTHERS):
            continue
        if top not in _DOCS or path.suffix not in _DOC_KINDS:
            raise BuildError(f"docs/{name}: nobody has said whether students get it: say so in {_HERE}")
        yield name, path


_HERE: Final = "autograder/release/contents.py"


def files_in(folder: Path) -> Iterator[tuple[str, Path]]:
    """The files below a folder, links included, without caches: POSIX path relative to it, and path; sorted."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if (path.is_file() or path.is_symlink()) and not _CACHES.intersection(name.parts):
            yield name.as_posix(), path
