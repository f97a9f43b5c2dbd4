"""What there is to say about a report, whatever it is shown on: findings, verdict, the next step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograder.render.text import count, short
from autograder.results import (
    CheckResult,
    CheckStatus,
    Isolation,
    LabReport,
    Location,
    Outcome,
    Report,
    TaskResult,
    TaskState,
)

__all__ = [
    "Finding",
    "findings",
    "heading",
    "idle",
    "isolation_note",
    "lab_word",
    "next_step",
    "next_task",
    "passed",
    "places",
    "scope",
    "status_word",
    "summary",
    "total_name",
    "total_points",
    "untouched",
    "verdict",
    "waiting",
    "waiting_line",
]

_ISOLATION = {
    Isolation.KERNEL: "",
    Isolation.LANDLOCK: "Landlock kept your code to its own files; network and processes stayed open.",
    Isolation.PROCESS: "Your code ran as an ordinary process of this machine: fine for your own work.",
    Isolation.NONE: "Your code ran in this notebook, with whatever its cells have defined so far.",
}


@dataclass(frozen=True)
class Finding:
    """Something that kept checks from passing, told once however many checks met it."""

    lead: CheckResult
    """The check to show: a visible one if there is one, because the student can read it."""
    more: int
    """How many further checks of the task ended in the same words."""

    @property
    def raised(self) -> bool:
        """Whether student code gave no answer at all, so that its error is the headline."""
        return self.lead.status is CheckStatus.ERROR

    @property
    def headline(self) -> str:
        """The error if there is one, otherwise the claim that did not hold."""
        return self.lead.message.partition("\n")[0] if self.raised and self.lead.message else self.lead.title

    @property
    def body(self) -> str:
        """The message, without what the headline says."""
        return self.lead.message.partition("\n")[2] if self.raised else self.lead.message

    @property
    def tag(self) -> str:
        """``"(hidden check, and 3 more)"``, or nothing."""
        if self.lead.hidden:
            return f"(hidden check, and {self.more} more)" if self.more else "(hidden check)"
        return f"(and {count(self.more, 'more check')})" if self.more else ""


def heading(task: TaskResult) -> str:
    """The task's heading, the same in README.md and HINTS.md."""
    return f"{task.number}. {task.title}"


def findings(task: TaskResult) -> tuple[Finding, ...]:
    """What went wrong in a task, in the order of its checks; the same words are told once."""
    groups: dict[object, list[CheckResult]] = {}
    for check in task.checks:
        if check.status in (CheckStatus.FAILED, CheckStatus.ERROR):
            said = (check.status, check.message, check.locations) if check.message else check.id
            groups.setdefault(said, []).append(check)
    return tuple(Finding(_lead(group), len(group) - 1) for group in groups.values())


def waiting(task: TaskResult) -> int:
    """How many checks of a task wait until another one passes."""
    return sum(check.status is CheckStatus.SKIPPED for check in task.checks)


def waiting_line(task: TaskResult) -> str:
    """``"2 more checks wait for another one to pass"``."""
    return f"{count(waiting(task), 'more check waits', 'more checks wait')} for another one to pass"


def idle(task: TaskResult) -> bool:
    """Whether there is nothing to judge yet: the task is not begun, or all of it waits for another one."""
    return task.state is TaskState.NOT_STARTED or _waits(task)


def passed(task: TaskResult) -> tuple[CheckResult, ...]:
    """The checks of a task that passed."""
    return tuple(check for check in task.checks if check.status is CheckStatus.PASSED)


def places(locations: Sequence[Location]) -> list[str]:
    """Where in the student's files it happened, a line each; of a deep recursion the ends only."""
    lines = [f"{place.where}, line {place.line}:   {short(place.source.strip())}" for place in locations]
    skipped = len(lines) - 6
    return [*lines[:3], f"… {count(skipped, 'more line')}", *lines[-3:]] if skipped > 0 else lines


def status_word(task: TaskResult) -> str:
    """The state of a task in words, for those who cannot see its mark."""
    return {
        TaskState.FULL: "full marks",
        TaskState.PARTIAL: "partly right",
        TaskState.NONE: "waiting" if _waits(task) else "no points yet",
        TaskState.NOT_STARTED: "not started",
    }[task.state]


def lab_word(lab: LabReport) -> str:
    """The state of a lab in words."""
    if lab.outcome is Outcome.INFRASTRUCTURE_ERROR:
        return "not graded"
    if untouched(lab):
        return "not started"
    full = "all visible checks passed" if lab.hidden_elsewhere else "full marks"
    return full if lab.full_marks else "partly right" if lab.score else "no points yet"


def scope(lab: LabReport) -> str:
    """What the score is of, where it is not of everything: ``"visible checks only"``, otherwise nothing."""
    return "visible checks only" if lab.hidden_elsewhere and lab.score is not None else ""


def total_points(report: Report) -> tuple[float, float]:
    """Score and points of the labs that were graded, together."""
    graded = [lab for lab in report.labs if lab.score is not None]
    score, points = sum(lab.score or 0 for lab in graded), sum(lab.points for lab in graded)
    return round(score, 2), round(points, 2)


def total_name(report: Report) -> str:
    """What to call that total: it says when a lab is not in it."""
    missing = sum(lab.score is None for lab in report.labs)
    name = f"Total without {count(missing, 'lab')} that could not be graded" if missing else "Total"
    return f"{name}, visible checks only" if any(scope(lab) for lab in report.labs) else name


def untouched(lab: LabReport) -> bool:
    """Whether the student has not begun this lab."""
    return lab.outcome is Outcome.GRADED and bool(lab.tasks) and all(idle(task) for task in lab.tasks)


def next_task(lab: LabReport) -> TaskResult | None:
    """What to work on: first what gave nothing, then what gave a part, then what is not begun."""
    if lab.outcome is not Outcome.GRADED:
        return None
    order = (TaskState.NONE, TaskState.PARTIAL, TaskState.NOT_STARTED)
    tasks = [task for state in order for task in lab.tasks if task.state is state]
    ready = [task for task in tasks if not _waits(task)]
    return next(iter(ready or tasks), None)


def next_step(report: Report) -> str:
    """After several labs: where to go on; empty if there is nothing left to do."""
    if report.labs and all(lab.full_marks for lab in report.labs):
        what = "All visible checks passed" if any(lab.hidden_elsewhere for lab in report.labs) else "Full marks"
        return f"{what} in {count(len(report.labs), 'lab')}."
    rest = [(lab, task) for lab in report.labs if (task := next_task(lab))]
    if not rest:
        return ""
    begun = [(lab, task) for lab, task in rest if not untouched(lab)]
    if begun:
        return f"Next: {begun[0][0].lab}, task {begun[0][1].number}."
    lab = rest[0][0]
    return f"Next: {lab.lab}. Start with labs/{lab.lab}/README.md."


def verdict(lab: LabReport) -> str:
    """One sentence or two on how the lab stands."""
    if lab.outcome is Outcome.INFRASTRUCTURE_ERROR:
        return "Not graded: our side failed. There is no score, neither a zero nor a pass, and your work is untouched."
    if lab.full_marks and lab.hidden_elsewhere:
        checks = f"All {count(lab.checks_total, 'visible check')} passed"
        return f"{checks}. Well done. To hand it in: nox -s submit -- {lab.lab}"
    if lab.full_marks and lab.checks_hidden:
        checks = f"all {count(lab.checks_total, 'check')} passed"
        return f"Full marks: {checks}, {lab.checks_hidden} of them hidden. Well done."
    if lab.full_marks:
        return "Full marks from the visible checks. Well done; hidden checks did not run here."
    if untouched(lab):
        return f"Nothing handed in yet. Start with labs/{lab.lab}/README.md."
    task = next_task(lab)
    return f"Next: task {task.number}." if task else ""


def summary(lab: LabReport) -> str:
    """``"17 checks, 11 of them hidden · isolation: kernel · 1.9 s"``."""
    checks = f"{count(lab.checks_total, 'check')}, {lab.checks_hidden} of them hidden"
    if lab.hidden_elsewhere:
        rest = count(lab.hidden_elsewhere, "hidden check")
        checks = f"{count(lab.checks_total, 'visible check')}, and {rest} that your instructor runs"
    elif not lab.checks_hidden:
        checks = f"{count(lab.checks_total, 'visible check')}, hidden checks did not run here"
    return f"{checks} · isolation: {lab.isolation.value} · {lab.seconds:.1f} s"


def isolation_note(lab: LabReport) -> str:
    """What a level of isolation below the full one means, in a sentence; empty at the full one."""
    return _ISOLATION[lab.isolation]


def _lead(checks: list[CheckResult]) -> CheckResult:
    return min(checks, key=lambda check: check.hidden)


def _waits(task: TaskResult) -> bool:
    return bool(task.checks) and waiting(task) == len(task.checks)
