"""Run a student's own tests on given files, in a process and a fresh copy of the lab's folder made for that."""

from __future__ import annotations

import ast
import importlib.util
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from typing import Any, Final

from autograder.sandbox import pytest_start

__all__ = ["rewritten", "run_suite", "warm_up"]

_NEEDLESS: Final = (
    # These collect garbage or watch for hangs: half of a run's time.
    "faulthandler",
    "threadexception",
    "unraisableexception",
    # And these have nothing to do here.
    "cacheprovider",
    "doctest",
    "pastebin",
    "setuponly",
    "setupplan",
    "stepwise",
)
# Longer tracebacks show source, for which pytest parses whole files: a fifth of a second for one deep failure.
# Where it stops because a file cannot be collected, it shows its own in full; so it is told to go on.
_OPTIONS: Final = (
    *("-q", "--tb=line", "--color=no", "--continue-on-collection-errors", "-c", os.devnull),
    *(f"-pno:{name}" for name in _NEEDLESS),
)
_OUTPUT = 4000
_MESSAGE = 600


def warm_up() -> None:
    """Do what each run would do before it has seen a file, so that processes forked from here need not."""
    pytest_start.prepare(_OPTIONS)


def rewritten(directory: str, folder: str, target: str) -> dict[str, bytes]:
    """What pytest makes of the asserts in a test file, to be laid over each run's folder: there it is not done again.

    Nothing of the file is run.

    Args:
        directory: the lab's folder.
        folder: where the file will be when it is run.
        target: the test file, relative to both.

    Returns:
        Name → content of a file; nothing if the tests cannot be read. Then pytest says why, in each run.
    """
    from _pytest.assertion import rewrite

    content = io.BytesIO()
    try:
        with open(os.path.join(directory, target), "rb") as file:
            source = file.read()
        path = os.path.join(folder, target)
        tree = ast.parse(source, path)
        rewrite.rewrite_asserts(tree, source, path)
        code = compile(tree, path, "exec", dont_inherit=True)
        rewrite._write_pyc_fp(content, importlib.util.source_hash(source), code)
    except Exception:
        return {}
    parent, _, name = target.rpartition("/")
    return {os.path.join(parent, "__pycache__", name.removesuffix(".py") + rewrite.PYC_TAIL): content.getvalue()}


def run_suite(
    directory: str,
    folder: str,
    target: str,
    files: dict[str, bytes],
    env: dict[str, str],
    seclude: Callable[[str], object],
    failed: Callable[[dict[str, Any]], object],
) -> dict[str, Any]:
    """Run the tests in ``target`` in a fresh copy of the lab's folder, in this process and for the rest of its life.

    Args:
        directory: the lab's folder.
        folder: where its copy is to be.
        target: the test file, relative to the folder.
        files: laid over the copy: name → content.
        env: added to the environment.
        seclude: shuts this process up in the folder given, so that no run can tell another what it was.
        failed: told of each test as soon as it has failed.

    Returns:
        ``tests`` (dicts of name, outcome, message, line), ``exit_code`` (pytest's), ``output``.
    """
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
    log = os.open(f"{folder}/.output", os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    result = _pytest(target, folder, failed)
    sys.stdout.flush()
    size = os.lseek(log, 0, os.SEEK_END)
    os.lseek(log, max(0, size - _OUTPUT), os.SEEK_SET)
    return {**result, "output": os.read(log, _OUTPUT).decode("utf-8", "replace")}


def _pytest(target: str, folder: str, failed: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    recorder = _Recorder(failed)
    code = pytest_start.run(_OPTIONS, [f"--rootdir={folder}", f"--confcutdir={folder}", target], [recorder])
    return {"tests": list(recorder.tests.values()), "exit_code": code}


class _Recorder:
    """A pytest plugin that keeps one outcome per test."""

    def __init__(self, failed: Callable[[dict[str, Any]], object]) -> None:
        self._failed = failed
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
            if outcome == "failed":
                self._failed(self.tests[name])
