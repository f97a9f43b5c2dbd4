"""Unpack an archive into an empty folder.

What becomes of what is in it:

- Regular files are written with mode 0600 and folders with 0700, whatever the archive says; an empty folder is not
  made. Names from Windows tools, which may write backslashes, are read as paths.
- Left out without a word: what desktops, editors, Git and virtual environments leave behind (``__MACOSX``,
  ``.DS_Store``, ``__pycache__``, ``.git``, ``venv``, …).
- Left out, with a notice: links, devices and pipes; names that are absolute, lead outside, cannot be seen or are too
  long; single files that are too large. An archive in the archive is a file and stays closed, with a notice.
- Refused as a whole, because no honest part could be told: what is damaged, encrypted or no archive, entries that
  share bytes, a name twice (also in another spelling), and everything beyond :class:`~autograder.archives.Limits`.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import IO, Final

from autograder.archives.entries import DAMAGE, Entry, entries, kind_of
from autograder.archives.limits import LIMITS, Budget, Limits
from autograder.archives.names import Names, fault, is_litter, parts_of, shown
from autograder.errors import ArchiveError, InfrastructureError, UsageError

__all__ = ["extract", "is_archive"]

_CHUNK: Final = 64 << 10
_MAX_NOTICES: Final = 20
_PACKED: Final = (".7z", ".bz2", ".gz", ".rar", ".tar", ".tbz2", ".tgz", ".txz", ".xz", ".zip", ".zst")


def is_archive(path: Path) -> bool:
    """Whether a file begins as an archive does that :func:`extract` opens; its name says nothing."""
    try:
        with _opened(path) as stream:
            return kind_of(stream.read(512)) in ("zip", "tar", "gz", "bz2", "xz")
    except (ArchiveError, UsageError):
        return False


def extract(
    archive: Path,
    into: Path,
    *,
    wanted: Collection[str] = (),
    limits: Limits = LIMITS,
    notice: Callable[[str], None] = lambda _: None,
) -> tuple[str, ...]:
    """Unpack a zip or a tar (plain, gz, bz2 or xz), and tell what came out.

    If everything lies in one folder, because the folder was packed and not its files, that folder is dropped.

    Args:
        archive: the archive; what it is, its first bytes tell.
        into: an empty folder, made if it is not there. After an error it is empty again.
        wanted: names that the lab asks for; of the folders around everything, as many are dropped as it takes to
            find them.
        limits: how much is borne.
        notice: is told about what was left out, a sentence each, at most 20 and then how many more.

    Returns:
        The names of the files written, relative to ``into``, sorted.

    Raises:
        ArchiveError: it is no archive, damaged, or may do harm; the message says which.
        UsageError: ``archive`` cannot be read, or ``into`` is not empty.
        InfrastructureError: ``into`` cannot be written.
    """
    _prepare(into)
    notices = _Notices(notice)
    try:
        with _opened(archive) as stream:
            found = _unpack(stream, into, limits, notices)
        names = _flattened(into, found, wanted)
    except BaseException as error:
        _empty(into)
        if isinstance(error, ArchiveError):
            raise ArchiveError(f"{archive.name} cannot be opened. {error}") from None
        raise
    notices.close()
    return names


@contextlib.contextmanager
def _opened(archive: Path) -> Iterator[IO[bytes]]:
    """The file itself, however its name may be linked."""
    try:
        descriptor = os.open(archive, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise UsageError(f"{archive} cannot be read: {error.strerror}.") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ArchiveError("It is no regular file.")
    with os.fdopen(descriptor, "rb") as stream:
        yield stream


def _prepare(into: Path) -> None:
    try:
        into.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(into.iterdir()):
            raise UsageError(f"{into} is not empty. Name a folder that is, or that is not there yet.")
    except OSError as error:
        raise InfrastructureError(f"{into} cannot be used: {error.strerror}.") from None


def _unpack(stream: IO[bytes], into: Path, limits: Limits, notices: _Notices) -> list[tuple[str, ...]]:
    budget = Budget(limits, os.fstat(stream.fileno()).st_size)
    taken = Names()
    found = []
    try:
        for entry in entries(stream, budget):
            if entry.kind == "folder" or is_litter(entry.name):
                continue
            problem = fault(entry.name) or (f"it is {entry.kind}" if entry.kind != "file" else "")
            if problem:
                notices.add(_left_out(entry.name, problem))
                continue
            parts = parts_of(entry.name)
            taken.take(parts)
            budget.file()
            if not _copy(entry, into, parts, budget):
                notices.add(
                    f"{shown(entry.name)} in the archive was left out: it is larger than {limits.file_mb:g} MB."
                )
                continue
            if parts[-1].lower().endswith(_PACKED):
                notices.add(f"{shown(entry.name)} is an archive in the archive; it stays closed.")
            found.append(parts)
    except DAMAGE as error:
        raise ArchiveError(f"It is damaged ({type(error).__name__}). Pack it anew and hand it in again.") from None
    return found


def _left_out(name: str, why: str) -> str:
    return f"{shown(name)} in the archive was left out: {why}."


def _copy(entry: Entry, into: Path, parts: tuple[str, ...], budget: Budget) -> bool:
    """Write an entry's content; False, and no file, if it is larger than one may be."""
    path = into.joinpath(*parts)
    size = 0
    with contextlib.closing(entry.chunks()) as chunks, _written(into, parts) as target:
        for chunk in chunks:
            size += len(chunk)
            if size > budget.file_bytes:
                break
            with _writing(path):
                target.write(chunk)
    if size > budget.file_bytes:
        path.unlink()
    return size <= budget.file_bytes


@contextlib.contextmanager
def _written(into: Path, parts: tuple[str, ...]) -> Iterator[IO[bytes]]:
    path = into.joinpath(*parts)
    with _writing(path):
        for end in range(1, len(parts)):
            into.joinpath(*parts[:end]).mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    target = os.fdopen(descriptor, "wb")
    try:
        yield target
    finally:
        with _writing(path):
            target.close()


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InfrastructureError(f"{path} cannot be written: {error.strerror}. Make room and try again.") from None


def _flattened(into: Path, found: list[tuple[str, ...]], wanted: Collection[str]) -> tuple[str, ...]:
    """Drop the folders around everything; the names that are left, sorted."""
    shared = _shared(found)
    kept = {parts_of(name) for name in wanted}
    hits = {drop: len(kept & {parts[drop:] for parts in found}) for drop in range(len(shared) + 1)}
    drop = max(hits, key=lambda drop: hits[drop]) if any(hits.values()) else len(shared)
    if drop:
        with _writing(into):
            aside = Path(tempfile.mkdtemp(dir=into.parent, prefix=f".{into.name}-"))
            into.joinpath(shared[0]).rename(aside / shared[0])
            for path in aside.joinpath(*shared).iterdir():
                path.rename(into / path.name)
            shutil.rmtree(aside)
    return tuple(sorted("/".join(parts[drop:]) for parts in found))


def _shared(found: list[tuple[str, ...]]) -> tuple[str, ...]:
    """The folders that all files lie in, outermost first."""
    folders = [parts[:-1] for parts in found]
    shortest = min(folders, key=len, default=())
    same = itertools.takewhile(lambda level: all(f[level] == shortest[level] for f in folders), range(len(shortest)))
    return shortest[: sum(1 for _ in same)]


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


class _Notices:
    """The first notices as they come, and the number of the others at the end."""

    def __init__(self, notice: Callable[[str], None]) -> None:
        self._notice = notice
        self._count = 0

    def add(self, sentence: str) -> None:
        self._count += 1
        if self._count <= _MAX_NOTICES:
            self._notice(sentence)

    def close(self) -> None:
        if self._count > _MAX_NOTICES:
            self._notice(f"There are {self._count - _MAX_NOTICES} more notices about the archive.")
