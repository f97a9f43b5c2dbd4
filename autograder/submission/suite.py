"""What came of running a student's own tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["TestCase", "TestRun", "read_run"]

_MAX_TESTS, _MAX_NAME, _MAX_TEXT, _MAX_NUMBER = 2000, 200, 4000, 10**7
_OUTCOMES = {"passed", "failed", "error", "skipped", "xfailed", "xpassed"}


@dataclass(frozen=True)
class TestCase:
    """One test of the student.

    Attributes:
        name: its name, with its class and parameters.
        outcome: passed, failed, error, skipped, xfailed or xpassed.
        message: the first lines of why it did not pass.
        line: where, in the student's file; 0 if unknown.
    """

    __test__ = False

    name: str
    outcome: str
    message: str
    line: int


@dataclass(frozen=True)
class TestRun:
    """One run of the student's tests.

    Attributes:
        tests: every test that was collected, and files that could not be.
        exit_code: pytest's own; -1 if the run ended without one, -9 if its time was up.
        output: the end of what was printed.
    """

    __test__ = False

    tests: tuple[TestCase, ...]
    exit_code: int
    output: str

    @property
    def ok(self) -> bool:
        """Whether at least one test passed, and none failed or could not run."""
        return bool(self.passed) and not self.failed and not self.broken and self.exit_code == 0

    @property
    def caught(self) -> bool:
        """Whether at least one test failed while it ran."""
        return bool(self.failed)

    @property
    def passed(self) -> tuple[TestCase, ...]:
        """Tests that passed."""
        return tuple(test for test in self.tests if test.outcome == "passed")

    @property
    def failed(self) -> tuple[TestCase, ...]:
        """Tests that failed while they ran."""
        return tuple(test for test in self.tests if test.outcome == "failed")

    @property
    def broken(self) -> tuple[TestCase, ...]:
        """Tests and files that could not run at all."""
        return tuple(test for test in self.tests if test.outcome == "error")


def read_run(answer: Mapping[str, Any]) -> TestRun:
    """A run as a worker describes it.

    Raises:
        ValueError: it is not described as a worker does.
    """
    tests = answer["tests"]
    if not isinstance(tests, list) or len(tests) > _MAX_TESTS:
        raise ValueError("tests")
    return TestRun(tuple(map(_case, tests)), _integer(answer["exit_code"]), str(answer["output"])[:_MAX_TEXT])


def _case(test: Mapping[str, Any]) -> TestCase:
    if not isinstance(test, dict) or test["outcome"] not in _OUTCOMES:
        raise ValueError("test")
    name, message = str(test["name"])[:_MAX_NAME], str(test["message"])[:_MAX_TEXT]
    return TestCase(name, test["outcome"], message, _integer(test["line"]))


def _integer(value: object) -> int:
    if type(value) is not int or abs(value) > _MAX_NUMBER:
        raise ValueError("number")
    return value
