"""Control groups: made where they can be, with the limits asked for, and gone afterwards."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from autograder.sandbox import cgroup
from autograder.sandbox.cgroup import Group


@pytest.fixture
def hierarchy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with version 2 only, as plain folders: this process is in ``/user/shell``, beside which groups go."""
    (tmp_path / "user" / "shell").mkdir(parents=True)
    (tmp_path / "user" / "cgroup.subtree_control").write_text("cpu memory pids\n")
    files = {
        "/proc/self/mounts": [f"cgroup2 {tmp_path} cgroup2 rw 0 0", "proc /proc proc rw 0 0"],
        "/proc/self/cgroup": ["0::/user/shell"],
    }
    real = cgroup._lines
    monkeypatch.setattr(cgroup, "_lines", lambda path: files.get(str(path)) or real(path))
    # Files of a real group vanish with it.
    monkeypatch.setattr(
        cgroup, "_removed", lambda folder: [file.unlink() for file in folder.iterdir()] and not folder.rmdir()
    )
    return tmp_path / "user"


def test_version_2(hierarchy: Path) -> None:
    """One group beside our own holds every controller, without swap, and is entered by this process."""
    folder = hierarchy / "autograder-7000000"
    with Group(7_000_000, memory=1000, processes=12) as group:
        group.enter()
        written = {file.name: file.read_text() for file in folder.iterdir()}

    assert group.controllers == ("cpu", "memory", "pids")
    assert written == {"memory.max": "1000", "memory.swap.max": "0", "pids.max": "12", "cgroup.procs": "0"}
    assert not folder.exists()


def test_out_of_memory(hierarchy: Path) -> None:
    """The kernel's count of what it ended tells that memory ran out."""
    folder = hierarchy / "autograder-7000000"
    with Group(7_000_000, memory=1000, processes=12) as group:
        before = group.out_of_memory()
        (folder / "memory.events").write_text("low 0\noom 3\noom_kill 0\n")
        tight = group.out_of_memory()
        (folder / "memory.events").write_text("low 0\noom 3\noom_kill 2\noom_group_kill 0\n")
        after = group.out_of_memory()

    assert (before, tight, after) == (False, False, True)


def test_what_was_left_is_swept(hierarchy: Path) -> None:
    """Groups of supervisors that are no more are removed, those of living ones stay."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    for pid in (gone.pid, os.getpid()):
        (hierarchy / f"autograder-{pid}").mkdir()
        (hierarchy / f"autograder-{pid}" / "cgroup.procs").touch()
    with Group(7_000_000, memory=1000, processes=12):
        left = sorted(path.name for path in hierarchy.glob("autograder-*"))

    assert left == sorted([f"autograder-{os.getpid()}", "autograder-7000000"])


def test_where_none_can_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without control groups nothing is held, and nothing complains."""
    monkeypatch.setattr(cgroup, "_lines", lambda path: [])
    with Group(7_000_000, memory=1000, processes=12) as group:
        group.enter()

    assert group.controllers == ()
    assert group.out_of_memory() is False


def test_this_machine() -> None:
    """Whatever can be made here is gone when it is no longer needed."""
    with Group(os.getpid(), memory=1 << 30, processes=100) as group:
        folders = list(group._folders)
        held = [folder.is_dir() for folder in folders]

    assert all(held)
    assert [folder for folder in folders if folder.exists()] == []
    assert set(cgroup.offered()) <= {"cpu", "memory", "pids"}
