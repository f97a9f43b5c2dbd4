"""One submission in, one report out: points, what is told, and what is nobody's fault but ours."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest

from autograder.catalog import Catalog
from autograder.errors import UsageError
from autograder.grading import Request, grade
from autograder.results import CheckStatus, Isolation, LabReport, Outcome, TaskState
from autograder.sandbox.client import Zygote

if TYPE_CHECKING:
    from tests.conftest import Course

STARTER = "def double(x):\n    raise NotImplementedError\n\ndef greet(name):\n    raise NotImplementedError\n"
HALF = "def double(x):\n    return x + 2\n\ndef greet(name):\n    return f'Hello, {name}!'\n"


def scores(report: LabReport) -> dict[str, float]:
    """Task → score."""
    return {task.id: task.score for task in report.tasks}


def test_the_solution_gets_everything(course: Course) -> None:
    """Full marks in every task, and nothing to tell."""
    report = course.grade()

    assert (report.outcome, report.full_marks, report.problem) == (Outcome.GRADED, True, "")
    assert (report.score, report.points, scores(report)) == (4, 4, {"double": 3, "greet": 1})
    assert (report.checks_total, report.checks_hidden) == (3, 1)


def test_the_starter_gets_nothing_and_is_not_scolded(course: Course) -> None:
    """Nothing was started, so nothing is wrong."""
    report = course.grade(STARTER)

    assert (report.score, report.full_marks) == (0, False)
    assert {task.state for task in report.tasks} == {TaskState.NOT_STARTED}


def test_points_follow_the_weights_of_the_checks(course: Course) -> None:
    """Of a task's two checks the one of weight 1 passed and the one of weight 2 did not."""
    report = course.grade(HALF)

    assert scores(report) == {"double": 1, "greet": 1}
    assert [task.state for task in report.tasks] == [TaskState.PARTIAL, TaskState.FULL]


def test_the_report_knows_the_lab_and_how_it_was_graded(course: Course, zygote: Zygote) -> None:
    """Title, numbers of the tasks, isolation, version, time."""
    report = course.grade()

    assert (report.lab, report.title) == ("01-tiny-lab", "Double and greet")
    assert [(task.number, task.id) for task in report.tasks] == [(1, "double"), (2, "greet")]
    assert report.isolation is Isolation(zygote.level)
    assert report.started.endswith("+00:00")


def test_one_task_can_be_graded_alone(course: Course) -> None:
    """Only its checks run, and the points are only its own; it keeps its number."""
    report = course.grade(HALF, tasks=["greet"])

    assert (report.score, report.points, report.checks_total) == (1, 1, 1)
    assert [(task.number, task.id) for task in report.tasks] == [(2, "greet")]


def test_grading_can_stop_at_the_first_failure(course: Course) -> None:
    """What ran before it is scored, what would have come after it is missing."""
    stopped = course.grade("def double(x): return 4\ndef greet(name): return 1", stop_at_first_failure=True)
    (double,) = stopped.tasks

    assert [check.status for check in double.checks] == [CheckStatus.PASSED, CheckStatus.FAILED]
    assert (stopped.outcome, double.id, double.score) == (Outcome.GRADED, "double", 1)
    assert course.grade(stop_at_first_failure=True).full_marks


def test_a_task_that_does_not_exist_is_the_caller_s_mistake(course: Course) -> None:
    """The message names the tasks that there are."""
    with pytest.raises(UsageError, match=r"has no task gret\. Its tasks: double, greet"):
        course.grade(tasks=["gret"])


def test_a_submission_that_is_no_folder_is_the_caller_s_mistake(course: Course) -> None:
    """It is told, not graded."""
    with pytest.raises(UsageError, match="is not a folder"):
        course.grade(folder=course.root / "nowhere")


def test_hidden_checks_can_be_left_out(course: Course) -> None:
    """With visible checks only, the hidden ones neither run nor count."""
    report = course.grade(HALF, visible_only=True)

    assert (report.score, report.checks_hidden, report.checks_total) == (4, 0, 2)


def test_hints_come_when_they_are_asked_for(course: Course) -> None:
    """Task by task, and only for the tasks graded."""
    plain, hinted, one = course.grade(), course.grade(hints=True), course.grade(hints=True, tasks=["greet"])

    assert plain.hints == {}
    assert hinted.hints == {"double": ("What is twice two?",), "greet": ("Where does the name go?",)}
    assert list(one.hints) == ["greet"]


def test_given_files_are_laid_under(course: Course) -> None:
    """A file of the lab that students do not hand in is there, and theirs is not taken instead."""
    course.write(course.lab / "table.csv", "given")
    work = "def double(x):\n    return open('table.csv').read()\n"
    folder = course.hand_in({"work.py": work, "table.csv": "mine"})
    report = course.grade(folder=folder, tasks=["double"])

    assert "double(2) is 'given'" in report.tasks[0].checks[0].message


def test_the_given_files_may_come_from_elsewhere(course: Course, tmp_path: Path) -> None:
    """The caller may name the folder with the lab's own files."""
    course.write(tmp_path / "given" / "table.csv", "elsewhere")
    folder = course.hand_in({"work.py": "def double(x):\n    return open('table.csv').read()\n"})
    report = course.grade(folder=folder, given=tmp_path / "given", tasks=["double"])

    assert "double(2) is 'elsewhere'" in report.tasks[0].checks[0].message


def test_datasets_lie_where_the_repository_has_them(course: Course) -> None:
    """A relative path to a data set works the same as at home."""
    course.write(course.root / "datasets" / "numbers" / "numbers.csv", "2,3")
    course.edit(course.solution / "lab.toml", 'submit = ["work.py"]', 'submit = ["work.py"]\ndatasets = ["numbers"]')
    report = course.grade("def double(x):\n    return open('../../datasets/numbers/numbers.csv').read()\n")

    assert "double(2) is '2,3'" in report.tasks[0].checks[0].message


def test_missing_and_extra_files_are_told(course: Course) -> None:
    """A notice for each, and the tasks of what is missing count as not started."""
    report = course.grade(folder=course.hand_in({"wrok.py": "x = 1"}))

    assert report.notices == (
        "work.py is missing from what was handed in. Is it wrok.py?",
        "Not part of this lab and left out: wrok.py.",
    )
    assert {task.state for task in report.tasks} == {TaskState.NOT_STARTED}


def test_work_that_was_handed_in_is_left_as_it_is(course: Course) -> None:
    """Grading writes nothing beside the student's files, and nothing of it stays behind."""
    folder = course.hand_in({"work.py": "open('left', 'w').close()\n" + HALF})
    course.grade(folder=folder)

    assert [path.name for path in folder.iterdir()] == ["work.py"]


@pytest.mark.promised("landlock", "process")
def test_folders_of_any_depth_are_cleared_away(
    course: Course, bare: Zygote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where student code writes to this machine's own disk, what it leaves is removed, however deep."""
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    folder = course.hand_in(
        {"work.py": f"import os\nfor _ in range(1200):\n    os.mkdir('d')\n    os.chdir('d')\n{HALF}"}
    )
    report = grade(Request(course.catalog.lab("01-tiny-lab"), folder), course.catalog, bare)

    assert (report.score, report.problem) == (2, "")
    assert list((tmp_path / "scratch").iterdir()) == []


def test_progress_is_told(course: Course, zygote: Zygote) -> None:
    """How many checks there are, the title of each as it starts, and its end."""

    class Told:
        heard: ClassVar[list[object]] = []

        def lab(self, title: str, total: int) -> None:
            self.heard.append((title, total))

        def check(self, title: str) -> None:
            self.heard.append(title)

        def advance(self) -> None:
            self.heard.append("done")

    grade(Request(course.catalog.lab("01-tiny-lab"), course.solution), course.catalog, zygote, Told())

    assert Told.heard == [
        ("Double and greet", 3),
        *("Twice two is four", "done"),
        *("Twice any number is the number and itself", "done"),
        *("Ada is greeted by name", "done"),
    ]


# ---- our side fails


def failed(report: LabReport) -> str:
    """The problem of a report that must not carry a score."""
    assert report.outcome is Outcome.INFRASTRUCTURE_ERROR
    assert (report.score, report.tasks, report.full_marks) == (None, (), False)
    return report.problem


def test_a_sandbox_that_cannot_start_is_no_zero(course: Course) -> None:
    """A dead zygote ends in a report without a score."""
    with Zygote() as dead:
        assert dead.level
        assert dead._process is not None
        dead._process.kill()
        dead._process.wait()
        report = grade(Request(course.catalog.lab("01-tiny-lab"), course.solution), course.catalog, dead)

    assert "zygote" in failed(report) or "sandbox" in failed(report)


def test_a_lab_without_checks_is_no_pass(course: Course) -> None:
    """No graders, no score."""
    for name in ("test_visible.py", "test_hidden.py"):
        (course.grader / name).unlink()

    assert "has no checks: neither test_visible.py nor test_hidden.py is there" in failed(course.grade())


def test_a_task_without_checks_is_no_pass(course: Course) -> None:
    """A task that no check belongs to has no score, and so the lab has none."""
    course.write(course.grader / "test_visible.py", "")
    course.edit(course.grader / "test_hidden.py", '@pytest.mark.needs("test_two")\n', "")

    assert "No check of task 'greet' reported a result" in failed(course.grade())


def test_a_disk_that_is_full_is_no_zero(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the operating system refuses us is told as ours."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("autograder.grading.stage", full)

    assert "No space left on device" in failed(course.grade())


def test_hints_with_faults_do_not_cost_the_report(course: Course) -> None:
    """HINTS.md is the author's; a fault in it is told, and nobody loses anything by it."""
    course.write(course.solution / "HINTS.md", "# Hints\n")
    report = course.grade(HALF, hints=True)

    assert (report.score, report.hints) == (2, {})
    assert report.notices[0].startswith("There are no hints, because HINTS.md has faults: ")


def test_courses_with_a_lab_of_the_same_name_are_kept_apart(course: Course, zygote: Zygote, tmp_path: Path) -> None:
    """Graders of another checkout that this process has used before judge nothing here."""
    course.grade()
    other = Catalog(shutil.copytree(course.root, tmp_path / "other"))
    hidden = other.grader_dir("01-tiny-lab") / "test_hidden.py"
    hidden.write_text(hidden.read_text().replace("number + number", "'something else'"))
    report = grade(Request(other.lab("01-tiny-lab"), course.solution), other, zygote)

    assert scores(report) == {"double": 1, "greet": 1}
