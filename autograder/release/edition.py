"""One student edition: made aside, proved, tried, and only then put where it was asked for."""

from __future__ import annotations

import io
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from autograder.catalog import Catalog
from autograder.errors import BuildError, UsageError
from autograder.grading import HIDDEN
from autograder.release.contents import PublicFile, contents
from autograder.release.proof import findings
from autograder.release.secrets import secrets
from autograder.release.trial import trial

__all__ = ["Edition", "release"]

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_SHOWN: Final = 20


@dataclass(frozen=True)
class Edition:
    """What was made.

    Attributes:
        files: how many files it has.
        secrets: how many lines and files were searched for, and not found.
        hidden: lab → how many hidden checks stay with the instructor.
    """

    files: int
    secrets: int
    hidden: Mapping[str, int]


def release(
    catalog: Catalog,
    *,
    to: Path | None = None,
    zip: Path | None = None,
    self_test: bool = True,
    python: Path | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Edition:
    """Make the student edition. If anything speaks against it, nothing is left of it.

    Args:
        catalog: the course, in the author's edition.
        to: a folder that is not there yet, or is empty.
        zip: an archive to write.
        self_test: whether its own commands are run in a fresh environment.
        python: an interpreter for that, instead of a fresh environment.
        tell: told each step.

    Raises:
        UsageError: neither ``to`` nor ``zip`` is given, or one cannot be written.
        BuildError: something secret would be inside, something is not known to be public, or it does not work.
        InfrastructureError: the self-test cannot be run.
    """
    if to is None and zip is None:
        raise UsageError("Say where the student edition should go: --to DIR, --zip FILE, or both.")
    _must_be_free(to)
    tell("Copying what is known to be public")
    files = contents(catalog)
    with tempfile.TemporaryDirectory(prefix="autograder-release-") as scratch:
        made = Path(scratch, "edition")
        _lay_out(files, made)
        tell(f"Searching {len(files)} files for solutions and hidden checks")
        known = secrets(catalog)
        _must_be_clean(findings(made, files, known))
        hidden = {lab.id: _hidden(files, lab.id) for lab in catalog.labs()}
        if self_test:
            trial(made, hidden, lambda step: tell(f"Self-test: {step}"), python=python)
            _must_be_clean(findings(made, files, known))
        _deliver(files, made, to, zip)
    return Edition(len(files), len(known.lines) + len(known.hashes), hidden)


def _must_be_free(to: Path | None) -> None:
    if to is not None and (to.is_symlink() or (to.exists() and not (to.is_dir() and not any(to.iterdir())))):
        raise UsageError(f"{to} is there already. Name a folder that is not, or that is empty.")


def _lay_out(files: Mapping[str, PublicFile], folder: Path) -> None:
    for name, file in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        path.chmod(0o755 if file.executable else 0o644)


def _must_be_clean(found: list[str]) -> None:
    if found:
        rest = [f"… and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
        told = "\n  - ".join(["Not fit for students, and not written:", *found[:_SHOWN], *rest])
        raise BuildError(told)


def _hidden(files: Mapping[str, PublicFile], lab: str) -> int:
    return sum(json.loads(files[f"autograder/graders/{lab}/{HIDDEN}"].content).values())


def _deliver(files: Mapping[str, PublicFile], made: Path, to: Path | None, zip: Path | None) -> None:
    try:
        if zip is not None:
            zip.parent.mkdir(parents=True, exist_ok=True)
            scratch = zip.with_name(f".{zip.name}.part")
            scratch.write_bytes(_archived(files, PurePosixPath(zip.stem)))
            os.replace(scratch, zip)
        if to is not None:
            to.mkdir(parents=True, exist_ok=True)
            shutil.copytree(made, to, dirs_exist_ok=True)
    except OSError as error:
        if to is not None:
            shutil.rmtree(to, ignore_errors=True)
        raise UsageError(f"The student edition cannot be written: {error}.") from None


def _archived(files: Mapping[str, PublicFile], top: PurePosixPath) -> bytes:
    """One folder with everything; the same bytes for the same edition."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in files.items():
            info = zipfile.ZipInfo(str(top / name), _EPOCH)
            info.create_system, info.compress_type = 3, zipfile.ZIP_DEFLATED
            info.external_attr = (0o100755 if file.executable else 0o100644) << 16
            archive.writestr(info, file.content)
    return target.getvalue()
