"""The trusted end of a worker's socket: ask, listen, and end it.

Nothing that arrives here is believed: frames are decoded by ``wire``, and every wait has an end. Whatever student code
can cause is a :class:`StudentError`.
"""

from __future__ import annotations

import contextlib
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Protocol

from autograder.errors import SandboxError, StudentCrash, StudentError, StudentTimeout
from autograder.sandbox import wire
from autograder.sandbox.output import Output

__all__ = ["Worker"]

_MOST_CELLS: Final = 10_000


class _Home(Protocol):
    """The sandbox that a worker runs in."""

    @property
    def alive(self) -> bool: ...
    def signal(self, pid: int, number: int, *, group: bool = False) -> None: ...
    def wait(self, pid: int, timeout_s: float) -> int | None: ...


class Worker:
    """A process that has loaded the student's files and answers calls."""

    def __init__(self, sandbox: _Home, pid: int, sock: socket.socket, output: Output) -> None:
        """Use :meth:`Sandbox.worker`."""
        self.sandbox = sandbox
        self.output = output
        self.pid = pid
        self._sock = sock
        self._sock.setblocking(False)
        self._requests = 0
        self._allowed = self._deadline = 0.0
        self._dead = False

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return not self._dead

    def ask(
        self,
        request: Mapping[str, object],
        timeout_s: float,
        event: Callable[[dict[str, Any]], float | None] | None = None,
    ) -> dict[str, Any]:
        """The answer to ``request``.

        Args:
            request: ``op`` and its arguments.
            timeout_s: how long student code may take.
            event: told of each cell that starts; may return new seconds to wait from then on.

        Raises:
            StudentTimeout: no answer in time. The worker has been ended.
            StudentCrash: the process ended, or answered in a way that no worker does.
        """
        self.begin(request, timeout_s)
        reached = 0
        while "cell" in (answer := self.listen()) and event is not None:
            # Cells start one after the other: whoever says otherwise wants more time.
            if type(answer["cell"]) is not int or not reached < answer["cell"] <= _MOST_CELLS:
                raise self._unreadable("a cell out of order")
            reached = answer["cell"]
            try:
                longer = event(answer)
            except StudentTimeout:
                self.close()
                raise
            if longer is not None:
                self._deadline = time.monotonic() + longer
        return answer

    def begin(self, request: Mapping[str, object], timeout_s: float) -> None:
        """Send a request whose answer :meth:`listen` will bring; the arguments and errors are those of :meth:`ask`."""
        self._requests += 1
        self._allowed = timeout_s
        self._deadline = time.monotonic() + timeout_s
        with self._errors():
            self._write(wire.pack({"id": self._requests, **request}))

    def listen(self) -> dict[str, Any]:
        """What the worker says next about the last request; the errors are those of :meth:`ask`."""
        with self._errors():
            answer = wire.unpack(self._read)
            number = answer.get("id") if isinstance(answer, dict) else None
            if type(number) is not int or number != self._requests:
                raise wire.WireError("an answer to another question")
            self.output.drain()
            return dict(answer)

    def fileno(self) -> int:
        """The descriptor that is readable when there is something to listen to."""
        return self._sock.fileno()

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except TimeoutError:
            self.close()
            raise StudentTimeout(f"Your code did not answer within {round(self._allowed, 1):g} seconds.") from None
        except (EOFError, ConnectionError):
            raise self._died() from None
        except wire.WireError as error:
            raise self._unreadable(str(error)) from None

    def _unreadable(self, why: str) -> StudentCrash:
        self.close()
        return StudentCrash(f"Your code answered in a way that cannot be read: {why}.")

    def close(self) -> None:
        """End the process and all that it started."""
        if self._dead:
            return
        self._dead = True
        if self.sandbox.alive:
            with contextlib.suppress(StudentError, SandboxError):
                self.sandbox.signal(self.pid, signal.SIGKILL, group=True)
        self.output.drain()
        self.output.close()
        self._sock.close()

    def _died(self) -> StudentError | SandboxError:
        self._dead = True
        self.output.drain()
        try:
            code = self.sandbox.wait(self.pid, 2.0)
        except (StudentError, SandboxError) as error:
            return error
        finally:
            self.output.close()
            self._sock.close()
        if code is None:
            return StudentCrash("Your code closed its connection to the grader.")
        if code >= 0:
            return StudentCrash(f"Your code ended Python (exit code {code}) instead of returning.", kind="SystemExit")
        name = signal.Signals(-code).name if -code in {int(number) for number in signal.Signals} else str(-code)
        if -code == signal.SIGXCPU:
            return StudentTimeout("Your code used up its processor time and was stopped.")
        return StudentCrash(f"Your code's process was ended by {name}.", kind=name)

    def _read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            self._wait(select.POLLIN)
            with contextlib.suppress(BlockingIOError):
                part = self._sock.recv(min(1 << 20, size - len(data)))
                if not part:
                    raise EOFError
                data += part
        return bytes(data)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            self._wait(select.POLLOUT)
            with contextlib.suppress(BlockingIOError):
                view = view[self._sock.send(view[: 1 << 20]) :]

    def _wait(self, wanted: int) -> None:
        """Until the socket is ready; what student code prints meanwhile is taken in."""
        poll = select.poll()
        poll.register(self._sock, wanted)
        if not self.output.closed:
            poll.register(self.output.reader, select.POLLIN)
        while True:
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            events = dict(poll.poll(left * 1000))
            if self.output.reader in events:
                self.output.drain()
                if self.output.closed:
                    poll.unregister(self.output.reader)
            if self._sock.fileno() in events:
                return
