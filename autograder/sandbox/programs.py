"""Run a Python program in an interpreter that is already warm, as a cold start would have run it.

Also for the Python programs that a program starts in turn: after :func:`offer_python` the ``python`` on PATH is a
small script that sends a request over a Unix socket to a fork of this very process, and is answered by the exit
code, as one line. A request is its length in 8 bytes, with the three standard streams as descriptors beside it, and
then, each ended by a zero byte: the folder, the number of arguments, the arguments, the environment's entries.
"""

from __future__ import annotations

import atexit
import builtins
import contextlib
import io
import os
import runpy
import select
import shutil
import signal
import socket
import sys
import threading
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NoReturn

__all__ = ["WarmProgram", "exit_code", "is_python_program", "offer_python", "run_program"]

_INTERPRETERS = {"python", "python3", sys.executable}
_SHIM: Final = """\
#!{python} -ISE
import _socket, os, sys  # and no more than that: each import costs milliseconds
args = sys.argv[1:]
if not args or (args[0].startswith("-") and args[0] != "-m"):
    os.execv({python!r}, ["python", *args])
env = (name + b"=" + value for name, value in os.environb.items())
fields = [os.getcwdb(), b"%d" % len(args), *map(os.fsencode, args), *env]
data = b"".join(field + bytes(1) for field in fields)
streams = b"".join(number.to_bytes(4, sys.byteorder) for number in (0, 1, 2))
sock = _socket.socket(_socket.AF_UNIX)
sock.connect({address!r})
sock.sendmsg([len(data).to_bytes(8, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
sock.sendall(data)
code = int(sock.recv(16) or 70)
if code < 0:
    import signal
    if code == -signal.SIGINT:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
sys.exit(code)
"""


def is_python_program(argv: Sequence[str]) -> bool:
    """Whether ``argv`` is ``python script.py …``, ``python -m module …`` or a console script of this Python."""
    if argv[0] in _INTERPRETERS:
        return len(argv) > 1 and (argv[1] == "-m" or not argv[1].startswith("-"))
    return _console_script(argv[0]) is not None


def run_program(argv: Sequence[str]) -> None:
    """Run the program as ``__main__`` and then what it registered for its end.

    Raises:
        SystemExit: as the program does.
    """
    if os.environ.get("PYTHONUNBUFFERED"):
        _unbuffer()
    processes = sys.modules.get("multiprocessing.process")
    if processes is not None:  # it keeps the folder of its import, where the processes that it spawns look for modules
        vars(processes)["ORIGINAL_DIR"] = os.getcwd()
    try:
        if argv[0] not in _INTERPRETERS:
            script = _console_script(argv[0])
            assert script is not None
            _run_file(script, argv)
        elif argv[1] == "-m":
            sys.argv = list(argv[2:])
            sys.path.insert(0, os.getcwd())
            runpy.run_module(argv[2], run_name="__main__", alter_sys=True)
        else:
            _run_file(argv[1], argv[1:])
    finally:
        with contextlib.suppress(Exception):
            threading._shutdown()  # type: ignore[attr-defined]
            atexit._run_exitfuncs()


def exit_code(body: Callable[[], object]) -> int:
    """Run ``body`` as Python runs a program, down to the exit code."""
    try:
        result = body()
        code = result if isinstance(result, int) else 0
    except SystemExit as stop:
        if stop.code is not None and not isinstance(stop.code, int):
            print(stop.code, file=sys.stderr)
        code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException as error:
        _print_exception(error)
        code = 1
        if isinstance(error, KeyboardInterrupt):  # ends as the signal would have ended it
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGINT)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    return code & 0xFF


def offer_python(folder: str) -> None:
    """Make ``python`` and ``python3`` start as warm as this process is, for all that it starts from now on.

    To be called before the first thread is started, and before anything is loaded that those programs should not
    find loaded. What they cannot do warm (``python -c``) they do cold. It ends with this process.

    Args:
        folder: where to put them; put first on PATH. Its path must be short enough for a Unix socket.
    """
    os.makedirs(folder)
    address = _address(folder)
    ending, alive = os.pipe()  # `alive` stays open, and with this process alone, until its end
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(64)
        if os.fork() == 0:
            os.close(alive)
            _serve_python(listener, ending)
    os.close(ending)
    for name in ("python", "python3"):
        with open(os.path.join(folder, name), "w") as file:
            file.write(_SHIM.format(python=sys.executable, address=address))
        os.chmod(file.name, 0o755)
    os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"


class WarmProgram:
    """A Python program that runs as warm as those do that :func:`offer_python` offers, without the script between."""

    def __init__(self, folder: str, argv: Sequence[str], cwd: str, env: Mapping[str, str] | None = None) -> None:
        """Start it; its standard streams are those of this process.

        Args:
            folder: what was given to :func:`offer_python`.
            argv: ``script.py`` or ``-m module``, and arguments.
            cwd: where to run it.
            env: its environment; that of this process if None.
        """
        environment = (f"{name}={value}" for name, value in (os.environ if env is None else env).items())
        fields = [cwd, str(len(argv)), *argv, *environment]
        data = b"".join(os.fsencode(field) + bytes(1) for field in fields)
        self._sock = socket.socket(socket.AF_UNIX)
        self._sock.connect(_address(folder))
        socket.send_fds(self._sock, [len(data).to_bytes(8, "big")], [0, 1, 2])
        self._sock.sendall(data)

    def wait(self) -> int:
        """Its exit code, when it has ended; negative: the signal that ended it. An exception in here ends it, too.

        Where no number is answered, because the program or another one took over the socket, it is 70.
        """
        with self._sock, contextlib.suppress(ValueError):
            return int(self._sock.recv(16))
        return 70


def _address(folder: str) -> str:
    return os.path.join(folder, "socket")


def _serve_python(listener: socket.socket, ending: int) -> NoReturn:
    """Run a program for each request until the process that wanted this has ended."""
    try:
        with contextlib.suppress(ValueError):
            sys.path.remove(os.path.dirname(os.path.abspath(sys.argv[0])))  # who starts a program is not its library
        wake, woken = os.pipe()
        os.set_blocking(woken, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(woken)
        clients: dict[int, socket.socket] = {}
        while True:
            waiting = {sock.fileno(): pid for pid, sock in clients.items()}
            ready = select.select([listener.fileno(), ending, wake, *waiting], [], [])[0]
            if ending in ready:
                os._exit(0)
            if wake in ready:
                os.read(wake, 512)
            for pid in [waiting[number] for number in ready if number in waiting]:
                os.kill(pid, signal.SIGKILL)  # whoever waited for it was ended
                clients.pop(pid).close()
            if listener.fileno() in ready:
                sock, _ = listener.accept()
                pid = _start(sock)
                clients[pid] = sock
            _tell_ends(clients)
    finally:
        os._exit(0)


def _start(sock: socket.socket) -> int:
    head, streams, _, _ = socket.recv_fds(sock, 8, 3)
    data = b""
    while len(data) < int.from_bytes(head, "big") and (more := sock.recv(1 << 16)):
        data += more
    pid = os.fork()
    if pid == 0:
        _become(data, streams)
    for stream in streams:
        os.close(stream)
    return pid


def _tell_ends(clients: dict[int, socket.socket]) -> None:
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            sock = clients.pop(ended[0], None)
            if sock is not None:
                with sock, contextlib.suppress(OSError):
                    sock.sendall(b"%d\n" % os.waitstatus_to_exitcode(ended[1]))


def _become(request: bytes, streams: Sequence[int]) -> NoReturn:
    code = 70
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        folder, count, *rest = request.removesuffix(b"\0").split(b"\0")
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        os.closerange(3, 1 << 10)
        os.chdir(folder)
        os.environb.clear()
        os.environb.update({name: value for name, _, value in (entry.partition(b"=") for entry in rest[int(count) :])})
        argv = ["python", *map(os.fsdecode, rest[: int(count)])]
        code = exit_code(lambda: run_program(argv))
    finally:
        os._exit(code)


def _print_exception(error: BaseException) -> None:
    """As the interpreter does it, from the program's own first line on."""
    ours = os.path.dirname(os.path.abspath(__file__))
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not file.startswith(ours) and "runpy" not in file:
            break
        trace = trace.tb_next
    sys.excepthook(type(error), error.with_traceback(trace), trace)


def _unbuffer() -> None:
    for number, name in ((1, "stdout"), (2, "stderr")):
        raw, old = io.FileIO(number, "w", closefd=False), getattr(sys, name)
        new = io.TextIOWrapper(raw, encoding=old.encoding, errors=old.errors, write_through=True)
        setattr(sys, name, new)
        setattr(sys, f"__{name}__", new)


def _run_file(path: str, argv: Sequence[str]) -> None:
    if not os.path.exists(path):
        print(f"python: can't open file {os.path.abspath(path)!r}: [Errno 2] No such file", file=sys.stderr)
        raise SystemExit(2)
    sys.argv = list(argv)
    absolute = os.path.abspath(path)
    sys.path.insert(0, os.path.dirname(absolute))
    # Not runpy.run_path: it changes argv[0], and its __main__ is gone when threads and exit functions run.
    main = types.ModuleType("__main__")
    main.__dict__.update(__file__=absolute, __builtins__=builtins)
    sys.modules["__main__"] = main
    with open(absolute, "rb") as file:
        code = compile(file.read(), absolute, "exec")
    exec(code, main.__dict__)


def _console_script(name: str) -> str | None:
    path = shutil.which(name)
    if path is None or os.path.dirname(os.path.realpath(path)) != os.path.realpath(f"{sys.prefix}/bin"):
        return None
    with open(path, "rb") as file:
        first = file.readline(300)
    return path if first.startswith(b"#!") and b"python" in first else None
