"""A course for nbgrader: what is written, and nbgrader's own commands run in it from release to feedback."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.catalog import Catalog
from autograder.errors import BuildError, InfrastructureError, UsageError
from autograder.gradebook import store
from autograder.nbcourse import GradeInSandbox, lay_out
from autograder.records import Record
from autograder.results import LabReport, Report

LAB = "02-iris-slicing"
NOTEBOOK = "iris_slicing.ipynb"

# nbgrader and what it stands on warn of their own future.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
]


@pytest.fixture
def laid_out(repository: Path, tmp_path: Path) -> Path:
    """A course with lab 02."""
    catalog = Catalog(repository)
    lay_out(catalog, [catalog.lab(LAB)], tmp_path / "course")
    return tmp_path / "course"


def telling(repository: Path) -> set[str]:
    """The lines of the solution of lab 02 that a student's files do not have and that say something."""

    def lines(folder: Path) -> set[str]:
        texts = []
        for path in folder.iterdir():
            if path.suffix == ".ipynb":
                texts += ["".join(cell["source"]) for cell in json.loads(path.read_text())["cells"]]
            else:
                texts.append(path.read_text())
        return {line.strip() for text in texts for line in text.splitlines()}

    secret = lines(repository / "solutions" / LAB) - lines(repository / "labs" / LAB)
    return {line for line in secret if len(line) > 12 and "SOLUTION" not in line}


def texts(folder: Path) -> dict[str, str]:
    """File below a folder → its text, notebooks with their cells unquoted."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            text = path.read_text()
            if path.suffix == ".ipynb":
                text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
            found[path.relative_to(folder).as_posix()] = text
    return found


def test_only_notebooks_hold_solutions(laid_out: Path, repository: Path) -> None:
    """Every other file is as students get it, because nbgrader releases those as they are."""
    secret = telling(repository)
    files = texts(laid_out / "source" / LAB)

    assert len(secret) > 20
    assert {name for name, text in files.items() for line in secret if line in text} == {NOTEBOOK}


def test_test_cells_give_a_number_for_every_task(laid_out: Path, repository: Path) -> None:
    """Each task has one test cell with its points, whose last expression is what its checks give."""
    cells = json.loads((laid_out / "source" / LAB / NOTEBOOK).read_text())["cells"]
    tests = [cell for cell in cells if cell["metadata"].get("nbgrader", {}).get("grade")]

    points = {cell["metadata"]["nbgrader"]["grade_id"]: cell["metadata"]["nbgrader"]["points"] for cell in tests}
    assert points == {f"check-{task.id}": task.points for task in Catalog(repository).lab(LAB).task}
    assert all(cell["metadata"]["nbgrader"]["locked"] for cell in tests)
    last = [ast.unparse(ast.parse("".join(cell["source"])).body[-1]) for cell in tests]
    assert [line for line in last if not re.fullmatch(r"check\('[a-z-]+', points=True\)", line)] == []


def test_data_travel_with_the_assignment(laid_out: Path) -> None:
    """nbgrader moves folders about: data lie inside, and every file that names them knows."""
    files = texts(laid_out / "source" / LAB)

    assert "datasets/iris/iris.csv" in files
    assert [name for name, text in files.items() if "../datasets" in text] == []
    assert 'read_csv("datasets/iris/iris.csv")' in files[NOTEBOOK]


def test_laying_out_again_spares_what_nbgrader_made(laid_out: Path, repository: Path) -> None:
    """Sources are renewed; the gradebook, submissions and the labs of an earlier call stay."""
    kept = laid_out / "submitted" / "ada" / LAB / NOTEBOOK
    kept.parent.mkdir(parents=True)
    kept.write_text("mine")
    (laid_out / "gradebook.db").write_text("grades")
    (laid_out / "source" / LAB / "old.txt").write_text("old")
    catalog = Catalog(repository)

    lay_out(catalog, [catalog.lab("03-compas-bias")], laid_out)
    lay_out(catalog, [catalog.lab(LAB)], laid_out)

    assert (kept.read_text(), (laid_out / "gradebook.db").read_text()) == ("mine", "grades")
    assert not (laid_out / "source" / LAB / "old.txt").exists()
    config = (laid_out / "nbgrader_config.py").read_text()
    assert "{'02-iris-slicing': ['test_slices.py'], '03-compas-bias': ['findings.toml']}" in config


def test_a_lab_without_a_notebook_is_refused(repository: Path, tmp_path: Path) -> None:
    """nbgrader cannot hold a lab that has nothing but files, and it is named."""
    catalog = Catalog(repository)

    with pytest.raises(UsageError, match="10-heroku-procfile: nbgrader needs a notebook"):
        lay_out(catalog, [catalog.lab("10-heroku-procfile")], tmp_path)


def test_a_student_edition_has_no_sources(course: Any, tmp_path: Path) -> None:
    """Without solutions there is no course to lay out."""
    shutil.move(course.solution, course.lab)
    (course.root / "solutions").rmdir()

    with pytest.raises(UsageError, match="student edition"):
        lay_out(course.catalog, course.catalog.labs(), tmp_path)


@pytest.fixture
def author(course: Any) -> Callable[..., None]:
    """Give the tiny lab a notebook with these test cells: ``author(("check-double", 'check("double")', 3), …)``."""

    def write(*cells: tuple[str, str, float]) -> None:
        about = {"schema_version": 3, "grade": True, "solution": False, "locked": True, "task": False}
        made = [
            {
                "cell_type": "code",
                "id": f"cell-{number}",
                "metadata": {"nbgrader": {**about, "grade_id": name, "points": points}},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
            for number, (name, source, points) in enumerate(cells)
        ]
        notebook = {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        course.write(course.solution / "work.ipynb", json.dumps(notebook))
        course.edit(course.solution / "lab.toml", 'submit = ["work.py"]', 'submit = ["work.py", "work.ipynb"]')

    return write


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ([("check-double", 'check("double")', 3)], "task greet has no test cell"),
        ([("check-double", 'check("double")', 3), ("check-greet", 'check("greet")', 2)], "gives 2 points, lab.toml 1"),
        ([("check-double", 'check("double")', 3), ("check-greet", "assert True", 1)], "must be called check-TASK"),
        ([("check-double", 'check("double")', 3), ("greeting", 'check("greet")', 1)], "must be called check-TASK"),
    ],
)
def test_test_cells_that_do_not_fit_are_refused(
    course: Any, author: Callable[..., None], tmp_path: Path, cells: list[tuple[str, str, float]], fault: str
) -> None:
    """A task without its cell, other points and cells that would give full marks for anything are build errors."""
    author(*cells)

    with pytest.raises(BuildError, match=fault):
        lay_out(course.catalog, course.catalog.labs(), tmp_path / "nbgrader")

    assert not (tmp_path / "nbgrader").exists()


class Graded:
    """A notebook with test cells, filled in from a report as ``nbgrader autograde`` does."""

    def __init__(self, report: LabReport, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from nbformat import v4

        self.report, self._folder = report, folder
        self.notebook = v4.new_notebook()
        for task in report.tasks:
            about = {"grade": True, "solution": False, "grade_id": f"check-{task.id}", "points": task.points}
            self.notebook.cells.append(v4.new_code_cell("check()", metadata={"nbgrader": about}))
        monkeypatch.setattr(GradeInSandbox, "_grade", lambda _self, _lab, _folder: self.report)

    def fill_in(self) -> list[tuple[float, float]]:
        """The grades that nbgrader reads out of the cells afterwards: score and maximum."""
        from nbgrader.utils import determine_grade

        resources = {"nbgrader": {"assignment": LAB}, "metadata": {"path": str(self._folder)}}
        GradeInSandbox().preprocess(self.notebook, resources)
        return [determine_grade(cell) for cell in self.notebook.cells]


@pytest.fixture
def graded(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Graded:
    """A learner's notebook, half-way."""
    text = (repository / "tests" / "reports" / "learner" / "report.json").read_text()
    return Graded(Report.model_validate_json(text).labs[0], tmp_path, monkeypatch)


def test_nbgrader_reads_the_points_back(graded: Graded) -> None:
    """What the sandbox gave is what nbgrader takes for the grade of each cell, in part and in full."""
    grades = graded.fill_in()

    assert grades == [(task.score, task.points) for task in graded.report.tasks]
    assert any(0 < score < points for score, points in grades)
    assert all("text/html" in cell.outputs[0].data for cell in graded.notebook.cells)


def test_cells_that_do_not_match_the_lab_are_not_graded(graded: Graded) -> None:
    """A test cell of no task, and a task without its cell, stop nbgrader instead of giving points."""
    lost = graded.notebook.cells.pop()
    with pytest.raises(InfrastructureError, match="lost its test cells"):
        graded.fill_in()
    lost.metadata["nbgrader"]["grade_id"] = "check-nothing"
    graded.notebook.cells.append(lost)

    with pytest.raises(InfrastructureError, match="check-nothing"):
        graded.fill_in()


def test_a_grader_that_fails_grades_nobody(repository: Path, tmp_path: Path) -> None:
    """If the program that grades fails, nbgrader gets an exception, which leaves the submission ungraded."""
    step = GradeInSandbox(repository=str(repository), course=str(tmp_path))

    with pytest.raises(InfrastructureError, match="No lab is called '99-nothing'"):
        step._grade("99-nothing", tmp_path)


def edited(path: Path, cells: dict[str, str]) -> None:
    """Replace the source of cells of a notebook, by their nbgrader names."""
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name in cells:
            cell["source"] = cells[name]
    path.write_text(json.dumps(notebook))


def test_nbgraders_own_commands_work_from_release_to_feedback(laid_out: Path, repository: Path, tmp_path: Path) -> None:
    """generate_assignment, validate, autograde and generate_feedback: no leak, right points, cheating gains nothing."""

    def nbgrader(*arguments: str) -> str:
        environment = {
            **os.environ,
            "HOME": str(tmp_path),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }
        environment.pop("PYTHONPATH", None)
        command = [sys.executable, "-m", "nbgrader", *arguments]
        done = subprocess.run(command, cwd=laid_out, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return " ".join(done.stdout.split())

    solved = json.loads((repository / "solutions" / LAB / NOTEBOOK).read_text())["cells"]
    source = {cell["id"]: "".join(cell["source"]) for cell in solved}

    nbgrader("generate_assignment", LAB)
    release = texts(laid_out / "release" / LAB)
    for student in ("full", "half", "starter"):
        shutil.copytree(laid_out / "release" / LAB, laid_out / "submitted" / student / LAB)
    full, half = (laid_out / "submitted" / student / LAB for student in ("full", "half"))
    edited(full / NOTEBOOK, {name: text for name, text in source.items() if not name.startswith("check-")})
    shutil.copy(repository / "solutions" / LAB / "test_slices.py", full)
    cheat = "import autograder.notebook, sys\nautograder.notebook.check = lambda *a, **k: 3.0\nsys.displayhook(3.0)"
    wrong = source["numeric-slices"].replace("values >= low", "values > low")
    edited(half / NOTEBOOK, {"slice-stats": source["slice-stats"], "numeric-slices": wrong, "slice-metrics": cheat})
    valid = nbgrader("validate", str(full / NOTEBOOK))
    invalid = nbgrader("validate", str(laid_out / "release" / LAB / NOTEBOOK))
    nbgrader("autograde", LAB)
    nbgrader("generate_feedback", LAB)

    assert [(name, line) for name, text in release.items() for line in telling(repository) if line in text] == []
    assert "How this is graded" in release[NOTEBOOK]
    assert "Success! Your notebook passes all the tests." in valid
    assert "VALIDATION FAILED ON 5 CELL(S)" in invalid
    from nbgrader.api import Gradebook

    url = f"sqlite:///{laid_out / 'gradebook.db'}"
    with Gradebook(url) as book:
        submissions = {submission.student.id: submission for submission in book.assignment_submissions(LAB)}
        given = {
            student: {grade.name.removeprefix("check-"): grade.auto_score for grade in submission.notebooks[0].grades}
            for student, submission in submissions.items()
        }
        assert given["full"] == {task.id: task.points for task in Catalog(repository).lab(LAB).task}
        assert given["starter"] == dict.fromkeys(given["full"], 0)
        assert 0 < given["half"].pop("numeric-slices") < 2
        assert given["half"] == {"slice-stats": 3, "slice-metrics": 0, "find-the-gap": 0, "slice-tests": 0}
    feedback = (laid_out / "feedback" / "half" / LAB / NOTEBOOK).with_suffix(".html").read_text()
    assert "Describe each class" in feedback

    # Grades of grade-class go into the same book, in the same cells.
    store([Record(student="half", lab=LAB, key="k", problem="the archive is damaged")], Catalog(repository), url)

    with Gradebook(url) as book:
        assert book.find_assignment(LAB).max_score == 12
        assert {grade.auto_score for grade in book.find_submission(LAB, "half").notebooks[0].grades} == {None}
        assert book.find_submission(LAB, "full").score == 12


def test_the_command_lays_out_every_lab_with_a_notebook(
    command: Callable[..., Any], author: Callable[..., None], tmp_path: Path
) -> None:
    """``nbgrader --to DIR`` writes sources and says what comes next."""
    author(("check-double", 'check("double")', 3), ("check-greet", 'check("greet")', 1))

    said = command("nbgrader", "--to", tmp_path / "nbgrader")

    assert said.code == 0
    assert "nbgrader generate_assignment 01-tiny-lab" in said.out
    assert (tmp_path / "nbgrader" / "source" / "01-tiny-lab" / "work.ipynb").is_file()
