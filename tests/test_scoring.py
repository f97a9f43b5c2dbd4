from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.errors import GraderError
from autograder.manifest import Task
from autograder.results import CheckResult, CheckStatus, TaskResult, TaskState
from autograder.scoring import score_task, total

PASSED, FAILED, ERROR, SKIPPED = CheckStatus


def _task(points: float = 3) -> Task:
    return Task(id="slice-stats", title="Describe each class", points=points)


def _checks(*statuses: CheckStatus, weights: list[float] | None = None, **more: Any) -> list[CheckResult]:
    return [
        CheckResult(
            id=f"test_{index}",
            task="slice-stats",
            title="A claim",
            hidden=True,
            weight=weights[index] if weights else 1,
            status=status,
            **more,
        )
        for index, status in enumerate(statuses)
    ]


def _score(points: float, *statuses: CheckStatus, weights: list[float] | None = None) -> float:
    return score_task(_task(points), 1, _checks(*statuses, weights=weights)).score


# ---- one task


@pytest.mark.parametrize(
    ("points", "statuses", "score"),
    [
        (3, [PASSED, PASSED], 3),
        (3, [PASSED, FAILED], 1.5),
        (3, [PASSED, ERROR, SKIPPED], 1),
        (1, [PASSED, FAILED, FAILED], 0.33),
        (1, [PASSED, PASSED, FAILED], 0.67),
        (0.25, [PASSED, FAILED], 0.13),  # 0.125 is rounded half up
        (0.35, [PASSED, FAILED], 0.18),  # 0.175 exactly, although the float 0.35 lies below it
        (3, [FAILED, ERROR, SKIPPED], 0),
    ],
)
def test_score_is_the_share_of_checks_passed(points: float, statuses: list[CheckStatus], score: float) -> None:
    """Points are shared among the checks, exactly, and rounded half up to hundredths."""
    assert _score(points, *statuses) == score


def test_weights_count() -> None:
    """A check of weight 3 is worth three of weight 1."""
    assert _score(4, PASSED, FAILED, weights=[3, 1]) == 3


def test_weights_are_what_is_written() -> None:
    """0.1 + 0.2 of 0.6 is exactly a half, whatever binary fractions make of it."""
    assert _score(0.99, PASSED, PASSED, FAILED, weights=[0.1, 0.2, 0.3]) == 0.5


def test_one_failure_among_thousands_costs_something() -> None:
    """Rounding never reaches full points."""
    result = score_task(_task(1), 1, _checks(*[PASSED] * 2000, FAILED))

    assert result.score == 0.99
    assert result.state is TaskState.PARTIAL


def test_one_success_among_thousands_is_worth_something() -> None:
    """Rounding never falls to zero."""
    result = score_task(_task(1), 1, _checks(PASSED, *[FAILED] * 2000))

    assert result.score == 0.01
    assert result.state is TaskState.PARTIAL


@pytest.mark.parametrize(
    ("statuses", "state"),
    [
        ([PASSED], TaskState.FULL),
        ([PASSED, SKIPPED], TaskState.PARTIAL),
        ([FAILED, SKIPPED], TaskState.NONE),
        ([SKIPPED], TaskState.NONE),
    ],
)
def test_state_follows_the_checks(statuses: list[CheckStatus], state: TaskState) -> None:
    """Full, partial or none; a task that only waits for another one has nothing, but is not called unstarted."""
    assert score_task(_task(), 1, _checks(*statuses)).state is state


def test_not_started_is_told_apart() -> None:
    """If all checks that ran met the starter's work, the task is not started; skipped ones do not count."""
    checks = _checks(ERROR, FAILED, not_started=True) + [
        check.model_copy(update={"id": "other"}) for check in _checks(SKIPPED)
    ]

    assert score_task(_task(), 1, checks).state is TaskState.NOT_STARTED


@pytest.mark.parametrize("status", [PASSED, FAILED, ERROR])
def test_started_in_one_place_is_started(status: CheckStatus) -> None:
    """One check that met work of the student's own is enough."""
    begun = _checks(status)[0].model_copy(update={"id": "begun"})
    result = score_task(_task(), 1, [*_checks(ERROR, ERROR, not_started=True), begun])

    assert result.state is (TaskState.PARTIAL if status is PASSED else TaskState.NONE)


def test_result_carries_the_task() -> None:
    """Id, title, number, points and checks are passed on."""
    checks = _checks(PASSED, FAILED)
    result = score_task(_task(2), 4, checks)

    assert (result.id, result.title, result.number, result.points) == ("slice-stats", "Describe each class", 4, 2)
    assert result.checks == tuple(checks)


# ---- what cannot be scored


def test_missing_results_are_never_a_pass() -> None:
    """A task of which no check reported is our fault, and the error says what is missing."""
    with pytest.raises(GraderError, match=r'@pytest\.mark\.task\("slice-stats"\)'):
        score_task(_task(), 1, [])


def test_check_counted_twice_is_an_error() -> None:
    """A check that reports twice would weigh twice."""
    with pytest.raises(GraderError, match="more than once: test_0"):
        score_task(_task(), 1, _checks(PASSED) * 2)


def test_check_of_another_task_is_an_error() -> None:
    """Points of one task are never decided by another one's checks."""
    stray = _checks(PASSED)[0].model_copy(update={"task": "find-the-gap"})

    with pytest.raises(GraderError, match="other tasks: find-the-gap"):
        score_task(_task(), 1, [stray])


# ---- properties

_points = st.integers(min_value=10, max_value=100_000).map(lambda cents: cents / 100)
_weights = st.lists(st.sampled_from([0.001, 0.1, 0.5, 1, 2, 3, 7.25, 1000]), min_size=1, max_size=12)


@given(points=_points, weights=_weights, data=st.data())
def test_score_stays_in_its_bounds(points: float, weights: list[float], data: st.DataObject) -> None:
    """0 exactly if nothing passed, full exactly if all did, a hundredth near the exact share in between."""
    statuses = data.draw(st.lists(st.sampled_from(CheckStatus), min_size=len(weights), max_size=len(weights)))
    score = _score(points, *statuses, weights=weights)
    won = sum(Fraction(repr(w)) for w, s in zip(weights, statuses, strict=True) if s is PASSED)
    exact = Fraction(repr(points)) * won / sum(Fraction(repr(w)) for w in weights)

    assert 0 <= score <= points
    assert (score == points) == all(status is PASSED for status in statuses)
    assert (score == 0) == (PASSED not in statuses)
    assert score == round(score, 2)
    assert abs(Fraction(repr(score)) - exact) <= Fraction(1, 100)


@given(points=_points, weights=_weights, data=st.data())
def test_another_check_passed_never_costs(points: float, weights: list[float], data: st.DataObject) -> None:
    """Turning one failure into a pass does not lower the score."""
    statuses = data.draw(st.lists(st.sampled_from([PASSED, FAILED]), min_size=len(weights), max_size=len(weights)))
    index = data.draw(st.integers(min_value=0, max_value=len(weights) - 1))
    better = [*statuses[:index], PASSED, *statuses[index + 1 :]]

    assert _score(points, *statuses, weights=weights) <= _score(points, *better, weights=weights)


# ---- several tasks


def _result(score: float, points: float) -> TaskResult:
    return TaskResult(id="a", title="A", number=1, points=points, score=score, state=TaskState.PARTIAL, checks=())


def test_total_adds_without_rounding_errors() -> None:
    """Ten times a tenth is one."""
    assert total([_result(0.1, 0.3)] * 10) == (1.0, 3.0)


def test_total_of_nothing_is_nothing() -> None:
    """No task, no points."""
    assert total([]) == (0.0, 0.0)


@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(10, 5000)), max_size=20))
def test_total_is_full_only_if_every_task_is(cents: list[tuple[int, int]]) -> None:
    """A sum never hides a missing hundredth."""
    score, points = total(_result(min(a, b) / 100, b / 100) for a, b in cents)

    assert (score == points) == all(a >= b for a, b in cents)
