"""Write the folder of a course as nbgrader wants it: its configuration, and sources for every lab with a notebook."""

from __future__ import annotations

import ast
import json
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from autograder.build import student_view
from autograder.catalog import Catalog
from autograder.errors import BuildError, InfrastructureError, UsageError
from autograder.manifest import Lab

__all__ = ["lay_out"]

_CHECK: Final = re.compile(r'check\("(?P<task>[a-z0-9-]+)"\)')
_TEST_CELL: Final = 'from autograder.notebook import check\n\ncheck("{task}", points=True)'
_DATASETS: Final = "../../datasets/"
"""Where a lab finds its data in the repository. nbgrader moves an assignment about, so there they travel inside it."""

_HEADER: Final = """\
**How this is graded.** Cells that say `check(…, points=True)` show what the visible checks think of your work, and the
points that these give. Run all cells (*Kernel → Restart Kernel and Run All Cells…*) and press *Validate* before you
submit. Your instructor grades with more checks, on data that you have not seen."""

_CONFIG: Final = '''\
"""nbgrader's configuration of this course, written by `nox -s nbgrader`. Run nbgrader in this folder."""

import os
import sys

# Where the course's repository is on this machine. If it moves, run `nox -s nbgrader` again or change this line.
repository = {repository!r}
here = os.path.dirname(os.path.abspath(__file__))

sys.path.insert(0, repository)
# The kernel of `nbgrader validate` needs the autograder, too.
os.environ["PYTHONPATH"] = os.pathsep.join([repository, *filter(None, [os.environ.get("PYTHONPATH")])])

from nbgrader.preprocessors import AssignLatePenalties, CheckCellMetadata, SaveAutoGrades

from autograder.nbcourse import GradeInSandbox

c = get_config()
c.CourseDirectory.root = here
# To release through JupyterHub's exchange, name the course:
# c.CourseDirectory.course_id = "mlops-deployment-labs"
c.IncludeHeaderFooter.header = "source/header.ipynb"

# nbgrader's own way would run student code beside the test cells that judge it. Do not put `Execute` back.
c.Autograde.autograde_preprocessors = [GradeInSandbox, SaveAutoGrades, AssignLatePenalties, CheckCellMetadata]
c.GradeInSandbox.repository = repository
c.GradeInSandbox.course = here
# A test cell that a student has deleted counts all the same.
c.OverwriteCells.add_missing_cells = True
# Files besides the notebook that students hand in; all others are ours.
c.Autograde.exclude_overwriting = {own!r}
# Seconds for a cell of `nbgrader validate`; a check starts a grader of its own.
c.Execute.timeout = 120
'''


def lay_out(catalog: Catalog, labs: Sequence[Lab], target: Path) -> tuple[Path, ...]:
    """Lay the course out, or bring it up to date; what students and nbgrader have put there stays.

    Notebooks become sources with their solutions in them. Every other file is written as students get it, because
    nbgrader releases those as they are.

    Args:
        catalog: the course, in the author's edition.
        labs: the labs; each needs a notebook among the files that students hand in.
        target: folder of nbgrader's course.

    Returns:
        The folders of the sources.

    Raises:
        UsageError: a lab has no notebook, or this is the student edition.
        BuildError: a notebook's test cells do not fit its lab.
        InfrastructureError: the folder cannot be written.
    """
    if catalog.for_students:
        raise UsageError("This is the student edition: it has no solutions to make sources from.")
    without = [lab.id for lab in labs if not notebooks(lab)]
    if without:
        raise UsageError(f"{', '.join(without)}: nbgrader needs a notebook, and there is none to hand in.")
    contents = {lab.id: dict(_files(catalog, lab)) for lab in labs}
    own = {lab.id: [name for name in lab.submit if name not in notebooks(lab)] for lab in labs}
    target = target.resolve()
    try:
        for lab_id, files in contents.items():
            source = target / "source" / lab_id
            shutil.rmtree(source, ignore_errors=True)
            for name, data in files.items():
                (source / name).parent.mkdir(parents=True, exist_ok=True)
                (source / name).write_bytes(data)
        (target / "source" / "header.ipynb").write_text(_header(), encoding="utf-8")
        config = _CONFIG.format(repository=str(catalog.root), own=_known(target, own))
        (target / "nbgrader_config.py").write_text(config, encoding="utf-8")
    except OSError as error:
        raise InfrastructureError(f"{target} cannot be written: {error}. Choose another --to.") from None
    return tuple(target / "source" / lab_id for lab_id in contents)


def notebooks(lab: Lab) -> list[str]:
    """The notebooks of a lab that nbgrader can see: those in the lab's folder itself."""
    return [name for name in lab.submit if name.endswith(".ipynb") and "/" not in name]


def _known(target: Path, own: dict[str, list[str]]) -> dict[str, list[str]]:
    """What to write about each lab, those of an earlier call included: one lab at a time forgets no other."""
    found = re.search(r"^c\.Autograde\.exclude_overwriting = (\{.*\})$", _old(target), re.MULTILINE)
    before = ast.literal_eval(found[1]) if found else {}
    there = {name: files for name, files in before.items() if (target / "source" / name).is_dir()}
    return dict(sorted({**there, **own}.items()))


def _old(target: Path) -> str:
    try:
        return (target / "nbgrader_config.py").read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def _files(catalog: Catalog, lab: Lab) -> Iterator[tuple[str, bytes]]:
    folder = catalog.solution_dir(lab.id)
    for name, data in student_view(folder).items():
        if name in notebooks(lab):
            yield name, _source(lab, name, (folder / name).read_bytes())
        else:
            yield name, _moved(data)
    for dataset in lab.datasets:
        place = catalog.dataset_dir(dataset)
        for path in sorted(place.iterdir()):
            # The table and what is known about it; how it was made is no business of the assignment's.
            if path.suffix in (".csv", ".md", ".toml") and path.is_file():
                yield f"datasets/{dataset}/{path.name}", _moved(path.read_bytes())


def _moved(data: bytes) -> bytes:
    return data.replace(_DATASETS.encode(), b"datasets/")


def _source(lab: Lab, name: str, data: bytes) -> bytes:
    """The solution notebook with test cells whose value is a number, one for each task."""
    notebook = json.loads(_moved(data))
    points = {task.id: task.points for task in lab.task}
    seen: set[str] = set()
    problems = []
    for cell in notebook["cells"]:
        about = cell["metadata"].get("nbgrader", {})
        if not about.get("grade"):
            continue
        found = _CHECK.fullmatch("".join(cell["source"]).strip())
        task = found["task"] if found else ""
        if task not in points or about.get("solution") or about["grade_id"] != f"check-{task}":
            problems.append(f'cell {about["grade_id"]} must be called check-TASK and say check("TASK")')
        elif float(about["points"]) != points[task]:
            problems.append(f"cell {about['grade_id']} gives {about['points']} points, lab.toml {points[task]:g}")
        else:
            seen.add(task)
            cell["source"] = _TEST_CELL.format(task=task).splitlines(keepends=True)
    problems += [f'task {task} has no test cell: add check("{task}")' for task in points if task not in seen]
    if problems:
        raise BuildError("\n".join([f"{lab.id}/{name}: not fit for nbgrader", *(f"  - {line}" for line in problems)]))
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def _header() -> str:
    cell: dict[str, Any] = {"cell_type": "markdown", "id": "how-this-is-graded", "metadata": {}, "source": _HEADER}
    about = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return json.dumps({"cells": [cell], "metadata": about, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"
