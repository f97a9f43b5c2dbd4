"""cases.toml is read whole, its faults are told at once, and each case becomes a submission."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from autograder import cases
from autograder.cases import Case
from autograder.errors import ManifestError

if TYPE_CHECKING:
    from tests.conftest import Course


def load(course: Course, text: str | None = None) -> tuple[Case, ...]:
    """The course's cases, or those of ``text``."""
    path = course.grader / "cases.toml"
    if text is not None:
        course.write(path, text)
    return cases.load_cases(path, course.catalog.lab("01-tiny-lab"), course.solution)


def faults(course: Course, text: str) -> tuple[str, ...]:
    """What is wrong with a cases.toml."""
    with pytest.raises(ManifestError) as caught:
        load(course, text)
    return caught.value.problems


def test_wrong_and_right_cases_are_read(course: Course) -> None:
    """A case has a name, the tasks that lose points, and the files that it changes."""
    wrong, right = load(course)

    assert (wrong.name, wrong.fails, list(wrong.files)) == ("two is added", ("double",), ["work.py"])
    assert (right.name, right.fails) == ("the sum of x and x", ())
    assert b"return 2 + x" in wrong.files["work.py"]
    assert b"return x + x" in right.files["work.py"]


def test_a_mistake_may_depend_on_chance(course: Course) -> None:
    """Whoever compares its feedback is told; of others nobody says so."""
    entry = '[[wrong]]\nname = "luck"\nfile = "work.py"\nreplace = "2 * x"\nby = "x"\nfails = ["double"]\n'
    (drawn,) = load(course, f"{entry}by_chance = true\n")
    (steady,) = load(course, entry)

    assert drawn.by_chance
    assert not steady.by_chance


def test_a_lab_may_have_no_cases(course: Course) -> None:
    """An empty file is no fault."""
    assert load(course, "") == ()


def test_several_edits_make_one_case(course: Course) -> None:
    """Edits of one file build on each other."""
    (case,) = load(
        course,
        """
        [[wrong]]
        name = "both"
        edits = [
            { file = "work.py", replace = "2 * x", by = "3 * x" },
            { file = "work.py", replace = "Hello, {", by = "Bye, {" },
            { file = "work.py", replace = "3 * x", by = "4 * x" },
        ]
        fails = ["double", "greet"]
        """,
    )

    assert b"return 4 * x" in case.files["work.py"]
    assert b"Bye, {name}!" in case.files["work.py"]


def test_a_folder_of_files_makes_a_case(course: Course) -> None:
    """Every file of the folder takes the place of the solution's; what Python left behind does not."""
    course.write(course.grader / "cases" / "loop" / "work.py", "loop")
    course.write(course.grader / "cases" / "loop" / "app" / "main.py", "app")
    course.write(course.solution / "app" / "main.py", "solution")
    course.edit(course.solution / "lab.toml", '["work.py"]', '["work.py", "app/main.py"]')
    course.write(course.grader / "cases" / "loop" / "__pycache__" / "work.pyc", "junk")
    (case,) = load(course, '[[right]]\nname = "loop"\ndir = "cases/loop"\n')

    assert case.files == {"work.py": b"loop", "app/main.py": b"app"}


def test_notebooks_are_edited_in_their_cells(course: Course) -> None:
    """The text to replace is looked for in the source of code cells, as an author reads it."""
    sources = [("markdown", 'Say "hi".'), ("code", 'x = 1\nprint("hi")\n')]
    course.edit(course.solution / "lab.toml", '["work.py"]', '["work.py", "lab.ipynb"]')
    notebook = {"cells": [{"cell_type": kind, "source": text.splitlines(keepends=True)} for kind, text in sources]}
    course.write(course.solution / "lab.ipynb", json.dumps(notebook))
    text = """
        [[wrong]]
        name = "other"
        file = "lab.ipynb"
        replace = 'x = 1\nprint("hi")'
        by = 'y = 2\nprint("ho")'
        fails = ["double"]
    """
    (case,) = load(course, text.replace("'", "'''"))
    cells = json.loads(case.files["lab.ipynb"])["cells"]

    assert "".join(cells[1]["source"]) == 'y = 2\nprint("ho")\n'
    assert "".join(cells[0]["source"]) == 'Say "hi".'


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        (
            '[[wrong]]\nname = "no way"\nfails = ["double"]',
            "'no way': give either file, replace and by, or edits, or dir",
        ),
        (
            '[[wrong]]\nname = "two"\nfails = ["double"]\ndir = "cases/a"\nfile = "work.py"\nreplace = "a"\nby = ""',
            "'two': give either file, replace and by, or edits, or dir",
        ),
        (
            '[[wrong]]\nname = "half"\nfails = ["double"]\nfile = "work.py"\nreplace = "2 * x"',
            "'half': file, replace and by belong together",
        ),
        (
            '[[wrong]]\nname = "harmless"\nfile = "work.py"\nreplace = "2 * x"\nby = "0"',
            "'harmless': fails: name the tasks that must lose points",
        ),
        (
            '[[wrong]]\nname = "typo"\nfile = "work.py"\nreplace = "2 * x"\nby = "0"\nfails = ["dubble"]',
            "'typo': fails: the lab has no task 'dubble', only double, greet",
        ),
        (
            '[[right]]\nname = "but"\nfile = "work.py"\nreplace = "2 * x"\nby = "x + x"\nfails = ["double"]',
            "'but': fails: a right case loses no points; remove it",
        ),
        (
            '[[right]]\nname = "luck"\nfile = "work.py"\nreplace = "2 * x"\nby = "x + x"\nby_chance = true',
            "'luck': by_chance: the feedback of a right case is not compared; remove it",
        ),
        (
            '[[right]]\nname = "gone"\nfile = "work.py"\nreplace = "3 * x"\nby = "0"',
            "'gone': replace: '3 * x' occurs 0 times in work.py, it must occur once",
        ),
        (
            '[[right]]\nname = "many"\nfile = "work.py"\nreplace = "return"\nby = "0"',
            "'many': replace: 'return' occurs 2 times in work.py, it must occur once",
        ),
        (
            '[[right]]\nname = "elsewhere"\nfile = "wrok.py"\nreplace = "a"\nby = "b"',
            "'elsewhere': file: the solution has no wrok.py",
        ),
        (
            '[[wrong]]\nname = "typo"\nfials = ["double"]',
            "wrong.1.fials: unknown key: remove it or correct its spelling",
        ),
        ('[[wrong]]\nfails = ["double"]', "wrong.1.name: is required: add it"),
        ('[[wrogn]]\nname = "typo"', "wrogn: unknown key: remove it or correct its spelling"),
    ],
)
def test_faults_of_an_entry_are_told(course: Course, entry: str, fault: str) -> None:
    """Each names the case and what to do."""
    assert fault in faults(course, entry)


def test_an_empty_folder_is_no_case(course: Course) -> None:
    """A case that would change nothing is a fault."""
    (course.grader / "cases" / "empty").mkdir(parents=True)

    assert "has no files" in faults(course, '[[right]]\nname = "empty"\ndir = "cases/empty"\n')[0]


def test_only_what_is_handed_in_can_be_wrong(course: Course) -> None:
    """A case that changes a file that students do not hand in would change nothing."""
    case = '[[right]]\nname = "readme"\nfile = "README.md"\nreplace = "# Double and greet"\nby = "x"\n'

    assert faults(course, case) == ("'readme': README.md is not a file that students hand in (work.py)",)


def test_two_cases_of_one_name_are_a_fault(course: Course) -> None:
    """Reports go by name."""
    case = '[[right]]\nname = "twin"\nfile = "work.py"\nreplace = "2 * x"\nby = "x + x"\n'

    assert faults(course, case + case) == ("'twin': there is another case of that name",)


def test_all_faults_are_told_at_once(course: Course) -> None:
    """An author sees them in one go."""
    text = '[[wrong]]\nname = "one"\ndir = "cases/none"\n[[wrong]]\nname = "two"\nfails = ["x"]\ndir = "cases/none"\n'

    assert [fault.partition(":")[0] for fault in faults(course, text)] == ["'one'", "'one'", "'two'", "'two'"]


def test_a_case_is_laid_over_the_solution(course: Course) -> None:
    """The submission has the files that students hand in, the case's in place of the solution's."""
    course.edit(course.solution / "lab.toml", '["work.py"]', '["work.py", "notes.md"]')
    course.write(course.solution / "notes.md", "notes")
    target = course.root / "target"
    case = Case("n", (), {"work.py": b"changed", "other.py": b"x"})
    cases.apply(case, course.solution, course.catalog.lab("01-tiny-lab"), target)

    assert {path.name: path.read_text() for path in target.iterdir()} == {"work.py": "changed", "notes.md": "notes"}
