"""Prove a lab's graders: the solution gets everything, the starter nothing, every case what it says."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from autograder import build, cases, grading
from autograder.catalog import Catalog
from autograder.errors import BuildError
from autograder.manifest import Lab, preloads
from autograder.results import CheckStatus, LabReport, Outcome, TaskState
from autograder.sandbox.client import Zygote

__all__ = ["Verdict", "verify"]


@dataclass(frozen=True)
class Verdict:
    """What came of holding a lab's graders against one submission.

    Attributes:
        lab: id of the lab.
        kind: ``solution``, ``starter``, ``wrong``, ``right`` or ``build``.
        case: the submission, in words.
        problem: what is not as it should be; empty if all is.
        fails: ids of the tasks that should lose points.
        lost: ids of those that did.
        scores: task id → score.
        seconds: how long grading took.
    """

    lab: str
    kind: str
    case: str
    problem: str
    fails: tuple[str, ...]
    lost: tuple[str, ...]
    scores: dict[str, float]
    seconds: float


@dataclass(frozen=True)
class _Job:
    lab: Lab
    kind: str
    case: cases.Case
    only_zero: bool = False


def verify(
    catalog: Catalog,
    labs: tuple[Lab, ...],
    *,
    workers: int = 2,
    seed: int = 0,
    planned: Callable[[int], None] = lambda _: None,
) -> Iterator[Verdict]:
    """Hold the graders of ``labs`` against everything that is known of them.

    Args:
        catalog: the course.
        labs: whom to verify.
        workers: processes that grade side by side.
        seed: of the hidden data.
        planned: told how many verdicts there will be.

    Yields:
        A verdict for each submission, as it comes.

    Raises:
        ManifestError: a cases.toml has faults.
    """
    jobs = [job for lab in labs for job in _jobs(catalog, lab)]
    planned(len(jobs) + 1)
    yield _in_step(catalog)
    modules = preloads(labs)
    # Spawned, not forked: a worker must not inherit this process's sockets and threads.
    with ProcessPoolExecutor(workers, get_context("spawn"), _begin, (catalog.root, modules)) as pool:
        yield from _each(pool, partial(_judge, seed=seed), jobs)


def _each(pool: Executor, judge: Callable[[_Job], Verdict], jobs: list[_Job]) -> Iterator[Verdict]:
    yield from pool.map(judge, jobs)


def _jobs(catalog: Catalog, lab: Lab) -> list[_Job]:
    exemplar = catalog.solution_dir(lab.id)
    starter = build.student_view(exemplar)
    listed = cases.load_cases(catalog.grader_dir(lab.id) / "cases.toml", lab, exemplar)
    return [
        _Job(lab, "solution", cases.Case("the reference solution", (), {})),
        _Job(lab, "starter", cases.Case("the untouched starter", (), starter), only_zero=True),
        *(_Job(lab, "wrong" if case.fails else "right", case) for case in listed),
    ]


def _in_step(catalog: Catalog) -> Verdict:
    try:
        stale = build.check(catalog.root)
    except BuildError as error:
        stale = [str(error)]
    problem = f"labs/ is not in step with solutions/ (nox -s build): {'; '.join(stale)}" if stale else ""
    return Verdict("labs/", "build", "in step with solutions/", problem, (), (), {}, 0.0)


_here: tuple[Catalog, Zygote] | None = None


def _begin(root: Path, modules: tuple[str, ...]) -> None:
    global _here
    _here = Catalog(root), Zygote(modules)


def _judge(job: _Job, seed: int) -> Verdict:
    assert _here is not None
    catalog, zygote = _here
    with tempfile.TemporaryDirectory(prefix="autograder-case-") as folder:
        cases.apply(job.case, catalog.solution_dir(job.lab.id), job.lab, Path(folder))
        report = grading.grade(grading.Request(job.lab, Path(folder), seed=seed), catalog, zygote)
    scores = {task.id: task.score for task in report.tasks}
    lost = tuple(task.id for task in report.tasks if task.state is not TaskState.FULL)
    problem = _problem(job, report)
    return Verdict(job.lab.id, job.kind, job.case.name, problem, job.case.fails, lost, scores, report.seconds)


def _problem(job: _Job, report: LabReport) -> str:
    if report.outcome is not Outcome.GRADED:
        return f"infrastructure error: {report.problem}"
    if job.only_zero:
        scored = [task.id for task in report.tasks if task.score > 0]
        if scored:
            return f"points for nothing in {', '.join(scored)}"
        started = [task.id for task in report.tasks if task.state is not TaskState.NOT_STARTED]
        return f"not shown as 'not started': {', '.join(started)}" if started else ""
    lost = {task.id for task in report.tasks if task.state is not TaskState.FULL}
    problems = []
    for task in sorted(set(job.case.fails) - lost):
        problems.append(f"{task} lost no points")
    for task in sorted(lost - set(job.case.fails)):
        problems.append(f"{task} lost points: {_first_failure(report, task)}")
    return "; ".join(problems)


def _first_failure(report: LabReport, task_id: str) -> str:
    for task in report.tasks:
        for check in task.checks:
            if task.id == task_id and check.status in (CheckStatus.FAILED, CheckStatus.ERROR):
                return f"{check.id}: {' '.join(check.message.split())[:200]}"
    return "no check failed"
