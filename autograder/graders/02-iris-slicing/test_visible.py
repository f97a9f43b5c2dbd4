"""Visible checks for 02-iris-slicing, on the Iris of the lab; learners may read and run them."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from autograder import datasets, expect
from autograder.errors import StudentError
from autograder.submission import Named

accuracy_score = Named("sklearn.metrics:accuracy_score")

NOTEBOOK = "iris_slicing.ipynb"
TESTS = "test_slices.py"
FEATURES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]


@pytest.mark.task("slice-stats")
def test_one_row_per_species(submission):
    """Each species of Iris gets a row with count, mean and std."""
    stats = submission.load(NOTEBOOK).slice_stats(datasets.load("iris"), "petal_width")

    expect.instance(stats, pd.DataFrame, "a DataFrame with one row per species")
    expect.columns(stats, ["count", "mean", "std"])
    expect.labels(stats.index, ["setosa", "versicolor", "virginica"], what="species")


@pytest.mark.task("slice-stats")
@pytest.mark.needs("test_one_row_per_species")
def test_counts_and_means_of_petal_width(submission):
    """The counts and means of petal_width are those of Iris."""
    stats = submission.load(NOTEBOOK).slice_stats(datasets.load("iris"), "petal_width")

    expect.instance(stats, pd.DataFrame, "a DataFrame with one row per species")
    for species, mean in {"setosa": 0.246, "versicolor": 1.326, "virginica": 2.026}.items():
        expect.close(_cell(stats, species, "count"), 50, f"the count of {species}")
        expect.close(_cell(stats, species, "mean"), mean, f"the mean petal_width of {species}")


@pytest.mark.task("numeric-slices")
def test_two_slices_at_the_mean(submission):
    """The mean of sepal_length, 5.84, cuts Iris into 80 shorter and 70 longer flowers."""
    slices = submission.load(NOTEBOOK).numeric_slices(datasets.load("iris"), "sepal_length")

    _check_sizes(slices, {"sepal_length < 5.84": 80, "sepal_length >= 5.84": 70})


@pytest.mark.task("numeric-slices")
def test_three_slices_at_the_quartiles(submission):
    """The quartiles of petal_width, 0.30 and 1.80, cut Iris into 34, 70 and 46 flowers."""
    slices = submission.load(NOTEBOOK).numeric_slices(datasets.load("iris"), "petal_width", cut=[0.25, 0.75])

    sizes = {"petal_width < 0.30": 34, "0.30 <= petal_width < 1.80": 70, "petal_width >= 1.80": 46}
    _check_sizes(slices, sizes)


@pytest.mark.task("slice-metrics")
def test_six_rows_in_two_slices(submission):
    """Six rows in two slices: one slice is right throughout, the other once in three."""
    y_true = pd.Series(list("aabbab"), index=[1, 2, 3, 4, 5, 6])
    y_pred = pd.Series(list("aababb"), index=[1, 2, 3, 4, 5, 6])
    first = pd.Series([True, True, True, False, False, False], index=y_true.index)

    table = submission.load(NOTEBOOK).slice_metrics(y_true, y_pred, {"first": first, "last": ~first}, accuracy_score)

    expect.instance(table, pd.DataFrame, "a DataFrame with one row per slice")
    expect.columns(table, ["size", "metric", "difference"])
    expect.labels(table.index, ["first", "last"], what="slice")
    assert list(table.index) == ["last", "first"], "The slice 'last' is worse. Expected it in the first row."
    expect.close(_cell(table, "last", "size"), 3, "the size of 'last'")
    expect.close(_cell(table, "last", "metric"), 1 / 3, "the accuracy in 'last' (1 of 3 rows is right)")
    expect.close(_cell(table, "last", "difference"), 1 / 3 - 4 / 6, "the difference of 'last' (1/3 - 4/6)")


@pytest.mark.task("find-the-gap")
def test_the_gap_in_iris(submission):
    """The worst slice of Iris has 21 validation flowers, and two of them get a wrong name."""
    worst = submission.load(NOTEBOOK).worst_slice(datasets.load("iris"), FEATURES)

    expect.instance(worst, dict, "a dict with name, size, metric and difference")
    missing = [key for key in ("name", "size", "metric", "difference") if key not in worst]
    assert not missing, f"The dict has no {', '.join(missing)}. Expected name, size, metric and difference."
    # Three slices are equally bad and equally large; the lab allows any of them.
    tied = ("sepal_width < 3.07", "petal_length >= 3.77", "petal_width >= 1.20")
    assert worst["name"] in tied, (
        f"The worst slice is called {worst['name']!r}. Expected one of these, which are equally bad: "
        f"{', '.join(map(repr, tied))}."
    )
    expect.close(worst["size"], 21, "the size of the worst slice")
    expect.close(worst["metric"], 19 / 21, "the accuracy in the worst slice")
    expect.close(worst["difference"], 19 / 21 - 36 / 38, "the difference from the accuracy on all 38 flowers")


@pytest.mark.task("slice-tests")
def test_your_tests_know_iris_from_half_of_it(submission):
    """Your tests pass on Iris and fail on a copy without setosa."""
    iris = datasets.load("iris")
    without_setosa = iris[iris["species"] != "setosa"].to_csv(index=False)

    whole, half = submission.pytests(
        TESTS,
        [{"flowers.csv": iris.to_csv(index=False)}, {"flowers.csv": without_setosa}],
        env={"FLOWERS_CSV": "flowers.csv"},
    )

    if any("NotImplementedError" in test.message for test in whole.tests):
        raise StudentError("Your own tests are still to come.", kind="NotImplementedError")
    names = ", ".join(test.name for test in (*whole.failed, *whole.broken))
    assert not names, f"Iris is sound, but this did not pass: {names}. Run `pytest {TESTS}` to see why."
    assert whole.ok, "pytest found no test that passes on Iris. Names of tests start with test_."
    assert half.caught, "Without setosa every test still passed. Which test looks for the species?"


def _cell(table, row, column):
    """Return one value of a table, or NaN if there is not exactly one."""
    found = table.loc[table.index == row, column] if column in table.columns else []
    return found.iloc[0] if isinstance(found, pd.Series) and len(found) == 1 else math.nan


def _check_sizes(slices, sizes):
    """Check that slices are Boolean masks of these names and sizes."""
    expect.instance(slices, dict, "a dict from the name of each slice to its mask")
    for name, size in sizes.items():
        assert name in slices, f"Expected a slice called {name!r}. They are called {', '.join(map(repr, slices))}."
        expect.instance(slices[name], pd.Series, f"a Boolean Series as the mask {name!r}")
        assert slices[name].dtype == bool, f"The mask {name!r} has dtype {slices[name].dtype}. Expected bool."
        expect.close(int(slices[name].sum()), size, f"the number of rows in {name!r}")
    assert len(slices) == len(sizes), f"The number of slices is {len(slices)}, expected {len(sizes)}."
