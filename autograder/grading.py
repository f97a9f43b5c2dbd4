"""One submission of one lab in, one report out."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from autograder import __version__, scoring
from autograder.catalog import Catalog
from autograder.errors import AutograderError, InfrastructureError, ManifestError, UsageError
from autograder.examination import Examiner, Progress, Recall, Terms
from autograder.manifest import Lab, Task
from autograder.results import CheckResult, CheckStatus, Isolation, LabReport, Outcome, TaskResult
from autograder.sandbox.client import Zygote
from autograder.staging import fresh_folder, stage
from autograder.submission import Live

__all__ = ["HIDDEN", "Request", "census", "grade", "hints_file"]

HIDDEN: Final = "hidden.json"
"""In a grader's folder of the student edition: task → how many hidden checks there are elsewhere."""


@dataclass(frozen=True)
class Request:
    """What to grade, and how.

    Attributes:
        lab: the lab.
        submission: folder with the files handed in.
        tasks: ids of the tasks to grade; all if None.
        hints: whether the report carries the hints.
        seed: of the hidden data.
        given: folder with the lab's other files; the student's view in ``labs/`` if None.
        visible_only: whether hidden checks are left out.
        stop_at_first_failure: whether grading ends with the first check that does not pass. The report then has the
            tasks up to that one, and of that one only the checks that ran.
    """

    lab: Lab
    submission: Path
    tasks: Collection[str] | None = None
    hints: bool = False
    seed: int = 0
    given: Path | None = None
    visible_only: bool = False
    stop_at_first_failure: bool = False


def grade(
    request: Request,
    catalog: Catalog,
    zygote: Zygote,
    progress: Progress | None = None,
    *,
    live: Mapping[str, Live] | None = None,
    recall: Recall | None = None,
) -> LabReport:
    """Grade one submission.

    Whatever goes wrong on our side ends in a report without a score, never in an exception.

    Args:
        request: what to grade.
        catalog: the course.
        zygote: where sandboxes are forked.
        progress: told how far it is.
        live: file → its names as they are in this very process, instead of the file handed in.
        recall: what came of checks before. Those of tasks whose files are the same are not run again, and what runs
            is added, unless a check ran into its limit of time.

    Raises:
        UsageError: the request asks for a task or folder that is not there.
        KeyboardInterrupt: someone pressed Ctrl-C while checks ran.
    """
    start, started = time.monotonic(), dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    lab = request.lab
    tasks = _chosen(lab, request.tasks)
    trouble: AutograderError | None = None
    results: tuple[TaskResult, ...] = ()
    notices: list[str] = []
    try:
        with fresh_folder() as folder:
            workspace = stage(lab, request.submission, request.given or catalog.lab_dir(lab.id), folder)
            notices += workspace.notices
            terms = Terms(request.seed, request.visible_only, request.stop_at_first_failure)
            examiner = Examiner(lab, catalog, zygote, workspace, terms, live=live, recall=recall)
            found: list[CheckResult] = []
            for examined in examiner.examine([task.id for _, task in tasks], progress):
                found += examined.checks
                notices += examined.notices
            results = tuple(_scored(tasks, found, partly=request.stop_at_first_failure))
    except UsageError:
        raise
    except AutograderError as error:
        trouble = error
    except Exception as error:  # whatever we did not think of is no verdict on anybody's work
        trouble = InfrastructureError(f"{type(error).__name__}: {error}")
    points = round(sum(task.points for _, task in tasks), 2)
    found_hints, faults = _hints(request, catalog) if request.hints else ({}, ())
    return LabReport(
        lab=lab.id,
        title=lab.title,
        outcome=Outcome.GRADED if trouble is None else Outcome.INFRASTRUCTURE_ERROR,
        isolation=Isolation.NONE if live else Isolation(_level(zygote)),
        tasks=results if trouble is None else (),
        points=points,
        score=scoring.total(results)[0] if trouble is None else None,
        notices=(*dict.fromkeys(notices), *faults),
        problem=str(trouble) if trouble is not None else "",
        hints=found_hints,
        hidden_elsewhere=_hidden_elsewhere(catalog.grader_dir(lab.id), [task for _, task in tasks]),
        started=started,
        seconds=round(time.monotonic() - start, 3),
        engine=__version__,
    )


def _scored(tasks: Sequence[tuple[int, Task]], checks: Sequence[CheckResult], *, partly: bool) -> Iterator[TaskResult]:
    stopped = partly and any(check.status is not CheckStatus.PASSED for check in checks)
    for number, task in tasks:
        own = [check for check in checks if check.task == task.id]
        if own or not stopped:
            yield scoring.score_task(task, number, own)


def _chosen(lab: Lab, wanted: Collection[str] | None) -> list[tuple[int, Task]]:
    numbered = list(enumerate(lab.task, start=1))
    if wanted is None:
        return numbered
    unknown = sorted(set(wanted) - {task.id for task in lab.task})
    if unknown:
        known = ", ".join(task.id for task in lab.task)
        raise UsageError(f"{lab.id} has no task {', '.join(unknown)}. Its tasks: {known}.")
    return [(number, task) for number, task in numbered if task.id in wanted]


def census(lab: Lab, catalog: Catalog) -> dict[str, tuple[int, int]]:
    """How many checks there are: task → visible and hidden ones. Nothing is run.

    Raises:
        GraderError: a grader cannot be loaded, or has faults.
    """
    from autograder.checks import checks_of

    listed = checks_of(catalog, lab).census
    return {task.id: (listed.count((task.id, False)), listed.count((task.id, True))) for task in lab.task}


def _hidden_elsewhere(folder: Path, tasks: Sequence[Task]) -> int:
    """How many hidden checks an instructor will run, as far as the student edition knows."""
    try:
        counts = json.loads((folder / HIDDEN).read_text(encoding="utf-8"))
        return max(0, sum(int(counts.get(task.id, 0)) for task in tasks))
    except (OSError, ValueError, AttributeError, TypeError):
        return 0


def _level(zygote: Zygote) -> str:
    try:
        return zygote.level
    except InfrastructureError:
        return "process"


def hints_file(catalog: Catalog, lab_id: str) -> Path:
    """Where the hints of a lab are, if it has any."""
    folder = catalog.lab_dir(lab_id) if catalog.for_students else catalog.solution_dir(lab_id)
    return folder / "HINTS.md"


def _hints(request: Request, catalog: Catalog) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """The hints of the tasks chosen; or, which must not cost anyone the report, why there are none."""
    from autograder import hints

    try:
        found = hints.load_hints(hints_file(catalog, request.lab.id), request.lab)
    except ManifestError as error:
        return {}, (f"There are no hints, because HINTS.md has faults: {error.problems[0]}.",)
    return {task: texts for task, texts in found.items() if request.tasks is None or task in request.tasks}, ()
