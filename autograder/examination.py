"""Run the checks of a submission, those that are about the same files together, where no other file handed in is."""

from __future__ import annotations

import contextlib
from collections.abc import Hashable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from autograder.catalog import Catalog
from autograder.manifest import Lab
from autograder.results import CheckResult, CheckStatus
from autograder.sandbox.client import Zygote
from autograder.staging import Workspace, fresh_folder, narrowed
from autograder.submission import Budget, Live, Submission

if TYPE_CHECKING:
    from autograder.checks import Checks

__all__ = ["Examined", "Examiner", "Progress", "Recall", "Terms"]


class Progress(Protocol):
    """Who wants to know how far grading is."""

    def lab(self, title: str, total_checks: int) -> None:
        """A lab with so many checks starts."""

    def check(self, title: str) -> None:
        """A check starts."""

    def advance(self) -> None:
        """A check has ended."""


@dataclass(frozen=True)
class Terms:
    """How checks are run.

    Attributes:
        seed: of the hidden data.
        visible_only: whether hidden checks are left out.
        stop_at_first_failure: whether the first check that does not pass is the last one.
    """

    seed: int = 0
    visible_only: bool = False
    stop_at_first_failure: bool = False


@dataclass(frozen=True)
class Examined:
    """What came of the checks that are about the same files.

    Attributes:
        checks: one result for each check that ran.
        notices: sentences for the student about what was loaded.
    """

    checks: tuple[CheckResult, ...]
    notices: tuple[str, ...]


Recall = MutableMapping[Hashable, Examined]
"""What came of checks, under all that decides on it but the graders themselves."""


class _Silent:
    def lab(self, title: str, total_checks: int) -> None: ...
    def check(self, title: str) -> None: ...
    def advance(self) -> None: ...


class Examiner:
    """Examines one submission; all its checks together have the lab's time.

    Args:
        lab: the lab.
        catalog: the course.
        zygote: where sandboxes are forked.
        workspace: the submission as it was staged; nothing has run in it.
        terms: how its checks are run.
        live: file → its names as they are in this very process, instead of the file handed in.
        recall: what came of checks before, see :func:`autograder.grading.grade`.
    """

    def __init__(
        self,
        lab: Lab,
        catalog: Catalog,
        zygote: Zygote,
        workspace: Workspace,
        terms: Terms,
        *,
        live: Mapping[str, Live] | None = None,
        recall: Recall | None = None,
    ) -> None:
        self._lab, self._catalog, self._zygote = lab, catalog, zygote
        self._workspace, self._terms = workspace, terms
        self._live, self._recall = live or {}, recall
        self._budget = Budget(lab.limits)

    def examine(self, tasks: Sequence[str], progress: Progress | None = None) -> Iterator[Examined]:
        """What comes of the checks of some tasks, for each set of files that they are about.

        Args:
            tasks: ids of the tasks.
            progress: told how far it is.

        Raises:
            AutograderError: our side failed, so there is no verdict.
            KeyboardInterrupt: someone pressed Ctrl-C.
        """
        from autograder.checks import checks_of  # pytest, which only who grades needs

        progress = progress or _Silent()
        checks = checks_of(self._catalog, self._lab, visible_only=self._terms.visible_only)
        progress.lab(self._lab.title, sum(task in tasks for task, _ in checks.census))
        for files, ids in self._lab.scopes(tasks):
            yield (examined := self._recalled(checks, files, ids, progress))
            failed = any(check.status is not CheckStatus.PASSED for check in examined.checks)
            if failed and self._terms.stop_at_first_failure:
                break

    def _recalled(self, checks: Checks, files: Sequence[str], tasks: Sequence[str], progress: Progress) -> Examined:
        if self._recall is None:
            return self._run(checks, files, tasks, progress)
        given = tuple((name, self._handed_in(name)) for name in files)
        key = (self._lab, tasks, given, self._terms)
        if key not in self._recall:
            examined = self._run(checks, files, tasks, progress)
            if max(check.seconds for check in examined.checks) >= self._lab.limits.check_s:
                return examined  # the machine may have been slow
            self._recall[key] = examined
        return self._recall[key]

    def _handed_in(self, file: str) -> bytes | None:
        return None if file in self._workspace.missing else (self._workspace.directory / file).read_bytes()

    def _run(self, checks: Checks, files: Sequence[str], tasks: Sequence[str], progress: Progress) -> Examined:
        lab = self._lab
        with contextlib.ExitStack() as undo:
            workspace = replace(self._workspace, notices=())
            if len(files) < len(lab.submit):
                workspace = narrowed(self._workspace, lab, files, undo.enter_context(fresh_folder()))
            data = {name: self._catalog.dataset_dir(name) for name in lab.datasets}
            # Nothing of the course but what was staged: neither graders nor solutions, reports or the history of both.
            hide = [self._catalog.root]
            live = {file: names for file, names in self._live.items() if file in files}
            submission = Submission(lab, workspace, self._zygote, data, hide, live=live, budget=self._budget)
            undo.callback(submission.close)
            found = checks.run(
                submission,
                tasks=tasks,
                seed=self._terms.seed,
                stop_at_first_failure=self._terms.stop_at_first_failure,
                started=progress.check,
                finished=progress.advance,
            )
            return Examined(tuple(found), submission.notices)
