"""The folder of results: apart from everything else, ours alone, and used by one run at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from autograder.errors import UsageError
from autograder.records import read_records

__all__ = ["held", "must_be_apart"]

_MARK: Final = ".results"
"""Tells a folder of results from any other; who has it locked is at work."""
_ASIDE: Final = ".aside-"


def must_be_apart(submissions: Path, results: Path) -> None:
    """Check that neither folder lies in the other: the next run would take one's files for the other's.

    Raises:
        UsageError: one does, or there are no submissions.
    """
    if not submissions.is_dir():
        raise UsageError(f"{submissions} is not a folder. Name the folder that holds what the class handed in.")
    source, target = submissions.resolve(), results.resolve()
    if source.is_relative_to(target) or target.is_relative_to(source):
        raise UsageError(f"{results} and {submissions} lie in each other: choose another folder for --to.")


@contextlib.contextmanager
def held(results: Path) -> Iterator[Path]:
    """Hold the folder of results, made if need be, for its owner alone; gives a folder in it for what is put aside.

    What a run that was killed had put aside is removed.

    Raises:
        UsageError: the folder is of something else, in use by another run, or cannot be used.
    """
    try:
        results.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(results.iterdir()) and not (results / _MARK).exists() and not read_records(results):
            raise UsageError(f"{results} is not empty and holds no results. Choose another folder for --to.")
        results.chmod(0o700)
        mark = os.open(results / _MARK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UsageError(f"{results} cannot be used: {error.strerror}. Choose another folder for --to.") from None
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(mark)
        raise UsageError(f"Another run is at work in {results}. Wait for its end, or choose another --to.") from None
    except OSError:
        pass  # a file system without locks
    try:
        for left in results.glob(f"{_ASIDE}*"):
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=_ASIDE, dir=results, ignore_cleanup_errors=True) as aside:
            yield Path(aside)
    finally:
        os.close(mark)
