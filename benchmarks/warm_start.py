"""What a warm start costs, and its floor: a bare fork of the same zygote that confines nothing.

One warm start is: fork, confine, import a student's file that uses
pandas and scikit-learn, return the first result. One bare fork does the same work without a sandbox around it. Both
are timed by turns in the same run, so a busy machine slows both.
"""

from __future__ import annotations

import importlib
import os
import pickle
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from autograder.sandbox.client import LEVELS, Zygote
from autograder.sandbox.confine import Cell

__all__ = ["compare"]

PRELOAD = ("pandas", "sklearn.linear_model", "sklearn.model_selection", "sklearn.pipeline", "sklearn.preprocessing")
WORK = """
import pandas as pd
from sklearn.linear_model import LogisticRegression


def run():
    table = pd.DataFrame({"x": range(60), "y": [0, 1] * 30})
    model = LogisticRegression().fit(table[["x"]], table["y"])
    return float(model.score(table[["x"]], table["y"]))
"""
NOTHING = pickle.dumps(((), {}))


def compare(runs: int) -> dict[str, list[float]]:
    """Way → milliseconds of each run; the floor first, then the levels of isolation that this machine offers."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        (root / "labs" / "lab").mkdir(parents=True)
        (root / "labs" / "lab" / "work.py").write_text(WORK)
        os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
        zygotes = {level: Zygote(PRELOAD, level=level) for level in reversed(LEVELS)}
        ways: dict[str, Callable[[], float]] = {"bare fork": BareFork(root / "labs" / "lab" / "work.py")}
        for level, zygote in zygotes.items():
            if zygote.level == level:
                ways[level] = warm_start(zygote, str(root))
        times = measure(ways, runs)
        for zygote in zygotes.values():
            zygote.close()
    return times


def measure(ways: dict[str, Callable[[], float]], runs: int) -> dict[str, list[float]]:
    """Milliseconds of each way, by turns, after two rounds that do not count."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(runs + 2):
        for name, way in ways.items():
            seconds = way()
            if turn >= 2:
                times[name].append(1000 * seconds)
    return times


def warm_start(zygote: Zygote, root: str) -> Callable[[], float]:
    """Seconds until the first result of a new sandbox; closing it is not counted."""

    def once() -> float:
        start = time.perf_counter()
        with zygote.open(Cell("kernel", root, "lab")) as sandbox:
            worker = sandbox.worker()
            worker.ask({"op": "load", "file": "work.py", "skip": []}, 60)
            request = {"op": "call", "file": "work.py", "handle": None, "name": "run", "data": NOTHING, "keep": False}
            answer = worker.ask(request, 60)
            seconds = time.perf_counter() - start
            worker.close()
        assert 0 < answer["ok"] <= 1, answer
        return seconds

    return once


class BareFork:
    """A process with the same libraries loaded that forks for each request, and does not confine the child."""

    def __init__(self, work: Path) -> None:
        self._socket, theirs = socket.socketpair()
        if os.fork() == 0:
            self._socket.close()
            self._serve(theirs, work)
        theirs.close()
        assert self._socket.recv(1) == b"r"

    def __call__(self) -> float:
        """Seconds until the first result."""
        start = time.perf_counter()
        self._socket.sendall(b"g")
        assert 0 < float(self._socket.recv(100)) <= 1
        return time.perf_counter() - start

    def _serve(self, sock: socket.socket, work: Path) -> None:
        for name in PRELOAD:
            importlib.import_module(name)
        sock.sendall(b"r")
        while sock.recv(1):
            pid = os.fork()
            if pid == 0:
                space: dict[str, Callable[[], float]] = {}
                exec(compile(work.read_text(), str(work), "exec"), space)
                sock.sendall(str(space["run"]()).encode())
                os._exit(0)
            os.waitpid(pid, 0)
        os._exit(0)
