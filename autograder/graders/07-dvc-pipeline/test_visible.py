"""Visible checks for 07-dvc-pipeline, on the Fake data of the lab; learners may read and run them."""

from __future__ import annotations

import io
import json
import math

import pandas as pd
import pytest

from autograder import datasets, expect


@pytest.mark.task("parameters")
def test_fake_is_scaled(work):
    """prepare.py writes the feature of Fake, scaled to 0 … 1, and its labels."""
    files = work.by_hand("start", "`python prepare.py`", only="prepare").files
    fake = datasets.load("fake")

    X, y = _table(files, "X.csv", "feature"), _table(files, "y.csv", "label")
    assert len(X) == len(y) == len(fake), (
        f"X.csv has {len(X)} rows, y.csv {len(y)}. Expected the 19 rows of Fake in both."
    )
    expect.close(X["feature"].min(), 0, "the smallest feature in X.csv")
    expect.close(X["feature"].max(), 1, "the largest feature in X.csv")
    expect.close(
        X["feature"].iloc[0], 0.3, "the first feature in X.csv (3, where 0 is the smallest and 10 the largest)"
    )
    same = list(y["label"]) == list(fake["label"])
    assert same, (
        "The labels in y.csv are not those of fake.csv, row by row. Expected the same values in the same order."
    )


@pytest.mark.task("parameters")
def test_metrics_of_fake(work):
    """With the parameters that README.md starts from, F1 is 1/3 and accuracy 1/5."""
    metrics = _metrics(work.by_hand("start", "`python evaluate.py`").files)

    expect.close(metrics["f1"], 1 / 3, "f1 in validation.json")
    expect.close(metrics["accuracy"], 0.2, "accuracy in validation.json")


@pytest.mark.task("stages")
def test_repro_runs_the_three_stages(work):
    """In a clean clone that has only pulled fake.csv, dvc repro runs prepare, train and evaluate."""
    step = work.repro("first", " in a clean clone")

    wanted = ["prepare", "train", "evaluate"]
    assert step.ran == wanted, f"It ran {', '.join(step.ran) or 'nothing'}. Expected {', '.join(wanted)}."


@pytest.mark.task("stages")
def test_validation_json_is_a_metric(work):
    """DVC shows f1 and accuracy of validation.json as metrics."""
    shown = work.pipeline("`dvc metrics show`").metrics

    try:
        values = shown[""]["data"]["validation.json"]["data"]
        found = {name: float(values[name]) for name in ("f1", "accuracy")}
    except (KeyError, TypeError, ValueError):
        raise AssertionError(
            "It does not show f1 and accuracy of validation.json. Which option of dvc stage add is for a metric?"
        ) from None
    assert all(map(math.isfinite, found.values())), "It shows a metric that is no finite number."


@pytest.mark.task("reproduce")
def test_a_second_repro_runs_nothing(work):
    """When nothing has changed, dvc repro runs nothing."""
    step = work.repro("again", " again, with nothing changed")

    ran = ", ".join(step.ran)
    assert not ran, f"It ran {ran}. Expected nothing: what makes DVC believe that something has changed?"


@pytest.mark.task("rerun")
def test_c_reruns_train_and_evaluate(work):
    """Another value of train.C reruns train and evaluate, but not prepare."""
    model = "model.joblib"
    before = work.repro("again").files.get(model)
    step = work.repro("C", " after another value of train.C")

    ran, same = step.ran, step.files.get(model) == before
    assert "train" in ran, "train did not run again, although it reads train.C. How does dvc.yaml say that it does?"
    assert same or "evaluate" in ran, f"evaluate did not run again, although train has made another {model}."
    assert "prepare" not in ran, "prepare ran again. What has it to do with train.C? Look at its deps and params."


@pytest.mark.task("compare")
def test_metrics_diff_shows_the_change(work):
    """After another value of train.C, dvc metrics diff shows f1 and accuracy before and after."""
    before, after = work.repro("first"), work.repro("C")
    diff = work.diff()

    for name in ("f1", "accuracy"):
        try:
            change = diff["diff"]["validation.json"][name]
            old, new = float(change["old"]), float(change["new"])
        except (KeyError, TypeError, ValueError):
            raise AssertionError(
                f"It does not show {name} of validation.json before and after. Is it a metric?"
            ) from None
        expect.close(old, _metrics({"validation.json": before.metric})[name], f"{name} before the change")
        expect.close(new, _metrics({"validation.json": after.metric})[name], f"{name} after the change")


def _table(files, name, column):
    """Read a table with a single column of numbers."""
    assert name in files, f"{name} was not written."
    try:
        table = pd.read_csv(io.StringIO(files[name]))
    except ValueError as error:
        raise AssertionError(f"{name} cannot be read: {error}.") from None
    expect.columns(table, [column], exactly=True)
    numeric = pd.api.types.is_numeric_dtype(table[column])
    assert numeric, f"The column {column} of {name} holds something else. Expected numbers."
    return table


def _metrics(files):
    """Read validation.json."""
    assert "validation.json" in files, "validation.json was not written."
    try:
        metrics = json.loads(files["validation.json"])
    except (ValueError, RecursionError) as error:
        raise AssertionError(f"validation.json is no JSON: {error}.") from None
    expect.instance(metrics, dict, "an object with f1 and accuracy in validation.json")
    missing = [name for name in ("f1", "accuracy") if name not in metrics]
    assert not missing, (
        f"validation.json has no {' and no '.join(missing)}, only {', '.join(map(str, metrics)) or 'nothing'}."
    )
    return metrics
