"""The trusted side of the zygote: start it, ask it for sandboxes, end it. A failure of ours is a SandboxError."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Final

from autograder.errors import SandboxError
from autograder.sandbox.box import Sandbox
from autograder.sandbox.confine import Cell

__all__ = ["LEVELS", "Shared", "Zygote"]

LEVELS: Final = ("process", "landlock", "kernel")
"""Levels of isolation, weakest first."""
_START_S: Final = 120.0
_ENVIRONMENT: Final = {
    "HOME": "/nonexistent",
    "LANG": "C.UTF-8",
    "MKL_NUM_THREADS": "1",
    "MPLBACKEND": "Agg",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


Shared = tuple[socket.socket, dict[str, Any]]
"""The way to a zygote, and what it offers."""


class Zygote:
    """A process that has imported what labs need and forks a sandbox in milliseconds."""

    def __init__(
        self, preload: Sequence[str] = (), *, level: str | None = None, eager: bool = True, hash_seed: int = 0
    ) -> None:
        """Start it; the import goes on in the background until the first sandbox is opened.

        Args:
            preload: modules to import once.
            level: the highest level of isolation to use; the best that the machine offers if not given.
            eager: whether to start at once, rather than when the first sandbox is opened.
            hash_seed: ``PYTHONHASHSEED`` of all student code; fixed, so that a verdict can be had again.
        """
        self._preload = tuple(preload)
        self._ceiling = level
        self._hash_seed = hash_seed
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the zygote lives
        self._offer: dict[str, Any] | None = None
        if eager:
            self._start()

    @property
    def level(self) -> str:
        """The level of isolation in force; waits until the zygote is ready."""
        best = str(self._ready()["level"])
        if self._ceiling is None:
            return best
        return min(best, self._ceiling, key=LEVELS.index)

    @property
    def reasons(self) -> Mapping[str, str]:
        """Level → why it does not work here; empty where it does."""
        return dict(self._ready()["reasons"])

    def open(self, cell: Cell) -> Sandbox:
        """Fork a sandbox and wait until it is confined.

        Raises:
            SandboxError: it could not be started as asked.
        """
        self._ready()
        return Sandbox(self._fork, replace(cell, level=self.level))

    def share(self) -> Shared:
        """What another process of ours needs to :meth:`join`; waits until the zygote is ready.

        It can be sent to a process that multiprocessing starts; the socket in it is the caller's to close. The zygote
        still ends with this object.
        """
        offer = self._ready()
        assert self._control is not None
        return self._control.dup(), offer

    @classmethod
    def join(cls, shared: Shared) -> Zygote:
        """A zygote that another process has started; closing it closes the socket in ``shared``.

        It forks for whoever asks, one after the other.
        """
        zygote = cls(eager=False)
        zygote._control, zygote._offer = shared
        return zygote

    def close(self) -> None:
        """End the zygote. Sandboxes that are open end with their own clients."""
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._errors.close()

    def __enter__(self) -> Zygote:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> socket.socket:
        control, theirs = socket.socketpair()
        package_root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        # Neither the caller's working directory nor its user's packages decide what is imported. Its environment
        # does not come along, so that -E (or -I) is not needed: that would ignore PYTHONHASHSEED as well.
        # This package and no other checkout's is imported, yet what lies beside it hides none of Python's modules.
        start = (
            f"import sys; sys.path.insert(0, {package_root!r}); import autograder; sys.path.append(sys.path.pop(0)); "
            "from autograder.sandbox.zygote import main; main()"
        )
        command = [sys.executable, "-s", "-P", "-c", start, str(theirs.fileno()), json.dumps(self._preload)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            pass_fds=[theirs.fileno()],
            env={
                **_ENVIRONMENT,
                "PATH": os.environ.get("PATH", os.defpath),
                "PYTHONHASHSEED": str(self._hash_seed),
            },
            start_new_session=True,
        )
        theirs.close()
        self._control = control
        return control

    def _fork(self, cell: Cell, control: int, status: int) -> None:
        assert self._control is not None
        line = json.dumps(asdict(cell)).encode() + b"\n"
        try:
            socket.send_fds(self._control, [line], [control, status])
        except OSError as error:
            raise SandboxError(f"the zygote is gone: {error}{self._last_words()}") from None

    def _ready(self) -> dict[str, Any]:
        if self._offer is None:
            control = self._control or self._start()
            control.settimeout(_START_S)
            line = b""
            with contextlib.suppress(OSError):
                while not line.endswith(b"\n") and (more := control.recv(1 << 16)):
                    line += more
            if not line.endswith(b"\n"):
                raise SandboxError(f"the zygote did not start{self._last_words()}")
            control.settimeout(None)
            self._offer = json.loads(line)
        assert self._offer is not None
        return self._offer

    def _last_words(self) -> str:
        self._errors.seek(0)
        text = self._errors.read(1 << 16).decode("utf-8", "replace").strip()
        return f"\n{text[-2000:]}" if text else ""
