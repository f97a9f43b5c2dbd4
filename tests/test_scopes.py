"""Tasks that are about some of the files handed in: each sees its own, and what is known of it is not run again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from autograder.errors import ManifestError
from autograder.examination import Examined, Recall
from autograder.grading import Request, grade
from autograder.results import LabReport, TaskState
from autograder.sandbox.client import Zygote

if TYPE_CHECKING:
    from tests.conftest import Course

DOUBLE = "def double(x):\n    return 2 * x\n"
GREET = "def greet(name):\n    return f'Hello, {name}!'\n"
LOOKS_AROUND = "import os\n\ndef greet(name):\n    return str(sorted(os.listdir()))\n"


@pytest.fixture
def two_files(course: Course) -> Course:
    """The miniature course, with a file for each of its tasks."""
    manifest = course.solution / "lab.toml"
    course.edit(manifest, 'submit = ["work.py"]', 'submit = ["work.py", "greet.py"]')
    course.edit(manifest, "points = 3\n", 'points = 3\nfiles = ["work.py"]\n')
    course.edit(manifest, "points = 1\n", 'points = 1\nfiles = ["greet.py"]\n')
    visible = course.grader / "test_visible.py"
    course.edit(visible, 'load("work.py").greet', 'load("greet.py").greet')
    course.write(course.solution / "work.py", DOUBLE)
    course.write(course.solution / "greet.py", GREET)
    return course


def graded(course: Course, folder: Path, zygote: Zygote, recall: Recall, **options: object) -> LabReport:
    """A report for which results may be recalled."""
    return grade(Request(course.catalog.lab("01-tiny-lab"), folder, **options), course.catalog, zygote, recall=recall)  # type: ignore[arg-type]


def test_points_and_order_are_those_of_the_lab(two_files: Course) -> None:
    """All checks run, and the tasks come as lab.toml lists them."""
    report = two_files.grade()

    assert (report.full_marks, report.checks_total) == (True, 3)
    assert [task.id for task in report.tasks] == ["double", "greet"]


def test_a_task_sees_no_file_of_another(two_files: Course) -> None:
    """What a check runs finds the files of its own task, and the lab's."""
    two_files.write(two_files.lab / "table.csv", "given")
    report = two_files.grade(folder=two_files.hand_in({"work.py": DOUBLE, "greet.py": LOOKS_AROUND}))

    said = report.tasks[1].checks[0].message
    assert "greet.py" in said
    assert "table.csv" in said
    assert "work.py" not in said


def test_a_task_cannot_reach_into_another(two_files: Course) -> None:
    """A file that overwrites that of another task changes nothing there."""
    vandal = f"{DOUBLE}\nopen('greet.py', 'w').write('def greet(name): return 1')\n"
    report = two_files.grade(folder=two_files.hand_in({"work.py": vandal, "greet.py": GREET}))

    assert report.full_marks


def test_a_missing_file_costs_its_own_task(two_files: Course) -> None:
    """And is told once."""
    report = two_files.grade(folder=two_files.hand_in({"work.py": DOUBLE, "notes.txt": "mine"}))

    assert [task.state for task in report.tasks] == [TaskState.FULL, TaskState.NOT_STARTED]
    assert report.notices == (
        "greet.py is missing from what was handed in.",
        "Not part of this lab and left out: notes.txt.",
    )


def test_tasks_share_the_time_of_the_lab(two_files: Course) -> None:
    """A task that uses it up leaves the next one none."""
    two_files.limit(wall_s=0.5)
    slow = "def double(x):\n    while True: pass\n"
    report = two_files.grade(folder=two_files.hand_in({"work.py": slow, "greet.py": GREET}))

    assert "The time for the whole lab (0.5 s) is used up." in report.tasks[1].checks[0].message


def test_grading_stops_at_the_first_failure_of_any_file(two_files: Course) -> None:
    """Nothing of the next file runs."""
    folder = two_files.hand_in({"work.py": "def double(x): return 5", "greet.py": GREET})

    assert [task.id for task in two_files.grade(folder=folder, stop_at_first_failure=True).tasks] == ["double"]


def test_a_check_cannot_wait_for_one_about_another_file(two_files: Course) -> None:
    """They do not run together, so it would wait for nothing."""
    two_files.edit(
        two_files.grader / "test_visible.py",
        '@pytest.mark.task("greet")\n',
        '@pytest.mark.task("greet")\n@pytest.mark.needs("test_two")\n',
    )

    assert "needs 'test_two', which is no check that runs before it" in two_files.grade().problem


def test_a_file_that_is_not_handed_in_is_an_author_s_mistake(two_files: Course) -> None:
    """The fault names the task and the file."""
    two_files.edit(two_files.solution / "lab.toml", 'files = ["greet.py"]', 'files = ["great.py"]')

    with pytest.raises(ManifestError, match=r"task\.2\.files: 'great\.py' is not in submit"):
        two_files.catalog.lab("01-tiny-lab")


def test_results_are_recalled_while_their_files_stay_the_same(two_files: Course, zygote: Zygote) -> None:
    """Code that answers otherwise each time gives it away; a change of the other file does not touch it."""
    recall: dict[object, Examined] = {}
    by_chance = "import os\n\ndef greet(name):\n    return os.urandom(8).hex()\n"
    folder = two_files.hand_in({"work.py": DOUBLE, "greet.py": by_chance})
    first = graded(two_files, folder, zygote, recall)
    two_files.write(folder / "work.py", "def double(x):\n    return x + 3\n")
    second = graded(two_files, folder, zygote, recall)
    two_files.write(folder / "greet.py", f"{by_chance}\n")
    third = graded(two_files, folder, zygote, recall)

    assert [first.tasks[0].state, second.tasks[0].state] == [TaskState.FULL, TaskState.NONE]
    assert second.tasks[1] == first.tasks[1]
    assert second.tasks[0] == third.tasks[0]
    assert third.tasks[1].checks[0].message != first.tasks[1].checks[0].message


@pytest.mark.parametrize("option", [{"seed": 7}, {"visible_only": True}, {"stop_at_first_failure": True}])
def test_nothing_is_recalled_for_another_question(two_files: Course, zygote: Zygote, option: dict[str, object]) -> None:
    """Other hidden data, other checks or an early end are graded anew."""
    recall: dict[object, Examined] = {}
    by_chance = "import os\n\ndef greet(name):\n    return os.urandom(8).hex()\n"
    folder = two_files.hand_in({"work.py": DOUBLE, "greet.py": by_chance})
    first = graded(two_files, folder, zygote, recall)
    second = graded(two_files, folder, zygote, recall, **option)

    assert second.tasks[1].checks[0].message != first.tasks[1].checks[0].message


def test_what_ran_into_its_limit_is_not_recalled(two_files: Course, zygote: Zygote) -> None:
    """It may have been the machine that was slow."""
    two_files.limit(check_s=0.3)
    recall: dict[object, Examined] = {}
    folder = two_files.hand_in({"work.py": "def double(x):\n    while True: pass\n", "greet.py": GREET})
    graded(two_files, folder, zygote, recall)

    assert [check.task for examined in recall.values() for check in examined.checks] == ["greet"]
