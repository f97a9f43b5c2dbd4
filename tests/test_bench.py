"""The benchmark's own logic: what is handed in is graded as intended, and figures are told as they are."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.catalog import Catalog
from autograder.grading import Request, grade
from autograder.results import Outcome
from autograder.sandbox.client import Zygote
from benchmarks import __main__ as command
from benchmarks import assignment, graders, measures, meter, report
from benchmarks.measures import MEASURES, Settings

TWENTY = assignment.submissions(20)


# ---- the assignment


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our form of the assignment, beside what twenty students handed in; checks may take a second."""
    root = tmp_path_factory.mktemp("bench")
    assignment.write_ours(root / "course")
    assignment.write_class(root / "class", TWENTY)
    manifest = root / "course" / "solutions" / assignment.LAB / "lab.toml"
    manifest.write_text(manifest.read_text().replace("check_s = 10", "check_s = 0.5"))
    return root


@pytest.fixture(scope="module")
def graded(course: Path) -> dict[str, Any]:
    """Student → report."""
    catalog = Catalog(course / "course")
    lab = catalog.lab(assignment.LAB)
    with Zygote(lab.preload) as zygote:
        return {
            student.student: grade(Request(lab, course / "class" / student.student / assignment.LAB), catalog, zygote)
            for student in TWENTY
        }


def test_the_class_is_the_one_that_was_agreed_on() -> None:
    """Ten are right, five are wrong, three raise, one has not finished, one never ends."""
    kinds = Counter(student.kind for student in TWENTY)

    assert kinds == {"right": 10, "wrong": 5, "raising": 3, "unfinished": 1, "endless": 1}
    assert len({student.functions for student in TWENTY}) == 20


@pytest.mark.parametrize("student", TWENTY, ids=lambda student: f"{student.student}-{student.kind}")
def test_each_is_graded_as_intended(graded: dict[str, Any], student: assignment.Submission) -> None:
    """As many checks pass as the assignment says, the endless one's others among them."""
    found = graded[student.student]

    assert (found.outcome, found.problem) == (Outcome.GRADED, "")
    assert found.score == student.passed
    assert found.points == assignment.total_checks()


def test_larger_classes_repeat_the_submissions_that_end() -> None:
    """Two hundred students, each with an id of their own, and none that never ends."""
    students = assignment.submissions(200, endless=False)

    assert len({student.student for student in students}) == 200
    assert "endless" not in {student.kind for student in students}


def test_nbgrader_s_form_is_nbgrader_s(tmp_path: Path) -> None:
    """The source has the hidden tests; what students hand in has the same cells without them."""
    assignment.write_nbgrader(tmp_path)
    assignment.write_class(tmp_path / "submitted", TWENTY[:1])
    source = nbformat.read(tmp_path / "source" / assignment.LAB / assignment.FILE, 4)
    handed = nbformat.read(tmp_path / "submitted" / "student0001" / assignment.LAB / assignment.FILE, 4)
    tests = [cell for cell in source.cells if cell.metadata.get("nbgrader", {}).get("grade")]

    assert len(tests) == assignment.total_checks()
    assert all("### BEGIN HIDDEN TESTS" in cell.source for cell in tests)
    assert "HIDDEN TESTS" not in nbformat.writes(handed)
    assert [cell.metadata for cell in handed.cells] == [cell.metadata for cell in source.cells]


def test_otter_s_tests_run_where_the_functions_are(tmp_path: Path) -> None:
    """Each case is one doctest, which passes beside the reference solution."""
    assignment.write_otter(tmp_path)
    space: dict[str, Any] = {}
    exec(assignment.IMPORTS, space)
    for task in assignment.TASKS:
        exec(task.solution, space)
    cases = []
    for path in (tmp_path / "tests").glob("*.py"):
        read: dict[str, Any] = {}
        exec(path.read_text(), read)
        cases += read["test"]["suites"][0]["cases"]
    for case in cases:
        exec(case["code"].removeprefix(">>> "), dict(space))

    assert len(cases) == assignment.total_checks()


def test_plain_pytest_grades_the_notebook(tmp_path: Path) -> None:
    """It does the same work: all checks pass on the reference solution."""
    assignment.write_class(tmp_path, TWENTY[:1])
    path = assignment.write_pytest(tmp_path / "student0001" / assignment.LAB)
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", path.name]
    done = subprocess.run(argv, cwd=path.parent, capture_output=True, text=True, check=False)

    assert f"{assignment.total_checks()} passed" in done.stdout


def test_the_floor_gives_the_same_scores(tmp_path: Path) -> None:
    """Forks of a warm process come to what was agreed on, each for itself."""
    students = assignment.submissions(19, endless=False)
    floor = graders.Floor(tmp_path, Path(), students)
    cost = floor.run(2, 2)

    assert cost.codes == (0,)
    assert floor.scores() == {student.student: student.passed for student in students}


def test_a_class_is_held_against_the_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    """In rounds, each with ours before every other; the page says how many times the floor each grader takes."""
    seconds = {"ours": 0.04, "floor": 0.02, "nbgrader": 0.5}
    monkeypatch.setattr(graders, "environment", lambda _: Path())
    monkeypatch.setattr(graders, "versions", lambda _: {})
    turns: list[tuple[str, int]] = []

    def graded(name: str, students: list[assignment.Submission], *_: object) -> float:
        turns.append((name, len(students)))
        return seconds[name] * len(students)

    monkeypatch.setattr(measures, "_class", graded)
    found = measures.classes(Settings(peers=("nbgrader",), runs=4))

    ratios = {row.name: row.ratio for row in found.rows}
    assert turns[:4] == [("ours", 19), ("floor", 19), ("ours", 19), ("nbgrader", 19)]
    assert turns == turns[:6] * 2, "everybody has a turn in each round"
    assert ratios["floor, 200 submissions"] == pytest.approx(0.5)
    assert "nbgrader takes 25.0 × the floor on 19 submissions, 25.0 × on 200" in found.notes


def test_memory_and_processor_time_are_told_of_each_grader(monkeypatch: pytest.MonkeyPatch) -> None:
    """While two grade side by side, in the arrangement of its own. What nobody saw meets no goal."""
    seen: float | None = 512.0
    runs: list[tuple[int, int, int]] = []

    class Fake:
        def __init__(self, folder: Path, peers: Path, students: list[assignment.Submission], parts: int = 1) -> None:
            self._about = len(students), parts

        def run(self, cores: int, at_once: int, *, memory: bool = False) -> meter.Cost:
            assert memory
            runs.append((*self._about, at_once))
            return meter.Cost(1, 38.0, 300.0, (0,), "")

        def resume(self, cores: int, at_once: int, *, memory: bool = False) -> meter.Cost:
            return meter.Cost(1, 40.0, seen, (0,), "")

    monkeypatch.setattr(graders, "environment", lambda _: Path())
    monkeypatch.setattr(graders, "Ours", Fake)
    monkeypatch.setattr(graders, "GRADERS", dict.fromkeys(("ours", "nbgrader"), Fake))
    found = measures.memory(Settings(peers=("nbgrader",)))

    values = {row.name: row.median for row in found.rows}
    assert values["nbgrader, 19 submissions: CPU per submission"] == 2
    assert values["nbgrader, 19 submissions: peak memory"] == 300
    assert runs == [(19, 1, 2), (19, 2, 2)]
    assert [(goal.found, goal.met) for goal in found.goals] == [(0.5, True)]
    seen = None
    assert [(goal.found, goal.met) for goal in measures.memory(Settings(peers=())).goals] == [(None, False)]


def test_our_scores_are_read_from_the_results(tmp_path: Path) -> None:
    """Only submissions that have a score are in it."""
    ours = graders.Ours(tmp_path, Path(), TWENTY[:2])
    for student, score in (("a", 7.0), ("b", None)):
        path = tmp_path / "results" / student / assignment.LAB / "report.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"labs": [{"score": score}]}))

    assert ours.scores() == {"a": 7.0}


def test_a_grader_that_is_wrong_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Speed without the right scores is no comparison."""

    class Wrong:
        def scores(self) -> dict[str, float]:
            return {"student0001": 8.0, "student0002": 3.0}

    found = measures.Found()
    measures._must_be_right("their", Wrong(), TWENTY[:2], found)  # type: ignore[arg-type]

    assert found.notes == ["their: student0002 (right) has 3.0 checks, not 8"]
    assert "student0002" in capsys.readouterr().out


# ---- figures


def test_a_ratio_is_that_of_the_medians() -> None:
    """One slow run does not decide."""
    assert report.ratio([9.0, 2.0, 4.0], [1.0, 100.0, 2.0]) == 2


@pytest.mark.parametrize(
    ("found", "wanted", "at_most", "met"),
    [(1.4, 1.5, True, True), (1.6, 1.5, True, False), (21, 20, False, True), (19, 20, False, False)],
)
def test_a_goal_is_met_or_not(found: float, wanted: float, at_most: bool, met: bool) -> None:
    """Some ratios must not be passed, others must be reached."""
    goal = report.Goal("it", found, wanted, at_most)

    assert goal.met is met
    assert str(goal).startswith("met" if met else "NOT MET")


def test_a_goal_that_was_not_measured_is_not_met() -> None:
    """What is missing is never good news."""
    assert not report.Goal("it", None, 1.0, at_most=True).met


def test_a_line_shows_median_spread_and_ratio() -> None:
    """Several runs show their spread, a single one does not."""
    several = report.show(report.Row("work", "s", (1.0, 2.0, 12.0), 3.5))
    single = report.show(report.Row("work", "s", (2.0,)))

    assert "2 s  min 1  max 12.0  = 3.50 ×" in several
    assert "min" not in single
    assert "×" not in single


@pytest.fixture
def found() -> measures.Found:
    """What a measure found."""
    return measures.Found(
        rows=[report.Row("ours", "s", (1.0, 2.0, 3.0)), report.Row("their | own", "s", (40.0,), 20.0)],
        goals=[report.Goal("≥ 20 ×", 20.0, 20.0, at_most=False), report.Goal("≥ 60 ×", 50.0, 60.0, at_most=False)],
        notes=["Versions: nbgrader 0.9.6"],
    )


def test_the_page_is_made_of_the_last_results(tmp_path: Path, found: measures.Found) -> None:
    """Tables, goals met or not, notes, and how busy the machine was."""
    about = report.machine() | {"load_before": 3.2, "date": "2026-03-01", "cores": 2}
    report.write(tmp_path, "class", about, found)
    report.write(tmp_path, "first-feedback", about | {"load_before": 0.1}, measures.Found())
    text = report.page(report.read(tmp_path))

    assert text.index("## First feedback") < text.index("## A class, beside other graders")
    assert "| ours | 2 s | 1 | 3 |  |" in text
    assert "| their \\| own | 40.0 s |  |  | 20.00 × |" in text
    assert "- met: ≥ 20 ×" in text
    assert "- NOT MET: ≥ 60 × (found 50.00, wanted 60)" in text
    assert "- Versions: nbgrader 0.9.6" in text
    assert "Measured on 2026-03-01" in text
    assert "2 cores; load 3.2 when it began." in text
    assert "2 cores; load 0.1 when it began." in text


# ---- commands


def test_commands_are_measured(tmp_path: Path) -> None:
    """Wall time, exit codes and the last words of commands that run side by side."""
    code = "import sys; print('said'); sys.exit(3)"
    cost = meter.measure([meter.Command([sys.executable, "-c", code], tmp_path)] * 2, at_once=2, cores=1)

    assert cost.codes == (3, 3)
    assert cost.output == "said\n"
    assert cost.wall_s > 0
    assert cost.cpu_s is None or cost.cpu_s > 0


def test_memory_is_looked_at_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The peak of the whole tree, grandchildren included."""
    inner = "held = b'x' * (64 << 20); import sys; sys.stdin.read()"
    outer = (
        f"import os, subprocess, sys\np = subprocess.Popen([sys.executable, '-c', {inner!r}], stdin=-1)\n"
        "while not os.path.exists('seen'):\n    os.sched_yield()\np.communicate(b'')\n"
    )
    look = meter._held_mb

    def looked(root: int) -> float:
        held = look(root)
        if held > 64:
            (tmp_path / "seen").touch()
        return held

    monkeypatch.setattr(meter, "_held_mb", looked)
    cost = meter.measure([meter.Command([sys.executable, "-c", outer], tmp_path)], memory=True)

    assert cost.peak_mb is not None
    assert cost.peak_mb > 64


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, Settings]]:
    """Which measures were taken, with which settings; none is really taken."""
    taken: list[tuple[str, Settings]] = []

    def pretend(name: str) -> Callable[[Settings], measures.Found]:
        def measure(settings: Settings) -> measures.Found:
            taken.append((name, settings))
            return measures.Found()

        return measure

    monkeypatch.setattr(command, "MEASURES", {name: pretend(name) for name in MEASURES})
    monkeypatch.setattr(command, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(command, "PAGE", tmp_path / "benchmarks.md")
    return taken


def test_each_measure_can_be_chosen(measured: list[tuple[str, Settings]]) -> None:
    """A short run measures what was named, and no more than was asked for."""
    command.main(["class", "resume", "--size", "3", "--sizes", "2,4", "--peers", "pytest", "--runs", "1"])

    assert [name for name, _ in measured] == ["class", "resume"]
    assert measured[0][1] == Settings(size=3, sizes=(2, 4), peers=("pytest",), runs=1)


def test_without_a_name_everything_is_measured(measured: list[tuple[str, Settings]]) -> None:
    """And in the order of the page."""
    command.main([])

    assert [name for name, _ in measured] == list(MEASURES) == list(report.TITLES)


def test_the_page_can_be_written_alone(measured: list[tuple[str, Settings]], tmp_path: Path) -> None:
    """--summary measures nothing."""
    command.main(["--summary"])

    assert measured == []
    assert (tmp_path / "benchmarks.md").read_text().startswith("# Benchmarks")


def test_an_unknown_measure_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """With the names of those that there are."""
    with pytest.raises(SystemExit):
        command.main(["speed"])

    assert "choose from first-feedback, class" in capsys.readouterr().err


def test_the_lock_file_pins_every_package() -> None:
    """What is compared today can be compared again."""
    lines = graders.LOCK.read_text().splitlines()
    pinned = {line.partition("==")[0] for line in lines if line and not line.startswith("#")}

    assert {"nbgrader", "otter-grader", "pytest", "pandas", "scikit-learn"} <= pinned
    assert all("==" in line for line in lines if line and not line.startswith("#"))
