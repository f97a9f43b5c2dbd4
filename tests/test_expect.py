"""Each helper passes what is right, and says in a sentence what is not."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autograder import expect
from autograder.errors import StudentCrash, StudentError, StudentMissing, StudentTimeout

NAN = math.nan
FRAME = pd.DataFrame({"count": [1, 2], "mean": [0.5, 1.5]}, index=["a", "b"])


UNCHANGED = [
    FRAME,
    FRAME["mean"],
    FRAME.index,
    FRAME.set_axis([NAN, 1.0]),
    np.arange(3),
    np.array([NAN, 1.0]),
    [1, [2, NAN]],
    {"a": {1}, "b": (FRAME, np.arange(3))},
]


def feedback(check: Callable[..., object], *args: Any, **kwargs: Any) -> str:
    """What a failing helper says."""
    with pytest.raises(AssertionError) as caught:
        check(*args, **kwargs)
    return str(caught.value)


def test_that() -> None:
    """A condition that does not hold fails with the message given."""
    expect.that([1], "unused")

    assert feedback(expect.that, [], "Expected something.") == "Expected something."


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "None"),
        ([1, 2], "[1, 2]"),
        (pd.Series([1]), "a Series of 1 value"),
        (3.5, "3.5"),
        (np.float64(3.5), "3.5"),
        ({"a": "x" * 100}, "a dict of 1 item"),
    ],
)
def test_instance(value: object, shown: str) -> None:
    """A value of another type is shown in a few words."""
    expect.instance(FRAME, pd.DataFrame, "unused")

    assert feedback(expect.instance, value, pd.DataFrame, "a table") == f"Expected a table, got {shown}."


def test_instance_of_several() -> None:
    """Several types may be allowed."""
    expect.instance(1, (int, float), "a number")

    assert feedback(expect.instance, "1", (int, float), "a number") == "Expected a number, got '1'."


def test_columns() -> None:
    """Columns that are there, in any order, with others beside them, are fine."""
    expect.columns(FRAME, ["mean", "count"])
    expect.columns(FRAME, ["mean"])

    assert feedback(expect.columns, FRAME, ["count", "std", "max"]) == (
        "Expected the columns count, std, max. Missing: std, max. The columns are count, mean."
    )


def test_columns_exactly() -> None:
    """Columns that nobody asked for are named if they must not be there."""
    expect.columns(FRAME, ["mean", "count"], exactly=True)

    assert feedback(expect.columns, FRAME, ["mean"], exactly=True) == (
        "Expected the columns mean and no others; found count as well."
    )


def test_doubled_columns() -> None:
    """A column that is there twice would make any further look at it ambiguous."""
    doubled = pd.DataFrame([[1, 2]], columns=["a", "a"])

    assert feedback(expect.columns, doubled, ["a"]) == "The column a is there more than once."


@pytest.mark.parametrize(
    ("index", "said"),
    [
        (["a"], "Expected a row for each class. Missing: b. The rows are labelled a."),
        (["a", "b", "c"], "Expected a row for each class and no others; found c as well."),
        (["a", "b", "b"], "Expected one row for each class, got 3 rows for 2."),
        ([], "Expected a row for each class. Missing: a, b. The rows are labelled nothing."),
    ],
)
def test_labels(index: list[str], said: str) -> None:
    """Labels that are missing, foreign or doubled are named."""
    expect.labels(FRAME, ["b", "a"], what="class")
    expect.labels(FRAME["mean"], ["a", "b"])
    expect.labels(FRAME.index, ["a", "b"])

    assert feedback(expect.labels, pd.Series(0, index=index), ["a", "b"], what="class") == said


def test_long_lists_are_shortened() -> None:
    """No message lists a hundred labels."""
    said = feedback(expect.labels, pd.Series(0, index=range(100)), ["a"])

    assert said == (
        "Expected a row for each label. Missing: a. The rows are labelled 0, 1, 2, 3, 4, 5, 6, 7, … (100 in all)."
    )


@pytest.mark.parametrize("actual", [0.1 + 0.2, np.float32(0.3), "0.3", True * 0.3, np.array(0.3)])
def test_close(actual: object) -> None:
    """Rounding is no difference, and any number will do."""
    assert expect.close(actual, 0.3, "the mean") is None


@pytest.mark.parametrize(
    ("actual", "wanted", "said"),
    [
        (0.31, 0.3, "The mean is 0.31, expected 0.3."),
        (NAN, 0.3, "The mean is NaN, expected 0.3."),
        (0.3, NAN, "The mean is 0.3, expected NaN."),
        (math.inf, 0.3, "The mean is inf, expected 0.3."),
        (None, 0.3, "The mean should be a number, got NoneType."),
        ("much", 0.3, "The mean should be a number, got str."),
        ([0.3], 0.3, "The mean should be a number, got list."),
        (1 + 2j, 0.3, "The mean should be a number, got complex."),
    ],
)
def test_not_close(actual: object, wanted: float, said: str) -> None:
    """One number is revealed, and what is no number is named by its type."""
    expect.close(NAN, NAN, "unused")

    assert feedback(expect.close, actual, wanted, "the mean") == said


@pytest.mark.parametrize("actual", [10**400, pd.Series([1, 2]), np.array([1.0, 2.0]), pd.NA])
def test_close_to_what_is_no_single_number(actual: object) -> None:
    """Whatever a student returns in place of a number, the message is feedback and no crash of the grader."""
    assert feedback(expect.close, actual, 0.3, "the mean").startswith("The mean should be a number, got ")


@pytest.mark.parametrize("value", UNCHANGED)
def test_unchanged(value: object) -> None:
    """What is equal in every respect is unchanged."""
    assert expect.unchanged(value, copy.deepcopy(value), "changed") is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (FRAME, FRAME.assign(extra=1)),
        (FRAME, FRAME.rename(index={"a": "z"})),
        (FRAME, FRAME.astype({"count": "int8"})),
        (FRAME, FRAME.iloc[::-1]),
        (FRAME, None),
        (FRAME["mean"], FRAME["mean"].to_frame()),
        (np.arange(3), np.arange(4)),
        (np.arange(3), np.array([0, 1, 3])),
        ([1, 2], [2, 1]),
        ([1, 2], [1]),
        ({"a": FRAME}, {"a": FRAME + 1}),
        ({"a": 1}, {"b": 1}),
    ],
)
def test_changed(before: object, after: object) -> None:
    """Values, names, order, dtypes, length: each counts as a change."""
    assert feedback(expect.unchanged, before, after, "It changed your table.") == "It changed your table."


# ---- raises


def raised(kind: str = "KeyError", detail: str = "'petal_lenght'") -> StudentError:
    """An exception of student code."""
    bases = {"KeyError": ["KeyError", "LookupError", "Exception"]}.get(kind, [kind, "Exception"])
    return StudentError(f"f raised {kind}: {detail}", kind=kind, bases=bases, detail=detail)


def run(error: Exception | None, *kinds: str, **kwargs: Any) -> None:
    """Have student code raise ``error`` where one of ``kinds`` is expected."""
    with expect.raises(*kinds, **kwargs):
        if error is not None:
            raise error


@pytest.mark.parametrize("kinds", [("KeyError",), ("ValueError", "KeyError"), ("LookupError",)])
def test_the_right_exception_passes(kinds: tuple[str, ...]) -> None:
    """By its name or a base class's, with the words asked for in any case."""
    assert run(raised(), *kinds, mentions="PETAL_lenght") is None
    assert run(raised(), *kinds, mentions=["petal", "lenght"]) is None


@pytest.mark.parametrize(
    ("error", "kwargs", "said"),
    [
        (None, {}, "Expected a ValueError or TypeError, but no error was raised."),
        (
            None,
            {"reason": "the column does not exist"},
            "Expected a ValueError or TypeError because the column does not exist, but no error was raised.",
        ),
        (raised(), {}, "Expected a ValueError or TypeError. It raised KeyError: 'petal_lenght'"),
        (
            raised("ValueError", "no such thing"),
            {"mentions": ["thing", "petal"]},
            "It raised ValueError as expected, but its message does not mention petal.",
        ),
    ],
)
def test_the_wrong_exception_or_none_fails(error: StudentError | None, kwargs: Any, said: str) -> None:
    """The feedback says what was expected and what came."""
    assert feedback(run, error, "ValueError", "TypeError", **kwargs) == said


@pytest.mark.parametrize(
    "error",
    [
        StudentError("f raised NotImplementedError", kind="NotImplementedError"),
        StudentMissing("work.py defines no f", kind="NameError"),
        StudentTimeout("too slow"),
        StudentCrash("ended", kind="SystemExit"),
    ],
)
def test_work_that_is_not_done_is_no_right_exception(error: StudentError) -> None:
    """A starter, a missing name, a timeout and a crash are told as such, even if their kind was asked for."""
    with pytest.raises(type(error)) as caught:
        run(error, error.kind, "Exception", "NameError")

    assert caught.value is error


def test_errors_of_the_grader_are_none_of_the_student() -> None:
    """An exception of the grader's own passes through."""
    with pytest.raises(ZeroDivisionError):
        run(ZeroDivisionError(), "ZeroDivisionError")


def test_missing_labels_are_told_not_raised() -> None:
    """pandas' NA among the labels is a wrong label, not a failure of the grader."""
    with pytest.raises(AssertionError, match="<NA>"):
        expect.labels(pd.Index([pd.NA, "setosa"]), ["setosa"])
