"""Servers in the sandbox: start them, wait for them, speak HTTP with them, stop them."""

from __future__ import annotations

import shlex
import signal
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import httpcore
import httpx

from autograder.errors import StudentCrash, StudentTimeout
from autograder.sandbox.client import Sandbox
from autograder.sandbox.output import Output

if TYPE_CHECKING:
    from autograder.submission.core import Submission

__all__ = ["Process", "serve"]

_POLL_S: Final = 0.02


class Process:
    """A long-lived process in the sandbox, as a platform would start it from a Procfile line."""

    def __init__(self, sandbox: Sandbox, command: str, env: Mapping[str, str]) -> None:
        """Start ``command`` by ``sh -c`` (Python programs named directly start warm)."""
        words = shlex.split(command)
        plain = not any(sign in command for sign in "$`|&;<>()*?~#\\")
        argv = words if plain else ["sh", "-c", f"exec {command}"]
        self._sandbox = sandbox
        self.pid, self._out, self._err = sandbox.run(argv, env=env, folder=sandbox.cell.directory)

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.wait(0) is None

    def wait(self, timeout: float) -> int | None:
        """Exit code (negative: the signal that ended it), or None if it still runs after ``timeout`` seconds."""
        return self._sandbox.wait(self.pid, timeout, self._streams)

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self._sandbox.signal(self.pid, number)

    def stop(self, timeout: float = 5.0) -> int | None:
        """SIGTERM, then after ``timeout`` seconds SIGKILL; its exit code."""
        self.signal(signal.SIGTERM)
        code = self.wait(timeout)
        if code is None:
            self._sandbox.signal(self.pid, signal.SIGKILL, group=True)
            code = self.wait(5.0)
        return code

    def output(self) -> tuple[str, str]:
        """What it wrote to stdout and stderr since the last call."""
        return self._out.take(), self._err.take()

    def listens(self, port: int, *, host: str = "127.0.0.1", within: float = 10.0) -> bool:
        """Whether it accepts connections on a TCP port, now or before ``within`` seconds have passed."""
        return self._until({"family": "tcp", "host": host, "port": port}, within)

    def client(self, port: int, *, host: str = "127.0.0.1", timeout: float = 10.0) -> httpx.Client:
        """An HTTP client of a TCP port in the sandbox."""
        return _client(self._sandbox, {"family": "tcp", "host": host, "port": port}, timeout, lambda: None)

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

    @property
    def _streams(self) -> tuple[Output, Output]:
        return self._out, self._err


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
        out, err = process.output()
        last = (err or out).strip().splitlines()[-1:] or [""]
        process.stop(0.5)
        if code is None:
            raise StudentTimeout(f"The server for {app} did not answer in time.")
        raise StudentCrash(f"The server for {app} ended before it answered: {last[0]}", detail=err[-2000:])
    return _client(process._sandbox, address, submission.lab.limits.check_s, lambda: process.stop(2.0))


def _client(
    sandbox: Sandbox, address: Mapping[str, object], timeout: float, closed: Callable[[], object]
) -> httpx.Client:
    transport = _Transport(lambda: sandbox.connect(**address), closed)
    return httpx.Client(transport=transport, base_url="http://sandbox", timeout=timeout, trust_env=False)


class _Transport(httpx.HTTPTransport):
    """httpx over sockets that were connected inside the sandbox."""

    def __init__(self, connect: Callable[[], socket.socket], closed: Callable[[], object]) -> None:
        super().__init__(trust_env=False)
        self._closed = closed
        # httpx offers no other way to give its transport a network of our own.
        self._pool = httpcore.ConnectionPool(network_backend=_Backend(connect))

    def close(self) -> None:
        super().close()
        self._closed()


class _Backend(httpcore.NetworkBackend):
    def __init__(self, connect: Callable[[], socket.socket]) -> None:
        self._connect = connect

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            return _Stream(self._connect())
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from None


class _Stream(httpcore.NetworkStream):
    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._sock.settimeout(timeout)
        try:
            return self._sock.recv(max_bytes)
        except TimeoutError:
            raise httpcore.ReadTimeout("no answer in time") from None
        except OSError as error:
            raise httpcore.ReadError(str(error)) from None

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._sock.settimeout(timeout)
        try:
            self._sock.sendall(buffer)
        except TimeoutError:
            raise httpcore.WriteTimeout("the server does not read") from None
        except OSError as error:
            raise httpcore.WriteError(str(error)) from None

    def close(self) -> None:
        self._sock.close()

    def get_extra_info(self, info: str) -> Any:
        return None
