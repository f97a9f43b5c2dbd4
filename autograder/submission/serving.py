"""Servers in the sandbox: start them, wait for them, look at them, stop them."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from autograder.errors import GraderError, StudentCrash, StudentMissing, StudentTimeout
from autograder.sandbox.box import Sandbox
from autograder.sandbox.output import Output
from autograder.submission.transport import client_of

if TYPE_CHECKING:
    import httpx

    from autograder.submission.core import Submission
    from autograder.submission.session import Session

__all__ = ["Process", "free_port", "serve"]

_POLL_S: Final = 0.02
_ELSEWHERE_S: Final = 3.0
"""After so long, a process that listens on other addresses only is not waited for any more."""
_MOST_PROCESSES: Final = 256
_MORE_THAN_WORDS: Final = frozenset("`|&;<>()\n")
_NEEDS_SHELL: Final = frozenset("$*?[~#\\")
_COPIES: Final = ("--reload", "--workers")
_ASSIGNMENT: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_EXCEPTION: Final = re.compile(r"([A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt))(?:: .*)?")
_LISTEN: Final = "0A"


class Process:
    """A long-lived process in the sandbox, as a platform would start it from a Procfile line."""

    def __init__(
        self, session: Session, command: str, env: Mapping[str, str], *, folder: str = "", warm: bool = True
    ) -> None:
        """Start ``command`` as ``sh -c`` would.

        Args:
            session: has the sandbox to start it in.
            command: a line for the shell. If all it does is start one Python program, the program starts warm.
            env: added to the environment.
            folder: its working directory, relative to the lab's folder.
            warm: False for an interpreter of its own, which heeds ``PYTHON*`` variables and takes a second.
        """
        sandbox = session.sandbox()
        where = os.path.normpath(os.path.join(sandbox.cell.directory, folder))
        program = _python_program(sandbox, command, env, where) if warm else None
        argv, own = program or (["sh", "-c", command], {})
        self._session = session
        self._sandbox = sandbox
        self._command = command
        self._before = set(self.listening())
        self.pid, self._out, self._err = sandbox.run(argv, env={**env, **own}, folder=where, warm=warm)

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.wait(0) is None

    def wait(self, timeout: float) -> int | None:
        """Exit code (negative: the signal that ended it), or None if it still runs after ``timeout`` seconds."""
        return self._sandbox.wait(self.pid, timeout, self._streams)

    def signal(self, number: int) -> None:
        """Send a signal to it and to the processes that it has started, as platforms do."""
        self._sandbox.signal(self.pid, number, group=True)

    def stop(self, timeout: float = 5.0) -> int | None:
        """SIGTERM, after ``timeout`` seconds SIGKILL to whatever is left of it; its exit code."""
        code = self.wait(0)
        if code is None:
            self.signal(signal.SIGTERM)
            code = self.wait(timeout)
        self.signal(signal.SIGKILL)
        if code is None:
            code = self.wait(5.0)
        self.close()
        return code

    def close(self) -> None:
        """Stop listening to what it prints; what it has printed so far is kept."""
        for output in self._streams:
            output.drain()
            output.close()

    def output(self) -> tuple[str, str]:
        """What it wrote to stdout and stderr since the last call."""
        return self._out.take(), self._err.take()

    def commands(self) -> list[list[str]]:
        """The command lines of the processes below it; empty where the system has no /proc."""
        found: list[list[str]] = []
        todo = self._children(self.pid)
        while todo and len(found) < _MOST_PROCESSES:
            pid = todo.pop(0)
            found.append(_read(self._sandbox, f"/proc/{pid}/cmdline").rstrip("\0").split("\0"))
            todo += self._children(pid)
        return found

    def listening(self) -> list[tuple[str, int]]:
        """Host and port of each TCP address that somebody in the sandbox listens on.

        Below level ``kernel`` these are all of the machine's. Empty where the system has no /proc.
        """
        return sorted(
            address
            for name in ("tcp", "tcp6")
            for line in _read(self._sandbox, f"/proc/net/{name}").splitlines()[1:]
            if (address := _listening(line.split())) is not None
        )

    def ready(self, port: int, *, within: float = 60.0) -> None:
        """Wait until it accepts connections on a TCP port.

        Raises:
            StudentCrash: it ended instead; ``kind`` is the exception that ended it, if it shows one.
            StudentTimeout: it did not in time, or has settled on other addresses.
        """
        start = time.monotonic()
        settled = start
        while not self.listens(port, within=0.2):
            now = time.monotonic()
            if (code := self.wait(0)) is not None:
                ending = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
                raise self._crash(f"`{self._command}` {ending} before anybody could connect to port {port}")
            # Below level kernel other programs of the machine come and go, too.
            new = set(self.listening()) - self._before if self._sandbox.cell.level == "kernel" else set()
            settled = settled if new else now
            if now - settled > _ELSEWHERE_S:
                found = ", ".join(f"[{host}]:{number}" if ":" in host else f"{host}:{number}" for host, number in new)
                raise StudentTimeout(f"`{self._command}` listens on {found}, and nobody can connect to port {port}.")
            if now - start > within:
                raise StudentTimeout(f"`{self._command}` did not listen on port {port} within {within:g} seconds.")

    def listens(self, port: int, *, host: str = "127.0.0.1", within: float = 10.0) -> bool:
        """Whether it accepts connections on a TCP port, now or before ``within`` seconds have passed."""
        return self._until(self._tcp(host, port), within)

    def connect(self, port: int, *, host: str = "127.0.0.1") -> socket.socket:
        """A connection to a TCP port in the sandbox.

        Raises:
            ConnectionError: nobody listens there.
        """
        return self._sandbox.connect(**self._tcp(host, port))

    def client(self, port: int, *, host: str = "127.0.0.1", timeout: float = 10.0) -> httpx.Client:
        """An HTTP client of a TCP port in the sandbox.

        Its requests raise :class:`StudentTimeout` or :class:`StudentCrash` where the server does not answer.
        """
        address = self._tcp(host, port)
        return client_of(self._session, lambda: self._sandbox.connect(**address), self._streams, timeout)

    def _until(self, address: Mapping[str, object], within: float) -> bool:
        deadline = time.monotonic() + within
        while True:
            try:
                self._sandbox.connect(**address).close()
            except ConnectionError:
                if time.monotonic() > deadline or self.wait(_POLL_S) is not None:
                    return False
            else:
                return True

    def _crash(self, what: str) -> StudentCrash:
        """It has ended, which ``what`` says; its last line says why, and perhaps with which exception."""
        out, err = self.output()
        last = ((err.strip() or out.strip()).splitlines() or [""])[-1].strip()[:300]
        match = _EXCEPTION.fullmatch(last)
        kind = match[1].rpartition(".")[2] if match else ""
        return StudentCrash(f"{what}: {last}" if last else f"{what}.", kind=kind, detail=err[-2000:])

    def _tcp(self, host: str, port: int) -> dict[str, object]:
        if not self._sandbox.cell.listens:
            raise GraderError("this lab's student code may open no TCP port: add `listens = true` to its lab.toml")
        return {"family": "tcp", "host": host, "port": port}

    def _children(self, pid: int) -> list[int]:
        words = _read(self._sandbox, f"/proc/{pid}/task/{pid}/children").split()
        return [int(word) for word in words if word.isdigit()]

    @property
    def _streams(self) -> tuple[Output, Output]:
        return self._out, self._err


def free_port() -> int:
    """A TCP port that nobody uses on this machine, nor in a sandbox with a network of its own that just began."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def serve(submission: Submission, app: str, env: Mapping[str, str]) -> httpx.Client:
    """A client of ``app`` ("main:app"), served by uvicorn over a Unix socket until the client is closed.

    Raises:
        StudentCrash: the server ended before it answered.
        StudentTimeout: it did not answer in time.
    """
    path = "/tmp/serve.sock" if submission.level == "kernel" else "serve.sock"
    command = f"python -m uvicorn {shlex.quote(app)} --uds {path} --log-level warning"
    process = submission.start(command, env=env)
    address = {"family": "unix", "path": path}
    if not process._until(address, submission.lab.limits.check_s):
        code = process.wait(0)
        crash = None if code is None else process._crash(f"The server for {app} ended before it answered")
        process.stop(0.5)
        raise crash or StudentTimeout(f"The server for {app} did not answer in time.")

    def closed() -> None:
        process.stop(2.0)
        submission.session.note(printed="".join(process.output()))

    def connect() -> socket.socket:
        return process._sandbox.connect(**address)

    return client_of(submission.session, connect, process._streams, submission.lab.limits.check_s, closed)


def _python_program(
    sandbox: Sandbox, command: str, env: Mapping[str, str], folder: str
) -> tuple[list[str], dict[str, str]] | None:
    """Arguments and environment of the one Python program that a line starts; None if the line does anything else.

    The sandbox's own shell expands variables and patterns.
    """
    if not _MORE_THAN_WORDS.isdisjoint(command):
        return None
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    if not _NEEDS_SHELL.isdisjoint(command):
        words = _expanded(sandbox, command, env, folder)
    own: dict[str, str] = {}
    while words and (match := _ASSIGNMENT.fullmatch(words[0])):
        own[match[1]] = match[2]
        words = words[1:]
    if words[:1] == ["exec"]:
        words = words[1:]
    ours = bool(words) and "/" not in words[0] and os.path.isfile(f"{sys.prefix}/bin/{words[0]}")
    # A warm interpreter is past the point where it would have heeded PYTHON* variables, and starts no copies of itself.
    cold = any(name.startswith("PYTHON") for name in own) or any(word.startswith(_COPIES) for word in words)
    return (words, own) if ours and not cold else None


def _expanded(sandbox: Sandbox, command: str, env: Mapping[str, str], folder: str) -> list[str]:
    pid, out, err = sandbox.run(["sh", "-c", f"printf '%s\\0' {command}"], env=env, folder=folder)
    code = sandbox.wait(pid, 5.0, (out, err))
    said = out.take()
    out.close()
    err.close()
    return said.split("\0")[:-1] if code == 0 else []


def _read(sandbox: Sandbox, path: str) -> str:
    """Text of a file of the system; empty if there is none."""
    try:
        with os.fdopen(sandbox.open_file(path), "rb") as file:
            return file.read(1 << 20).decode("utf-8", "replace")
    except (StudentMissing, OSError):
        return ""


def _listening(fields: Sequence[str]) -> tuple[str, int] | None:
    """Host and port of a line of /proc/net/tcp or tcp6, if somebody listens there."""
    try:
        (host, port), state = fields[1].split(":"), fields[3]
        packed = b"".join(bytes.fromhex(host[i : i + 8])[::-1] for i in range(0, len(host), 8))
        family = socket.AF_INET if len(packed) == 4 else socket.AF_INET6
        return (socket.inet_ntop(family, packed), int(port, 16)) if state == _LISTEN else None
    except (ValueError, IndexError):
        return None
