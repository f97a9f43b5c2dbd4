"""Look at processes from outside: which are below one, which still run, and wait for what should come."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

__all__ = ["alive", "descendants", "eventually"]


def eventually(true: Callable[[], bool], seconds: float = 60) -> bool:
    """Whether it becomes true before patience ends."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def alive(pids: set[int]) -> set[int]:
    """Those that still run."""
    found = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            if "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]:
                found.add(pid)
    return found


def descendants(pid: int) -> set[int]:
    """All processes below one."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(int(stat.parent.name))
    found, waiting = set(), [pid]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found |= set(children)
        waiting += children
    return found
