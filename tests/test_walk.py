"""The first lab as a newcomer walks it: one task after the other, at the terminal and in the notebook."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from autograder import build
from autograder.catalog import Catalog

LAB = "02-iris-slicing"
NOTEBOOK = "iris_slicing.ipynb"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course as a learner has it, with the untouched starter of the lab."""
    here = Catalog()
    root = tmp_path_factory.mktemp("course")
    catalog = (root / "course.toml").write_text(
        f'title = "Walk"\n[[part]]\nid = "performance"\ntitle = "Performance"\nlabs = ["{LAB}"]\n', encoding="utf-8"
    )
    assert catalog
    shutil.copytree(here.dataset_dir("iris"), root / "datasets" / "iris")
    shutil.copytree(here.grader_dir(LAB), root / "autograder" / "graders" / LAB)
    for name, content in build.student_view(here.solution_dir(LAB)).items():
        path = root / "labs" / LAB / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def solve(course: Path, task: str) -> None:
    """Do a task: put the reference solution's cell, or test file, in place of the starter's."""
    solution, work = Catalog().solution_dir(LAB), course / "labs" / LAB
    if task == "slice-tests":
        shutil.copy(solution / "test_slices.py", work)
        return
    notebook = json.loads((work / NOTEBOOK).read_text(encoding="utf-8"))
    done = {cell["id"]: cell for cell in json.loads((solution / NOTEBOOK).read_text(encoding="utf-8"))["cells"]}
    for cell in notebook["cells"]:
        if cell["id"] == task:
            cell["source"] = done[task]["source"]
    (work / NOTEBOOK).write_text(json.dumps(notebook), encoding="utf-8")


def grade(course: Path, *options: str) -> str:
    """What the learner sees at the terminal."""
    command = [sys.executable, "-m", "autograder", "grade", "02", *options]
    done = subprocess.run(command, cwd=course / "labs" / LAB, capture_output=True, text=True, check=True)
    return done.stdout


def run_notebook(course: Path) -> dict[str, str]:
    """Run the notebook top to bottom in a real kernel; the text that each check shows."""
    folder = course / "labs" / LAB
    notebook = nbformat.read(folder / NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    shown = {}
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.source.startswith("check("):
            data = [output["data"] for output in cell.outputs if "data" in output]
            assert "text/html" in data[0]
            shown[cell["id"].removeprefix("check-")] = data[0]["text/plain"]
    return shown


def test_points_rise_task_by_task(course: Path) -> None:
    """From the starter on, each task that is done adds its points and changes nothing else."""
    lab = Catalog().lab(LAB)
    first = grade(course)
    scores = []
    for task in lab.task:
        solve(course, task.id)
        shown = grade(course)
        number = [other.id for other in lab.task].index(task.id) + 1
        scores.append(float(re.search(r"([\d.]+) / 12\n", shown).group(1)))  # type: ignore[union-attr]
        assert re.search(rf"✓ {number}\. .* {task.points:g} / {task.points:g}\n", shown), shown
        assert shown.count("not started") == len(lab.task) - number

    assert re.search(r" 0 / 12\n", first)
    assert f"labs/{LAB}/README.md" in first
    assert scores == [3, 5, 8, 10, 12]


def test_notebook_checks_see_the_functions_as_they_are(course: Path) -> None:
    """In Jupyter, check() tells full marks for what is solved and does not scold what is not begun."""
    lab = course / "labs" / LAB
    for name, content in build.student_view(Catalog().solution_dir(LAB)).items():
        (lab / name).write_bytes(content)
    solve(course, "slice-stats")

    shown = run_notebook(course)

    assert re.search(r"✓ 1\. .* 3 / 3\n", shown["slice-stats"]), shown["slice-stats"]
    for task in ("numeric-slices", "slice-metrics", "find-the-gap", "slice-tests"):
        assert "not started" in shown[task], shown[task]


def test_hints_are_shown_when_asked_for(course: Path) -> None:
    """--hints shows the hints of the task that comes next, and without it none is shown."""
    without, hinted = grade(course), grade(course, "--task", "slice-tests", "--hints")

    hint = "Hint" if "Hint" in hinted else "hint"
    assert hint in hinted
    assert len(hinted) > len(without) / 4
