"""A running Dask cluster as an executor of jobs: workers on any machine that has the course."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from typing import Final

from autograder.batch.worker import examine
from autograder.errors import InfrastructureError, UsageError

__all__ = ["connect"]

_CONNECT_S: Final = 20


@contextlib.contextmanager
def connect(address: str, root: str, labs: Mapping[str, str]) -> Iterator[tuple[Executor, int]]:
    """An executor that gives its jobs to a cluster, and how many jobs its workers do at the same time.

    Before it is given out, every worker is asked whether it has the same course. A job whose worker dies is given
    to another one by the scheduler.

    Args:
        address: of the scheduler: ``tcp://host:8786``.
        root: of the course, where the class is graded.
        labs: lab → fingerprint of the course for it.

    Raises:
        UsageError: Dask is not installed.
        InfrastructureError: the scheduler does not answer, has no workers, or one has another course.
    """
    try:
        distributed = importlib.import_module("distributed")
    except ImportError:
        raise UsageError("--dask needs Dask, which is not installed: `pip install distributed`.") from None
    try:
        client = distributed.Client(address, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InfrastructureError(
            f"no Dask scheduler answers at {address} ({error}). Start one with `dask scheduler`."
        ) from None
    with client:
        workers = len(client.scheduler_info(n_workers=-1)["workers"])
        if not workers:
            raise InfrastructureError(f"{address} has no workers. Start some: `dask worker {address} --nthreads 1`.")
        try:
            answers = client.run(examine, root, dict(labs))
        except Exception as error:  # whatever keeps a worker from importing the autograder
            raise InfrastructureError(f"the workers of {address} cannot load the autograder: {error}") from None
        if problems := sorted({problem for problem in answers.values() if problem}):
            raise InfrastructureError("\n".join(["workers of the cluster are not ready:", *problems]))
        # Each job is its own: the same work handed in twice is graded twice.
        executor = client.get_executor(pure=False)
        try:
            yield executor, workers
        finally:
            executor.shutdown(wait=False)
