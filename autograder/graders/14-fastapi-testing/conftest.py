"""The judge of a learner's tests: correct apps, faulty apps, and what the tests say of each."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from autograder.errors import GraderError, StudentError
from autograder.submission import Submission, TestCase, TestRun

TESTS = "test_app.py"
GIVEN = "app.py"
HERE = Path(__file__).parent
TASKS = ("fetch", "count", "types", "paths", "body", "shape", "openapi")
_REVERSED = """

def pytest_collection_modifyitems(items):
    items.reverse()
"""
_FIRST = """

def pytest_collection_modifyitems(items):
    import re

    def later(item):
        words = item.nodeid.partition("[")[0].lower().split("::")[1:]
        return not any(re.match("(test_?)?{task}(_|$)", word) for word in words)

    items.sort(key=later)
"""
_STOPPED = "Your tests stop before their end on an app that keeps the contract. Let pytest end the run."
_LATE = "Your tests do not come to an end in time on an app that keeps the contract. What do they wait for?"


@dataclass(frozen=True)
class Variant:
    """An app to hold the tests against.

    Attributes:
        base: the file that it is made from.
        edits: texts to replace in it, and by what.
        order: of the tests: as they stand if empty, in reverse, or those of a task first.
        task: of a faulty app, the task whose tests should notice.
        kind: of a faulty app, what is wrong.
    """

    base: str
    edits: tuple[tuple[str, str], ...]
    order: str = ""
    task: str = ""
    kind: str = ""

    def files(self, submission: Submission) -> dict[str, str]:
        """Name → content of the files to swap in for a run on this app."""
        text = submission.read(GIVEN) if self.base == GIVEN else _base(self.base)
        for old, new in self.edits:
            if text.count(old) != 1:
                raise GraderError(f"apps.toml: {old!r} occurs {text.count(old)} times in {self.base}, not once")
            text = text.replace(old, new)
        orders = {"": "", "reverse": _REVERSED} | {task: _FIRST.format(task=task) for task in TASKS}
        return {GIVEN: text, "conftest.py": submission.read("conftest.py") + orders[self.order]}


class Verdict:
    """What a suite of tests is worth: which faults are noticed by tests that every correct app passes."""

    def __init__(
        self,
        source: list[str],
        correct: list[tuple[Variant, TestRun]],
        faulty: list[tuple[Variant, TestRun]],
    ) -> None:
        """Judge one run for each app.

        Args:
            source: the lines of the tests.
            correct: runs in which every test should pass.
            faulty: runs in which one should fail.
        """
        self._source = source
        self._correct = correct
        sound = sound_tests(run for _, run in correct)
        failed = {fault: [test.name for test in run.failed if test.name in sound] for fault, run in faulty}
        self._noticed: dict[str, dict[str, str]] = {task: {} for task in TASKS}
        for fault in _variants()[1]:
            self._noticed[fault.task][fault.kind] = next(iter(failed.get(fault, [])), "")

    def notices(self, fault: Variant) -> bool:
        """Whether a test fails on a faulty app that passes on every correct one."""
        return bool(self._noticed[fault.task][fault.kind])

    def notices_any(self, task: str) -> bool:
        """Whether any fault of a task is noticed."""
        return any(self._noticed[task].values())

    def require_start(self, task: str) -> None:
        """There are tests for a task.

        Raises:
            StudentError: there are none, and those of other tasks notice nothing of it.
        """
        unwritten = any(test.name == TESTS and "NotImplementedError" in test.message for test in self._of(task))
        if unwritten or not (self._of(task) or self.notices_any(task) or self.alarm(task)):
            raise StudentError(f"No test has a name that begins with test_{task}_.", kind="NotImplementedError")

    def alarm(self, task: str) -> str:
        """What to say about a task's tests that fail on a correct app; empty if none does."""
        for _, run in self._correct:
            ended = run.exit_code in (1, 5) or (run.exit_code == 0 and run.tests) or run.broken
            if not ended:
                return _LATE if run.exit_code == -9 else _STOPPED
        # Those in the usual order come first: what fails in any order is no matter of the order.
        runs = sorted(self._correct, key=lambda pair: ["", "reverse", *TASKS].index(pair[0].order))
        alarms: dict[str, tuple[TestCase, str]] = {}
        for variant, run in runs:
            for test in (*run.broken, *run.failed):
                if task in tasks_of(test.name):
                    alarms.setdefault(_plain(test.name), (test, variant.order))
        if not alarms:
            return ""
        (test, order), *others = alarms.values()
        where = "on an app that keeps the contract"
        if order:
            where = f"when the tests run in {'reverse' if order == 'reverse' else 'another'} order"
        question = (
            "What does it need that another test leaves behind?"
            if order
            else "What does it rely on that README.md does not promise?"
        )
        also = f"\nAlso: {', '.join(_plain(other.name) for other, _ in others)}." if others else ""
        return f"{self._quoted(test, where)}{also}\n{question}"

    def table(self, task: str) -> str:
        """Which kinds of fault of a task are noticed, and by which test; the others come first."""
        kinds = self._noticed[task]
        rows = [f"Your tests notice {sum(map(bool, kinds.values()))} of {len(kinds)} kinds of fault:"]
        for kind, test in sorted(kinds.items(), key=lambda row: bool(row[1])):
            rows.append(f"✓ {kind} ({_cut(_plain(test), 48)})" if test else f"✗ {kind}")
        outcomes = {test.outcome for test in self._of(task)}
        if not self.notices_any(task) and outcomes & {"skipped", "xfailed", "xpassed"}:
            rows.append("A test that is skipped, or expected to fail, notices nothing.")
        return "\n".join(rows)

    def _of(self, task: str) -> list[TestCase]:
        return [test for _, run in self._correct for test in run.tests if task in tasks_of(test.name)]

    def _quoted(self, test: TestCase, where: str) -> str:
        reason = [f"  {_cut(line, 120)}" for line in _legible(test.message.strip()).splitlines()]
        if test.name == TESTS:
            errors = [line for line in reason if line.startswith("  E  ")]
            return "\n".join([f"{TESTS} cannot be loaded {where}:", *(errors or reason)[-4:]])
        happened = "cannot run" if test.outcome == "error" else "fails"
        lines = [f"{test.name} {happened} {where}:"]
        if 0 < test.line <= len(self._source):
            lines.append(f"  line {test.line}:  {self._source[test.line - 1].strip()}")
        return "\n".join([*lines, *reason[:4]])


def sound_tests(runs: Iterable[TestRun]) -> set[str]:
    """The names of tests that pass in each of the runs."""
    return set.intersection(*map(_passed, runs))


def tasks_of(name: str) -> tuple[str, ...]:
    """The task whose word a test's name, or its class's, begins with; all tasks if there is none."""
    words = [re.sub(r"^test_?", "", part.lower()) for part in _plain(name).split("::")]
    return tuple(task for task in TASKS if any(re.match(rf"{task}(_|$)", word) for word in words)) or TASKS


def _plain(name: str) -> str:
    return name.partition("[")[0]


def _legible(message: str) -> str:
    """What pytest says, without addresses in memory and folders of the sandbox."""
    return re.sub(r" at 0x[0-9a-f]+", "", re.sub(r"(?:/[\w.-]+)+/(?=\w+\.py\b)", "", message))


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"


@lru_cache
def _base(name: str) -> str:
    return (HERE / "apps" / name).read_text(encoding="utf-8")


@lru_cache
def _variants() -> tuple[list[Variant], list[Variant]]:
    """The correct and the faulty apps of apps.toml."""

    def read(table: dict[str, Any]) -> Variant:
        edits = tuple((edit["replace"], edit["by"]) for edit in table.pop("edits", ()))
        # A fault's own tests run first: most often one of them fails, and then the rest need not run.
        return Variant(edits=edits, **{"order": table.get("task", ""), **table})

    listed = tomllib.loads((HERE / "apps.toml").read_text(encoding="utf-8"))
    return [read(table) for table in listed["correct"]], [read(table) for table in listed["fault"]]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a check for each task, and one for each fault; those wait until nothing is wrong on correct apps."""
    if "fault" in metafunc.fixturenames:
        rows = [
            pytest.param(
                fault,
                marks=[pytest.mark.task(fault.task), pytest.mark.needs(f"test_correct_apps_pass[{fault.task}]")],
                id=re.sub(r"\W+", "-", fault.kind.lower()),
            )
            for fault in _variants()[1]
        ]
        metafunc.parametrize("fault", rows)
    elif "task" in metafunc.fixturenames and metafunc.module.__name__.endswith("test_hidden"):
        rows = [pytest.param(task, marks=pytest.mark.task(task, weight=0.01), id=task) for task in TASKS]
        metafunc.parametrize("task", rows)


@pytest.fixture(scope="session")
def verdict(submission: Submission, asked_for: frozenset[str]) -> Verdict:
    """Run the tests on each app, and judge them."""
    correct, every = _variants()
    faulty = [fault for fault in every if fault.task in asked_for]
    first = submission.pytest(TESTS, correct[0].files(submission))
    found = [(correct[0], first)]
    noticed: dict[Variant, TestRun] = {}
    if first.passed:  # otherwise there is nothing to find out
        # Correct and faulty apps come in one go: tests that count how often they have run learn nothing from it.
        names = frozenset(_passed(first))
        none: frozenset[str] = frozenset()
        noticed = _runs(submission, dict.fromkeys(correct[1:], none) | dict.fromkeys(faulty, names))
        found += [(variant, noticed.pop(variant)) for variant in correct[1:]]
        sound = frozenset(sound_tests(run for _, run in found))
        # Was it the order, or the app? And what would have failed if an unsound test had not ended the run?
        failing = (variant for variant, run in found if variant.order and names - _passed(run))
        doubtful = dict.fromkeys((replace(variant, order="") for variant in failing), none)
        stopped = [fault for fault, run in noticed.items() if names & _failed(run) and not sound & _failed(run)]
        again = _runs(submission, doubtful | dict.fromkeys(stopped, sound))
        found += [(variant, again.pop(variant)) for variant in doubtful]
        noticed |= again
    return Verdict(submission.read(TESTS).splitlines(), found, list(noticed.items()))


def _runs(submission: Submission, until: Mapping[Variant, frozenset[str]]) -> dict[Variant, TestRun]:
    """Run the tests on apps, each until one of the tests named has failed."""
    files = [variant.files(submission) for variant in until]
    return dict(zip(until, submission.pytests(TESTS, files, until=list(until.values())), strict=True))


def _passed(run: TestRun) -> set[str]:
    return {test.name for test in run.passed}


def _failed(run: TestRun) -> set[str]:
    return {test.name for test in run.failed}


@pytest.fixture(autouse=True)
def no_false_alarm(request: pytest.FixtureRequest) -> None:
    """Fail the checks of a task, the visible one too, if a test of the task fails on a correct app."""
    if "task" not in request.fixturenames:
        return
    verdict, task = request.getfixturevalue("verdict"), request.getfixturevalue("task")
    verdict.require_start(task)
    alarm = verdict.alarm(task)

    assert not alarm, alarm
