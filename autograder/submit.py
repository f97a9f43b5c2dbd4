"""Pack what a lab asks for into one archive, after a look at whether it is there and runs."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import os
import platform
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from autograder import __version__, handin
from autograder.catalog import Catalog
from autograder.errors import StudentError, UsageError
from autograder.examination import Progress
from autograder.grading import Request, grade
from autograder.handin import Handin
from autograder.manifest import Lab, explain
from autograder.results import CheckStatus, LabReport
from autograder.sandbox.client import Zygote
from autograder.staging import Workspace, stage
from autograder.submission import Submission

__all__ = ["Examination", "archive_name", "archived", "examine", "manifest", "write"]

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_MODE: Final = 0o100644 << 16


@dataclass(frozen=True)
class Examination:
    """What is known of a work before it is handed in.

    Attributes:
        files: name → content of each file that the lab asks for and that is there.
        missing: a sentence for each file that is not.
        broken: a sentence for each file or cell that does not run.
        report: what the visible checks say.
    """

    files: Mapping[str, bytes]
    missing: tuple[str, ...]
    broken: tuple[str, ...]
    report: LabReport

    @property
    def sound(self) -> bool:
        """Whether everything is there and runs; how many points it gives is another matter."""
        return not (self.missing or self.broken)

    @property
    def passed(self) -> tuple[int, int]:
        """How many visible checks pass, and how many there are."""
        checks = [check for task in self.report.tasks for check in task.checks]
        return sum(check.status is CheckStatus.PASSED for check in checks), len(checks)


def examine(lab: Lab, folder: Path, catalog: Catalog, zygote: Zygote, progress: Progress | None = None) -> Examination:
    """Look at a work as a grader would: take the files that the lab asks for, load them, run the visible checks.

    Args:
        lab: the lab.
        folder: where the work is.
        catalog: the course.
        zygote: where sandboxes are forked.
        progress: told how far it is.

    Raises:
        UsageError: ``folder`` is not a folder.
        InfrastructureError: our side failed before anything could be said about the work.
    """
    with tempfile.TemporaryDirectory(prefix="autograder-") as name:
        Path(name).chmod(0o755)
        workspace = stage(lab, folder, catalog.lab_dir(lab.id), Path(name))
        there = [file for file in lab.submit if file not in workspace.missing]
        files = {file: (workspace.directory / file).read_bytes() for file in sorted(there)}
        broken = (*_unreadable(files), *_failing(lab, workspace, catalog, zygote))
    missing = tuple(
        next((notice for notice in workspace.notices if notice.startswith(f"{file} ")), f"{file} is missing.")
        for file in workspace.missing
    )
    report = grade(Request(lab, folder, visible_only=True), catalog, zygote, progress)
    return Examination(files, missing, broken, report)


def _unreadable(files: Mapping[str, bytes]) -> list[str]:
    """Python files that Python cannot read. They are not run here: a script may need what is not there yet."""
    said = []
    for name, content in files.items():
        if name.endswith(".py"):
            try:
                compile(content, name, "exec", dont_inherit=True)
            except SyntaxError as error:
                said.append(f"{name}, line {error.lineno}, is no Python: {error.msg}.")
            except (ValueError, RecursionError, MemoryError) as error:
                said.append(f"{name} is no Python: {error}.")
    return said


def _failing(lab: Lab, workspace: Workspace, catalog: Catalog, zygote: Zygote) -> list[str]:
    """Notebooks that do not load, and cells that do not run to their end."""
    data = {name: catalog.dataset_dir(name) for name in lab.datasets}
    submission = Submission(lab, workspace, zygote, data, [catalog.root])
    said = []
    try:
        for name in lab.submit:
            if name.endswith(".ipynb") and name not in workspace.missing:
                try:
                    submission.load(name)
                except StudentError as error:
                    said.append(f"{name} does not load: {error}")
        said += [notice for notice in submission.notices if notice not in workspace.notices]
    finally:
        submission.close()
    return said


def manifest(lab: Lab, files: Mapping[str, bytes], *, student: str | None, now: dt.datetime) -> Handin:
    """What the archive says about itself.

    Args:
        lab: the lab.
        files: name → content.
        student: id of the student, if known.
        now: the time, with its zone.

    Raises:
        UsageError: the id cannot be one, or there is no file at all.
    """
    digests = {name: handin.sha256(content) for name, content in sorted(files.items())}
    if not digests:
        raise UsageError(f"There is nothing to pack: none of {', '.join(lab.submit)} is there.")
    try:
        return Handin(
            lab=lab.id,
            student=student,
            time=now.replace(microsecond=0),
            engine=__version__,
            python=platform.python_version(),
            files=digests,
            hash=handin.content_hash(digests),
        )
    except ValidationError as error:
        raise UsageError(f"--{explain(error.errors()[0])}.") from None


def archive_name(about: Handin) -> str:
    """``02-iris-slicing.zip``, or ``s123456--02-iris-slicing.zip`` if the student is known."""
    return f"{about.student}--{about.lab}.zip" if about.student else f"{about.lab}.zip"


def archived(about: Handin, files: Mapping[str, bytes]) -> bytes:
    """The archive: the same bytes for the same files and manifest, at any time and place."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        text = about.model_dump_json(indent=1) + "\n"
        for name, content in {handin.FILE: text.encode(), **dict(sorted(files.items()))}.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system, info.external_attr = 3, _MODE
            info.compress_type = zipfile.ZIP_STORED if name == handin.FILE else zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return target.getvalue()


def write(path: Path, content: bytes) -> bool:
    """Write a file whole or not at all; True if there was one before.

    Raises:
        UsageError: it cannot be written.
    """
    scratch = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.exists()
        scratch.write_bytes(content)
        os.replace(scratch, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            scratch.unlink()
        raise UsageError(f"{path} cannot be written: {error.strerror}. Choose another --to.") from None
    return before
