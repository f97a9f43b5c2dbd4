"""The graders side by side: how each is set up for a class, how it is run, and what it says."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from benchmarks import assignment, floor
from benchmarks.assignment import FILE, LAB, Submission
from benchmarks.meter import Command, Cost, measure

__all__ = ["GRADERS", "Floor", "Grader", "Nbgrader", "Otter", "Ours", "Pytest", "environment", "versions"]

REPOSITORY = Path(__file__).resolve().parents[1]
LOCK = Path(__file__).parent / "peers" / "requirements.txt"


class Grader(Protocol):
    """A grader that is set up for a class."""

    def run(self, cores: int, at_once: int, *, memory: bool = False) -> Cost:
        """Grade the class from nothing; ``memory``: whether to look at memory meanwhile."""

    def scores(self) -> dict[str, float]:
        """Student → checks that passed."""


def environment(given: Path | None = None) -> Path:
    """The ``bin`` of an environment with the other graders, made if it is not there: a few minutes, once."""
    if given is not None:
        return given / "bin"
    key = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = REPOSITORY / ".cache" / f"bench-{key}"
    if not (folder / "ready").exists():
        print(f"Installing the other graders into {folder.relative_to(REPOSITORY)}/ …", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        # pip compiles what it installs; without that, every process would compile scikit-learn again.
        command = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--requirement", LOCK]
        subprocess.run(command, check=True)
        (folder / "ready").touch()
    return folder / "bin"


def versions(peers: Path) -> dict[str, str]:
    """Distribution → version, of what is compared."""
    names = ["nbgrader", "otter-grader", "pytest", "pandas", "scikit-learn"]
    code = f"import importlib.metadata as m, json; print(json.dumps({{n: m.version(n) for n in {names}}}))"
    said = subprocess.run([peers / "python", "-c", code], check=True, capture_output=True, text=True).stdout
    return dict(json.loads(said))


class Ours:
    """This autograder: ``grade-class``."""

    def __init__(self, folder: Path, peers: Path, students: Sequence[Submission], parts: int = 1) -> None:
        """Set up; nothing of this is measured."""
        self._folder = folder
        assignment.write_ours(folder / "course")
        assignment.write_class(folder / "class", students)

    def run(self, cores: int, at_once: int, *, memory: bool = False) -> Cost:
        """Grade the class from nothing."""
        shutil.rmtree(self._folder / "results", ignore_errors=True)
        return self.resume(cores, at_once, memory=memory)

    def resume(self, cores: int, at_once: int, *, memory: bool = False) -> Cost:
        """Grade what has not been graded yet."""
        argv = [sys.executable, "-P", "-m", "autograder", "grade-class", "../class", "--to", "../results"]
        argv += ["--jobs", str(at_once)]
        env = {"PYTHONPATH": str(REPOSITORY)}
        return measure([Command(argv, self._folder / "course", env)], cores=cores, memory=memory)

    def scores(self) -> dict[str, float]:
        """Student → checks that passed."""
        found = {}
        for path in (self._folder / "results").glob(f"*/{LAB}/report.json"):
            (lab,) = json.loads(path.read_text())["labs"]
            if lab["score"] is not None:
                found[path.parts[-3]] = float(lab["score"])
        return found


class Nbgrader:
    """``nbgrader autograde``; it knows no parallel run, so two courses of half the class may run side by side."""

    def __init__(self, folder: Path, peers: Path, students: Sequence[Submission], parts: int = 1) -> None:
        """Set up; nothing of this is measured."""
        self._peers = peers
        self._courses = [folder / f"course-{number}" for number in range(parts)]
        for number, course in enumerate(self._courses):
            assignment.write_nbgrader(course)
            self._nbgrader(course, "generate_assignment", LAB)
            assignment.write_class(course / "submitted", students[number::parts])

    def run(self, cores: int, at_once: int, *, memory: bool = False) -> Cost:
        """Grade the class from nothing."""
        for course in self._courses:
            shutil.rmtree(course / "autograded", ignore_errors=True)
        argv = [str(self._peers / "nbgrader"), "autograde", LAB, "--force"]
        commands = [Command(argv, course) for course in self._courses]
        return measure(commands, cores=cores, at_once=at_once, memory=memory)

    def scores(self) -> dict[str, float]:
        """Student → checks that passed."""
        found = {}
        for course in self._courses:
            self._nbgrader(course, "export")
            with (course / "grades.csv").open(newline="") as file:
                found |= {row["student_id"]: float(row["score"] or 0) for row in csv.DictReader(file)}
        return found

    def _nbgrader(self, course: Path, *argv: str) -> None:
        done = subprocess.run([self._peers / "nbgrader", *argv], cwd=course, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"nbgrader {argv[0]} failed:\n{done.stderr[-2000:]}")


class Otter:
    """``otter run``, one process for each submission."""

    def __init__(self, folder: Path, peers: Path, students: Sequence[Submission], parts: int = 1) -> None:
        """Set up; nothing of this is measured."""
        self._folder, self._peers = folder, peers
        self._students = [student.student for student in students]
        assignment.write_otter(folder)
        assignment.write_class(folder / "class", students)
        argv = [peers / "otter", "generate", "-t", "tests", "-o", "autograder.zip", "--no-environment"]
        done = subprocess.run([*argv, "--no-requirements", "--no-config"], cwd=folder, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"otter generate failed:\n{done.stderr[-2000:]}")

    def run(self, cores: int, at_once: int, *, memory: bool = False) -> Cost:
        """Grade the class from nothing."""
        shutil.rmtree(self._folder / "out", ignore_errors=True)
        commands = []
        for student in self._students:
            (self._folder / "out" / student).mkdir(parents=True)
            argv = [str(self._peers / "otter"), "run", "--no-logo", "-a", str(self._folder / "autograder.zip")]
            argv += ["-o", str(self._folder / "out" / student), FILE]
            commands.append(Command(argv, self._folder / "class" / student / LAB))
        return measure(commands, cores=cores, at_once=at_once, memory=memory)

    def scores(self) -> dict[str, float]:
        """Student → checks that passed."""
        found = {}
        for student in self._students:
            tests = json.loads((self._folder / "out" / student / "results.json").read_text())["tests"]
            found[student] = float(sum(test.get("score", 0) for test in tests))
        return found


class Pytest:
    """Plain pytest, one process for each submission, without any isolation: the naive way."""

    def __init__(self, folder: Path, peers: Path, students: Sequence[Submission], parts: int = 1) -> None:
        """Set up; nothing of this is measured."""
        self._folder, self._peers = folder, peers
        self._students = [student.student for student in students]
        assignment.write_class(folder, students)
        for student in self._students:
            assignment.write_pytest(folder / student / LAB)

    def run(self, cores: int, at_once: int, *, memory: bool = False) -> Cost:
        """Grade the class from nothing."""
        argv = [str(self._peers / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml=out.xml"]
        commands = [Command([*argv, "test_slices.py"], self._folder / student / LAB) for student in self._students]
        return measure(commands, cores=cores, at_once=at_once, memory=memory)

    def scores(self) -> dict[str, float]:
        """Student → checks that passed."""
        found = {}
        for student in self._students:
            suite = (self._folder / student / LAB / "out.xml").read_text()
            total, failed, broken = (
                int(re.search(rf'{name}="(\d+)"', suite)[1]) for name in ("tests", "failures", "errors")
            )
            found[student] = float(total - failed - broken)
        return found


class Floor:
    """A fork of a warm process for each submission, and nothing around it: the least that a class can cost."""

    def __init__(self, folder: Path, peers: Path, students: Sequence[Submission], parts: int = 1) -> None:
        """Set up; nothing of this is measured."""
        self._folder = folder
        self._students = [student.student for student in students]
        assignment.write_class(folder, students)
        assignment.write_pytest(folder).rename(folder / "checks.py")

    def run(self, cores: int, at_once: int, *, memory: bool = False) -> Cost:
        """Grade the class from nothing."""
        for student in self._students:
            self._passed(student).unlink(missing_ok=True)
        argv = [sys.executable, "-P", floor.__file__, str(self._folder), str(at_once)]
        # Of several threads a fork has one, and has to start the others again.
        one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        return measure([Command(argv, self._folder, one_thread)], cores=cores, memory=memory)

    def scores(self) -> dict[str, float]:
        """Student → checks that passed."""
        return {student: float(self._passed(student).read_text()) for student in self._students}

    def _passed(self, student: str) -> Path:
        return self._folder / student / LAB / floor.NAME


GRADERS: dict[str, type[Ours | Nbgrader | Otter | Pytest | Floor]] = {
    "ours": Ours,
    "nbgrader": Nbgrader,
    "otter": Otter,
    "pytest": Pytest,
    "floor": Floor,
}
