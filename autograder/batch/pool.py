"""Give out jobs to an executor and take in what comes of them, whichever of its workers die."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ALL_COMPLETED, FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from concurrent.futures.process import ProcessPoolExecutor
from multiprocessing import forkserver
from multiprocessing.util import get_temp_dir
from pathlib import Path
from typing import Final

from autograder.batch import template
from autograder.batch.worker import Done, Job, begin, grade_job
from autograder.catalog import Catalog
from autograder.errors import InfrastructureError, UsageError
from autograder.sandbox.client import Zygote

__all__ = ["Pools", "each"]

_ONE_THREAD: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""To be said before NumPy is imported: a process that has threads should not be forked."""
_MAX_DEATHS: Final = 2
"""So often may a job take its process down before it is given up."""
_MAX_BREAKS: Final = 8
"""So often in a row may a pool break without a single result."""


class Pools:
    """Process pools on this machine. Workers end with this object, and with the process that made it."""

    def __init__(self, workers: int, root: str, *, unsafe: bool = False) -> None:
        """Prepare pools.

        Args:
            workers: processes in each.
            root: of the course.
            unsafe: whether student code may run without walls around it.
        """
        self.workers = workers
        self._root = root
        self._unsafe = unsafe
        self._pool: ProcessPoolExecutor | None = None
        self._zygote: Zygote | None = None
        self._begun = ""
        self._alive: contextlib.ExitStack = contextlib.ExitStack()

    def begin(self, lab: str) -> None:
        """End the last pool, and begin to get ready for a lab; this does not wait.

        What graders need is imported once, by the process that all workers are forked from; meanwhile a zygote that
        they share imports what submissions need.
        """
        self.close(at_once=True)
        preload = Catalog(Path(self._root)).lab(lab).preload
        _start_template(self._root, lab, preload)
        self._zygote = Zygote(preload)
        self._begun = lab

    def fresh(self, lab: str) -> Executor:
        """A new pool, after the last one has been ended, whose workers are ready for a lab.

        Raises:
            UsageError: this machine cannot isolate student code.
        """
        if self._begun != lab:
            self.begin(lab)
        self._begun = ""
        assert self._zygote is not None
        context = multiprocessing.get_context("forkserver")
        theirs, mine = context.Pipe(duplex=False)
        self._alive.callback(theirs.close)
        self._alive.callback(mine.close)
        shared = self._zygote.share()
        self._alive.callback(shared[0].close)
        if self._zygote.level == "process" and not self._unsafe:
            raise UsageError(
                "This machine cannot isolate student code, and a class is not graded without that. `nox -s doctor` "
                "tells what is missing. If you trust everyone in the class: --allow-unsafe."
            )
        begun = (self._root, lab, theirs, shared)
        self._pool = ProcessPoolExecutor(self.workers, context, begin, begun)
        return self._pool

    def close(self, *, at_once: bool) -> None:
        """End the workers, whatever they are doing, or after what they have been given."""
        if at_once:
            self._alive.close()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        self._alive.close()
        self._pool = None
        self._begun = ""
        if self._zygote is not None:
            self._zygote.close()
        self._zygote = None

    def __enter__(self) -> Pools:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.close(at_once=kind is not None)


def _start_template(root: str, lab: str, modules: Sequence[str]) -> None:
    """Start the process that workers are forked from, unless there is one; it imports and does not wait for us."""
    for name in _ONE_THREAD:
        os.environ.setdefault(name, "1")
    os.environ[template.VARIABLE] = template.describe(root, lab, modules, get_temp_dir())
    try:
        forkserver.set_forkserver_preload([template.__name__])
        forkserver.ensure_running()
    finally:
        del os.environ[template.VARIABLE]


def each(jobs: Iterable[Job], fresh: Callable[[str], Executor], window: int) -> Iterator[tuple[Job, Done]]:
    """Grade jobs and yield each once, as it is done.

    When a pool breaks, nobody knows which job has broken it. So those that were under way are tried again one by one;
    a job that breaks a pool of its own twice is given up and the rest go on.

    Args:
        jobs: taken from here when there is room.
        fresh: makes an executor for a lab; called again when one has broken.
        window: jobs that are given out at the same time.

    Raises:
        InfrastructureError: executors break without a result, or the cluster is gone.
    """
    waiting = iter(jobs)
    suspects: deque[Job] = deque()
    running: dict[Future[Done], Job] = {}
    deaths: Counter[int] = Counter()
    breaks = 0
    executor: Executor | None = None
    while True:
        lost: list[Job] = []
        refused: Job | None = None
        room = 1 if suspects else window
        while len(running) < room and refused is None:
            job = suspects.popleft() if suspects else next(waiting, None)
            if job is None:
                break
            executor = executor or fresh(job.lab)
            try:
                running[executor.submit(grade_job, job)] = job
            except BrokenExecutor:
                refused = job
        if not running and refused is None:
            return
        for future in _finished(running, all_of_them=refused is not None):
            job = running.pop(future)
            done = _outcome(future)
            if done is None:
                lost.append(job)
            else:
                breaks = 0
                yield job, done
        if not lost and refused is None:
            continue
        for future in _finished(running, all_of_them=True):
            job = running.pop(future)
            done = _outcome(future)
            if done is None:
                lost.append(job)
            else:
                yield job, done
        executor = None
        breaks += 1
        if breaks > _MAX_BREAKS:
            raise InfrastructureError("the processes that grade end as soon as they begin.")
        for job in lost:
            deaths[job.number] += len(lost) == 1
            if deaths[job.number] < _MAX_DEATHS:
                suspects.append(job)
            else:
                yield job, Done(problem=f"The process that graded it died {_MAX_DEATHS} times.")
        if refused is not None:
            suspects.append(refused)


def _finished(running: Iterable[Future[Done]], *, all_of_them: bool) -> list[Future[Done]]:
    """Wait for one of them or for all; those that are, in the order in which they were given out."""
    done = wait(running, return_when=ALL_COMPLETED if all_of_them else FIRST_COMPLETED).done
    return [future for future in running if future in done]


def _outcome(future: Future[Done]) -> Done | None:
    """What came of a job; None if its pool broke."""
    try:
        return future.result()
    except BrokenExecutor:
        return None
    except CancelledError:
        raise InfrastructureError("the cluster is gone. Start it again and call the same command.") from None
    except Exception as error:  # a cluster's worker died too often, or its answer cannot be read
        return Done(problem=f"{type(error).__name__}: {error}")
