"""What a grade depends on beside the work itself, as hashes: engine, installed packages, and what belongs to a lab.

Modules above the grading of one lab (commands, reports, releases, …) have no say in a grade and are left out, as are
the cases that prove a lab's graders.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import sysconfig
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from autograder.catalog import Catalog
from autograder.errors import InfrastructureError
from autograder.manifest import Lab
from autograder.staging import SKIPPED

__all__ = ["PROOFS", "Fingerprints", "engine", "of_facts", "of_folder"]

_NO_SAY: Final = frozenset(
    {
        "__main__.py", "batch", "build.py", "classroom", "classroom.py", "clearing.py", "cli", "doctor.py",
        "exports", "exports.py", "goldens.py", "gradebook", "gradebook.py", "graders", "gradescope",
        "gradescope.py", "late.py", "mutants", "nbcourse", "nbcourse.py", "notebook.py", "records", "release",
        "release.py", "render", "submit", "submit.py", "verify", "verify.py", "watch", "watch.py",
    }
)  # fmt: skip
PROOFS: Final = frozenset({"cases", "cases.toml"})
"""In a grader's folder: what proves its checks, and has no say in a grade."""


class Fingerprints:
    """Hashes of a course as it is now; each file is read once."""

    def __init__(self, catalog: Catalog) -> None:
        """Look at the course of ``catalog``."""
        self._catalog = catalog
        self._engine = engine()
        self._labs: dict[str, str] = {}

    def lab(self, lab: Lab) -> str:
        """Hash of all that decides on a grade for a lab, but for the work and the seed.

        Raises:
            InfrastructureError: a file cannot be read.
        """
        if lab.id not in self._labs:
            where = self._catalog
            facts = [
                self._engine,
                lab.model_dump_json(),
                of_folder(where.grader_dir(lab.id), without=PROOFS),
                of_folder(where.lab_dir(lab.id), without=lab.submit),
                [of_folder(where.dataset_dir(name)) for name in lab.datasets],
            ]
            self._labs[lab.id] = of_facts(facts)
        return self._labs[lab.id]


def engine() -> str:
    """Hash of the engine's sources, of Python's version and of what is installed beside it."""
    version = ".".join(map(str, sys.version_info[:2]))
    # The name of such a folder ends in the version of a package: pandas-2.3.3.dist-info.
    installed = sorted(name for name in os.listdir(sysconfig.get_path("purelib")) if name.endswith(".dist-info"))
    packages = hashlib.sha256("\n".join(installed).encode()).hexdigest()
    return f"{version} {packages} {of_folder(Path(__file__).parent.resolve(), without=_NO_SAY, ending='.py')}"


def of_facts(facts: object) -> str:
    """SHA-256 of what JSON can hold."""
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def of_folder(folder: Path, *, without: Collection[str] = (), ending: str = "") -> str:
    """SHA-256 of the names and contents of all files below a folder.

    Args:
        folder: where; a folder that is not there counts as empty.
        without: files and folders, relative to ``folder``, that are left out.
        ending: of the files that count.

    Raises:
        InfrastructureError: a file cannot be read.
    """
    whole = hashlib.sha256()
    try:
        for name in sorted(_names(str(folder), "", without)):
            if name.endswith(ending):
                content = hashlib.sha256((folder / name).read_bytes()).hexdigest()
                whole.update(f"{content}  {name}\n".encode("utf-8", "surrogateescape"))
    except OSError as error:
        raise InfrastructureError(f"{folder} cannot be read: {error}.") from None
    return whole.hexdigest()


def _names(folder: str, inside: str, without: Collection[str]) -> Iterator[str]:
    """Files below a folder; links to files count as what they lead to."""
    if not inside and not os.path.isdir(folder):
        return
    with os.scandir(f"{folder}/{inside}") as entries:
        for entry in entries:
            name = f"{inside}{entry.name}"
            if name in without or entry.name in SKIPPED:
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _names(folder, f"{name}/", without)
            elif entry.is_file():
                yield name
