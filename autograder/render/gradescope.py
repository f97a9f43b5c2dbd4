"""Turn a report into the results.json that Gradescope reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from autograder.errors import InfrastructureError, UsageError
from autograder.render import story
from autograder.render.comment import comment
from autograder.render.text import clean
from autograder.results import CheckStatus, LabReport, TaskResult, TaskState

__all__ = ["VISIBILITIES", "dumps", "results"]

VISIBILITIES: Final = ("visible", "after_due_date", "after_published", "hidden")
"""When Gradescope shows something to students; its own words."""


def results(report: LabReport, *, hidden: str = "visible") -> dict[str, Any]:
    """What Gradescope is told about a graded submission: one test per task, with its points and its feedback.

    Feedback on hidden checks never shows the checks themselves, so students may see it. Where they may not (yet),
    it stands in tests of its own, which give no points and have that visibility.

    Args:
        report: the report of one lab.
        hidden: when students see the feedback on hidden checks, one of :data:`VISIBILITIES`.

    Raises:
        InfrastructureError: the submission could not be graded. There is no way to say so in this format that
            is not a score.
        UsageError: there is no such visibility.
    """
    if hidden not in VISIBILITIES:
        raise UsageError(f"There is no visibility {hidden!r}: choose one of {', '.join(VISIBILITIES)}.")
    if report.score is None:
        raise InfrastructureError(f"{report.lab} could not be graded: {report.problem}")
    said = [story.verdict(report), *report.notices, story.summary(report)]
    return {
        "score": report.score,
        "execution_time": round(report.seconds),
        "output": "\n".join(clean(line) for line in said if line),
        "output_format": "text",
        "stdout_visibility": "hidden",
        "tests": [test for task in report.tasks for test in _tests(report, task, hidden)],
    }


def dumps(report: LabReport, *, hidden: str = "visible") -> str:
    """The same as JSON text."""
    return json.dumps(results(report, hidden=hidden), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _tests(report: LabReport, task: TaskResult, hidden: str) -> Iterator[dict[str, Any]]:
    secret = tuple(check for check in task.checks if check.hidden) if hidden != "visible" else ()
    told = task.model_copy(update={"checks": tuple(check for check in task.checks if check not in secret)})
    failed = [check for check in secret if check.status is not CheckStatus.PASSED]
    output = comment(report, told)
    if failed and not [check for check in told.checks if check.status is not CheckStatus.PASSED]:
        output = "Every visible check passed. Hidden checks decided on the rest."
    yield {
        "name": story.heading(task),
        "score": task.score,
        "max_score": task.points,
        "status": "passed" if task.state is TaskState.FULL else "failed",
        "output": output,
        "output_format": "text",
        "visibility": "visible",
        "tags": [task.id],
    }
    if failed:
        yield {
            "name": f"{story.heading(task)}: hidden checks",
            "status": "failed",
            "output": comment(report, task.model_copy(update={"checks": secret})),
            "output_format": "text",
            "visibility": hidden,
            "tags": [task.id],
        }
