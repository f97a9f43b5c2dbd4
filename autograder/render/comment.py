"""Say in plain text what a learner needs to know about one task: for gradebooks and graders of others."""

from __future__ import annotations

from autograder.render import story
from autograder.render.feedback import feedback
from autograder.results import LabReport, TaskResult, TaskState

__all__ = ["comment"]


def comment(report: LabReport, task: TaskResult) -> str:
    """The findings of one task of a report, or that there are none.

    Args:
        report: the report that the task belongs to.
        task: the task; without some of its checks, if they are not to be told.
    """
    found = feedback(report.model_copy(update={"tasks": (task,)}))
    lines = found.partition("\n")[2].rstrip().split("\n") if found else []
    if story.waiting(task):
        lines.append(f"  {story.waiting_line(task)}.")
    if lines:
        return "\n".join(lines)
    return "All checks passed." if task.state is TaskState.FULL else "No more can be told here."
