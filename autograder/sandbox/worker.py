"""The untrusted loop: load the student's files, call into them, answer with plain data.

Runs in a process of its own, forked by ``init``, in which student code may do as it pleases: every answer is
untrusted. Requests and answers are ``wire`` frames on one socket. A request is a dict with ``id`` and ``op``:

=======  ==========================================  ====================================================
op       arguments                                   ``ok``
=======  ==========================================  ====================================================
load     file, skip (cells to leave out)             list of cells that failed, each a description
call     file or handle, name, data, keep            result; with *keep* a list of result and arguments
get      file or handle, name                        the attribute
rewrite  file, folder                                see ``suites.rewritten``
suite    file, folder, files, env                    see ``suites.run_suite``
=======  ==========================================  ====================================================

``data`` is a pickle of ``(args, kwargs)`` made by the grader, in which handles are persistent ids. An answer is
``{"id": n, "ok": value}``, or ``{"id": n, "error": description}`` when student code raised, or
``{"id": n, "missing": name, "has": names}``, or ``{"id": n, "unsendable": why}``. While a notebook loads,
``{"id": n, "cell": k}`` comes before cell *k* runs; while a suite runs, ``{"id": n, "failed": test}`` after each test
that has failed. Output is flushed before each answer.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import os
import pickle
import random
import socket
import sys
import types
from collections.abc import Callable
from typing import Any

from autograder.sandbox import cells, suites, wire

__all__ = ["serve"]


def serve(descriptor: int, directory: str, scratch: str, seclude: Callable[[str], object]) -> None:
    """Answer requests on the socket ``descriptor`` until the grader hangs up; ``seclude`` is for suites."""
    _settle(directory, scratch)
    with socket.socket(fileno=descriptor) as sock:
        worker = _Worker(directory, sock, seclude)
        while True:
            try:
                request = wire.unpack(lambda size: _exactly(sock, size))
            except (EOFError, OSError):
                return
            worker.answer(request)


def _settle(directory: str, scratch: str) -> None:
    """Look like a fresh interpreter that was started in the lab's folder."""
    sys.argv = [""]
    sys.path[:] = [directory, *(path for path in sys.path if path and path != os.getcwd())]
    for name in [name for name in sys.modules if name.partition(".")[0] == "autograder"]:
        del sys.modules[name]
    notebook = types.ModuleType("autograder.notebook", "Stands in for the real one while a lab is graded.")
    notebook.check = lambda *_, **__: None  # type: ignore[attr-defined]
    package = types.ModuleType("autograder")
    package.__path__ = []
    package.notebook = notebook  # type: ignore[attr-defined]
    sys.modules["autograder"] = package
    sys.modules["autograder.notebook"] = notebook
    sys.stdin = io.StringIO()
    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()


def _exactly(sock: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = sock.recv(min(1 << 20, size - len(parts)))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


class _Missing(Exception):
    def __init__(self, name: str, has: list[str]) -> None:
        super().__init__(name)
        self.name = name
        self.has = has


class _Worker:
    def __init__(self, directory: str, sock: socket.socket, seclude: Callable[[str], object]) -> None:
        self._directory = directory
        self._seclude = seclude
        self._sock = sock
        self._modules: dict[str, types.ModuleType] = {}
        self._kept: dict[int, object] = {}
        self._own: dict[str, str] = {}
        self._request = 0

    def answer(self, request: dict[str, Any]) -> None:
        self._request = request["id"]
        operations = {
            "load": self._load,
            "call": self._call,
            "get": self._get,
            "rewrite": self._rewrite,
            "suite": self._suite,
        }
        try:
            reply = {"ok": operations[request["op"]](request)}
        except _Missing as missing:
            reply = {"missing": missing.name, "has": missing.has}
        except wire.WireError as error:
            reply = {"unsendable": str(error)}
        except BaseException as error:
            reply = {"error": cells.describe(error, self._own)}
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(BaseException):
                stream.flush()
        self._send(reply)

    def _send(self, reply: dict[str, Any]) -> None:
        message = {"id": self._request, **reply}
        try:
            frame = wire.pack(message, self._keep)
        except wire.WireError as error:
            frame = wire.pack({"id": self._request, "unsendable": str(error)})
        except BaseException as error:  # an object that fights being looked at
            text = f"it cannot be read ({type(error).__name__})"
            frame = wire.pack({"id": self._request, "unsendable": text})
        with contextlib.suppress(OSError):
            self._sock.sendall(frame)

    def _keep(self, value: object) -> wire.Handle:
        number = len(self._kept) + 1
        self._kept[number] = value
        try:
            text = repr(value)[:400]
        except BaseException:
            text = "<no text>"
        return wire.Handle(number, type(value).__name__[:100], text)

    def _load(self, request: dict[str, Any]) -> list[dict[str, object]]:
        file = request["file"]
        path = os.path.join(self._directory, file)
        name = file.rpartition(".")[0].replace("/", ".")
        self._own[path] = file
        if file.endswith(".ipynb"):
            module = types.ModuleType("__main__")
            sys.modules["__main__"] = module
            self._modules[file] = module
            return cells.run_notebook(path, file, module, request["skip"], self._cell(file))
        for other in _python_files(self._directory):
            self._own.setdefault(other, os.path.relpath(other, self._directory))
        if "." in name:
            importlib.import_module(name.rpartition(".")[0])
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        self._modules[file] = module
        return []

    def _cell(self, file: str) -> Any:
        def started(number: int) -> None:
            self._own[f"{file}, cell {number}"] = f"{file}, cell {number}"
            self._send({"cell": number})

        return started

    def _target(self, request: dict[str, Any]) -> object:
        handle = request.get("handle")
        return self._modules[request["file"]] if handle is None else self._kept[handle]

    def _get(self, request: dict[str, Any]) -> object:
        target, name = self._target(request), request["name"]
        if name is None:
            return target
        try:
            return getattr(target, name)
        except AttributeError:
            raise _Missing(name, _names(target)) from None

    def _call(self, request: dict[str, Any]) -> object:
        function = self._get(request)
        args, kwargs = _Arguments(request["data"], self._kept).load()
        result = function(*args, **kwargs)  # type: ignore[operator]
        return [result, list(args)] if request["keep"] else result

    def _rewrite(self, request: dict[str, Any]) -> object:
        return suites.rewritten(self._directory, request["folder"], request["file"])

    def _suite(self, request: dict[str, Any]) -> object:
        folder, files, env = request["folder"], request["files"], request["env"]
        return suites.run_suite(
            self._directory,
            folder,
            request["file"],
            files,
            env,
            self._seclude,
            lambda test: self._send({"failed": test}),
        )


class _Arguments(pickle.Unpickler):
    """Arguments from the grader; a persistent id names an object kept here."""

    def __init__(self, data: bytes, kept: dict[int, object]) -> None:
        super().__init__(io.BytesIO(data))
        self._kept = kept

    def persistent_load(self, pid: object) -> object:
        assert isinstance(pid, int)
        return self._kept[pid]


def _names(target: object) -> list[str]:
    try:
        return sorted(name for name in vars(target) if isinstance(name, str) and not name.startswith("_"))[:200]
    except TypeError:
        return []


def _python_files(directory: str) -> list[str]:
    found = []
    for folder, folders, files in os.walk(directory):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [os.path.join(folder, name) for name in files if name.endswith(".py")]
    return found[:500]
