"""What is measured. Each measure prints what it finds as it goes and returns its rows, with ratios and goals."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import assignment, graders, warm_start
from benchmarks.meter import Command, Cost, measure
from benchmarks.report import Goal, Row, ratio, show

__all__ = ["MEASURES", "Settings"]

BARE = "import pandas, sklearn.linear_model, pytest"
CLASS_OF = 200
"""The class for which a peer's time is taken from its rate on the small one."""
_ONE_COURSE = ((1, 2),)
_ARRANGEMENTS = {"nbgrader": ((1, 1), (2, 2))}
"""Grader → in how many courses a class may be split, and how many commands then run side by side."""


@dataclass(frozen=True)
class Settings:
    """How much to measure.

    Attributes:
        size: students in the class that all graders grade.
        sizes: students in the classes that ours grades alone.
        runs: how often what is short is measured.
        cores: numbers of cores for what ours does alone.
        peers: graders beside ours.
        environment: of the other graders; made if None.
        lab: whose first feedback is timed.
        labs: what verify is timed on.
    """

    size: int = 19
    sizes: tuple[int, ...] = (20, 200, 2000)
    runs: int = 5
    cores: tuple[int, ...] = (1, 2)
    peers: tuple[str, ...] = ("nbgrader", "otter", "pytest")
    environment: Path | None = None
    lab: str = "02"
    labs: tuple[str, ...] = ("02",)


@dataclass
class Found:
    """Rows and goals of one measure, shown as they come."""

    rows: list[Row] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def row(self, name: str, unit: str, values: Sequence[float], *, base: Row | None = None) -> Row:
        """Add what was measured, and its ratio to ``base``."""
        row = Row(name, unit, tuple(values), ratio(values, base.values) if base else None)
        self.rows.append(row)
        print(show(row), flush=True)
        return row

    def goal(self, goal: Goal) -> None:
        """Add a goal."""
        self.goals.append(goal)
        print(f"  {goal}", flush=True)

    def note(self, text: str) -> None:
        """Add a sentence."""
        self.notes.append(text)
        print(f"  {text}", flush=True)


def first_feedback(settings: Settings) -> Found:
    """From the command line to the report on a lab: for the first time, and again when nothing has changed."""
    found = Found()
    nox = [sys.executable, "-m", "nox", "-s", "grade", "--", settings.lab]
    direct = [sys.executable, "-m", "autograder", "grade", settings.lab]
    times: dict[str, list[float]] = {name: [] for name in ("bare", "first", "again", "direct", "solution")}
    (lab,) = (graders.REPOSITORY / "solutions").glob(f"{settings.lab}*")
    for _ in range(settings.runs):
        times["bare"].append(_seconds([sys.executable, "-c", BARE]))
        _forget()
        times["first"].append(_seconds(nox))
        times["again"].append(_seconds(nox))
        times["direct"].append(_seconds(direct))
        times["solution"].append(_seconds([*nox, "--fresh", "--submission", f"solutions/{lab.name}"]))
        _forget()
    bare = found.row(f'python -c "{BARE}"', "s", times["bare"])
    first = found.row(f"nox -s grade -- {settings.lab}, the starter", "s", times["first"], base=bare)
    again = found.row(f"nox -s grade -- {settings.lab}, nothing changed", "s", times["again"], base=bare)
    found.row("the same without nox", "s", times["direct"], base=bare)
    found.row("the reference solution, graded afresh", "s", times["solution"], base=bare)
    extra = [a - b for a, b in zip(times["again"], times["direct"], strict=True)]
    found.row("nox beyond the autograder", "s", extra)
    found.goal(Goal("first feedback ≤ 1.5 × the bare import", first.ratio, 1.5, at_most=True))
    found.goal(Goal("repeated grade ≤ 0.5 × the bare import", again.ratio, 0.5, at_most=True))
    return found


def classes(settings: Settings) -> Found:
    """A class graded by each grader in its best arrangement on two cores, start-up included.

    In rounds, each of which has everybody's turn, and ours before every other's: a machine is not equally fast at all
    times, and what is compared should have had the same.
    """
    found = Found()
    peers = graders.environment(settings.environment)
    found.note("Versions: " + ", ".join(f"{name} {version}" for name, version in graders.versions(peers).items()))
    students = assignment.submissions(settings.size, endless=False)
    more = assignment.submissions(CLASS_OF, endless=False)
    small: dict[str, list[float]] = {name: [] for name in ("ours", "floor", *settings.peers)}
    large: dict[str, list[float]] = {name: [] for name in ("ours", "floor")}
    for _ in range(max(1, settings.runs // 2)):
        for name in [name for name in small if name != "ours"]:
            small["ours"].append(_class("ours", students, peers, found))
            small[name].append(_class(name, students, peers, found))
        for name, seconds in large.items():
            seconds.append(_class(name, more, peers, found))
    ours = found.row(f"ours, {settings.size} submissions", "s", small["ours"])
    many = found.row(f"ours, {CLASS_OF} submissions", "s", large["ours"])
    floor = [
        found.row(f"floor, {size} submissions", "s", times["floor"], base=own)
        for size, times, own in ((settings.size, small, ours), (CLASS_OF, large, many))
    ]
    wanted = {"nbgrader": (20, 60), "otter": (35, 100)}
    for name in settings.peers:
        their = found.row(f"{name}, {settings.size} submissions", "s", small[name], base=ours)
        rate = [value / settings.size * CLASS_OF for value in their.values]
        extended = found.row(f"{name}, {CLASS_OF} at that rate", "s", rate, base=many)
        for row, least, size in zip((their, extended), wanted.get(name, ()), (settings.size, CLASS_OF), strict=False):
            found.goal(Goal(f"{size} submissions: {name} ≥ {least} × ours", row.ratio, least, at_most=False))
        few, lot = (ratio(row.values, own.values) for row, own in zip((their, extended), floor, strict=True))
        found.note(f"{name} takes {few:.1f} × the floor on {settings.size} submissions, {lot:.1f} × on {CLASS_OF}")
    return found


def endless(settings: Settings) -> Found:
    """The same class with one submission that never ends; each check or cell may take ten seconds."""
    found = Found()
    peers = graders.environment(settings.environment)
    students = assignment.submissions(20)
    ours = found.row("ours, 20 submissions", "s", [_class("ours", students, peers, found)])
    if "nbgrader" in settings.peers:
        found.row("nbgrader, 20 submissions", "s", [_class("nbgrader", students, peers, found)], base=ours)
    found.note("otter run and plain pytest have no limit of time: they would never end.")
    return found


def throughput(settings: Settings) -> Found:
    """Classes of several sizes on one and two cores: what a submission costs, and whether that stays the same."""
    found = Found()
    each: dict[tuple[int, int], float] = {}
    for cores in settings.cores:
        for size in settings.sizes:
            with _folder() as folder:
                ours = graders.Ours(folder, Path(), assignment.submissions(size, endless=False))
                cost = ours.run(cores, cores)
                _must_be_right("ours", ours, assignment.submissions(size, endless=False), found)
            each[cores, size] = cost.wall_s
            found.row(f"{size} submissions, {_cores(cores)}: submissions per second", "/s", [size / cost.wall_s])
            if cost.cpu_s is not None:
                found.row(f"{size} submissions, {_cores(cores)}: CPU per submission", "s", [cost.cpu_s / size])
    small, large = sorted(settings.sizes)[-2:] if len(settings.sizes) > 1 else (0, 0)
    for cores in settings.cores if small else ():
        change = (each[cores, large] / large) / (each[cores, small] / small)
        claim = f"cost per submission: {large} within 10 % of {small}, on {_cores(cores)}"
        found.goal(Goal(claim, change, 1.1, at_most=True))
    return found


def memory(settings: Settings) -> Found:
    """The most memory of all processes together while two grade side by side, and what each submission costs."""
    found = Found()
    size = max(settings.sizes)
    with _folder() as folder:
        ours = graders.Ours(folder, Path(), assignment.submissions(min(size, CLASS_OF), endless=False))
        cost = ours.resume(2, 2, memory=True)
    if cost.peak_mb is not None:
        found.row(f"peak memory, {min(size, CLASS_OF)} submissions, two workers", "MB", [cost.peak_mb])
    used = None if cost.peak_mb is None else cost.peak_mb / 1024
    found.goal(Goal("peak memory ≤ 1024 MB", used, 1, at_most=True))
    students = assignment.submissions(settings.size, endless=False)
    peers = graders.environment(settings.environment)
    for name in ("ours", *settings.peers):
        with _folder() as folder:
            parts, at_once = _ARRANGEMENTS.get(name, _ONE_COURSE)[-1]
            cost = graders.GRADERS[name](folder, peers, students, parts).run(2, at_once, memory=True)
        if cost.peak_mb is not None:
            found.row(f"{name}, {settings.size} submissions: peak memory", "MB", [cost.peak_mb])
        if cost.cpu_s is not None:
            found.row(f"{name}, {settings.size} submissions: CPU per submission", "s", [cost.cpu_s / settings.size])
    return found


def resume(settings: Settings) -> Found:
    """A class in which nothing has changed since it was graded."""
    found = Found()
    size = max(settings.sizes)
    with _folder() as folder:
        ours = graders.Ours(folder, Path(), assignment.submissions(size, endless=False))
        ours.run(2, 2)
        seconds = [ours.resume(2, 2).wall_s for _ in range(settings.runs)]
        again = found.row(f"{size} submissions, nothing changed", "s", seconds)
        found.goal(Goal(f"{size} unchanged submissions resumed in ≤ 5 s", again.median / 5, 1, at_most=True))
    return found


def warm(settings: Settings) -> Found:
    """From a request to the first result of a student's function that uses pandas and scikit-learn."""
    found = Found()
    base = None
    for name, milliseconds in warm_start.compare(max(settings.runs, 5) * 4).items():
        row = found.row(f"warm start, {name}", "ms", milliseconds, base=base)
        base = base or row
    return found


def verify(settings: Settings) -> Found:
    """Proving the graders of labs: the solutions, known mistakes, mutants; each lab, and several in one run."""
    found = Found()
    for lab in settings.labs:
        _verify([lab], lab, found)
    if len(settings.labs) > 1:
        cost = _verify(settings.labs, f"{', '.join(settings.labs)} in one run", found)
        if len(settings.labs) == 6:
            seconds = None if any(cost.codes) else cost.wall_s
            found.goal(Goal("six labs verified in ≤ 300 s", seconds and seconds / 300, 1, at_most=True))
    return found


def _verify(labs: Sequence[str], name: str, found: Found) -> Cost:
    cost = measure([Command([sys.executable, "-m", "autograder", "verify", *labs, "--fresh"], graders.REPOSITORY)])
    if any(cost.codes):
        found.note(f"verify {name} ended with exit code {cost.codes[0]}: {_last(cost)}")
    found.row(f"verify {name}", "s", [cost.wall_s])
    if cost.cpu_s is not None:
        found.row(f"verify {name}: CPU", "s", [cost.cpu_s])
    return cost


def _cores(number: int) -> str:
    return f"{number} core" if number == 1 else f"{number} cores"


MEASURES: dict[str, Callable[[Settings], Found]] = {
    "first-feedback": first_feedback,
    "class": classes,
    "endless": endless,
    "throughput": throughput,
    "memory": memory,
    "resume": resume,
    "warm-start": warm,
    "verify": verify,
}


def _class(name: str, students: Sequence[assignment.Submission], peers: Path, found: Found) -> float:
    """Seconds for a class, in the arrangement in which this grader is fastest on two cores."""
    arrangements = _ARRANGEMENTS.get(name, _ONE_COURSE)
    seconds = {}
    for parts, at_once in arrangements:
        with _folder() as folder:
            grader = graders.GRADERS[name](folder, peers, students, parts)
            seconds[at_once] = grader.run(2, at_once).wall_s
            _must_be_right(name, grader, students, found)
        if len(arrangements) > 1:
            found.note(f"{name}, {at_once} side by side: {seconds[at_once]:.1f} s")
    return min(seconds.values())


def _must_be_right(name: str, grader: graders.Grader, students: Sequence[assignment.Submission], found: Found) -> None:
    """A grader that is fast but wrong is not compared in silence."""
    scores = grader.scores()
    wrong = [student for student in students if scores.get(student.student) != student.passed]
    for student in wrong[:5]:
        found.note(
            f"{name}: {student.student} ({student.kind}) has {scores.get(student.student)} checks, not {student.passed}"
        )


def _forget() -> None:
    for path in (graders.REPOSITORY / ".grades").glob(".*.last.json"):
        path.unlink()


def _seconds(argv: Sequence[str]) -> float:
    cost = measure([Command(argv, graders.REPOSITORY)])
    if any(cost.codes):
        raise SystemExit(f"{' '.join(argv)} ended with exit code {cost.codes[0]}:\n{cost.output}")
    return cost.wall_s


def _last(cost: Cost) -> str:
    return (cost.output.strip().splitlines() or [""])[-1]


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="autograder-bench-") as name:
        os.chmod(name, 0o755)
        yield Path(name)
