"""Run commands and take their measure: wall time, processor time and memory of all their processes."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil

__all__ = ["Command", "Cost", "measure"]

_SAMPLE_S = 0.5


@dataclass(frozen=True)
class Command:
    """A command, where it runs, and what is added to its environment."""

    argv: Sequence[str]
    folder: Path
    env: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Cost:
    """What commands cost together.

    Attributes:
        wall_s: seconds.
        cpu_s: seconds of all processes, sandboxes included; None where the kernel does not count them for us.
        peak_mb: most memory at one time, shared pages counted once; None if nobody looked.
        codes: exit code of each.
        output: what they said last.
    """

    wall_s: float
    cpu_s: float | None
    peak_mb: float | None
    codes: tuple[int, ...]
    output: str


def measure(commands: Sequence[Command], *, cores: int = 0, at_once: int = 1, memory: bool = False) -> Cost:
    """Run commands to their ends.

    Args:
        commands: what to run.
        cores: on how many cores; all if 0.
        at_once: how many run side by side.
        memory: whether to look at memory twice a second, which costs some of the time that is measured.
    """
    with _account() as (enter, cpu_s), _watched(memory) as (watch, peak), ThreadPoolExecutor(at_once) as pool:
        start = time.perf_counter()
        ended = list(pool.map(lambda command: _run(command, cores, enter, watch), commands))
        wall_s = time.perf_counter() - start
        return Cost(wall_s, cpu_s(), peak(), tuple(code for code, _ in ended), ended[-1][1] if ended else "")


def _run(command: Command, cores: int, enter: Callable[[], None], watch: Callable[[int], None]) -> tuple[int, str]:
    chosen = set(sorted(os.sched_getaffinity(0))[:cores]) if cores else None

    def begin() -> None:
        enter()
        if chosen:
            os.sched_setaffinity(0, chosen)

    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command.argv,
            cwd=command.folder,
            env={**os.environ, **(command.env or {})},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            preexec_fn=begin,
        )
        watch(process.pid)
        code = process.wait()
        said.seek(max(0, said.seek(0, os.SEEK_END) - 4000))
        return code, said.read().decode("utf-8", "replace")


@contextlib.contextmanager
def _account() -> Iterator[tuple[Callable[[], None], Callable[[], float | None]]]:
    """A control group for commands, whatever processes they start: what enters it, and its processor time so far.

    Sandboxes are ended without their parents waiting for them, so nothing else would count them.
    """
    made: list[Path] = []
    try:
        folder, counted = _group(made)
    except OSError:
        yield (lambda: None), (lambda: None)
        return
    try:
        yield (lambda: _enter(folder)), counted
    finally:
        for path in reversed(made):
            _remove(path)


def _remove(group: Path) -> None:
    """Remove a control group once the last process that ends in it is gone."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            group.rmdir()
            return
        time.sleep(0.01)


def _group(made: list[Path]) -> tuple[Path, Callable[[], float | None]]:
    own = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, names, path = line.split(":", 2)
        own |= dict.fromkeys(names.split(","), path.lstrip("/"))
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    name = f"bench-{os.getpid()}-{time.monotonic_ns()}"
    for _, target, kind, options, *_ in mounts:
        if kind == "cgroup" and "cpuacct" in options.split(","):
            return _version_1(Path(target, own.get("cpuacct", ""), name), made)
    for _, target, kind, *_ in mounts:
        if kind == "cgroup2":
            return _version_2(Path(target, own.get("", "")).parent / name, made)
    raise OSError("no control groups")


def _version_1(group: Path, made: list[Path]) -> tuple[Path, Callable[[], float | None]]:
    group.mkdir()
    made.append(group)
    return group, lambda: int((group / "cpuacct.usage").read_text()) / 1e9


def _version_2(outer: Path, made: list[Path]) -> tuple[Path, Callable[[], float | None]]:
    """A group inside a group: sandboxes put theirs beside that of the grader, and count for the outer one."""
    for group in (outer, outer / "run"):
        group.mkdir()
        made.append(group)
    offered = (outer.parent / "cgroup.subtree_control").read_text().split()
    with contextlib.suppress(OSError):
        (outer / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in offered))
    return outer / "run", lambda: int((outer / "cpu.stat").read_text().split()[1]) / 1e6


def _enter(folder: Path) -> None:
    (folder / "cgroup.procs").write_text("0")


@contextlib.contextmanager
def _watched(wanted: bool) -> Iterator[tuple[Callable[[int], None], Callable[[], float | None]]]:
    roots: list[int] = []
    highest = [0.0]
    done = threading.Event()

    def look() -> None:
        while not done.wait(_SAMPLE_S):
            highest[0] = max(highest[0], sum(map(_held_mb, list(roots))))

    if not wanted:
        yield (lambda _: None), (lambda: None)
        return
    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield roots.append, (lambda: highest[0])
    finally:
        done.set()
        watcher.join()


def _held_mb(root: int) -> float:
    """Memory of a process and all below it; what several share is divided among them."""
    total = 0
    with contextlib.suppress(psutil.Error):
        top = psutil.Process(root)
        for process in (top, *top.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                total += process.memory_full_info().pss
    return total / 2**20
