"""Run a Python program in an interpreter that is already warm, as a cold start would have run it."""

from __future__ import annotations

import atexit
import builtins
import contextlib
import os
import runpy
import shutil
import sys
import threading
import types
from collections.abc import Sequence

__all__ = ["is_python_program", "run_program"]

_INTERPRETERS = {"python", "python3", sys.executable}


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
