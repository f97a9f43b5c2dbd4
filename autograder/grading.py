"""One submission of one lab in, one report out."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from autograder import __version__, hints, scoring
from autograder import plugin as fixtures
from autograder.catalog import Catalog
from autograder.errors import AutograderError, GraderError, InfrastructureError, ManifestError, UsageError
from autograder.manifest import Lab, Task
from autograder.plugin import GradingPlugin
from autograder.results import Isolation, LabReport, Outcome, TaskResult
from autograder.sandbox.client import Zygote
from autograder.staging import stage
from autograder.submission import Live, Submission

__all__ = ["Progress", "Request", "grade"]

_NEEDLESS = (
    "cacheprovider",
    "faulthandler",
    "junitxml",
    "logging",
    "terminal",
    "threadexception",
    "unraisableexception",
    "warnings",
)
_PYTEST = (
    "--assert=plain",  # nothing reaches a student that an author did not write
    "--import-mode=importlib",
    "-s",
    *(f"-pno:{name}" for name in _NEEDLESS),
    "--disable-plugin-autoload",
    "-c",
    os.devnull,
)


class Progress(Protocol):
    """Who wants to know how far grading is."""

    def lab(self, title: str, total_checks: int) -> None:
        """A lab with so many checks starts."""

    def check(self, title: str) -> None:
        """A check starts."""

    def advance(self) -> None:
        """A check has ended."""


class _Silent:
    def lab(self, title: str, total_checks: int) -> None: ...
    def check(self, title: str) -> None: ...
    def advance(self) -> None: ...


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
    """

    lab: Lab
    submission: Path
    tasks: Collection[str] | None = None
    hints: bool = False
    seed: int = 0
    given: Path | None = None
    visible_only: bool = False


def grade(
    request: Request,
    catalog: Catalog,
    zygote: Zygote,
    progress: Progress | None = None,
    *,
    live: Mapping[str, Live] | None = None,
) -> LabReport:
    """Grade one submission.

    Whatever goes wrong on our side ends in a report without a score, never in an exception.

    Args:
        request: what to grade.
        catalog: the course.
        zygote: where sandboxes are forked.
        progress: told how far it is.
        live: file → its names as they are in this very process, instead of the file handed in.

    Raises:
        UsageError: the request asks for a task or folder that is not there.
        KeyboardInterrupt: someone pressed Ctrl-C while checks ran.
    """
    start, started = time.monotonic(), dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    lab = request.lab
    tasks = _chosen(lab, request.tasks)
    root: Path | None = None
    submission: Submission | None = None
    trouble: AutograderError | None = None
    results: tuple[TaskResult, ...] = ()
    try:
        root = Path(tempfile.mkdtemp(prefix="autograder-"))
        root.chmod(0o755)
        workspace = stage(lab, request.submission, request.given or catalog.lab_dir(lab.id), root)
        data = {name: catalog.dataset_dir(name) for name in lab.datasets}
        # Nothing of the course but what was staged: neither graders nor solutions, reports or the history of both.
        submission = Submission(lab, workspace, zygote, data, [catalog.root], live=live)
        plugin = _run_checks(request, catalog, submission, progress or _Silent())
        trouble = plugin.trouble
        results = tuple(
            scoring.score_task(task, number, [check for check in plugin.results if check.task == task.id])
            for number, task in tasks
            if trouble is None
        )
    except UsageError:
        raise
    except AutograderError as error:
        trouble = error
    except Exception as error:  # whatever we did not think of is no verdict on anybody's work
        trouble = InfrastructureError(f"{type(error).__name__}: {error}")
    finally:
        if submission is not None:
            submission.close()
        if root is not None:
            _remove(root)
    points = round(sum(task.points for _, task in tasks), 2)
    found, faults = _hints(request, catalog) if request.hints else ({}, ())
    return LabReport(
        lab=lab.id,
        title=lab.title,
        outcome=Outcome.GRADED if trouble is None else Outcome.INFRASTRUCTURE_ERROR,
        isolation=Isolation.NONE if live else Isolation(_level(zygote)),
        tasks=results if trouble is None else (),
        points=points,
        score=scoring.total(results)[0] if trouble is None else None,
        notices=(*(submission.notices if submission is not None else ()), *faults),
        problem=str(trouble) if trouble is not None else "",
        hints=found,
        started=started,
        seconds=round(time.monotonic() - start, 3),
        engine=__version__,
    )


def _chosen(lab: Lab, wanted: Collection[str] | None) -> list[tuple[int, Task]]:
    numbered = list(enumerate(lab.task, start=1))
    if wanted is None:
        return numbered
    unknown = sorted(set(wanted) - {task.id for task in lab.task})
    if unknown:
        known = ", ".join(task.id for task in lab.task)
        raise UsageError(f"{lab.id} has no task {', '.join(unknown)}. Its tasks: {known}.")
    return [(number, task) for number, task in numbered if task.id in wanted]


def _run_checks(request: Request, catalog: Catalog, submission: Submission, progress: Progress) -> GradingPlugin:
    folder = catalog.grader_dir(request.lab.id)
    names = ("test_visible.py",) if request.visible_only else ("test_visible.py", "test_hidden.py")
    files = [str(folder / name) for name in names if (folder / name).is_file()]
    if not files:
        raise GraderError(f"{folder} has no checks: neither test_visible.py nor test_hidden.py is there")
    plugin = GradingPlugin(
        request.lab,
        submission,
        tasks=request.tasks,
        seed=request.seed,
        planned=lambda count: progress.lab(request.lab.title, count),
        started=progress.check,
        finished=progress.advance,
    )
    _forget_other_courses(folder.relative_to(catalog.root), folder)
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = pytest.main(
            [*_PYTEST, f"--rootdir={catalog.root}", f"--confcutdir={folder}", *files], plugins=[fixtures, plugin]
        )
    if plugin.interrupted:
        raise KeyboardInterrupt
    if plugin.trouble is None and code not in (0, 1):
        plugin.trouble = GraderError(f"pytest ended with code {int(code)}: {said.getvalue()[-2000:]}")
    return plugin


def _remove(root: Path) -> None:
    """Remove a workspace, however deep student code has made it."""
    try:
        shutil.rmtree(root, ignore_errors=True)
    except RecursionError:
        subprocess.run(["rm", "-rf", "--", root], check=False, stderr=subprocess.DEVNULL)


def _forget_other_courses(name: Path, folder: Path) -> None:
    """Drop graders loaded for a lab of the same name in another course: pytest would take them for this one's."""
    prefix = ".".join(name.parts) + "."
    for module_name, module in list(sys.modules.items()):
        if module_name.startswith(prefix) and Path(str(getattr(module, "__file__", None))).parent != folder:
            del sys.modules[module_name]


def _level(zygote: Zygote) -> str:
    try:
        return zygote.level
    except InfrastructureError:
        return "process"


def _hints(request: Request, catalog: Catalog) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """The hints of the tasks chosen; or, which must not cost anyone the report, why there are none."""
    source = catalog.lab_dir(request.lab.id) if catalog.for_students else catalog.solution_dir(request.lab.id)
    try:
        found = hints.load_hints(source / "HINTS.md", request.lab)
    except ManifestError as error:
        return {}, (f"There are no hints, because HINTS.md has faults: {error.problems[0]}.",)
    return {task: texts for task, texts in found.items() if request.tasks is None or task in request.tasks}, ()
