"""The trusted end of one open sandbox: its processes, files, sockets and last word.

Nothing that arrives here is believed: control lines are small JSON, descriptors are checked for what they are, and
every wait has an end. A failure of ours is a :class:`SandboxError`; whatever student code can cause is a
:class:`StudentError`.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import stat
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from autograder.errors import SandboxError, StudentCrash, StudentError, StudentMissing, StudentTimeout
from autograder.sandbox.confine import Cell
from autograder.sandbox.link import Worker
from autograder.sandbox.output import Output

__all__ = ["Sandbox"]

_ANSWER_S: Final = 10.0
_LINE: Final = 1 << 20
_MOST_EXITS: Final = 10_000


class Sandbox:
    """One confined world of processes, files and limits."""

    def __init__(self, fork: Callable[[Cell, int, int], None], cell: Cell) -> None:
        """Use :meth:`Zygote.open`."""
        self.cell = cell
        self._control, control = socket.socketpair()
        self._status, status = socket.socketpair()
        self._control.settimeout(_ANSWER_S)
        self._lines = b""
        self._descriptors: list[int] = []
        self._exits: dict[int, int] = {}
        self._last = 0
        self._verdict: dict[str, Any] | None = None
        with control, status:
            try:
                fork(cell, control.fileno(), status.fileno())
            except SandboxError:
                self._control.close()
                self._status.close()
                raise
        try:
            first = self._line()
        except (StudentError, SandboxError):
            first = None
        if not first or "ready" not in first:
            reason = (first or {}).get("failed") or self._end().get("error", "it ended without a word")
            self.close()
            raise SandboxError(f"the sandbox could not be set up at level {cell.level}: {reason}")

    @property
    def alive(self) -> bool:
        """Whether it still answers."""
        return self._verdict is None

    def worker(self) -> Worker:
        """Start a worker."""
        mine, theirs = socket.socketpair()
        output = Output()
        with theirs, contextlib.ExitStack() as undo:
            undo.callback(mine.close)
            undo.callback(output.close)
            pid = self._started("worker", [theirs.fileno(), output.writer])
            undo.pop_all()
        output.opened()
        return Worker(self, pid, mine, output)

    def run(
        self, argv: Sequence[str], *, env: Mapping[str, str], folder: str, warm: bool = True
    ) -> tuple[int, Output, Output]:
        """Start a program; its process id, and what it writes to stdout and stderr."""
        out, err = Output(), Output()
        request = {"argv": list(argv), "env": dict(env), "cwd": folder, "warm": warm}
        with contextlib.ExitStack() as undo:
            undo.callback(out.close)
            undo.callback(err.close)
            pid = self._started("run", [out.writer, err.writer], **request)
            undo.pop_all()
        out.opened()
        err.opened()
        return pid, out, err

    def wait(self, pid: int, timeout_s: float, outputs: Sequence[Output] = ()) -> int | None:
        """Exit code of a process (negative: the signal that ended it), or None if it still runs."""
        deadline = time.monotonic() + timeout_s
        while pid not in self._exits:
            left = deadline - time.monotonic()
            if b"\n" in self._lines and left > -1:
                self._line(events_only=True)
                continue
            if left <= 0:
                return None
            readable = [output.reader for output in outputs if not output.closed]
            ready = _readable([self._control.fileno(), *readable], left)
            for output in outputs:
                if output.reader in ready:
                    output.drain()
            if self._control.fileno() in ready:
                self._line(events_only=True)
        for output in outputs:
            output.drain()
        return self._exits[pid]

    def signal(self, pid: int, number: int, *, group: bool = False) -> None:
        """Send a signal to a process, or to its whole group."""
        with contextlib.suppress(StudentMissing):
            self._ask("signal", pid=pid, number=number, group=group)

    def reset(self) -> None:
        """End every process of student code; files stay."""
        self._ask("reset")

    def open_file(self, path: str, *, write: bool = False) -> int:
        """A descriptor of a regular file, ``path`` relative to the lab's folder.

        Raises:
            StudentMissing: there is no such file, or it is not a regular one.
        """
        descriptor = self._ask_descriptor("open", path=path, write=write)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise StudentMissing(f"{path} is not a regular file.")
        return descriptor

    def kind_of(self, path: str) -> str:
        """``file``, ``folder``, ``other`` or ``none``."""
        return str(self._ask("stat", path=path)["type"])

    def remove(self, path: str) -> None:
        """Remove a folder with all that is in it, ``path`` relative to the lab's folder, or absolute."""
        self._ask("remove", path=path)

    def connect(self, **address: Any) -> socket.socket:
        """A socket connected to a server in the sandbox: ``family="tcp", host, port`` or ``family="unix", path``.

        Raises:
            ConnectionError: nobody listens there.
        """
        if self.cell.level == "landlock" and address["family"] == "tcp":
            # There the network is the machine's, and nobody in the sandbox may connect to it.
            return _connected(str(address["host"]), int(address["port"]))
        try:
            descriptor = self._ask_descriptor("connect", **address)
        except StudentMissing as error:
            raise ConnectionError(str(error)) from None
        if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise ConnectionError("the sandbox sent something else than a socket")
        return socket.socket(fileno=descriptor)

    def close(self) -> None:
        """End every process of the sandbox and wait until they are gone."""
        self._end()
        self._control.close()
        self._status.close()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _started(self, op: str, descriptors: Sequence[int], **arguments: Any) -> int:
        """Ask for a new process; its number, under which no earlier process is remembered any more."""
        pid = self._ask(op, descriptors, **arguments).get("pid")
        if type(pid) is not int:
            raise self._reason()
        self._exits.pop(pid, None)
        return pid

    def _ask(self, op: str, descriptors: Sequence[int] = (), **arguments: Any) -> dict[str, Any]:
        if self._verdict is not None:
            raise self._reason()
        self._last += 1
        deadline = time.monotonic() + _ANSWER_S
        line = json.dumps({"id": self._last, "op": op, **arguments}).encode() + b"\n"
        try:
            if descriptors:
                socket.send_fds(self._control, [line], list(descriptors))
            else:
                self._control.sendall(line)
        except OSError:
            raise self._reason() from None
        answer = self._line()
        while answer.get("id") != self._last:
            if time.monotonic() > deadline:  # it talks and talks
                raise self._reason()
            answer = self._line()
        if "error" in answer:
            raise StudentMissing(str(answer["error"])[:500], kind=str(answer.get("kind", ""))[:100])
        return answer

    def _ask_descriptor(self, op: str, **arguments: Any) -> int:
        self._close_descriptors()
        self._ask(op, **arguments)
        if not self._descriptors:
            raise self._reason()
        return self._descriptors.pop(0)

    def _close_descriptors(self) -> None:
        while self._descriptors:
            os.close(self._descriptors.pop())

    def _line(self, *, events_only: bool = False) -> dict[str, Any]:
        """The next line; exits are noted on the way. With ``events_only`` returns after one event."""
        deadline = time.monotonic() + _ANSWER_S
        while True:
            while b"\n" not in self._lines:
                try:
                    data, descriptors, _, _ = socket.recv_fds(self._control, 1 << 16, 4)
                except OSError:
                    raise self._reason() from None
                self._descriptors += descriptors
                if not data or len(self._lines) > _LINE or len(self._descriptors) > 1 or time.monotonic() > deadline:
                    raise self._reason()
                self._lines += data
            raw, _, self._lines = self._lines.partition(b"\n")
            try:
                line = json.loads(raw)
                if "exit" not in line:
                    return dict(line)
                self._exits[int(line["exit"])] = int(line["code"])
            except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
                raise self._reason() from None
            if len(self._exits) > _MOST_EXITS:
                raise self._reason()
            if events_only:
                return {}

    def _reason(self) -> StudentError | SandboxError:
        """Why the sandbox ended, as the exception to raise."""
        verdict = self._end()
        match verdict.get("why"):
            case "memory":
                return StudentCrash(
                    f"Your code used more than {self.cell.memory_mb} MB of memory and was stopped.",
                    kind="MemoryError",
                )
            case "timeout":
                return StudentTimeout("Your code used up the time for the whole lab and was stopped.")
            case "setup":
                return SandboxError(f"the sandbox ended: {verdict.get('error')}")
            case "unknown":
                # Student code cannot reach the supervisor, so whatever ended it was not theirs.
                return SandboxError("the sandbox's supervisor ended without a word")
        return StudentCrash("Your code ended the sandbox that it ran in.")

    def _end(self) -> dict[str, Any]:
        """Hang up, and read the supervisor's last word."""
        if self._verdict is None:
            said = b""
            self._verdict = {"why": "unknown"}
            with contextlib.suppress(OSError):
                self._status.shutdown(socket.SHUT_WR)
                self._status.settimeout(_ANSWER_S)
                while not said.endswith(b"\n") and (more := self._status.recv(4096)):
                    said += more
            self._close_descriptors()
            with contextlib.suppress(ValueError):
                self._verdict = dict(json.loads(said))
        return self._verdict


def _connected(host: str, port: int) -> socket.socket:
    try:
        return socket.create_connection((host, port), timeout=_ANSWER_S)
    except OSError as error:
        raise ConnectionError(f"nobody listens on {host}, port {port}: {error}") from None


def _readable(descriptors: Sequence[int], timeout_s: float) -> set[int]:
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    return {descriptor for descriptor, _ in poll.poll(timeout_s * 1000)}
