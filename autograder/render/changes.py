"""Show what a save has changed: tasks whose checks came out differently, and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from rich.console import Console

from autograder.render import story
from autograder.render.terminal import Page, columns, show_task
from autograder.results import CheckResult, LabReport, Outcome, TaskResult

__all__ = ["Screen", "changed_tasks"]


def _now() -> dt.datetime:
    return dt.datetime.now()


def changed_tasks(seen: Mapping[str, CheckResult], after: LabReport) -> tuple[TaskResult, ...]:
    """The tasks that have a check with another verdict, or other words, than the one in ``seen`` of the same id."""
    return tuple(task for task in after.tasks if any(_changed(seen.get(check.id), check) for check in task.checks))


class Screen:
    """Shows a learner at work what each save has changed."""

    def __init__(self, lab: str, console: Console | None = None, *, clock: Callable[[], dt.datetime] = _now) -> None:
        """Say what is watched and which keys there are.

        Args:
            lab: id of the lab.
            console: where to print, by default standard output.
            clock: tells the time of day.
        """
        self._console = console or Console()
        self._clock = clock
        page = Page(self._console)
        page.put(f"Watching labs/{lab}. Enter grades again, h shows hints, q quits.", "dim")

    def changes(self, seen: Mapping[str, CheckResult], after: LabReport, *, complete: bool) -> None:
        """Print the tasks that changed and, if all checks ran, one line on the whole lab.

        Args:
            seen: check id → its result that the learner saw last.
            after: the report on the work as it is now.
            complete: whether all checks ran; otherwise only the visible ones have so far.
        """
        page = Page(self._console)
        when = f"{self._clock():%H:%M:%S}"
        if after.outcome is not Outcome.GRADED:
            page.put(f"{when}  {story.verdict(after)}", "bold red")
            page.put(after.problem, indent=2)
            return
        for notice in after.notices if complete else ():
            page.put(notice, indent=2, mark="!", tint="yellow")
        # What is not begun is no news while the rest of the checks is on its way.
        tasks = [task for task in changed_tasks(seen, after) if complete or not story.idle(task)]
        edges = columns([(task.score, task.points) for task in tasks]) if tasks else []
        for task, edge in zip(tasks, edges, strict=True):
            show_task(page, task, edge if complete else "visible checks", ())
        if complete:
            tint = "bold green" if after.full_marks else "bold"
            news = "" if tasks else "Nothing changed. "
            total = columns([(after.score, after.points)])[0].strip()
            page.put(f"{when}  {news}{story.verdict(after)}", tint, edge=total, tint=tint)

    def hints(self, report: LabReport) -> None:
        """Print the hints of the task that is next."""
        page = Page(self._console)
        task = story.next_task(report)
        hints = report.hints.get(task.id, ()) if task else ()
        if task is None or not hints:
            page.put("No task is left." if task is None else f"There are no hints for task {task.number}.")
        else:
            show_task(page, task, "", hints)


def _changed(before: CheckResult | None, after: CheckResult) -> bool:
    return before is None or (before.status, before.message) != (after.status, after.message)
