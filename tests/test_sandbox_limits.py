"""What a sandbox may use at each level of isolation, and that nothing of it remains."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.errors import StudentCrash, StudentError
from autograder.sandbox.client import Zygote
from autograder.sandbox.confine import Cell

Make = Callable[..., Any]


def living(mark: str) -> list[int]:
    """Processes of the whole machine with ``mark`` on their command line."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if mark in Path("/proc", name, "cmdline").read_text() and int(name) != os.getpid():
                found.append(int(name))
        except OSError:
            continue
    return found


# ---- how much it may use

HOG = """
    import os
    def grab(mb):
        kept = bytearray(b"x") * (mb << 20)
        return len(kept)
    def grab_by_many(mb, count):
        for _ in range(count):
            if os.fork() == 0:
                kept = bytearray(b"x") * (mb << 20)
                while True:
                    pass
        while True:
            pass
"""


def test_memory_of_one_process_is_limited(student: Make) -> None:
    """Asking for more than the lab allows is a MemoryError, there or told by the grader."""
    code = student(HOG, memory_mb=200)
    try:
        kind = code.ask("grab", 1000)["error"]["kind"]
    except StudentError as error:
        kind = error.kind

    assert kind == "MemoryError"


def test_memory_of_many_processes_is_limited(student: Make) -> None:
    """Processes that take together what one may not take are stopped, and the student is told why."""
    code = student(HOG, memory_mb=200)
    with pytest.raises(StudentCrash, match="more than 200 MB of memory") as caught:
        code.ask("grab_by_many", 90, 5)

    assert caught.value.kind == "MemoryError"


@pytest.mark.promised("kernel")
def test_the_number_of_processes_is_limited(student: Make) -> None:
    """A fork bomb runs out of processes, and the grader goes on."""
    code = student(
        "import os, time\ndef f():\n    for n in range(500):\n        try:\n            if os.fork() == 0:\n"
        "                while True: time.sleep(100)\n        except OSError as error:\n            return n\n",
        processes=20,
    )

    assert 10 <= code.call("f") <= 20


def test_a_file_cannot_grow_without_end(student: Make) -> None:
    """A file larger than the disk allowed is an OSError."""
    code = student("def f():\n    with open('big', 'wb') as file:\n        file.write(bytes(6 << 20))", disk_mb=4)

    assert "OSError" in code.ask("f")["error"]["bases"]


@pytest.mark.promised("kernel")
def test_the_disk_is_limited(student: Make) -> None:
    """Many files fill only the sandbox's own disk."""
    code = student(
        "def f():\n    for n in range(100):\n        with open(f'part{n}', 'wb') as file:\n"
        "            file.write(bytes(1 << 20))",
        disk_mb=4,
    )
    error = code.ask("f")["error"]

    assert (error["kind"], "No space left" in error["detail"]) == ("OSError", True)


# ---- what remains

SPAWN = """
    import os, subprocess
    def child(mark):
        subprocess.Popen(["sh", "-c", f"sleep 1000; : {mark}"])
    def daemon(mark):
        for _ in range(2):
            if os.fork():
                return
            os.setsid()
        os.execvp("sh", ["sh", "-c", f"sleep 1000; : {mark}"])
"""


@pytest.mark.parametrize("name", ["child", "daemon"])
def test_no_process_remains(student: Make, tmp_path: Path, name: str) -> None:
    """Closing ends children and daemons, whoever their parent was."""
    mark = f"mark-{tmp_path.name}-{os.getpid()}"
    code = student(SPAWN)
    code.call(name, mark)
    code.worker.close()
    code.sandbox.close()

    assert living(mark) == []


def test_nothing_remains_of_a_sandbox(student: Make, isolation: str) -> None:
    """Mounts and folders are gone with it."""
    before = Path("/proc/self/mounts").read_text(), sorted(os.listdir("/tmp"))
    code = student("def f():\n    open('/tmp/left', 'w').close()" if isolation == "kernel" else "def f(): pass")
    code.call("f")
    code.worker.close()
    code.sandbox.close()

    assert Path("/proc/self/mounts").read_text() == before[0]
    assert not Path("/tmp/left").exists()


def test_two_sandboxes_know_nothing_of_each_other(bare: Zygote, tmp_path: Path) -> None:
    """What one writes into its workspace, the other does not find in its own."""
    cells = []
    for name in ("one", "two"):
        (tmp_path / name / "labs" / "lab").mkdir(parents=True)
        (tmp_path / name).chmod(0o755)
        cells.append(Cell(level="kernel", root=str(tmp_path / name), lab="lab"))
    tmp_path.chmod(0o755)
    with bare.open(cells[0]) as first, bare.open(cells[1]) as second:
        os.close(first.open_file("answer.txt", write=True))
        kinds = first.kind_of("answer.txt"), second.kind_of("answer.txt")

    assert kinds == ("file", "none")
