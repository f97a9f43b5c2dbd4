"""Run a student's own tests on variants of the files they look at, and read what comes of it."""

from __future__ import annotations

import contextlib
import os
import random
import secrets
import select
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from autograder.errors import StudentCrash, StudentError, StudentTimeout
from autograder.sandbox.box import Sandbox
from autograder.sandbox.link import Worker

__all__ = ["TestCase", "TestRun", "read_run", "run_suites"]

_AT_ONCE: Final = 2
_WORTH_PREPARING: Final = 4
_TIME_UP: Final = -9
_NO_END: Final = -1

_MAX_TESTS, _MAX_NAME, _MAX_TEXT, _MAX_NUMBER = 2000, 200, 4000, 10**7
_OUTCOMES = {"passed", "failed", "error", "skipped", "xfailed", "xpassed"}


@dataclass(frozen=True)
class TestCase:
    """One test of the student.

    Attributes:
        name: its name, with its class and parameters.
        outcome: passed, failed, error, skipped, xfailed or xpassed.
        message: the first lines of why it did not pass.
        line: where, in the student's file; 0 if unknown.
    """

    __test__ = False

    name: str
    outcome: str
    message: str
    line: int


@dataclass(frozen=True)
class TestRun:
    """One run of the student's tests.

    Attributes:
        tests: every test that was collected, and files that could not be.
        exit_code: pytest's own; -1 if the run ended without one, -9 if its time was up.
        output: the end of what was printed.
    """

    __test__ = False

    tests: tuple[TestCase, ...]
    exit_code: int
    output: str

    @property
    def ok(self) -> bool:
        """Whether at least one test passed, and none failed or could not run."""
        return bool(self.passed) and not self.failed and not self.broken and self.exit_code == 0

    @property
    def caught(self) -> bool:
        """Whether at least one test failed while it ran."""
        return bool(self.failed)

    @property
    def passed(self) -> tuple[TestCase, ...]:
        """Tests that passed."""
        return tuple(test for test in self.tests if test.outcome == "passed")

    @property
    def failed(self) -> tuple[TestCase, ...]:
        """Tests that failed while they ran."""
        return tuple(test for test in self.tests if test.outcome == "failed")

    @property
    def broken(self) -> tuple[TestCase, ...]:
        """Tests and files that could not run at all."""
        return tuple(test for test in self.tests if test.outcome == "error")


def run_suites(
    sandbox: Sandbox,
    test_file: str,
    variants: Sequence[Mapping[str, bytes]],
    *,
    env: Mapping[str, str],
    until: Sequence[Collection[str]],
    timeout_s: float,
) -> list[TestRun]:
    """Run a test file once for each variant, two runs at a time, in any order.

    Each run is a process that knows its own variant and no other, in a copy of the lab's folder.

    Args:
        sandbox: where to run.
        test_file: relative to the lab's folder.
        variants: for each run the files to swap in: name → content.
        env: added to the environment.
        until: for each run names of tests. When one of them has failed, the run is ended and tells of that test
            alone. Nothing within a run shows whether it may end in this way.
        timeout_s: seconds that all runs may take together; one that hangs leaves the others half of what is left.

    Raises:
        StudentError: the sandbox was ended, or a run told what no run tells.
    """
    end = time.monotonic() + timeout_s
    waiting = random.SystemRandom().sample(range(len(variants)), len(variants))
    beside = os.path.dirname(sandbox.cell.directory)
    folders = [f"{beside}/.run-{secrets.token_hex(8)}" for _ in range(_AT_ONCE)]
    prepared = _prepared(sandbox, test_file, folders, timeout_s) if len(variants) > _WORTH_PREPARING else {}
    running: list[_Run] = []
    results: dict[int, TestRun] = {}
    try:
        while waiting or running:
            for folder in [folder for folder in folders if folder not in {run.folder for run in running}]:
                if not waiting:
                    break
                number, left = waiting.pop(), end - time.monotonic()
                if left <= 0:
                    results[number] = TestRun((), _TIME_UP, "")
                    continue
                files = {**prepared.get(folder, {}), **variants[number]}
                request = {"op": "suite", "file": test_file, "folder": folder, "files": files, "env": dict(env)}
                seconds = max(0.1, left / 2 if waiting else left)
                running.append(_Run(sandbox, number, folder, request, seconds, until[number]))
            for run in _ready(running) if running else ():
                result = run.heard()
                if result is not None:
                    results[run.number] = result
                    running.remove(run)
    finally:
        for run in running:
            run.end()
    return [results[number] for number in range(len(variants))]


def _prepared(
    sandbox: Sandbox, test_file: str, folders: Sequence[str], timeout_s: float
) -> dict[str, dict[str, bytes]]:
    """For each folder what its runs need not do again; student code has no part in it."""
    workers = {folder: sandbox.worker() for folder in folders}
    made = {}
    for folder, worker in workers.items():
        worker.begin({"op": "rewrite", "file": test_file, "folder": folder}, timeout_s)
    for folder, worker in workers.items():
        with contextlib.suppress(StudentError):  # a file that ends the process that reads it, each run will meet
            files = worker.listen().get("ok")
            if isinstance(files, dict) and all(type(file) is bytes for file in files.values()):
                made[folder] = files
        worker.close()
    return made


def _ready(running: Sequence[_Run]) -> list[_Run]:
    """The runs that have something to say, or no time left."""
    poll = select.poll()
    for run in running:
        poll.register(run.worker.fileno(), select.POLLIN)
    left = min(run.deadline for run in running) - time.monotonic()
    talking = {descriptor for descriptor, _ in poll.poll(max(0.0, left * 1000))}
    return [run for run in running if run.worker.fileno() in talking or time.monotonic() > run.deadline]


class _Run:
    """One run, in a worker of its own."""

    def __init__(
        self,
        sandbox: Sandbox,
        number: int,
        folder: str,
        request: Mapping[str, object],
        seconds: float,
        until: Collection[str],
    ) -> None:
        self.number = number
        self.folder = folder
        self.deadline = time.monotonic() + seconds
        self._until = until
        self._sandbox = sandbox
        self.worker: Worker = sandbox.worker()
        self.worker.begin(request, seconds)

    def heard(self) -> TestRun | None:
        """Listen once; the result when there is one, and then the run is over."""
        try:
            answer = self.worker.listen()
            if "failed" in answer:
                test = _case(answer["failed"])
                if test.name not in self._until:
                    return None
                result = TestRun((test,), 1, "")
            else:
                result = read_run(answer["ok"]) if "ok" in answer else TestRun((), _NO_END, "")
        except StudentTimeout:
            result = TestRun((), _TIME_UP, "")
        except StudentError:
            if not self._sandbox.alive:
                raise
            result = TestRun((), _NO_END, "")
        except (KeyError, TypeError, ValueError):
            raise StudentCrash("Your tests answered in a way that cannot be read.") from None
        self.end()
        return result

    def end(self) -> None:
        """Leave no process and no file of it."""
        self.worker.close()
        if self._sandbox.alive:
            with contextlib.suppress(StudentError):
                self._sandbox.wait(self.worker.pid, 2.0)
                self._sandbox.remove(self.folder)


def read_run(answer: Mapping[str, Any]) -> TestRun:
    """A run as a worker describes it.

    Raises:
        ValueError: it is not described as a worker does.
    """
    tests = answer["tests"]
    if not isinstance(tests, list) or len(tests) > _MAX_TESTS:
        raise ValueError("tests")
    return TestRun(tuple(map(_case, tests)), _integer(answer["exit_code"]), str(answer["output"])[:_MAX_TEXT])


def _case(test: Mapping[str, Any]) -> TestCase:
    if not isinstance(test, dict) or test["outcome"] not in _OUTCOMES:
        raise ValueError("test")
    name, message = str(test["name"])[:_MAX_NAME], str(test["message"])[:_MAX_TEXT]
    return TestCase(name, test["outcome"], message, _integer(test["line"]))


def _integer(value: object) -> int:
    if type(value) is not int or abs(value) > _MAX_NUMBER:
        raise ValueError("number")
    return value
