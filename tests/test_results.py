from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from autograder import results
from autograder.results import CheckResult, LabReport, Location, Outcome, Report, TaskResult


def _check(**more: Any) -> CheckResult:
    facts = {"id": "test_a", "task": "one", "title": "A claim", "hidden": False, "status": "passed"}
    return CheckResult(**{**facts, **more})


def _task(state: str = "full", *checks: CheckResult) -> TaskResult:
    return TaskResult(id="one", title="Do it", number=1, points=2, score=1, state=state, checks=checks or (_check(),))


def _lab(**more: Any) -> LabReport:
    facts = {
        "lab": "02-iris-slicing",
        "title": "Slice Iris",
        "outcome": "graded",
        "isolation": "kernel",
        "tasks": (_task(),),
        "points": 2,
        "score": 1,
        "started": "2026-01-31T12:00:00+00:00",
        "seconds": 1.5,
        "engine": "0.1.0",
    }
    return LabReport(**{**facts, **more})


def _failed_on_our_side() -> LabReport:
    return _lab(outcome="infrastructure_error", score=None, tasks=())


def test_public_names_are_pinned() -> None:
    """A name comes or goes on purpose only."""
    assert results.__all__ == [
        "SCHEMA_VERSION",
        "CheckResult",
        "CheckStatus",
        "Isolation",
        "LabReport",
        "Location",
        "Outcome",
        "Report",
        "TaskResult",
        "TaskState",
        "json_schema",
    ]


def test_facts_are_frozen() -> None:
    """Nobody improves a result after the fact."""
    check = _check()

    with pytest.raises(ValidationError, match="frozen"):
        check.status = "failed"  # type: ignore[assignment]


def test_checks_are_counted() -> None:
    """A lab knows how many of its checks are hidden."""
    lab = _lab(tasks=(_task("full", _check(), _check(id="b", hidden=True)), _task("none", _check(hidden=True))))

    assert (lab.checks_total, lab.checks_hidden) == (3, 2)


@pytest.mark.parametrize(
    ("lab", "full"),
    [
        (_lab(), True),
        (_lab(tasks=(_task(), _task("partial"))), False),
        (_lab(tasks=()), False),
        (_failed_on_our_side(), False),
    ],
)
def test_full_marks_need_every_task(lab: LabReport, full: bool) -> None:
    """A lab without tasks, or without a score, has no full marks."""
    assert lab.full_marks is full


@pytest.mark.parametrize(("outcome", "score"), [(Outcome.GRADED, None), (Outcome.INFRASTRUCTURE_ERROR, 0.0)])
def test_score_goes_with_the_outcome(outcome: Outcome, score: float | None) -> None:
    """A failure on our side is never a zero, and a graded lab is never without a score."""
    with pytest.raises(ValidationError, match="exactly if the submission was graded"):
        _lab(outcome=outcome, score=score)


def test_report_adds_its_labs() -> None:
    """Score and points of several labs, without the noise of binary fractions."""
    report = Report(labs=tuple(_lab(score=0.1, points=0.2) for _ in range(3)))

    assert (report.score, report.points) == (0.3, 0.6)


def test_report_with_an_ungraded_lab_has_no_score() -> None:
    """A total that silently leaves a lab out would be a wrong one."""
    assert Report(labs=(_lab(), _failed_on_our_side())).score is None


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -1.0])
@pytest.mark.parametrize("key", ["weight", "seconds"])
def test_numbers_are_finite_and_not_negative(key: str, number: float) -> None:
    """JSON has no word for infinity, and no check weighs less than nothing."""
    with pytest.raises(ValidationError):
        _check(**{key: number})


@pytest.mark.parametrize("key", ["message", "called", "returned", "output", "title"])
def test_text_can_always_be_written(key: str) -> None:
    """Half a surrogate pair from a student's program does not break the report."""
    check = _check(**{key: "a\ud83d b"})

    assert getattr(check, key) == "a\\ud83d b"
    assert check.model_dump_json()


def test_text_elsewhere_can_always_be_written() -> None:
    """The same holds for source lines and notices."""
    lab = _lab(
        notices=("\udc80",),
        tasks=(_task("full", _check(locations=(Location(where="\udc80", line=1, source="\udc80"),))),),
    )

    assert lab.model_dump_json().count("udc80") == 3


def test_report_reads_back() -> None:
    """What is written as JSON is the same report again."""
    report = Report(labs=(_lab(hints={"one": ("Think.",)}), _failed_on_our_side()))

    assert Report.model_validate_json(report.model_dump_json()) == report


def test_report_of_a_future_version_is_refused() -> None:
    """A reader does not guess at a form that it does not know."""
    with pytest.raises(ValidationError, match="schema_version"):
        Report.model_validate({"schema_version": "2.0", "labs": []})


def test_schema_describes_its_keys() -> None:
    """The published schema carries the sentences that stand in the code."""
    schema: Any = results.json_schema()
    described = schema["$defs"]["CheckResult"]["properties"]["returned"]

    assert described["description"] == "What that call returned, shortened."
    assert schema["properties"]["schema_version"]["const"] == results.SCHEMA_VERSION
