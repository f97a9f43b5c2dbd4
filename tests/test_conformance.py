"""What each level of isolation promises holds at every level that this machine offers; the documentation says the same.

``conformance/promises.toml`` is the table, ``conformance/probes.py`` what is tried inside of the sandbox.
"""

from __future__ import annotations

import contextlib
import functools
import os
import pickle
import re
import signal
import socket
import struct
import subprocess
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgpack
import pytest

from autograder.errors import StudentCrash, StudentError, StudentTimeout
from autograder.sandbox import _linux
from autograder.sandbox.box import Sandbox
from autograder.sandbox.client import LEVELS, Zygote
from autograder.sandbox.confine import Cell
from autograder.sandbox.link import Worker
from autograder.submission.suite import run_suites

HERE = Path(__file__).parent / "conformance"
REPOSITORY = Path(__file__).parents[1]
LINUX = {1: "Linux 5.13", 4: "Linux 6.7", 6: "Linux 6.12"}


@dataclass(frozen=True)
class Promise:
    """One line of the table. ``levels``: level → the version of Landlock's interface that it takes."""

    id: str
    text: str
    levels: dict[str, int]

    def cell(self, level: str) -> str:
        """What the documentation says for a level."""
        version = self.levels.get(level, 0)
        return "no" if not version else "yes" if version == 1 else f"from {LINUX[version]}"


WORKERS: list[Worker] = []
PROMISES = [Promise(**entry) for entry in tomllib.loads((HERE / "promises.toml").read_text())["promise"]]


@functools.cache
def offered() -> tuple[str, ...]:
    """The levels that this machine offers."""
    with Zygote() as zygote:
        return LEVELS[: LEVELS.index(zygote.level) + 1]


def promised() -> list[Any]:
    """Every promise at every level that gives it here."""
    return [
        pytest.param(level, promise, id=f"{level}-{promise.id}")
        for level in offered()
        for promise in PROMISES
        if 0 < promise.levels.get(level, 0) <= max(1, _linux.landlock_abi())
    ]


class World:
    """A machine with things on it that no student code may reach, and sandboxes of one level."""

    def __init__(self, level: str, root: Path) -> None:
        root.chmod(0o755)
        self.root = root
        self.zygote = Zygote(["pytest"], level=level)
        self.level = self.zygote.level
        (root / "open").mkdir()
        (root / "open").chmod(0o777)
        (root / "open" / "secret").write_text("hunter2")
        (root / "datasets").mkdir()
        (root / "datasets" / "tiny.csv").write_text("a\n1\n")
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self._unix = [socket.socket(socket.AF_UNIX) for _ in range(2)]
        for sock, address in zip(
            self._unix, (f"\0conformance-{os.getpid()}-{level}", str(root / "open" / "sock")), strict=True
        ):
            sock.bind(address)
            sock.listen()
        (root / "open" / "sock").chmod(0o777)
        self.victim = subprocess.Popen(["sleep", "1000"])
        assert self.zygote._process is not None
        graders = REPOSITORY / "autograder" / "graders"
        self.host = {
            "secret": str(root / "open" / "secret"),
            "folder": str(root / "open"),
            "course": [str(path) for path in sorted(graders.glob("*/test_hidden.py"))[:2]]
            + [str(REPOSITORY / "course.toml")],
            "victim": self.victim.pid,
            "grader": os.getpid(),
            "zygote": self.zygote._process.pid,
            "port": self._tcp.getsockname()[1],
            "abstract": f"conformance-{os.getpid()}-{level}",
            "socket": str(root / "open" / "sock"),
            "word": "hunter2",
        }
        self._made = 0

    @contextlib.contextmanager
    def sandbox(self, **limits: Any) -> Iterator[Sandbox]:
        """A new sandbox with the probes in it; its workers are put away with it."""
        self._made += 1
        root = self.root / f"workspace{self._made}"
        (root / "labs" / "lab").mkdir(parents=True)
        (root / "labs" / "lab" / "probes.py").write_text((HERE / "probes.py").read_text())
        (root / "labs" / "lab" / "test_own.py").write_text(OWN_TESTS)
        datasets = {"tiny": str(self.root / "datasets")}
        cell = Cell("kernel", str(root), "lab", datasets, hide=(str(REPOSITORY),), **limits)
        with self.zygote.open(cell) as sandbox:
            try:
                yield sandbox
            finally:
                while WORKERS:
                    WORKERS.pop().close()

    def close(self) -> None:
        """Put everything away."""
        self.victim.kill()
        self.victim.wait()
        self.zygote.close()
        for sock in (self._tcp, *self._unix):
            sock.close()


OWN_TESTS = """\
import os


def test_alone():
    for folder in ("..", "../..", "/tmp", "/dev/shm"):
        path = f"{folder}/left-behind"
        assert not os.path.exists(path)
        try:
            open(path, "w").close()
        except OSError:
            pass
"""


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], World]]:
    """One world per level, made when it is first asked for."""
    made: dict[str, World] = {}
    patch = pytest.MonkeyPatch()
    patch.setenv("SECRET_TOKEN", "hunter2")

    def world(level: str) -> World:
        if level not in made:
            made[level] = World(level, tmp_path_factory.mktemp(level))
        return made[level]

    yield world
    patch.undo()
    for each in made.values():
        each.close()


def ready(sandbox: Sandbox) -> Worker:
    """A worker that has loaded the probes."""
    WORKERS.append(worker := sandbox.worker())
    worker.ask({"op": "load", "file": "probes.py", "skip": []}, 20)
    return worker


def call(worker: Worker, name: str, *arguments: object, timeout_s: float = 20) -> Any:
    """The result of a probe."""
    data = pickle.dumps((arguments, {}))
    answer = worker.ask(
        {"op": "call", "file": "probes.py", "handle": None, "name": name, "data": data, "keep": False}, timeout_s
    )
    return answer["ok"]


def probed(world: World, name: str) -> None:
    """A probe inside of the sandbox finds nothing that it could do."""
    with world.sandbox() as sandbox:
        assert call(ready(sandbox), name, world.host) == []


def memory(world: World) -> None:
    """Many processes are ended together, one gets a MemoryError."""
    with world.sandbox(memory_mb=150) as sandbox, pytest.raises(StudentCrash):
        call(ready(sandbox), "hoard_together", 6, 60)
    with world.sandbox(memory_mb=150) as sandbox:
        answer = ready(sandbox).ask(
            {
                "op": "call",
                "file": "probes.py",
                "handle": None,
                "name": "hoard",
                "data": b"\x80\x04M\xd0\x07\x85}\x86.",
                "keep": False,
            },
            20,
        )
        assert answer["error"]["kind"] == "MemoryError"


def time_(world: World) -> None:
    """It is ended long before anybody would wait for it."""
    with world.sandbox() as sandbox:
        start = time.monotonic()
        with pytest.raises(StudentTimeout):
            call(ready(sandbox), "loop", timeout_s=0.5)
        assert time.monotonic() - start < 10


def output(world: World) -> None:
    """The beginning is kept, the rest counted."""
    with world.sandbox() as sandbox:
        worker = ready(sandbox)
        assert call(worker, "talk", 1024, timeout_s=60) == "done"
        text = worker.output.take()
        assert len(text) < 100_000
        assert "1 GB were printed" in text


def file_size(world: World) -> None:
    """The file stops growing there."""
    with world.sandbox(disk_mb=4) as sandbox:
        assert call(ready(sandbox), "grow", 20) <= 4


def disk(world: World) -> None:
    """Both folders are full at their limits."""
    with world.sandbox(disk_mb=4) as sandbox:
        megabytes, files = call(ready(sandbox), "fill", 100_000, 20, timeout_s=60)
        assert megabytes <= 2 * 4
        assert files <= 2 * 20_000


def processes(world: World) -> None:
    """No more can be started."""
    with world.sandbox(processes=12) as sandbox:
        assert call(ready(sandbox), "multiply", 40) <= 12


def nothing_survives(world: World) -> None:
    """Daemons were there, and are gone."""
    word = f"haunted-{os.getpid()}-{world.level}"
    with world.sandbox() as sandbox:
        assert call(ready(sandbox), "haunt", word) == "done"
        assert _commands(word)
    assert _commands(word) == []


def supervised(world: World) -> None:
    """The supervisor is killed from outside."""
    word = f"orphan-{os.getpid()}"
    with world.sandbox() as sandbox:
        worker = ready(sandbox)
        assert call(worker, "haunt", word) == "done"
        assert _commands(word)
        status = sandbox._status
        for child in _children(world.host["zygote"]):
            os.kill(child, signal.SIGKILL)
        status.settimeout(10)
        assert status.recv(1) == b""
        assert _gone(word)


def plain_data(world: World) -> None:
    """Each lie ends in a sentence for the student."""
    endless = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R."
    skeletons = [
        os.urandom(100),
        endless,
        struct.pack("<II", 2**32 - 1, 1),
        struct.pack("<II", 20_000, 0) + b"\x92\x00" * 10_000,
        struct.pack("<II", 2, 0) + msgpack.packb([99]),
    ]
    for data in skeletons:
        with world.sandbox() as sandbox:
            (Path(sandbox.cell.root) / "labs" / "lab" / "x").touch()
            worker = ready(sandbox)
            source = f"import os\nos.write(3, {data!r})\nos._exit(0)\n"
            with os.fdopen(sandbox.open_file("liar.py", write=True), "w") as file:
                file.write(source)
            with pytest.raises(StudentError):
                worker.ask({"op": "load", "file": "liar.py", "skip": []}, 20)


def fresh_start(world: World) -> None:
    """Neither beside nor after another sandbox is anything of it to be found."""
    with world.sandbox() as first, world.sandbox() as second:
        assert call(ready(first), "remember", "footprint") == []
        assert call(ready(second), "remember", "footprint") == []
        assert call(ready(first), "remember", "footprint") != []
    with world.sandbox() as third:
        assert call(ready(third), "remember", "footprint") == []


def secluded_runs(world: World) -> None:
    """Four runs find nothing of each other."""
    with world.sandbox() as sandbox:
        ready(sandbox)
        runs = run_suites(sandbox, "test_own.py", [{}] * 4, env={}, until=[()] * 4, timeout_s=20)
        assert [test.outcome for run in runs for test in run.tests] == ["passed"] * 4


HOST_SIDE = {
    "memory": memory,
    "time": time_,
    "output": output,
    "file-size": file_size,
    "disk": disk,
    "processes": processes,
    "nothing-survives": nothing_survives,
    "supervised": supervised,
    "plain-data": plain_data,
    "fresh-start": fresh_start,
    "secluded-runs": secluded_runs,
}


@pytest.mark.parametrize(("level", "promise"), promised())
def test_promise(level: str, promise: Promise, worlds: Callable[[str], World]) -> None:
    """What a level promises, it keeps."""
    world = worlds(level)

    assert world.level == level
    if promise.id in HOST_SIDE:
        HOST_SIDE[promise.id](world)
    else:
        probed(world, promise.id.replace("-", "_"))


def test_the_documentation_promises_the_same() -> None:
    """The table in docs/security.md is the table that this suite proves, line by line."""
    page = (REPOSITORY / "docs" / "security.md").read_text(encoding="utf-8")
    rows = [f"| {p.text} | {p.cell('kernel')} | {p.cell('landlock')} | {p.cell('process')} |" for p in PROMISES]
    shown = [line for line in page.splitlines() if re.fullmatch(r"\|.*\| (yes|no|from Linux \S+) \|", line)]

    assert shown == rows


def test_stronger_levels_promise_more() -> None:
    """No promise is given by a weaker level and not by a stronger one."""
    broken = [
        p.id for p in PROMISES if "kernel" not in p.levels or ("process" in p.levels and "landlock" not in p.levels)
    ]

    assert broken == []


def _commands(word: str) -> list[str]:
    found = []
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                line = (path / "cmdline").read_bytes()
            except OSError:
                continue
            if word.encode() in line and int(path.name) != os.getpid():
                found.append(path.name)
    return found


def _gone(word: str) -> bool:
    deadline = time.monotonic() + 10
    while _commands(word) and time.monotonic() < deadline:
        os.sched_yield()
    return not _commands(word)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
