"""Run a student's own tests against given files, each run in a fork and a fresh copy of the lab's folder."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

__all__ = ["run_suites", "warm_up"]

_NEEDLESS = (
    # These collect garbage or watch for hangs: half of a run's time.
    "faulthandler",
    "threadexception",
    "unraisableexception",
    # And these have nothing to do here.
    "cacheprovider",
    "doctest",
    "junitxml",
    "pastebin",
    "setuponly",
    "setupplan",
    "stepwise",
)
_OUTPUT = 4000
_MESSAGE = 600


def warm_up() -> None:
    """Import what pytest imports when it starts, so that runs forked from here need not."""
    import pdb  # noqa: F401 - pytest's own debugging plugin wants it in every run

    from _pytest.config import get_config

    get_config()


def run_suites(
    directory: str,
    target: str,
    variants: Sequence[dict[str, bytes]],
    env: dict[str, str],
    timeout_s: float,
    seclude: Callable[[str], object],
) -> list[dict[str, Any]]:
    """Run the tests in ``target`` once per variant, two at a time.

    Args:
        directory: the lab's folder; each run gets a copy of it beside it.
        target: the test file, relative to the folder.
        variants: for each run the files to lay over the copy: name → content.
        env: added to the environment.
        timeout_s: seconds that all runs may take together; one that hangs leaves the others half of what is left.
        seclude: shuts the calling process up in the folder given, so that no run can tell another which it was.

    Returns:
        For each variant ``tests`` (dicts of name, outcome, message, line), ``exit_code`` (pytest's; -1 if it ended
        without one, -9 if its time was up), ``output``.
    """
    results: list[dict[str, Any]] = [{} for _ in variants]
    waiting = list(enumerate(variants))
    running: dict[int, _Run] = {}
    end = time.monotonic() + timeout_s
    import pytest  # noqa: F401 - once, before the forks

    while waiting or running:
        while waiting and len(running) < 2:
            number, files = waiting.pop(0)
            left = max(0.0, end - time.monotonic())
            run = _Run(number, directory, target, files, env, left / 2 if waiting else left, seclude)
            running[run.pipe] = run
        left = min(run.deadline for run in running.values()) - time.monotonic()
        ready, _, _ = select.select(list(running), [], [], max(0.0, left))
        for pipe in ready:
            run = running[pipe]
            if run.read():
                del running[pipe]
                results[run.number] = run.finish()
        for pipe, run in list(running.items()):
            if time.monotonic() > run.deadline:
                del running[pipe]
                results[run.number] = run.finish(late=True)
    return results


class _Run:
    """One run in its own process."""

    def __init__(
        self,
        number: int,
        directory: str,
        target: str,
        files: dict[str, bytes],
        env: dict[str, str],
        timeout_s: float,
        seclude: Callable[[str], object],
    ) -> None:
        self.number = number
        self.deadline = time.monotonic() + timeout_s
        self._folder = f"{os.path.dirname(directory)}/.run-{secrets.token_hex(8)}"
        self._said = b""
        self.pipe, write = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self.pipe)
            _child(directory, self._folder, target, files, env, write, seclude)
        os.close(write)

    def read(self) -> bool:
        """Take what the run says; True when it has said everything."""
        data = os.read(self.pipe, 1 << 16)
        self._said += data
        return not data or len(self._said) > 4 << 20

    def finish(self, *, late: bool = False) -> dict[str, Any]:
        with contextlib.suppress(OSError):
            os.killpg(self._pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self.pipe)
        shutil.rmtree(self._folder, ignore_errors=True)
        try:
            result: dict[str, Any] = json.loads(self._said)
        except ValueError:
            result = {"tests": [], "exit_code": -9 if late else -1, "output": ""}
        return result


def _child(
    directory: str,
    folder: str,
    target: str,
    files: dict[str, bytes],
    env: dict[str, str],
    write: int,
    seclude: Callable[[str], object],
) -> NoReturn:
    try:
        os.setpgid(0, 0)
        write = os.dup2(write, 3)  # and with that the way to the grader is closed
        os.closerange(4, 1 << 10)
        shutil.copytree(directory, folder, symlinks=True)
        for name, content in files.items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(content)
        os.chdir(folder)
        scratch = f"{folder}/.tmp"
        os.mkdir(scratch)
        os.environ.update(dict.fromkeys(("HOME", "MPLCONFIGDIR", "TMPDIR", "XDG_CACHE_HOME"), scratch) | env)
        tempfile.tempdir = None
        seclude(folder)
        sys.path[:] = [folder, *(path for path in sys.path if path not in ("", directory))]
        for name, module in list(sys.modules.items()):
            if str(getattr(module, "__file__", None) or "").startswith(directory + "/"):
                del sys.modules[name]
        log = os.open(f"{folder}/.output", os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        result = _pytest(target, folder)
        sys.stdout.flush()
        size = os.lseek(log, 0, os.SEEK_END)
        os.lseek(log, max(0, size - _OUTPUT), os.SEEK_SET)
        result["output"] = os.read(log, _OUTPUT).decode("utf-8", "replace")
        with os.fdopen(write, "wb") as pipe:
            pipe.write(json.dumps(result).encode())
    finally:
        os._exit(0)


def _pytest(target: str, folder: str) -> dict[str, Any]:
    import pytest

    recorder = _Recorder()
    # Longer tracebacks show source, for which pytest parses whole files: a fifth of a second for one deep failure.
    # Where it stops because a file cannot be collected, it shows its own in full; so it is told to go on.
    quiet = ["-q", "--tb=line", "--color=no", "--continue-on-collection-errors", "-c", os.devnull]
    quiet += [f"-pno:{name}" for name in _NEEDLESS]
    code = pytest.main([*quiet, f"--rootdir={folder}", f"--confcutdir={folder}", target], plugins=[recorder])
    return {"tests": list(recorder.tests.values()), "exit_code": int(code)}


class _Recorder:
    """A pytest plugin that keeps one outcome per test."""

    def __init__(self) -> None:
        self.tests: dict[str, dict[str, Any]] = {}
        self._lines: dict[str, int] = {}

    def pytest_runtest_makereport(self, item: Any, call: Any) -> None:
        for entry in call.excinfo.traceback if call.excinfo is not None else ():
            if entry.path == item.path:
                self._lines[item.nodeid] = entry.lineno + 1

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self._add(report.nodeid, "error", str(report.longrepr), 0)

    def pytest_runtest_logreport(self, report: Any) -> None:
        name = report.nodeid.partition("::")[2]
        expected_failure = hasattr(report, "wasxfail")
        if report.when == "call":
            outcome = report.outcome
            if expected_failure:
                outcome = "xpassed" if report.passed else "xfailed"
        elif report.failed:
            outcome = "error"
        elif report.skipped:
            outcome = "xfailed" if expected_failure else "skipped"
        else:
            return
        crash = getattr(report.longrepr, "reprcrash", None)
        message = crash.message if crash is not None else str(report.longrepr or "")
        line = self._lines.get(report.nodeid, (report.location[1] or 0) + 1)
        self._add(name, outcome, message, line)

    def _add(self, name: str, outcome: str, message: str, line: int) -> None:
        if self.tests.get(name, {}).get("outcome") not in ("failed", "error") and len(self.tests) < 2000:
            self.tests[name] = {
                "name": name[:200],
                "outcome": outcome,
                "message": message[:_MESSAGE],
                "line": line,
            }
