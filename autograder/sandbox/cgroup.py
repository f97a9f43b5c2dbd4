"""Hold a sandbox to its memory and processes by a control group of its own, where this process may make one."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["Group", "offered"]

_PREFIX = "autograder-"
_LIMITS = {"memory": ("memory.limit_in_bytes", "memory.max"), "pids": ("pids.max", "pids.max"), "cpu": ("", "")}
"""Controller → its file of version 1 and of version 2. The last one needs no limit: groups share time fairly."""


class Group:
    """Control groups for one sandbox; without any, and without complaint, where none can be made.

    They are the hard limit behind the supervisor's own watch: nothing escapes them, whatever holds the memory, and
    groups share processor time one by one, however many processes each has.

    Attributes:
        controllers: those that hold.
    """

    def __init__(self, number: int, *, memory: int, processes: int) -> None:
        """Make it.

        Args:
            number: of the process that makes it; groups of processes that are no more are swept away.
            memory: bytes that everything in it may hold.
            processes: how many processes and threads may be in it.
        """
        self._folders: list[Path] = []
        self._events: tuple[Path, str] | None = None
        self.controllers: tuple[str, ...] = ()
        values = {"memory": memory, "pids": processes}
        for parent, controllers, version in _parents():
            _sweep(parent)
            folder = parent / f"{_PREFIX}{number}"
            try:
                folder.mkdir()
                self._folders.append(folder)
                for name in controllers:
                    file = _LIMITS[name][version - 1]
                    if file:
                        (folder / file).write_text(str(values[name]))
                if "memory" in controllers:
                    _without_swap(folder, version, memory)
            except OSError:
                continue
            self.controllers += tuple(controllers)
            if "memory" in controllers:
                self._events = folder / ("memory.oom_control" if version == 1 else "memory.events"), "oom_kill"

    def enter(self) -> None:
        """Put this process into it, and so every child that it will have."""
        for folder in self._folders:
            with contextlib.suppress(OSError):
                (folder / "cgroup.procs").write_text("0")

    def out_of_memory(self) -> bool:
        """Whether the kernel has ended a process of it for want of memory."""
        if self._events is None:
            return False
        file, key = self._events
        try:
            return re.search(rf"^{key} [1-9]", file.read_text(), re.MULTILINE) is not None
        except OSError:
            return False

    def __enter__(self) -> Group:
        return self

    def __exit__(self, *_: object) -> None:
        deadline = time.monotonic() + 2
        for folder in self._folders:
            while not _removed(folder) and time.monotonic() < deadline:
                time.sleep(0.005)  # a process that has just ended may still be counted


def offered() -> tuple[str, ...]:
    """The controllers that a sandbox started here would be held by."""
    with Group(os.getpid(), memory=1 << 30, processes=1 << 10) as group:
        return group.controllers


def _parents() -> Iterator[tuple[Path, list[str], int]]:
    """Folders in which a group can be made, with the controllers it would have and the version of their files."""
    if sys.platform != "linux":
        return
    mounts = [line.split() for line in _lines("/proc/self/mounts")]
    own = dict(_own_groups())
    for _, target, kind, options, *_ in mounts:
        if kind == "cgroup":
            names = sorted(set(options.split(",")) & set(_LIMITS))
            if names:
                group = Path(target, own.get(names[0], "/").lstrip("/"))
                yield group if group.is_dir() else Path(target), names, 1
        elif kind == "cgroup2":
            # Processes live in leaves only, so the new group stands beside ours, not in it.
            beside = Path(target, own.get("", "/").lstrip("/")).parent
            enabled = "".join(_lines(beside / "cgroup.subtree_control")).split()
            names = sorted(set(enabled) & set(_LIMITS))
            if names and beside.is_relative_to(target):
                yield beside, names, 2


def _own_groups() -> Iterator[tuple[str, str]]:
    for line in _lines("/proc/self/cgroup"):
        _, controllers, path = line.split(":", 2)
        for name in controllers.split(","):
            yield name, path


def _without_swap(folder: Path, version: int, memory: int) -> None:
    """What does not fit into memory must not be moved out of it either, on a machine that has swap."""
    with contextlib.suppress(OSError):
        if version == 1:
            (folder / "memory.memsw.limit_in_bytes").write_text(str(memory))
        else:
            (folder / "memory.swap.max").write_text("0")


def _lines(path: str | Path) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def _sweep(parent: Path) -> None:
    """Remove what sandboxes left behind whose supervisor was killed."""
    for folder in parent.glob(f"{_PREFIX}*"):
        if not Path("/proc", folder.name.removeprefix(_PREFIX)).exists():
            _removed(folder)


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
