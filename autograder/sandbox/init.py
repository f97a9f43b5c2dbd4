"""The first process of a sandbox: confine yourself, then start, signal and end the processes of student code.

Messages on the control socket are JSON lines; file descriptors travel beside them. First ``init`` says
``{"ready": true}`` or ``{"failed": reason}``. Then it answers each request ``{"id": n, "op": …}`` by
``{"id": n, …}`` or ``{"id": n, "error": text, "kind": class}``, and tells ``{"exit": pid, "code": n}`` (negative:
ended by that signal) whenever a process that it was asked to start has ended.

=========  =======================================  =====================  =========================================
op         arguments                                descriptors            answer
=========  =======================================  =====================  =========================================
worker     –                                        requests, output       ``pid`` of a new worker (see ``worker``)
run        argv, env, cwd, warm                     stdout, stderr         ``pid``; *warm* forks Python programs
signal     pid, number, group                       –                      –
reset      –                                        –                      every process but this one has been ended
open       path, write                              –                      the open file, as a descriptor
stat       path                                     –                      ``type``: file, folder, other or none
remove     path                                     –                      –
connect    family (unix or tcp), host, port, path   –                      the connected socket, as a descriptor
=========  =======================================  =====================  =========================================

Everything said here is as untrusted as student code: both run as the same user.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import stat
import sys
from collections.abc import Callable
from typing import Any

from autograder.sandbox import _linux, programs, worker
from autograder.sandbox.confine import Cell, confine, seclude

__all__ = ["main"]


def main(cell: Cell, number: int, control: socket.socket) -> None:
    """Serve until the client hangs up."""
    try:
        os.setsid()
        confine(cell, number)
        if sys.platform == "linux":
            # Another user, another life: the kernel forgot with the old one who is to end with whom.
            _linux.die_with_parent(signal.SIGKILL)
            _linux.set_dumpable(False)
    except BaseException as error:
        control.sendall(json.dumps({"failed": f"{type(error).__name__}: {error}"}).encode() + b"\n")
        return
    control.sendall(b'{"ready": true}\n')
    _Init(cell, control).serve()


class _Init:
    def __init__(self, cell: Cell, control: socket.socket) -> None:
        self._cell = cell
        self._control = control
        self._known: set[int] = set()
        self._wake, wake = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(self._wake, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._wakers = (self._wake, wake)

    def serve(self) -> None:
        while True:
            ready, _, _ = select.select([self._control.fileno(), self._wake], [], [])
            if self._wake in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wake, 4096)
                self._bury()
            if self._control.fileno() in ready:
                line, descriptors = self._receive()
                if not line:
                    return
                self._answer(json.loads(line), descriptors)
                for descriptor in descriptors:
                    with contextlib.suppress(OSError):
                        os.close(descriptor)

    def _receive(self) -> tuple[bytes, list[int]]:
        data, descriptors, _, _ = socket.recv_fds(self._control, 1 << 16, 4)
        while data and not data.endswith(b"\n"):
            more, further, _, _ = socket.recv_fds(self._control, 1 << 16, 4)
            data, descriptors = data + more, descriptors + further
            if not more:
                return b"", descriptors
        return data, descriptors

    def _answer(self, request: dict[str, object], descriptors: list[int]) -> None:
        operations: dict[str, Callable[[dict[str, object], list[int]], tuple[dict[str, object], list[int]]]] = {
            "worker": self._worker,
            "run": self._run,
            "signal": self._signal,
            "reset": self._reset,
            "open": self._open,
            "stat": self._stat,
            "remove": self._remove,
            "connect": self._connect,
        }
        answer: dict[str, object]
        sent: list[int] = []
        try:
            answer, sent = operations[str(request["op"])](request, descriptors)
        except Exception as error:
            answer = {"error": str(error), "kind": type(error).__name__}
        line = json.dumps({"id": request["id"], **answer}).encode() + b"\n"
        if sent:
            socket.send_fds(self._control, [line], sent)
        else:
            self._control.sendall(line)
        for descriptor in sent:
            os.close(descriptor)

    def _bury(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self._known:
                self._known.discard(pid)
                self._tell_exit(pid, os.waitstatus_to_exitcode(status))

    def _tell_exit(self, pid: int, code: int) -> None:
        self._control.sendall(json.dumps({"exit": pid, "code": code}).encode() + b"\n")

    def _fork(self, streams: dict[int, int], body: Callable[[], object]) -> int:
        """A child with the given descriptors under the given numbers and no others."""
        pid = os.fork()
        if pid:
            self._known.add(pid)
            return pid
        code = 70
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            if sys.platform == "linux":
                _linux.set_dumpable(True)
            os.setpgid(0, 0)
            for target, source in streams.items():
                os.dup2(source, target)
            os.closerange(max(streams) + 1, 1 << 10)
            code = programs.exit_code(body)
        finally:
            os._exit(code)

    def _worker(self, request: dict[str, object], descriptors: list[int]) -> tuple[dict[str, object], list[int]]:
        requests, output = (_high(descriptor) for descriptor in descriptors)
        cell = self._cell

        def body() -> None:
            worker.serve(3, cell.directory, cell.scratch, lambda folder: seclude(cell, folder))

        pid = self._fork({1: output, 2: output, 3: requests}, body)
        os.close(requests)
        os.close(output)
        return {"pid": pid}, []

    def _run(self, request: dict[str, object], descriptors: list[int]) -> tuple[dict[str, object], list[int]]:
        out, err = (_high(descriptor) for descriptor in descriptors)
        argv, env, folder = request["argv"], request["env"], request["cwd"]
        assert isinstance(argv, list)
        assert isinstance(env, dict)

        def body() -> object:
            os.environ.update(env)
            os.chdir(str(folder))
            if request["warm"] and programs.is_python_program(argv):
                programs.run_program(argv)
                return 0
            try:
                os.execvpe(argv[0], argv, os.environ)
            except OSError as error:
                print(f"{argv[0]}: {error.strerror}", file=sys.stderr)
                return 127

        pid = self._fork({1: out, 2: err}, body)
        os.close(out)
        os.close(err)
        return {"pid": pid}, []

    def _signal(self, request: dict[str, object], descriptors: list[int]) -> tuple[dict[str, object], list[int]]:
        pid, number = int(str(request["pid"])), int(str(request["number"]))
        if request.get("group"):
            os.killpg(pid, number)
        else:
            os.kill(pid, number)
        return {}, []

    def _reset(self, request: dict[str, object], descriptors: list[int]) -> tuple[dict[str, object], list[int]]:
        if os.getpid() == 1:
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)  # everything in this namespace but process 1
        else:
            for pid in list(self._known):
                with contextlib.suppress(OSError):
                    os.killpg(pid, signal.SIGKILL)
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
        for pid in list(self._known):
            _, status = os.waitpid(pid, 0)
            self._known.discard(pid)
            self._tell_exit(pid, os.waitstatus_to_exitcode(status))
        return {}, []

    def _open(self, request: dict[str, object], descriptors: list[int]) -> tuple[dict[str, object], list[int]]:
        path = self._path(request)
        if request["write"]:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            return {}, [os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644)]
        # Where nothing confines this process, a link could lead the grader out of the workspace.
        follow = os.O_NOFOLLOW if self._cell.level == "process" else 0
        return {}, [os.open(path, os.O_RDONLY | os.O_NONBLOCK | follow)]

    def _stat(self, request: dict[str, object], descriptors: list[int]) -> tuple[dict[str, object], list[int]]:
        try:
            mode = os.stat(self._path(request)).st_mode
        except (FileNotFoundError, NotADirectoryError):
            return {"type": "none"}, []
        return {"type": "file" if stat.S_ISREG(mode) else "folder" if stat.S_ISDIR(mode) else "other"}, []

    def _remove(self, request: dict[str, object], descriptors: list[int]) -> tuple[dict[str, object], list[int]]:
        shutil.rmtree(self._path(request), ignore_errors=True)
        return {}, []

    def _path(self, request: dict[str, object]) -> str:
        return os.path.join(self._cell.directory, str(request["path"]))

    def _connect(self, request: dict[str, object], descriptors: list[int]) -> tuple[dict[str, object], list[int]]:
        if request["family"] == "unix":
            sock = socket.socket(socket.AF_UNIX)
            address: Any = self._path(request)
        else:
            sock = socket.socket(socket.AF_INET6 if ":" in str(request["host"]) else socket.AF_INET)
            address = (str(request["host"]), int(str(request["port"])))
        sock.settimeout(2)
        with sock:
            sock.connect(address)
            return {}, [os.dup(sock.fileno())]


def _high(descriptor: int) -> int:
    """A copy well above the numbers that a child is given."""
    import fcntl

    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 64)
