"""Grade one submission in a process of its own, here or on another machine: plain data in, plain data out.

A worker remembers what is costly: the course, a zygote with the libraries of the lab it graded last, and the modules
that graders import. Jobs therefore come lab by lab. It grades one job at a time, whatever threads it is called from.
"""

from __future__ import annotations

import contextlib
import gc
import os
import platform
import shutil
import signal
import tempfile
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.util import Finalize
from pathlib import Path
from typing import TYPE_CHECKING, Final

from autograder.batch.handed import Handed, unpack
from autograder.catalog import Catalog, find_root
from autograder.errors import AutograderError, UsageError
from autograder.fingerprint import Fingerprints
from autograder.manifest import Lab
from autograder.sandbox.client import Shared, Zygote

if TYPE_CHECKING:
    from autograder.results import LabReport

__all__ = ["Done", "Job", "begin", "examine", "grade_job"]

_UNSAFE: Final = "process"


@dataclass(frozen=True)
class Job:
    """One submission to grade.

    Attributes:
        number: tells jobs apart.
        root: of the course, where the class is graded.
        lab: id of the lab.
        fingerprint: of the course for that lab, which must be the worker's, too.
        seed: of the hidden data.
        handed: the files.
        notices: sentences for the report.
        unsafe: whether student code may run without walls around it.
    """

    number: int
    root: str
    lab: str
    fingerprint: str
    seed: int
    handed: Handed
    notices: tuple[str, ...]
    unsafe: bool


@dataclass(frozen=True)
class Done:
    """What came of a job: a report, or why there is none.

    Attributes:
        report: a LabReport as JSON.
        problem: what failed on our side, if there is no report.
    """

    report: str = ""
    problem: str = ""


class _Here:
    """What a worker remembers."""

    def __init__(self, root: Path) -> None:
        self.catalog = Catalog(root)
        # Taken once: modules that were loaded do not change with their files.
        self.prints = Fingerprints(self.catalog)
        self._preload: tuple[str, ...] | None = None
        self._zygote: Zygote | None = None

    def zygote(self, lab: Lab) -> Zygote:
        if self._zygote is None or self._preload != lab.preload:
            self.drop()
            self._preload, self._zygote = lab.preload, Zygote(lab.preload)
        return self._zygote

    def join(self, lab: Lab, zygote: Zygote) -> None:
        self._preload, self._zygote = lab.preload, zygote

    def drop(self) -> None:
        if self._zygote is not None:
            self._zygote.close()
        self._zygote = None


_lock = threading.Lock()
_known: dict[str, _Here] = {}


def begin(root: str, lab: str, alive: Connection, shared: Shared) -> None:
    """Make a process of this machine a worker that starts on a lab, and that ends when ``alive`` does.

    Args:
        root: of the course.
        lab: what it will grade first.
        alive: hangs up when the worker should end.
        shared: a zygote for that lab.
    """
    gc.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that gives out the work
    own = tempfile.mkdtemp(prefix="autograder-worker-")
    os.chmod(own, 0o711)  # the sandbox's user must get through
    tempfile.tempdir = own
    Finalize(None, shutil.rmtree, (own,), {"ignore_errors": True}, exitpriority=0)
    signal.signal(signal.SIGTERM, lambda *_: _leave(own))
    threading.Thread(target=_end_with, args=(alive, own), daemon=True).start()
    with contextlib.suppress(AutograderError):  # the first job will say so
        here = _here(root)
        here.join(here.catalog.lab(lab), Zygote.join(shared))


def grade_job(job: Job) -> Done:
    """Grade one submission. Whatever fails is a problem in the answer, never an exception."""
    with _lock:
        try:
            return _graded(job)
        except AutograderError as error:
            return Done(problem=str(error))
        except Exception as error:
            return Done(problem=f"{type(error).__name__}: {error}")


def examine(root: str, labs: dict[str, str]) -> str:
    """Why this machine cannot grade a class as it should; empty if it can.

    Args:
        root: of the course, where the class is graded.
        labs: lab → fingerprint.
    """
    try:
        here = _here(root)
        different = [lab for lab, wanted in labs.items() if here.prints.lab(here.catalog.lab(lab)) != wanted]
    except AutograderError as error:
        return str(error)
    return _other_course(different[0], here.catalog.root) if different else ""


def _graded(job: Job) -> Done:
    from autograder.results import Outcome

    here = _here(job.root)
    lab = here.catalog.lab(job.lab)
    if here.prints.lab(lab) != job.fingerprint:
        return Done(problem=_other_course(lab.id, here.catalog.root))
    zygote = here.zygote(lab)
    if zygote.level == _UNSAFE and not job.unsafe:
        return Done(problem=f"{platform.node()} cannot isolate student code: run `nox -s doctor` there.")
    report = _report(job, lab, here, zygote)
    if report.outcome is Outcome.INFRASTRUCTURE_ERROR:
        # It may be the zygote that is broken; the next job must not suffer from that.
        here.drop()
        report = _report(job, lab, here, here.zygote(lab))
    return Done(report.model_copy(update={"notices": (*job.notices, *report.notices)}).model_dump_json())


def _report(job: Job, lab: Lab, here: _Here, zygote: Zygote) -> LabReport:
    from autograder.grading import Request, grade

    with tempfile.TemporaryDirectory(prefix="autograder-handed-") as folder:
        unpack(job.handed, Path(folder))
        return grade(Request(lab, Path(folder), seed=job.seed), here.catalog, zygote)


def _here(root: str) -> _Here:
    """The course: where the class is graded if that is there, otherwise this machine's own."""
    if root not in _known:
        try:
            _known[root] = _Here(Path(root) if (Path(root) / "course.toml").is_file() else find_root())
        except UsageError as error:
            raise UsageError(f"{platform.node()}: {error} Start the workers in a checkout of the course.") from None
    return _known[root]


def _other_course(lab: str, root: Path) -> str:
    return (
        f"{platform.node()} has another version of {lab} or of the autograder in {root}. "
        "Bring it to the same commit and restart its workers."
    )


def _end_with(alive: Connection, folder: str) -> None:
    """Wait for the end of whoever holds the other end, also if it was killed; leave nothing behind."""
    with contextlib.suppress(OSError, EOFError):
        alive.recv_bytes()
    _leave(folder)


def _leave(folder: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)
