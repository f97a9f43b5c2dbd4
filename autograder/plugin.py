"""The pytest plugin of the trusted side: fixtures for graders (this module), and one result per check (the class)."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import pytest

from autograder.errors import AutograderError, GraderError, InfrastructureError, StudentError, StudentMissing
from autograder.manifest import Lab
from autograder.results import CheckResult, CheckStatus, Location
from autograder.sandbox.output import CUT

if TYPE_CHECKING:
    import numpy as np

    from autograder.submission import Submission

__all__ = ["GradingPlugin", "asked_for", "rng", "seed", "submission"]

_MAX_MESSAGE = 4000
_MAX_OUTPUT = 4000


_SUBMISSION: pytest.StashKey[Submission] = pytest.StashKey()
_SEED: pytest.StashKey[int] = pytest.StashKey()
_ASKED_FOR: pytest.StashKey[frozenset[str]] = pytest.StashKey()


@pytest.fixture(scope="session")
def submission(pytestconfig: pytest.Config) -> Submission:
    """The student's work; the only way to it."""
    return pytestconfig.stash[_SUBMISSION]


@pytest.fixture(scope="session")
def seed(pytestconfig: pytest.Config) -> int:
    """Seed of the hidden data."""
    return pytestconfig.stash[_SEED]


@pytest.fixture(scope="session")
def asked_for(pytestconfig: pytest.Config) -> frozenset[str]:
    """The tasks that are graded now. A fixture that tries out a lot may leave out what others alone would need."""
    return pytestconfig.stash[_ASKED_FOR]


@pytest.fixture
def rng(request: pytest.FixtureRequest, seed: int) -> np.random.Generator:
    """Random numbers of this check's own, the same for every submission."""
    import numpy as np

    return np.random.default_rng([seed, zlib.crc32(_id(request.node).encode())])


class GradingPlugin:
    """Collects a lab's checks once, and judges one submission after the other by them.

    Attributes:
        items: the checks, in the order of the lab's tasks.
        results: one per check that has run since :meth:`begin`, in their order.
        trouble: the first failure of our own side, if there was one.
    """

    def __init__(self, lab: Lab) -> None:
        """Be ready to collect the checks of ``lab``."""
        self.items: list[pytest.Item] = []
        self.results: list[CheckResult] = []
        self.trouble: AutograderError | None = None
        self._order = {task.id: number for number, task in enumerate(lab.task)}
        self._about = {id: files for files, ids in lab.scopes(self._order) for id in ids}
        self._submission: Submission | None = None
        self._started: Callable[[str], None] = lambda _: None
        self._finished: Callable[[], None] = lambda: None
        self._chosen: set[str] = set()
        self._passed: dict[str, bool] = {}
        self._errors: dict[str, BaseException] = {}

    def begin(
        self,
        config: pytest.Config,
        submission: Submission,
        tasks: Collection[str] | None,
        seed: int,
        started: Callable[[str], None],
        finished: Callable[[], None],
    ) -> list[pytest.Item]:
        """Turn to a submission.

        Args:
            config: pytest's.
            submission: what to examine.
            tasks: ids of the tasks to check; all if None.
            seed: of the hidden data.
            started, finished: told the title of each check before it runs, and its end.

        Returns:
            The checks to run.
        """
        config.stash[_SUBMISSION], config.stash[_SEED] = submission, seed
        self._submission, self._started, self._finished = submission, started, finished
        self.results, self.trouble = [], None
        self._passed.clear()
        self._errors.clear()
        chosen = [item for item in self.items if tasks is None or _task(item) in tasks]
        self._chosen = {name for item in chosen for name in _names(item)}
        config.stash[_ASKED_FOR] = frozenset(map(_task, chosen))
        return chosen

    def end(self, config: pytest.Config) -> None:
        """Turn away from the submission."""
        del config.stash[_SUBMISSION]
        self._submission = None

    def blame_us(self, trouble: AutograderError, cause: BaseException | None = None) -> None:
        """Remember a failure of our own side, unless there was one before."""
        if self.trouble is None:
            trouble.__cause__ = cause
            self.trouble = trouble

    def census(self) -> list[tuple[str, bool]]:
        """The task of each check, and whether it is hidden."""
        return [(_task(item), _is_hidden(item)) for item in self.items]

    # Hooks.

    def pytest_configure(self, config: pytest.Config) -> None:
        config.addinivalue_line("markers", "task(id, weight=1): the task that this check belongs to")
        config.addinivalue_line("markers", "needs(*names): checks that must have passed before")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.blame_us(GraderError(f"{report.nodeid} cannot be loaded:\n{report.longreprtext[-3000:]}"))
        elif report.skipped:
            self.blame_us(GraderError(f"{report.nodeid} skipped itself: its checks would be missing, not passed"))

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        problems = [problem for item in items for problem in _problems(item, self._order)]
        if not problems:
            items.sort(key=lambda item: (self._order[_task(item)], _is_hidden(item)))
            problems = _unmeetable(items, self._about)
        if problems:
            self.blame_us(GraderError("\n".join(problems)))
            items.clear()
        self.items = list(items)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        assert self._submission is not None
        self._started(_title(item))
        self._submission.session.begin()
        start = time.monotonic()
        result = yield
        error = self._errors.pop(item.nodeid, None)
        if self.trouble is None:
            check = self._judge(item, error, time.monotonic() - start)
            for name in _names(item):
                self._passed[name] = self._passed.get(name, True) and check.status is CheckStatus.PASSED
            self.results.append(check)
        self._finished()
        return result

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        for mark in item.iter_markers("needs"):
            unmet = [name for name in mark.args if name in self._chosen and not self._passed.get(name)]
            if unmet:
                raise _Unmet(unmet[0])

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.TestReport:
        # pytest's own report would show the traceback, for which whole files are parsed, and nobody would read it.
        outcome: Literal["passed", "failed"] = "passed"
        if call.excinfo is not None:
            self._errors.setdefault(item.nodeid, call.excinfo.value)
            outcome = "failed"
        return pytest.TestReport(item.nodeid, item.location, {}, outcome, None, call.when)  # type: ignore[arg-type]

    # Judging.

    def _judge(self, item: pytest.Item, error: BaseException | None, seconds: float) -> CheckResult:
        assert self._submission is not None
        transcript = self._submission.session.transcript()
        status, message, not_started = CheckStatus.PASSED, "", False
        locations: tuple[Location, ...] = ()
        match error:
            case None:
                pass
            case _Unmet():
                status, message = CheckStatus.SKIPPED, "Runs once the checks before it pass."
            case StudentError():
                status, message = CheckStatus.ERROR, _sentence(str(error))
                locations = tuple(Location(where=f.where, line=f.line, source=f.source) for f in error.frames)
                not_started = error.isa("NotImplementedError") or (
                    isinstance(error, StudentMissing) and error.kind == "FileNotFoundError"
                )
            case AssertionError():
                status, message = CheckStatus.FAILED, str(error).strip()
                if not message:
                    self.blame_us(GraderError(f"{item.nodeid} failed without a message for the student"))
            case InfrastructureError():
                self.blame_us(error)
            case pytest.skip.Exception():
                self.blame_us(GraderError(f"{item.nodeid} skipped itself ({error}): a missing result is no result"))
            case _:
                self.blame_us(GraderError(f"{item.nodeid} raised {type(error).__name__}: {error}"), error)
        return CheckResult(
            id=_id(item),
            task=_task(item),
            title=_title(item),
            hidden=_is_hidden(item),
            weight=_weight(item),
            status=status,
            not_started=not_started,
            message=_capped(message, _MAX_MESSAGE),
            called=transcript.called if status is not CheckStatus.PASSED else "",
            returned=transcript.returned if status is CheckStatus.FAILED else "",
            locations=locations,
            output=_capped(transcript.output, _MAX_OUTPUT),
            seconds=round(seconds, 4),
        )


class _Unmet(Exception):
    """A check that this one needs did not pass."""


def _id(item: pytest.Item) -> str:
    """``test_hidden.py::test_spread[3]``: file and function, without folders."""
    return f"{item.path.name}::{item.nodeid.partition('::')[2]}"


def _names(item: pytest.Item) -> set[str]:
    """What ``needs`` may call a check: all cases of a parametrized one together, or one of them."""
    return {item.name, getattr(item, "originalname", item.name)}


def _mark(item: pytest.Item) -> pytest.Mark | None:
    return item.get_closest_marker("task")


def _task(item: pytest.Item) -> str:
    mark = _mark(item)
    assert mark is not None
    return str(mark.args[0])


def _weight(item: pytest.Item) -> float:
    mark = _mark(item)
    assert mark is not None
    return float(mark.kwargs.get("weight", 1))


def _title(item: pytest.Item) -> str:
    text = (getattr(item.obj, "__doc__", None) or "").strip() if isinstance(item, pytest.Function) else ""
    return " ".join(text.partition("\n\n")[0].split()).rstrip(".")


def _is_hidden(item: pytest.Item) -> bool:
    return item.path.name != "test_visible.py"


def _problems(item: pytest.Item, tasks: Collection[str]) -> list[str]:
    """What keeps a check from being one."""
    mark = _mark(item)
    found = []
    if mark is None or len(mark.args) != 1:
        found.append(f'{item.nodeid}: needs @pytest.mark.task("…") with the id of its task')
    elif mark.args[0] not in tasks:
        found.append(f"{item.nodeid}: the lab has no task {mark.args[0]!r}, only {', '.join(tasks)}")
    elif not float(mark.kwargs.get("weight", 1)) > 0:
        found.append(f"{item.nodeid}: its weight must be greater than 0")
    if not _title(item):
        found.append(f"{item.nodeid}: needs a docstring, which is its title in the report")
    return found


def _unmeetable(items: Sequence[pytest.Item], about: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Checks that wait for one that never comes before them, or is about other files (task → its files)."""
    found = []
    names: dict[tuple[str, ...], set[str]] = {files: set() for files in about.values()}
    for item in items:
        before = names[about[_task(item)]]
        wanted = [name for mark in item.iter_markers("needs") for name in mark.args]
        found += [
            f"{item.nodeid}: needs {name!r}, which is no check that runs before it, of a task about the same files"
            for name in wanted
            if name not in before
        ]
        before |= _names(item)
    return found


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) or "\n" in text else f"{text}."


def _capped(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    # What was cut before, and by how much, is worth more than what is cut now.
    last = text[-100:].rpartition("\n")[2]
    note = last if last.startswith(CUT) else f"{CUT}{len(text) - limit} more characters]"
    return f"{text[:limit]}\n{note}"
