"""Watch one sandbox from outside: start its first process, keep its limits, end all of it, say how it ended.

The last word is one JSON line on ``status``::

    {"why": "exit" | "closed" | "timeout" | "memory" | "setup", "error": …, "peak_mb": …}
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sys
import time
from typing import NoReturn

from autograder.sandbox import _linux, cgroup, confine, init
from autograder.sandbox.confine import Cell

__all__ = ["supervise", "tell"]

_TICK_S = 0.1


def supervise(message: bytes, control: int, status: int) -> NoReturn:
    """Run the sandbox that ``message`` asks for, say on ``status`` how it ended, and exit."""
    answer: dict[str, object] = {"why": "setup", "error": "the supervisor ended without a word"}
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        request = json.loads(message)
        cell = Cell(**{**request, "hide": tuple(request["hide"])})
        answer = _run(cell, control, status)
    except BaseException as error:
        answer = {"why": "setup", "error": repr(error)}
    finally:
        try:
            tell(status, answer)
        finally:
            os._exit(0)


def tell(status: int, answer: dict[str, object]) -> None:
    """Say the last word."""
    os.write(status, json.dumps(answer).encode() + b"\n")


def _run(cell: Cell, control: int, status: int) -> dict[str, object]:
    os.setsid()
    number = os.getpid()
    own_processes = cell.level == "kernel"
    if sys.platform == "linux":
        _linux.adopt_orphans()
    with cgroup.Group(number, memory=_whole_memory(cell), processes=cell.processes + 1) as group:
        if own_processes:
            confine.enter_namespaces()
        pid = os.fork()
        if pid == 0:
            _first_process(cell, number, control, group)
        os.close(control)
        watched = _watch(pid, status, cell, group)
        if own_processes:
            os.kill(pid, signal.SIGKILL)  # the kernel ends the namespace with its first process
            os.waitpid(pid, 0)
        else:
            _sweep(pid)
    return watched


def _whole_memory(cell: Cell) -> int:
    """Bytes that processes and the files of their own file systems may take together."""
    return (cell.memory_mb + 2 * cell.disk_mb + 64) << 20


def _first_process(cell: Cell, number: int, control: int, group: cgroup.Group) -> NoReturn:
    try:
        group.enter()
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        os.dup2(control, 3)
        os.closerange(4, 1 << 16)
        if sys.platform == "linux":
            _linux.die_with_parent(signal.SIGKILL)
        init.main(cell, number, socket.socket(fileno=3))
    finally:
        os._exit(70)


def _watch(pid: int, status: int, cell: Cell, group: cgroup.Group) -> dict[str, object]:
    """Wait until the sandbox ends, the client hangs up or a limit is passed."""
    deadline = time.monotonic() + cell.wall_s
    ended = os.pidfd_open(pid) if sys.platform == "linux" else -1
    poll = select.poll()
    poll.register(status, select.POLLIN | select.POLLHUP)
    if ended >= 0:
        poll.register(ended, select.POLLIN)
    limit, peak = cell.memory_mb << 20, 0
    while True:
        events = poll.poll(_TICK_S * 1000)
        if group.out_of_memory():
            return {"why": "memory", "peak_mb": cell.memory_mb}
        if any(descriptor == status for descriptor, _ in events):
            return {"why": "closed", "peak_mb": peak >> 20}
        if events or (ended < 0 and os.waitpid(pid, os.WNOHANG) != (0, 0)):
            return {"why": "exit", "peak_mb": peak >> 20}
        if time.monotonic() > deadline:
            return {"why": "timeout", "peak_mb": peak >> 20}
        if ended >= 0:
            peak = max(peak, memory := _memory(pid, limit))
            if memory > limit:
                return {"why": "memory", "peak_mb": peak >> 20}


def _memory(root: int, limit: int) -> int:
    """Bytes that the tree below and with ``root`` holds, shared pages divided among those who share them.

    The proportional share is slow to read, so it is read only when the resident size could pass the limit.
    """
    tree = [root, *_descendants(root)]
    resident = sum(_resident(pid) for pid in tree)
    return resident if resident < limit else sum(_proportional(pid) for pid in tree)


def _descendants(root: int) -> list[int]:
    found: list[int] = []
    todo = [root]
    while todo:
        pid = todo.pop()
        try:
            for thread in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{thread}/children") as file:
                    children = [int(child) for child in file.read().split()]
                found += children
                todo += children
        except OSError:
            continue
    return found


def _resident(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def _proportional(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            return next((int(line.split()[1]) << 10 for line in file if line.startswith("Pss:")), 0)
    except OSError:
        return 0


def _sweep(first: int) -> None:
    """Without a process namespace: end every descendant, again and again until none is left."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if sys.platform != "linux":
            with contextlib.suppress(OSError):
                os.killpg(first, signal.SIGKILL)
        for pid in _descendants(os.getpid()):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGSTOP)
                os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        select.select([], [], [], 0.002)
