"""Copy exactly what may be graded into a fresh workspace, and say what was missing, refused or left out."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from autograder.errors import InfrastructureError, UsageError
from autograder.manifest import Lab

__all__ = ["MAX_FILE_MB", "SKIPPED", "Workspace", "fresh_folder", "narrowed", "stage"]

MAX_FILE_MB: Final = 16
"""A handed-in file that is larger is refused."""
_MAX_FILES: Final = 2000
_MAX_DEPTH: Final = 20
SKIPPED: Final = frozenset({"__pycache__", ".ipynb_checkpoints", ".pytest_cache", ".grades", ".git", ".DS_Store"})
"""Files and folders that tools leave behind, by name; nobody hands them in or out."""


@dataclass(frozen=True)
class Workspace:
    """A folder that mirrors the repository for one submission.

    Attributes:
        root: holds ``labs/<lab>/``.
        directory: the lab's folder in it.
        missing: files that the lab asks for and the submission does not have.
        notices: sentences for the student about missing, refused and extra files.
    """

    root: Path
    directory: Path
    missing: tuple[str, ...]
    notices: tuple[str, ...]


@contextlib.contextmanager
def fresh_folder() -> Iterator[Path]:
    """An empty folder that student code may enter; it is removed at the end, however deep that code has made it."""
    folder = Path(tempfile.mkdtemp(prefix="autograder-"))
    try:
        folder.chmod(0o755)
        yield folder
    finally:
        try:
            shutil.rmtree(folder, ignore_errors=True)
        except RecursionError:
            subprocess.run(["rm", "-rf", "--", folder], check=False, stderr=subprocess.DEVNULL)


def stage(lab: Lab, submission: Path, given: Path, root: Path) -> Workspace:
    """Lay a submission's files over the lab's own in ``root/labs/<lab>/``.

    Only the files that ``lab.submit`` names are taken from the submission, and only if they are regular files of
    bearable size that no symbolic link leads to. Everything else of the workspace comes from ``given``.

    Args:
        lab: the lab.
        submission: the folder that was handed in.
        given: the folder with the lab's other files, in the form that students get.
        root: an empty folder.

    Raises:
        UsageError: ``submission`` is not a folder.
        InfrastructureError: the workspace cannot be written.
    """
    if not submission.is_dir():
        raise UsageError(f"{submission} is not a folder. Name the folder that holds {', '.join(lab.submit)}.")
    directory = root / "labs" / lab.id
    try:
        directory.mkdir(parents=True)
        own = _copy_given(given, directory, lab.submit) if given.is_dir() else set()
        missing, notices = _copy_submitted(lab, submission, directory)
    except OSError as error:
        raise InfrastructureError(f"The workspace {root} cannot be written: {error}.") from None
    extra = sorted(set(_files(submission)) - set(lab.submit) - own)
    if extra:
        names = ", ".join(extra[:5]) + (f" and {len(extra) - 5} more" if len(extra) > 5 else "")
        notices.append(f"Not part of this lab and left out: {names}.")
    return Workspace(root, directory, tuple(missing), tuple(notices))


def narrowed(workspace: Workspace, lab: Lab, keep: Collection[str], root: Path) -> Workspace:
    """A copy of a workspace in ``root/labs/<lab>/`` without the files handed in that are not in ``keep``.

    Args:
        workspace: as it was staged; nothing has run in it.
        lab: the lab.
        keep: names of files that were handed in.
        root: an empty folder.

    Returns:
        The copy, without the notices.

    Raises:
        InfrastructureError: the copy cannot be written.
    """
    directory = root / "labs" / lab.id
    left_out = set(lab.submit) - set(keep)
    try:
        for name in _files(workspace.directory):
            if name not in left_out:
                _write(directory / name, (workspace.directory / name).read_bytes())
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InfrastructureError(f"The workspace {root} cannot be written: {error}.") from None
    return Workspace(root, directory, tuple(name for name in workspace.missing if name in keep), ())


def _copy_given(given: Path, directory: Path, submit: Iterable[str]) -> set[str]:
    own = set(_files(given)) - set(submit)
    for name in sorted(own):
        content = _read(given, name)
        if isinstance(content, bytes):
            _write(directory / name, content)
    return own


def _copy_submitted(lab: Lab, submission: Path, directory: Path) -> tuple[list[str], list[str]]:
    missing: list[str] = []
    notices: list[str] = []
    for name in lab.submit:
        content = _read(submission, name)
        if isinstance(content, bytes):
            _write(directory / name, content)
            continue
        missing.append(name)
        if content:
            notices.append(f"{name} was refused: {content}.")
        else:
            near = _near(name, _files(submission))
            notices.append(f"{name} is missing from what was handed in.{f' Is it {near}?' if near else ''}")
    return missing, notices


def _read(folder: Path, name: str) -> bytes | str:
    """Content of a regular file reached without links; otherwise why not, empty if it is not there."""
    try:
        parent = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            *between, last = name.split("/")
            for part in between:
                inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
                os.close(parent)
                parent = inner
            file = os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=parent)
        finally:
            os.close(parent)
    except OSError as error:
        match error.errno:
            case errno.ENOENT:
                return ""
            case errno.ELOOP | errno.ENOTDIR:
                return "it is, or lies behind, a symbolic link; hand in the file itself"
            case errno.ENXIO:
                return "it is not a regular file"
        return f"it cannot be read ({error.strerror})"
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        return "it is not a regular file"
    with os.fdopen(file, "rb") as stream:
        content = stream.read((MAX_FILE_MB << 20) + 1)
    if len(content) > MAX_FILE_MB << 20:
        return f"it is larger than {MAX_FILE_MB} MB"
    return content


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _files(folder: Path) -> list[str]:
    """Every name in a folder that is none of a folder, as far as anybody would look: see the two limits."""
    found: list[str] = []
    waiting = [""]
    while waiting and len(found) < _MAX_FILES:
        inside = waiting.pop()
        try:
            with os.scandir(folder / inside) as listed:
                entries = sorted(itertools.islice(listed, _MAX_FILES), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            name = f"{inside}{entry.name}"
            if entry.name in SKIPPED:
                continue
            if not entry.is_dir(follow_symlinks=False):
                found.append(name)
            elif name.count("/") < _MAX_DEPTH:
                waiting.append(f"{name}/")
    return sorted(found)


def _near(name: str, others: Iterable[str]) -> str:
    """A file that may have been meant: same name elsewhere, or nearly the same name."""
    import difflib

    others = list(others)
    same = [other for other in others if other.rpartition("/")[2].casefold() == name.rpartition("/")[2].casefold()]
    return next(iter(same or difflib.get_close_matches(name, others, n=1, cutoff=0.75)), "")
