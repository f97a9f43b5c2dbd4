"""Look at every file of a student edition as a curious student would, and tell what should not be there."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from autograder.archives import extract, is_archive
from autograder.clearing import text_of
from autograder.errors import ArchiveError
from autograder.release.secrets import Secrets

__all__ = ["findings"]

_MARKER: Final = re.compile(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)")
_KNOWS_MARKERS: Final = "autograder/clearing.py"
_NEVER: Final = {
    *(".git", ".grades", ".hg", ".hypothesis", ".nox", ".pytest_cache", ".venv", "__pycache__", "cases", "cases.toml"),
    *("conftest.py", "solutions", "test_hidden.py", "venv"),
}
_OF_LABS: Final = {"cases", "conftest.py", "solutions"}
"""Names that a lab may well have for itself."""
_MAX_DEPTH: Final = 3


def findings(edition: Path, planned: Collection[str], secrets: Secrets) -> list[str]:
    """What is wrong with an edition on disk, a line each; empty if it is fit for students.

    Args:
        edition: its folder.
        planned: the names that it should consist of.
        secrets: what must not be inside.
    """
    found: list[str] = []
    names = set()
    for path in sorted(edition.rglob("*")):
        name = path.relative_to(edition).as_posix()
        if path.is_symlink() or not (path.is_dir() or path.is_file()):
            found.append(f"{name}: is a link or no regular file")
        elif path.is_file():
            names.add(name)
            found += [f"{name}: {fault}" for fault in (*_misplaced(name), *_told(name, path, secrets, 0))]
        elif path.name == ".git":
            found.append(f"{name}: holds the history of the author's edition")
    found += [f"{name}: nobody planned it" for name in sorted(names - set(planned))]
    found += [f"{name}: is planned and missing" for name in sorted(set(planned) - names)]
    return found


def _misplaced(name: str) -> Iterator[str]:
    parts = set(PurePosixPath(name).parts) & _NEVER
    if name.startswith("labs/"):
        parts -= _OF_LABS
    if parts:
        yield f"{', '.join(sorted(parts))} is not for students"


def _told(name: str, path: Path, secrets: Secrets, depth: int) -> Iterator[str]:
    """What a file tells that it should not; an archive is opened, and its files are read as well."""
    content = path.read_bytes()
    where = secrets.hashes.get(hashlib.sha256(content).hexdigest())
    if where:
        yield f"is {where}"
    try:
        text = text_of(name, content)
    except ValueError as error:
        yield str(error)
        return
    for line, origin in secrets.in_text(text):
        yield f"tells {line!r} of {origin}"
    if name != _KNOWS_MARKERS and _MARKER.search(text):
        yield "has the marker of a solution or a hidden test"
    if is_archive(path):
        yield from _packed(path, secrets, depth)


def _packed(path: Path, secrets: Secrets, depth: int) -> Iterator[str]:
    if depth == _MAX_DEPTH:
        yield "is an archive in an archive in an archive"
        return
    with tempfile.TemporaryDirectory(prefix="autograder-") as folder:
        left_out: list[str] = []
        try:
            inner = extract(path, Path(folder), notice=left_out.append)
        except ArchiveError as error:
            yield f"is an archive, and nobody knows what is in it: {error}"
            return
        yield from (notice for notice in left_out if "stays closed" not in notice)
        for name in inner:
            yield from (f"{name} in it {fault}" for fault in _told(name, Path(folder, name), secrets, depth + 1))
