"""Grade one submission in a process of its own, and say whether the graders did what they should."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder import cases, goldens, grading
from autograder.catalog import Catalog
from autograder.examination import Recall
from autograder.manifest import Lab, preloads
from autograder.mutants import Mutant
from autograder.mutants.proof import Verdict
from autograder.render.feedback import feedback
from autograder.results import CheckResult, CheckStatus, LabReport, Outcome, TaskState
from autograder.sandbox.client import Zygote
from autograder.verify.memory import Memory
from autograder.verify.plan import Job

__all__ = ["begin", "judge"]


@dataclass(frozen=True)
class _Here:
    """What this process has prepared."""

    catalog: Catalog
    hash_seed: int
    memory: Memory
    fresh: bool
    recall: Recall = field(default_factory=dict)
    """Results of checks: most cases leave the files of some tasks as they are in the solution."""
    zygotes: dict[str, Zygote] = field(default_factory=dict)

    def zygote(self, lab: Lab) -> Zygote:
        """Where submissions of a lab run; not started as long as all of it is remembered.

        Each lab has its own: the more a zygote has imported, the longer takes each fork of it.
        """
        if lab.id not in self.zygotes:
            self.zygotes[lab.id] = Zygote(preloads([lab]), hash_seed=self.hash_seed)
        return self.zygotes[lab.id]


_here: _Here | None = None


def begin(root: Path, level: str, fresh: bool, hash_seed: int) -> None:
    """Prepare this process.

    Args:
        root: of the course.
        level: of isolation that they run at.
        fresh: whether to judge again what is remembered.
        hash_seed: of student code.
    """
    global _here
    threading.Thread(target=_end_with_parent, daemon=True).start()
    catalog = Catalog(root)
    _here = _Here(catalog, hash_seed, Memory(catalog, level), fresh)


def _end_with_parent() -> None:
    """Wait for the end of whoever gives out the jobs: killed, it cannot say that there are no more."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def judge(job: Job) -> Verdict:
    """Hold the graders against one submission, in a process that has begun; or recall what came of it."""
    assert _here is not None
    with tempfile.TemporaryDirectory(prefix="autograder-case-") as folder:
        submission = Path(folder)
        cases.apply(job.case, _here.catalog.solution_dir(job.lab.id), job.lab, submission)
        key = _here.memory.key(job, submission, _here.hash_seed)
        known = None if _here.fresh else _here.memory.recall(job.lab, key)
        if known is not None:
            return replace(known, remembered=True)
        judged = _try if isinstance(job.case, Mutant) else _grade
        verdict, slow = judged(job, submission, _here)
    return verdict if verdict.problem or slow else replace(verdict, key=key)


def _grade(job: Job, submission: Path, here: _Here) -> tuple[Verdict, bool]:
    """The verdict on a submission, and whether a check ran into its limit of time: the machine may have been slow."""
    recall = here.recall if job.kind != "repeat" else None  # there, all is to be seen again
    report = grading.grade(
        grading.Request(job.lab, submission, seed=job.seed), here.catalog, here.zygote(job.lab), recall=recall
    )
    problem = _problem(job, report)
    if job.kind == "wrong" and job.seed == 0 and not problem:
        said, by_chance = feedback(report), job.case.by_chance
        problem = goldens.difference(here.catalog.root, job.lab.id, job.case.name, said, by_chance=by_chance)
    verdict = Verdict(
        job.lab.id,
        job.kind,
        job.case.name if job.kind != "repeat" else f"{job.case.name}, seed {job.seed}",
        problem,
        fails=job.case.fails,
        lost=_lost(report),
        scores={task.id: task.score for task in report.tasks},
        seconds=report.seconds,
        checks=tuple((check.id, check.seconds) for task in report.tasks for check in task.checks)
        if job.kind == "solution"
        else (),
    )
    return verdict, report.slowest_check_s >= job.lab.limits.check_s


def _try(job: Job, submission: Path, here: _Here) -> tuple[Verdict, bool]:
    """Look for a check that a mutant does not pass, among the likely tasks first; the answer is that of _grade."""
    mutant = job.case
    assert isinstance(mutant, Mutant)
    lab = job.lab.model_copy(update={"limits": job.lab.limits.model_copy(update={"check_s": job.check_s})})
    rest = tuple(task.id for task in lab.task if task.id not in job.likely)
    seconds = 0.0
    for tasks in filter(None, (job.likely, rest)):
        request = grading.Request(lab, submission, tasks, seed=job.seed, stop_at_first_failure=True)
        report = grading.grade(request, here.catalog, here.zygote(lab), recall=here.recall)
        seconds += report.seconds
        if report.outcome is not Outcome.GRADED or _lost(report):
            break
    verdict = Verdict(
        lab.id,
        job.kind,
        mutant.name,
        _problem(job, report),
        lost=_lost(report),
        seconds=seconds,
        caught_by=_first_failure(report),
        operator=mutant.operator,
        diff=mutant.diff,
    )
    return verdict, report.slowest_check_s >= job.check_s


def _problem(job: Job, report: LabReport) -> str:
    if report.outcome is not Outcome.GRADED:
        return f"infrastructure error: {report.problem}"
    if job.kind == "mutant":
        return ""
    if job.kind == "starter":
        return _not_from_zero(report)
    lost = set(_lost(report))
    problems = [f"{task} lost no points" for task in sorted(set(job.case.fails) - lost)]
    problems += [f"{task} lost points: {_why(report, task)}" for task in sorted(lost - set(job.case.fails))]
    return "; ".join(problems)


def _not_from_zero(report: LabReport) -> str:
    scored = [task.id for task in report.tasks if task.score > 0]
    if scored:
        return f"points for nothing in {', '.join(scored)}"
    started = [task.id for task in report.tasks if task.state is not TaskState.NOT_STARTED]
    return f"not shown as 'not started': {', '.join(started)}" if started else ""


def _lost(report: LabReport) -> tuple[str, ...]:
    return tuple(task.id for task in report.tasks if task.state is not TaskState.FULL)


def _failures(report: LabReport) -> Iterator[CheckResult]:
    for task in report.tasks:
        for check in task.checks:
            if check.status in (CheckStatus.FAILED, CheckStatus.ERROR):
                yield check


def _why(report: LabReport, task: str) -> str:
    failed = next((check for check in _failures(report) if check.task == task), None)
    return f"{failed.id}: {' '.join(failed.message.split())[:200]}" if failed else "no check failed"


def _first_failure(report: LabReport) -> str:
    return next((check.id for check in _failures(report)), "")
