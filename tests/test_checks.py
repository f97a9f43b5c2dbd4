"""Checks are collected once and judge one submission after the other, each as if it were the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from autograder import checks
from autograder.results import CheckStatus, LabReport

if TYPE_CHECKING:
    from tests.conftest import Course

GOOD = "def double(x):\n    return 2 * x\n\ndef greet(name):\n    return f'Hello, {name}!'\n"
WRONG = GOOD.replace("2 * x", "3 * x")
TASK = '@pytest.mark.task("double")\n'


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch) -> list[checks.Checks]:
    """Every collection of checks that is made."""
    made: list[checks.Checks] = []
    init = checks.Checks.__init__

    def noted(self: checks.Checks, *args: object, **kwargs: object) -> None:
        made.append(self)
        init(self, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(checks.Checks, "__init__", noted)
    return made


def outcomes(report: LabReport) -> dict[str, str]:
    """Check → status; the report has no problem."""
    assert report.problem == ""
    return {check.id.partition("::")[2]: check.status.value for task in report.tasks for check in task.checks}


def test_checks_are_collected_once(course: Course, collected: list[checks.Checks]) -> None:
    """Submissions after the first find them ready, and are judged each by its own work."""
    scores = [course.grade(work).score for work in (GOOD, WRONG, GOOD, "", GOOD)]

    assert scores == [4, 1, 4, 0, 4]
    assert len(collected) == 1


def test_a_changed_check_is_collected_again(course: Course, collected: list[checks.Checks]) -> None:
    """Also when it is of the same length, and whatever the clock says."""
    before = course.grade(WRONG).score
    course.edit(course.grader / "test_visible.py", "result == 4", "result == 6")
    course.edit(course.grader / "test_hidden.py", "== number + number", "== number * 3     ")

    assert before == 1
    assert course.grade(WRONG).score == 4
    assert len(collected) == 2


def test_a_changed_file_beside_the_checks_counts(course: Course) -> None:
    """A helper, or a table that a check reads."""
    course.write(course.grader / "answer.txt", "4")
    body = 'from pathlib import Path\nwanted = (Path(__file__).parent / "answer.txt").read_text()\n'
    check = f'{TASK}def test_it(submission):\n    """It."""\n    assert wanted == "4", "changed"\n'
    course.write(course.grader / "test_hidden.py", f"import pytest\n{body}\n{check}")
    before = outcomes(course.grade(GOOD))
    course.write(course.grader / "answer.txt", "5")

    assert before["test_it"] == "passed"
    assert outcomes(course.grade(GOOD))["test_it"] == "failed"


def test_fixtures_of_a_session_live_for_one_submission(course: Course) -> None:
    """What one submission's fixtures made or changed is not there for the next, and each comes to its end."""
    course.write(
        course.grader / "test_hidden.py",
        f"""
        import pytest
        events = []

        @pytest.fixture(scope="session")
        def seen(submission):
            events.append("begin")
            yield []
            events.append("end")

        @pytest.fixture(scope="module", autouse=True)
        def around():
            events.append("module")

        {TASK.strip()}
        def test_first(seen):
            \"\"\"First.\"\"\"
            assert seen == [], f"left over: {{seen}}"
            seen.append(1)

        {TASK.strip()}
        def test_events(seen):
            \"\"\"Events.\"\"\"
            assert False, " ".join(events)
        """,
    )
    reports = [course.grade(GOOD) for _ in range(3)]
    said = [report.tasks[0].checks[-1].message for report in reports]

    assert [outcomes(report)["test_first"] for report in reports] == ["passed"] * 3
    assert said == [" end ".join(["begin module"] * count) for count in (1, 2, 3)]


def test_fixtures_end_when_grading_stops_early(course: Course) -> None:
    """The first failure ends the run and every fixture; the next submission is judged in full."""
    course.write(
        course.grader / "test_hidden.py",
        f"""
        import pytest
        open_ones = []

        @pytest.fixture(scope="session")
        def held():
            open_ones.append(1)
            yield
            open_ones.pop()

        {TASK.strip()}
        def test_held(submission, held):
            \"\"\"Held.\"\"\"
            assert open_ones == [1], f"open: {{open_ones}}"
            assert submission.load("work.py").double(1) == 2, "no"

        {TASK.strip()}
        def test_after(held):
            \"\"\"After.\"\"\"
        """,
    )
    stopped = course.grade(WRONG.replace("3 * x", "x * x"), stop_at_first_failure=True)
    whole = course.grade(GOOD)

    assert list(outcomes(stopped).values())[-1] == "failed"
    assert set(outcomes(whole).values()) == {"passed"}


def test_a_fixture_that_fails_at_its_end_is_our_failure(course: Course) -> None:
    """Also when it ends because grading stopped early; and the next submission is judged as if nothing was."""
    course.write(
        course.grader / "test_hidden.py",
        f"""
        import pytest

        @pytest.fixture(scope="session")
        def bad(submission):
            yield
            assert submission.load("work.py").double(1) == 2

        {TASK.strip()}
        def test_it(submission, bad):
            \"\"\"It.\"\"\"
            assert submission.load("work.py").double(1) == 2, "no"

        {TASK.strip()}
        def test_after(bad):
            \"\"\"After.\"\"\"
        """,
    )
    course.write(course.grader / "test_visible.py", "")
    broken = course.grade(WRONG, tasks=["double"], stop_at_first_failure=True)
    sound = course.grade(GOOD, tasks=["double"])

    assert "a fixture cannot be ended: AssertionError" in broken.problem
    assert broken.score is None
    assert sound.score == 3


def test_our_failure_on_one_submission_is_none_on_the_next(course: Course) -> None:
    """A check that breaks on odd work judges all other work."""
    check = f'{TASK}def test_it(submission):\n    """It."""\n    {{2: 1}}[submission.load("work.py").double(1)]\n'
    course.write(course.grader / "test_hidden.py", f"import pytest\n\n{check}")
    broken, sound = course.grade(WRONG), course.grade(GOOD)

    assert "KeyError" in broken.problem
    assert outcomes(sound)["test_it"] == CheckStatus.PASSED


def test_tasks_are_chosen_anew_for_each_submission(course: Course, collected: list[checks.Checks]) -> None:
    """One collection serves all choices, and what a check needs counts only among those chosen."""
    found = [sorted(outcomes(course.grade(GOOD, tasks=tasks))) for tasks in (["greet"], ["double"], None)]

    assert found == [["test_ada"], ["test_any_number", "test_two"], ["test_ada", "test_any_number", "test_two"]]
    assert len(collected) == 1


def test_visible_checks_are_a_collection_of_their_own(course: Course, collected: list[checks.Checks]) -> None:
    """Hidden checks are not even loaded where only visible ones are wanted."""
    hidden = course.grader / "test_hidden.py"
    course.write(hidden, "raise RuntimeError('loaded')\n")
    visible = course.grade(GOOD, visible_only=True)

    assert sorted(outcomes(visible)) == ["test_ada", "test_two"]
    assert "RuntimeError: loaded" in course.grade(GOOD).problem


def test_no_more_collections_are_kept_than_a_course_needs(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest is ended when there are too many, and collected again when it is wanted."""
    monkeypatch.setattr(checks, "_MOST_KEPT", 1)
    scores = [course.grade(GOOD, visible_only=only).score for only in (False, True, False, True)]

    assert scores == [4, 4, 4, 4]
    assert len(checks._kept) == 1


def test_the_working_directory_comes_back(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that goes elsewhere takes nobody with it."""
    monkeypatch.chdir(course.root)
    check = f'{TASK}def test_it(tmp_path):\n    """It."""\n    import os\n    os.chdir(tmp_path)\n'
    course.write(course.grader / "test_hidden.py", f"import pytest\n\n{check}")
    course.grade(GOOD)

    assert course.root.cwd() == course.root
