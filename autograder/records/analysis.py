"""What a class's records say together: how scores are spread, and which checks tell students apart. Pure."""

from __future__ import annotations

import itertools
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from autograder.records.store import Record
from autograder.results import CheckResult, CheckStatus, LabReport, TaskResult

__all__ = ["BINS", "CheckFacts", "LabFacts", "Spread", "TaskFacts", "analyse"]

BINS: Final = 10
"""Scores are counted in so many equal parts of the points on offer; full marks belong to the last."""

NOT_STARTED: Final = "not started"


@dataclass(frozen=True)
class Spread:
    """How the scores of one lab or task are spread, before penalties.

    Attributes:
        points: what there was to get.
        count: scores.
        mean, median, deviation: of the scores, in points; the deviation is the sample's, 0 for a single score.
        full: how many reached all points.
        none: how many reached none.
        bins: scores per tenth of the points, lowest first.
    """

    points: float
    count: int
    mean: float
    median: float
    deviation: float
    full: int
    none: int
    bins: tuple[int, ...]


@dataclass(frozen=True)
class CheckFacts:
    """What came of one check over the class.

    Attributes:
        id, task, title, hidden: the check.
        count: submissions that it judged.
        passed: how many of them passed.
        statuses: how many did not pass for each reason, most common first: ``failed``, ``error``, ``skipped``,
            ``not started``.
        discrimination: point-biserial correlation of passing with the score from all other checks, from −1 to 1;
            None where everybody fared alike.
    """

    id: str
    task: str
    title: str
    hidden: bool
    count: int
    passed: int
    statuses: tuple[tuple[str, int], ...]
    discrimination: float | None

    @property
    def failure_rate(self) -> float:
        """Share of submissions that did not pass, from 0 to 1."""
        return 1 - self.passed / self.count


@dataclass(frozen=True)
class TaskFacts:
    """One task over the class."""

    id: str
    title: str
    number: int
    spread: Spread


@dataclass(frozen=True)
class LabFacts:
    """One lab over the class.

    Attributes:
        lab, title: the lab; the title is empty if nobody's work could be graded.
        ungraded: submissions without a score.
        late: submissions that lost points for lateness.
        spread: of the scores before penalties; None if there is no score.
        tasks: in the lab's order.
        checks: in the lab's order.
    """

    lab: str
    title: str
    ungraded: int
    late: int
    spread: Spread | None
    tasks: tuple[TaskFacts, ...]
    checks: tuple[CheckFacts, ...]


def analyse(records: Iterable[Record]) -> tuple[LabFacts, ...]:
    """Look at a class lab by lab, sorted by the labs' ids."""
    by_lab = itertools.groupby(sorted(records, key=lambda record: record.lab), key=lambda record: record.lab)
    return tuple(_lab(lab, list(group)) for lab, group in by_lab)


def _lab(lab: str, records: Sequence[Record]) -> LabFacts:
    reports = [record.report for record in records if record.graded and record.report is not None]
    return LabFacts(
        lab=lab,
        title=reports[0].title if reports else "",
        ungraded=len(records) - len(reports),
        late=sum(record.penalty > 0 for record in records),
        spread=_spread([report.score or 0.0 for report in reports], reports[0].points) if reports else None,
        tasks=_tasks(reports),
        checks=_checks(reports),
    )


def _spread(scores: Sequence[float], points: float) -> Spread:
    bins = Counter(min(int(BINS * score / points), BINS - 1) if points else 0 for score in scores)
    return Spread(
        points=points,
        count=len(scores),
        mean=round(statistics.fmean(scores), 2),
        median=round(statistics.median(scores), 2),
        deviation=round(statistics.stdev(scores), 2) if len(scores) > 1 else 0.0,
        full=sum(score >= points for score in scores),
        none=sum(score == 0 for score in scores),
        bins=tuple(bins[number] for number in range(BINS)),
    )


def _tasks(reports: Sequence[LabReport]) -> tuple[TaskFacts, ...]:
    found: dict[str, list[TaskResult]] = {}
    for report in reports:
        for task in report.tasks:
            found.setdefault(task.id, []).append(task)
    facts = [
        TaskFacts(tasks[0].id, tasks[0].title, tasks[0].number, _spread([t.score for t in tasks], tasks[0].points))
        for tasks in found.values()
    ]
    return tuple(sorted(facts, key=lambda task: task.number))


def _checks(reports: Sequence[LabReport]) -> tuple[CheckFacts, ...]:
    """Each check with its failures, in the order in which reports show them."""
    found: dict[str, list[tuple[CheckResult, float]]] = {}
    for report in reports:
        worth = _worth(report)
        got = {
            check.id: worth[check.id] if check.status is CheckStatus.PASSED else 0.0
            for task in report.tasks
            for check in task.checks
        }
        total = sum(got.values())
        for task in report.tasks:
            for check in task.checks:
                found.setdefault(check.id, []).append((check, total - got[check.id]))
    return tuple(_check(name, results) for name, results in found.items())


def _worth(report: LabReport) -> dict[str, float]:
    """Check → the points that it decides on."""
    worth: dict[str, float] = {}
    for task in report.tasks:
        weight = sum(check.weight for check in task.checks)
        worth |= {check.id: task.points * check.weight / weight for check in task.checks}
    return worth


def _check(name: str, results: Sequence[tuple[CheckResult, float]]) -> CheckFacts:
    first = results[0][0]
    passed = [check.status is CheckStatus.PASSED for check, _ in results]
    reasons = Counter(
        NOT_STARTED if check.not_started else str(check.status)
        for check, _ in results
        if check.status is not CheckStatus.PASSED
    )
    return CheckFacts(
        id=name,
        task=first.task,
        title=first.title,
        hidden=first.hidden,
        count=len(results),
        passed=sum(passed),
        statuses=tuple(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        discrimination=_correlation([float(p) for p in passed], [round(rest, 9) for _, rest in results]),
    )


def _correlation(passed: Sequence[float], rest: Sequence[float]) -> float | None:
    if len(set(passed)) < 2 or len(set(rest)) < 2:
        return None
    return round(statistics.correlation(passed, rest), 3)
