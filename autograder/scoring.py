"""Turn the checks of a task into points: exact, and never kinder or harsher than the checks were."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction

from autograder.errors import GraderError
from autograder.manifest import Task
from autograder.results import CheckResult, CheckStatus, TaskResult, TaskState

__all__ = ["score_task", "total"]

_CENT = Fraction(1, 100)


def score_task(task: Task, number: int, checks: Sequence[CheckResult]) -> TaskResult:
    """Score one task: its points times the weight of the checks passed, over the weight of all its checks.

    The score is computed exactly and rounded half up to hundredths. Rounding decides nothing: the score is
    ``task.points`` only if every check passed, and 0 only if none did.

    Args:
        task: the task as lab.toml has it.
        number: its position in the lab, from 1.
        checks: the results of all checks of this task, each once.

    Raises:
        GraderError: no check reported, one reported twice, or one belongs to another task. A result that
            is missing is never a pass, and never a zero either.
    """
    _require_each_once(task, checks)
    passed = [check for check in checks if check.status is CheckStatus.PASSED]
    if len(passed) == len(checks):
        score = task.points
    elif not passed:
        score = 0.0
    else:
        score = _share(_exact(task.points), _weight(passed) / _weight(checks))
    return TaskResult(
        id=task.id,
        title=task.title,
        number=number,
        points=task.points,
        score=score,
        state=_state(checks),
        checks=tuple(checks),
    )


def total(tasks: Iterable[TaskResult]) -> tuple[float, float]:
    """The score and the points of several tasks together, summed without rounding errors."""
    rows = list(tasks)
    score = sum((_exact(task.score) for task in rows), Fraction())
    points = sum((_exact(task.points) for task in rows), Fraction())
    return float(score), float(points)


def _share(points: Fraction, part: Fraction) -> float:
    """A part of the points strictly between none and all, to the hundredth."""
    cents = math.floor(points * part / _CENT + Fraction(1, 2))
    most = math.ceil(points / _CENT) - 1
    return float(min(max(cents, 1), most) * _CENT)


def _state(checks: Sequence[CheckResult]) -> TaskState:
    passed = sum(check.status is CheckStatus.PASSED for check in checks)
    if passed:
        return TaskState.FULL if passed == len(checks) else TaskState.PARTIAL
    tried = [check for check in checks if check.status is not CheckStatus.SKIPPED]
    if tried and all(check.not_started for check in tried):
        return TaskState.NOT_STARTED
    return TaskState.NONE


def _require_each_once(task: Task, checks: Sequence[CheckResult]) -> None:
    if not checks:
        raise GraderError(
            f"No check of task {task.id!r} reported a result: its graders need at least one test "
            f'marked @pytest.mark.task("{task.id}").'
        )
    ids = [check.id for check in checks]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise GraderError(f"Checks of task {task.id!r} reported more than once: {', '.join(twice)}.")
    strays = sorted({check.task for check in checks} - {task.id})
    if strays:
        raise GraderError(f"Task {task.id!r} was given checks of other tasks: {', '.join(strays)}.")


def _weight(checks: Sequence[CheckResult]) -> Fraction:
    return sum((_exact(check.weight) for check in checks), Fraction())


def _exact(number: float) -> Fraction:
    """The number as it is written: 0.1 is a tenth, not the nearest binary fraction."""
    return Fraction(repr(number))
