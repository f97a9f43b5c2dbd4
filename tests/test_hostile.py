"""Attacks, one folder each in ``hostile/``: none gains a point, breaks anything or leaves anything behind.

A folder holds what an attacker hands in, over the reference solution of lab 02 (``lab = "dvc"``: of lab 07;
``base = "starter"``: over the untouched lab; ``lab = "mini"``: nothing but the folder). ``cell.py`` is one more cell
of the notebook, at its end or with ``where = "first"`` at its beginning; ``make.py`` makes what cannot be kept in a
repository. A folder's ``expected.toml`` says what the work honestly deserves per task, and words that the student
sees (``says``) or must never see (``never``). ``level`` is the weakest level that promises to hold this attack,
``seconds`` the time of a check where an attack needs more, or can do with less, than the lab gives.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from autograder.build import student_view
from autograder.catalog import Catalog
from autograder.grading import Request, grade
from autograder.render import render
from autograder.results import LabReport, Outcome, Report
from autograder.sandbox.client import LEVELS, Zygote
from autograder.sandbox.confine import FIRST_UID

HERE = Path(__file__).parent / "hostile"
REPOSITORY = Path(__file__).parents[1]
LABS = {"iris": "02-iris-slicing", "dvc": "07-dvc-pipeline"}
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Attack:
    """What a folder says."""

    name: str
    about: str
    score: dict[str, float]
    lab: str = "iris"
    base: str = "solution"
    where: str = "last"
    level: str = "process"
    neighbour: bool = False
    seconds: float | None = None
    says: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    status: dict[str, str] = field(default_factory=dict)


def attacks() -> list[Attack]:
    """Every folder, in order."""
    folders = sorted(path for path in HERE.iterdir() if path.is_dir() and not path.name.startswith(("_", ".")))
    return [Attack(path.name, **tomllib.loads((path / "expected.toml").read_text())) for path in folders]


@functools.cache
def best_level() -> str:
    """The strongest level that this machine offers."""
    with Zygote() as zygote:
        return zygote.level


def held() -> list[Attack]:
    """The attacks that this machine's level promises to hold."""
    best = LEVELS.index(best_level())
    return [attack for attack in attacks() if LEVELS.index(attack.level) <= best]


class Arena:
    """A course of its own, things worth stealing or breaking around it, and someone innocent beside it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.courses = {**{name: self._course(name) for name in LABS}, "mini": root / "mini"}
        shutil.copytree(HERE / "_mini", self.courses["mini"])
        self.canary = root / "canary"
        self.canary.mkdir(mode=0o777)
        self.canary.chmod(0o777)
        (self.canary / "keep").write_text("sings")
        self.secret = root / "hidden.txt"
        self.secret.write_text("LOOT")
        self.other = root / "other"
        shutil.copytree(self.courses["iris"] / "solutions" / LABS["iris"], self.other)
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.abstract = self._listening(f"\0autograder-{os.getpid()}")
        self.socket = self._listening(str(root / "socket"))
        self.catalogs = {name: Catalog(folder) for name, folder in self.courses.items()}
        self.zygotes = {name: Zygote(catalog.labs()[0].preload) for name, catalog in self.catalogs.items()}
        self._neighbour = self._start_neighbour()

    def close(self) -> None:
        """End everybody."""
        self._neighbour.communicate(timeout=30)
        for zygote in self.zygotes.values():
            zygote.close()
        for sock in (self.tcp, self.abstract, self.socket):
            sock.close()
        # pytest would give up on the deepest of them when it removes old folders of tests.
        subprocess.run(["rm", "-rf", "--", self.root / "submissions"], check=True)

    def hand_in(self, attack: Attack) -> Path:
        """The folder of an attack as a student would hand it in."""
        folder = self.root / "submissions" / attack.name
        folder.mkdir(parents=True)
        if attack.lab in LABS:
            solution = self.courses[attack.lab] / "solutions" / LABS[attack.lab]
            base = student_view(solution) if attack.base == "starter" else {}
            for name in self.catalogs[attack.lab].labs()[0].submit:
                (folder / name).write_bytes(base.get(name) or (solution / name).read_bytes())
        for path in sorted((HERE / attack.name).rglob("*")):
            name = path.relative_to(HERE / attack.name).as_posix()
            if path.is_file() and name not in ("expected.toml", "cell.py", "make.py") and "__pycache__" not in name:
                (folder / name).parent.mkdir(exist_ok=True)
                (folder / name).write_text(self._filled(path.read_text()))
        if (HERE / attack.name / "cell.py").exists():
            self._add_cell(folder / "iris_slicing.ipynb", (HERE / attack.name / "cell.py").read_text(), attack.where)
        if (HERE / attack.name / "make.py").exists():
            _load(HERE / attack.name / "make.py").make(folder, self.courses[attack.lab])
        return folder

    def grade(self, attack: Attack) -> LabReport:
        """The report on an attack."""
        catalog = self.catalogs[attack.lab]
        lab = catalog.labs()[0]
        if attack.seconds is not None:
            lab = lab.model_copy(update={"limits": lab.limits.model_copy(update={"check_s": attack.seconds})})
        request = Request(lab, self.hand_in(attack), tasks=list(attack.score))
        return grade(request, catalog, self.zygotes[attack.lab])

    def ask_neighbour(self) -> None:
        """Have the innocent submission graded from now on."""
        assert self._neighbour.stdin is not None
        self._neighbour.stdin.write("go\n")
        self._neighbour.stdin.flush()

    def neighbour(self) -> list[list[Any]]:
        """What the innocent submission got, each time."""
        assert self._neighbour.stdout is not None
        *results, self.neighbour_seconds = json.loads(self._neighbour.stdout.readline())
        return results

    def harmed(self) -> list[str]:
        """What has been touched that no submission may touch."""
        found = [str(path) for path in self.canary.iterdir() if path.name != "keep"]
        if (self.canary / "keep").read_text() != "sings" or self.secret.read_text() != "LOOT":
            found.append("files of others")
        for sock in (self.tcp, self.abstract, self.socket):
            sock.setblocking(False)
            try:
                found.append(f"a connection to {sock.accept()}")
            except BlockingIOError:
                continue
        return found

    def _course(self, name: str) -> Path:
        root, lab = self.root / name, LABS[name]
        facts = tomllib.loads((REPOSITORY / "solutions" / lab / "lab.toml").read_text())
        datasets = [f"datasets/{data}" for data in facts["datasets"]]
        for part in (f"solutions/{lab}", f"labs/{lab}", f"autograder/graders/{lab}", *datasets):
            shutil.copytree(REPOSITORY / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
        course = f'title = "One lab"\n[[part]]\nid = "{facts["part"]}"\ntitle = "One"\nlabs = ["{lab}"]\n'
        (root / "course.toml").write_text(course)
        (root / ".grades").mkdir()
        (root / ".grades" / f"{lab}.json").write_text("{}")
        return root

    def _listening(self, address: str) -> socket.socket:
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(address)
        sock.listen(5)
        return sock

    def _start_neighbour(self) -> subprocess.Popen[str]:
        course = self.root / "patient"
        shutil.copytree(HERE / "_mini", course)
        manifest = course / "solutions" / "01-mini" / "lab.toml"
        # Beside an attack it may wait for a processor; what it may not do is fail.
        manifest.write_text(manifest.read_text().replace("check_s = 1", "check_s = 20"))
        command = [sys.executable, str(HERE / "_neighbour.py"), str(course), str(self._innocent())]
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready")
        return process

    def _innocent(self) -> Path:
        folder = self.root / "innocent"
        folder.mkdir()
        shutil.copy(self.courses["mini"] / "solutions/01-mini/work.py", folder)
        shutil.copy(self.courses["mini"] / "solutions/01-mini/model.pkl", folder)
        shutil.copy(self.courses["mini"] / "solutions/01-mini/test_work.py", folder)
        return folder

    def _add_cell(self, path: Path, code: str, where: str) -> None:
        notebook = json.loads(path.read_text())
        cell = {
            "cell_type": "code",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": self._filled(code),
        }
        notebook["cells"].insert(0 if where == "first" else len(notebook["cells"]), cell)
        path.write_text(json.dumps(notebook))

    def _filled(self, text: str) -> str:
        known = {
            "COURSE": self.courses["iris"],
            "REPO": REPOSITORY,
            "OTHER": self.other,
            "TMP": self.root,
            "CANARY": self.canary,
            "SECRET": self.secret,
            "PORT": self.tcp.getsockname()[1],
            "ABSTRACT": f"autograder-{os.getpid()}",
            "SOCKET": self.root / "socket",
        }
        for name, value in known.items():
            text = text.replace(f"@{name}@", str(value))
        return text


def _load(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"make_{path.parent.name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """The arena; when it closes, nothing of any attack may be left."""
    root = tmp_path_factory.mktemp("arena")
    patch = pytest.MonkeyPatch()
    patch.setenv("HOSTILE_SECRET", "hunter2")
    (root / "staging").mkdir()
    patch.setattr(tempfile, "tempdir", str(root / "staging"))
    before = leftovers(root / "staging")
    arena = Arena(root)
    yield arena
    arena.close()
    patch.undo()
    deadline = time.monotonic() + 5
    while (left := leftovers(root / "staging") - before) and time.monotonic() < deadline:
        os.sched_yield()

    assert left == set()


def leftovers(staging: Path) -> set[str]:
    """Processes, groups, mounts and files of sandboxes whose supervisor is gone."""
    found = {f"file {path}" for path in staging.iterdir()}
    found |= {f"mount {line}" for line in Path("/proc/self/mountinfo").read_text().splitlines() if "autograder" in line}
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                supervisor = path.stat().st_uid - FIRST_UID
                orphaned = _parent(path) == 1 and b"autograder.sandbox.zygote" in (path / "cmdline").read_bytes()
            except OSError:
                continue
            if orphaned or (supervisor >= 0 and not Path("/proc", str(supervisor)).exists()):
                found.add(f"process {path.name}")
    for folder in Path("/sys/fs/cgroup").rglob("autograder-*"):
        if not Path("/proc", folder.name.removeprefix("autograder-")).exists():
            found.add(f"group {folder}")
    return found


def _parent(process: Path) -> int:
    """The parent of a process, from ``/proc/<pid>/stat``: after the name, which may hold anything, state and parent."""
    return int((process / "stat").read_text().rpartition(")")[2].split()[1])


def test_there_are_attacks_of_every_kind() -> None:
    """At least 80 attacks are there, each with a sentence and at least one task."""
    listed = attacks()

    assert len(listed) >= 80
    assert [attack.name for attack in listed if not (attack.about.endswith(".") and attack.score)] == []
    assert len({attack.about for attack in listed}) == len(listed)


def test_nobody_is_signalled_for_real() -> None:
    """An attack that signals processes by number runs only where it has processes of its own."""
    armed = [
        attack.name
        for attack in attacks()
        if attack.level != "kernel"
        and any(b"os.kill" in path.read_bytes() for path in (HERE / attack.name).glob("*.py"))
    ]

    assert armed == []


@pytest.mark.parametrize("attack", held(), ids=lambda attack: attack.name)
def test_attack(attack: Attack, arena: Arena) -> None:
    """The attack gets what its work deserves, harms nobody, and its words stay words."""
    if attack.neighbour:
        arena.ask_neighbour()
    report = arena.grade(attack)
    seen = {form: render(Report(labs=(report,)), form) for form in ("terminal", "html", "json")}
    said = " ".join((seen["terminal"] + json.dumps(json.loads(seen["json"]), ensure_ascii=False)).split())
    innocent = arena.neighbour() if attack.neighbour else []

    assert report.problem == ""
    assert report.outcome is Outcome.GRADED
    assert {task.id: task.score for task in report.tasks} == pytest.approx(attack.score), summary(report)
    assert [words for words in attack.says if words not in said] == [], said
    assert [words for words in attack.never if any(words in text for text in seen.values())] == []
    assert CONTROL.findall(seen["terminal"] + seen["html"]) == []
    assert "<script>alert" not in seen["html"]
    assert len(seen["json"]) < 500_000
    assert arena.harmed() == []
    assert [result for result in innocent if result != [6.0, ""]] == []


def summary(report: LabReport) -> str:
    """What became of each check, for whoever reads a failure."""
    checks = [check for task in report.tasks for check in task.checks]
    lines = [f"{check.status:8} {check.id}: {check.message[:200]}" for check in checks]
    return "\n".join([f"{task.id} {task.score}" for task in report.tasks] + lines + list(report.notices))
