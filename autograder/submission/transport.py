"""httpx over sockets that were connected inside a sandbox, for answers that nobody vouches for."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import httpcore
import httpx

from autograder.errors import StudentCrash, StudentTimeout
from autograder.sandbox.output import Output

if TYPE_CHECKING:
    from autograder.submission.session import Session

__all__ = ["client_of"]

_PATIENCE_S: Final = 60.0
"""Seconds that one connection may keep its reader waiting, all in all."""
_MOST_READ: Final = 256 << 20
"""Bytes that are read from one connection."""


def client_of(
    session: Session,
    connect: Callable[[], socket.socket],
    outputs: Sequence[Output],
    timeout: float,
    closed: Callable[[], object] = lambda: None,
) -> httpx.Client:
    """An HTTP client of one server.

    Args:
        session: notes requests and answers.
        connect: makes a connection to the server.
        outputs: what the server prints, to be taken in while the client waits.
        timeout: seconds that the server may take to read, and to write.
        closed: called when the client is closed.
    """
    transport = _Transport(session, lambda: _Stream(connect(), outputs), closed)
    return httpx.Client(transport=transport, base_url="http://sandbox", timeout=timeout, trust_env=False)


class _Transport(httpx.HTTPTransport):
    """httpx with another way to connect, and with errors that say whose they are."""

    def __init__(self, session: Session, connect: Callable[[], _Stream], closed: Callable[[], object]) -> None:
        super().__init__(verify=False, trust_env=False)  # no TLS here, so that no certificates are loaded: 25 ms
        self._session = session
        self._closed = closed
        # httpx offers no other way to give its transport a network of our own.
        self._pool = httpcore.ConnectionPool(network_backend=_Backend(connect))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; a server that does not answer it is the student's."""
        shown = f"{request.method} {request.url.raw_path.decode('ascii', 'replace')}"
        self._session.note(called=shown, returned="")
        try:
            response = super().handle_request(request)
            response.read()
        except httpx.TimeoutException:
            raise StudentTimeout(f"The server did not answer {shown} in time.") from None
        except httpx.RequestError as error:
            raise StudentCrash(f"The server broke off instead of answering {shown}: {error}") from None
        self._session.note(returned=f"status {response.status_code}")
        return response

    def close(self) -> None:
        super().close()
        self._closed()

    def __exit__(self, *_: object) -> None:
        self.close()  # which the parent's own way out would not call


class _Backend(httpcore.NetworkBackend):
    def __init__(self, connect: Callable[[], _Stream]) -> None:
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
            return self._connect()
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from None


class _Stream(httpcore.NetworkStream):
    """A connection; while it waits for the server, what the server prints is taken in, lest it block."""

    def __init__(self, sock: socket.socket, outputs: Sequence[Output]) -> None:
        self._sock = sock
        self._outputs = outputs
        self._patience = _PATIENCE_S
        self._read = 0
        sock.setblocking(False)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        start = time.monotonic()
        try:
            if not self._ready(select.POLLIN, self._patience if timeout is None else min(timeout, self._patience)):
                raise httpcore.ReadTimeout("no answer in time")
            data = self._sock.recv(max_bytes)
        except OSError as error:
            raise httpcore.ReadError(str(error)) from None
        self._patience = max(0.0, self._patience - (time.monotonic() - start))
        self._read += len(data)
        if self._read > _MOST_READ:
            raise httpcore.ReadError("the answer does not end")
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        left = memoryview(buffer)
        try:
            while left:
                if not self._ready(select.POLLOUT, timeout):
                    raise httpcore.WriteTimeout("the server does not read")
                left = left[self._sock.send(left) :]
        except OSError as error:
            raise httpcore.WriteError(str(error)) from None

    def close(self) -> None:
        self._sock.close()

    def get_extra_info(self, info: str) -> Any:
        return None

    def _ready(self, wanted: int, timeout: float | None) -> bool:
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            poll = select.poll()
            poll.register(self._sock, wanted)
            for output in self._outputs:
                if not output.closed:
                    poll.register(output.reader, select.POLLIN)
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            events = dict(poll.poll(None if left is None else left * 1000))
            for output in self._outputs:
                if output.reader in events:
                    output.drain()
            if self._sock.fileno() in events:
                return True
            if left == 0:
                return False
