"""Variants of a reference solution change how it looks, and are graded as it is."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from autograder import cases
from autograder.catalog import Catalog
from autograder.mutants.variants import variants

if TYPE_CHECKING:
    from tests.conftest import Course

CATALOG = Catalog(Path(__file__).parents[1])
MANY = {
    "code: reformatted",
    "code: a comment behind every statement",
    "code: local variables renamed",
    "code: type hints added",
    "code: every function prints",
    "code: every function warns",
}


def made(lab: str) -> dict[str, dict[str, str]]:
    """Name → files of every variant of a real lab's solution."""
    found = list(variants(CATALOG.lab(lab), CATALOG.solution_dir(lab)))
    assert len({case.name for case in found}) == len(found)
    return {case.name: {name: content.decode() for name, content in case.files.items()} for case in found}


def sources(notebook: str) -> list[str]:
    """The code cells of a notebook."""
    return ["".join(cell["source"]) for cell in json.loads(notebook)["cells"] if cell["cell_type"] == "code"]


@pytest.mark.parametrize("lab", CATALOG.ids)
def test_every_lab_has_variants_of_what_is_handed_in(lab: str) -> None:
    """Each of them changes a file that students hand in, and the code in it still compiles."""
    found = made(lab)

    assert set(found) >= MANY
    for files in found.values():
        assert files
        assert set(files) <= set(CATALOG.lab(lab).submit)
        for name, text in files.items():
            assert text != (CATALOG.solution_dir(lab) / name).read_text()
            for source in sources(text) if name.endswith(".ipynb") else [text] if name.endswith(".py") else []:
                if not source.startswith("%"):
                    ast.parse(source)


def test_a_variant_is_a_case_without_failures(course: Course) -> None:
    """It must get full marks."""
    found = list(variants(course.catalog.lab("01-tiny-lab"), course.solution))

    assert all(isinstance(case, cases.Case) and not case.fails for case in found)


def test_every_variant_of_a_sound_lab_gets_full_marks(course: Course) -> None:
    """The graders of the miniature course do not care how work looks."""
    lab = course.catalog.lab("01-tiny-lab")
    lost = {}
    for number, case in enumerate(variants(lab, course.solution)):
        folder = course.root.parent / f"variant-{number}"
        cases.apply(case, course.solution, lab, folder)
        report = course.grade(folder=folder)
        if not report.full_marks:
            lost[case.name] = report
    assert lost == {}


def test_a_grader_that_is_too_strict_is_found(course: Course) -> None:
    """Who compares the source of a solution punishes what only looks different."""
    course.edit(course.grader / "test_hidden.py", "import pytest\n", "import pytest\n\nSTRICT = True\n")
    with (course.grader / "test_hidden.py").open("a") as file:
        file.write(
            '\n\n@pytest.mark.task("greet")\ndef test_source(submission):\n    """The source is as it was."""\n'
            f'    assert submission.read("work.py") == {(course.solution / "work.py").read_text()!r}, "other source"\n'
        )
    lab = course.catalog.lab("01-tiny-lab")
    (case, *_) = variants(lab, course.solution)
    folder = course.root.parent / "variant"
    cases.apply(case, course.solution, lab, folder)

    assert course.grade().full_marks
    assert not course.grade(folder=folder).full_marks


@pytest.mark.parametrize("lab", ["02-iris-slicing", "03-compas-bias", "04-car-bias"])
def test_locked_cells_stay(lab: str) -> None:
    """A cell that learners cannot edit is nobody's to reformat."""
    (name,) = (name for name in CATALOG.lab(lab).submit if name.endswith(".ipynb"))

    for files in made(lab).values():
        if name in files:
            assert sum(source.startswith('check("') for source in sources(files[name])) >= 5


def _notebook(*cells: str) -> str:
    made = [{"cell_type": "code", "metadata": {}, "source": text.splitlines(keepends=True)} for text in cells]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture
def in_notebook(course: Course) -> Course:
    """The miniature course with a notebook to hand in beside work.py."""
    course.edit(course.solution / "lab.toml", 'submit = ["work.py"]', 'submit = ["work.py", "notes.ipynb"]')
    return course


def _of(course: Course, *cells: str) -> dict[str, list[str]]:
    course.write(course.solution / "notes.ipynb", _notebook(*cells))
    found = variants(course.catalog.lab("01-tiny-lab"), course.solution)
    return {case.name: sources(case.files["notes.ipynb"].decode()) for case in found if "notes.ipynb" in case.files}


def test_cells_with_magics_stay(in_notebook: Course) -> None:
    """What is no Python is left alone; the cells around it are changed."""
    found = _of(in_notebook, "%matplotlib inline\nx = 1", "def f(a):\n    b = a\n    return b")

    assert all("%matplotlib inline\nx = 1" in cells for cells in found.values())
    assert found["code: local variables renamed"][1] == "def f(a):\n    my_b = a\n    return my_b"


def test_cells_that_only_define_functions_change_places(in_notebook: Course) -> None:
    """All others keep theirs."""
    found = _of(in_notebook, "def f(): pass", "x = 1", "N = 2\ndef g(): pass")

    assert found["notebook: cells in another order"] == ["N = 2\ndef g(): pass", "x = 1", "def f(): pass"]


@pytest.mark.parametrize("second", ["x = f()", "def g(x=f()): pass", "def g(x): pass\ny = f(1)"])
def test_cells_stay_if_one_needs_another(in_notebook: Course, second: str) -> None:
    """A function must be there before a cell calls it."""
    found = _of(in_notebook, "def f(): pass", second, "def h(): pass")

    order = found.get("notebook: cells in another order", ["def f(): pass"])
    assert order[0] == "def f(): pass" or second == "def g(x=f()): pass"


def test_more_cells_leave_those_that_were_there(in_notebook: Course) -> None:
    """Scratch work is added between them, in the same order."""
    found = _of(in_notebook, "x = 1", "def f(): pass")["notebook: more cells"]

    assert [source for source in found if source in ("x = 1", "def f(): pass")] == ["x = 1", "def f(): pass"]
    assert len(found) > 4


def test_files_of_unknown_kinds_stay(course: Course) -> None:
    """The order of a Dockerfile's lines matters, and a picture has none."""
    course.edit(course.solution / "lab.toml", 'submit = ["work.py"]', 'submit = ["work.py", "Dockerfile", "plot.png"]')
    course.write(course.solution / "Dockerfile", "FROM python\nCOPY . .\n")
    course.write(course.solution / "plot.png", b"\x89PNG\xff")
    changed = {name for case in variants(course.catalog.lab("01-tiny-lab"), course.solution) for name in case.files}

    assert changed == {"work.py"}


def test_several_texts_change_together(course: Course) -> None:
    """Each in its own way, named in the case, as long as it has ways left."""
    course.edit(
        course.solution / "lab.toml", 'submit = ["work.py"]', 'submit = ["work.py", "requirements.txt", "params.yaml"]'
    )
    course.write(course.solution / "requirements.txt", "a==1\nb==2\n")
    course.write(course.solution / "params.yaml", "x: 1\ny: 2\n")
    texts = {"params.yaml", "requirements.txt"}
    found = variants(course.catalog.lab("01-tiny-lab"), course.solution)
    changed = {case.name: set(case.files) for case in found if texts >= set(case.files)}

    assert changed == {
        "params.yaml: other comments; requirements.txt: other white space": texts,
        "params.yaml: keys in another order; requirements.txt: lines in another order": texts,
        "params.yaml: flow style": {"params.yaml"},
    }
