"""One submission under examination: load its files, call them, run its programs, read what they leave behind."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from autograder.errors import StudentMissing, StudentResult, StudentTimeout
from autograder.manifest import Lab
from autograder.sandbox.client import Zygote
from autograder.sandbox.confine import Cell
from autograder.staging import Workspace
from autograder.submission.remote import RemoteModule
from autograder.submission.session import Budget, Live, Session, Transcript
from autograder.submission.suite import TestRun, run_suites

if TYPE_CHECKING:
    import httpx

    from autograder.submission.serving import Process

__all__ = ["Completed", "Submission", "Transcript"]

_READ_LIMIT: Final = 32 << 20


@dataclass(frozen=True)
class Completed:
    """A program that has ended."""

    returncode: int
    """Negative: the signal that ended it."""
    stdout: str
    stderr: str


class Submission:
    """The only way from a grader to student code.

    Every method that runs student code raises a :class:`StudentError` when that code raises, hangs, dies or
    misbehaves, and an :class:`InfrastructureError` when our side fails.
    """

    def __init__(
        self,
        lab: Lab,
        workspace: Workspace,
        zygote: Zygote,
        datasets: Mapping[str, Path],
        hide: Sequence[Path],
        *,
        live: Mapping[str, Live] | None = None,
        budget: Budget | None = None,
    ) -> None:
        """Examine what was staged.

        Args:
            lab: the lab.
            workspace: its staged files.
            zygote: where sandboxes are forked.
            datasets: name → folder, for those that the lab names.
            hide: folders that student code must not see.
            live: file → its names in this very process, to be called here instead of in a sandbox.
            budget: the time for the whole lab, where it is shared with others; its own if not given.
        """
        self.lab = lab
        self._workspace = workspace
        self._live = live or {}
        self._zygote = zygote
        self._processes: list[Process] = []
        cell = Cell(
            level="kernel",
            root=str(workspace.root),
            lab=lab.id,
            datasets={name: str(path) for name, path in datasets.items()},
            hide=tuple(str(path) for path in hide),
            listens=lab.listens,
            memory_mb=lab.limits.memory_mb,
            disk_mb=lab.limits.disk_mb,
            processes=lab.limits.processes,
            # A backstop: the budget of student code ends a lab long before.
            wall_s=3 * lab.limits.wall_s + 60,
        )
        self.session = Session(zygote, cell, budget or Budget(lab.limits), self._live)

    def load(self, file: str) -> RemoteModule:
        """A Python file or notebook of the lab, executed in the sandbox.

        Cells of a notebook run one by one; one that raises, hangs or ends its process does not keep the others
        from running.

        Raises:
            StudentMissing: the file was not handed in.
            StudentError: it cannot be loaded.
        """
        self._must_exist(file)
        self.session.load(file)
        return RemoteModule(self.session, file)

    def run(
        self,
        *argv: str,
        env: Mapping[str, str] | None = None,
        timeout: float | None = None,
        warm: bool = True,
    ) -> Completed:
        """Run a program in the lab's folder and wait for its end.

        Args:
            argv: the program and its arguments.
            env: added to the environment.
            timeout: seconds; what is left for the check if not given.
            warm: whether a Python program may start in an interpreter that has its libraries loaded.

        Raises:
            StudentTimeout: it did not end in time.
        """
        shown = f"`{' '.join(argv)}`"
        self.session.note(called=shown, returned="")
        sandbox = self.session.sandbox()
        with self.session.budget.spend(timeout) as seconds:
            pid, out, err = sandbox.run(argv, env=env or {}, folder=sandbox.cell.directory, warm=warm)
            code = sandbox.wait(pid, seconds, (out, err))
            if code is None:
                sandbox.signal(pid, 9, group=True)
                sandbox.wait(pid, 5.0, (out, err))
        stdout, stderr = out.take(), err.take()
        out.close()
        err.close()
        self.session.note(printed=stdout + stderr)
        if code is None:
            raise StudentTimeout(f"{shown} did not end within {round(seconds, 1):g} seconds.")
        self.session.note(returned=f"exit code {code}")
        return Completed(code, stdout, stderr)

    def pytest(
        self,
        test_file: str,
        files: Mapping[str, str | bytes] | None = None,
        *,
        env: Mapping[str, str] | None = None,
    ) -> TestRun:
        """Run the student's own tests once, with ``files`` swapped in."""
        return self.pytests(test_file, [files or {}], env=env)[0]

    def pytests(
        self,
        test_file: str,
        variants: Sequence[Mapping[str, str | bytes]],
        *,
        env: Mapping[str, str] | None = None,
        until: Sequence[Collection[str]] | None = None,
    ) -> list[TestRun]:
        """Run the student's own tests once for each variant, each time in a fresh copy of the lab's folder.

        At level ``kernel`` they run in a sandbox of their own, made for this call from what was handed in; the runs
        come in any order and cannot leave each other a word. So tests cannot tell the first run from the last.

        Args:
            test_file: relative to the lab's folder.
            variants: for each run the files to swap in: name → content.
            env: added to the environment.
            until: for each run names of tests, none if not given. When one of them has failed, the run is ended and
                tells of that test alone: enough to know that a fault was noticed, in a fraction of the time.
        """
        self._must_exist(test_file)
        if not variants:
            return []
        contents = [{name: _bytes(content) for name, content in files.items()} for files in variants]
        # The time of a check is meant for one run or a few: a suite that is fast must not fail on a busy machine.
        allowed = self.lab.limits.check_s * max(1.0, len(contents) / 4)
        with self.session.sandbox_apart() as sandbox, self.session.budget.spend(allowed) as seconds:
            return run_suites(
                sandbox,
                test_file,
                contents,
                env=env or {},
                until=until if until is not None else [()] * len(contents),
                timeout_s=seconds,
            )

    def serve(self, app: str, *, env: Mapping[str, str] | None = None) -> httpx.Client:
        """A client of an ASGI app ("main:app") that is served in the sandbox until the client is closed."""
        from autograder.submission.serving import serve

        return serve(self, app, env or {})

    def start(self, command: str, *, env: Mapping[str, str] | None = None) -> Process:
        """A long-lived process, from a line as it stands in a Procfile."""
        from autograder.submission.serving import Process

        self.session.note(called=f"`{command}`", returned="")
        self._processes.append(Process(self.session, command, env or {}))
        return self._processes[-1]

    def exists(self, file: str) -> bool:
        """Whether the workspace has a regular file of that name."""
        staged = self._staged(file)
        if staged is not None:
            return staged.is_file()
        return self.session.sandbox().kind_of(file) == "file"

    def read_bytes(self, file: str) -> bytes:
        """Content of a file in the workspace.

        Raises:
            StudentMissing: it is not there.
            StudentResult: it is larger than 32 MB.
        """
        try:
            staged = self._staged(file)
            with staged.open("rb") if staged else os.fdopen(self.session.sandbox().open_file(file), "rb") as stream:
                content = stream.read(_READ_LIMIT + 1)
        except (StudentMissing, FileNotFoundError) as error:
            raise StudentMissing(f"{file} is not there.", kind="FileNotFoundError", detail=str(error)) from None
        except OSError as error:
            raise StudentResult(f"{file} cannot be read: {error.strerror}.") from None
        if len(content) > _READ_LIMIT:
            raise StudentResult(f"{file} is larger than {_READ_LIMIT >> 20} MB.")
        return content

    def read(self, file: str) -> str:
        """Text of a file in the workspace.

        Raises:
            StudentMissing: it is not there.
            StudentResult: it is too large, or not UTF-8.
        """
        try:
            return self.read_bytes(file).decode("utf-8")
        except UnicodeDecodeError:
            raise StudentResult(f"{file} is not a text in UTF-8.") from None

    def write(self, file: str, content: str | bytes) -> None:
        """Put a file into the workspace.

        Raises:
            StudentResult: student code has left no room for it.
        """
        try:
            with os.fdopen(self.session.sandbox().open_file(file, write=True), "wb") as stream:
                stream.write(_bytes(content))
        except OSError as error:
            raise StudentResult(f"{file} cannot be written beside what your code left: {error.strerror}.") from None

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences for the student about files and cells."""
        cells = [
            f"{file}, cell {fault.cell} did not run to its end: {fault.text}"
            for file, faults in self.session.faults.items()
            for fault in faults
            if fault.kind != "NotImplementedError"
        ]
        return (*self._workspace.notices, *cells)

    @property
    def level(self) -> str:
        """The level of isolation in force."""
        return self._zygote.level

    def close(self) -> None:
        """End all student code."""
        self.session.close()
        for process in self._processes:
            process.close()

    def _staged(self, file: str) -> Path | None:
        """Where a file that was handed in lies, as long as nothing has run beside it: it needs no sandbox to be read.

        Only of these is it certain that their names lead nowhere else.
        """
        return self._workspace.directory / file if self.session.untouched and file in self.lab.submit else None

    def _must_exist(self, file: str) -> None:
        if file in self._workspace.missing and file not in self._live:
            raise StudentMissing(f"{file} is not there yet.", kind="FileNotFoundError")


def _bytes(content: str | bytes) -> bytes:
    return content.encode("utf-8") if isinstance(content, str) else content
