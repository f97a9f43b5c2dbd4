"""Show the feedback on a submission alone: what did not pass and what its learner reads, without points and times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from autograder.render import story
from autograder.render.text import capped, clean, short
from autograder.results import LabReport, TaskResult

__all__ = ["feedback"]


def feedback(report: LabReport) -> str:
    """The findings of every task that lost points, as long as a terminal shows them but unwrapped.

    A line of the message stands behind ``|``, a line of the student's code behind ``at``. What that code printed is
    left out.
    """
    blocks = ["\n".join(_task(task)) for task in report.tasks if story.findings(task)]
    return "\n\n".join(blocks) + "\n" if blocks else ""


def _task(task: TaskResult) -> Iterator[str]:
    yield story.heading(task)
    for finding in story.findings(task):
        check = finding.lead
        mark = "–" if check.not_started else "!" if finding.raised else "✗"
        yield f"  {mark} {short(finding.headline)}" + (" (hidden check)" if check.hidden else "")
        if finding.headline != check.title:
            yield f"    Checked: {clean(check.title)}"
        if check.called:
            yield f"    Called {short(check.called)}."
        if check.returned:
            yield f"    It returned {short(check.returned)}."
        if finding.body:
            yield from _behind("|", capped(finding.body, lines=14, chars=1200))
        yield from _behind("at", story.places(check.locations))


def _behind(mark: str, lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield f"    {mark} {line}".rstrip()
