"""Visible checks for 04-car-bias, on the Car Evaluation table of the lab; learners may read and run them."""

from __future__ import annotations

import math
import tomllib

import numpy as np
import pandas as pd
import pytest

from autograder import datasets, expect
from autograder.errors import StudentError

NOTEBOOK = "car_bias.ipynb"
FINDINGS = "findings.toml"
ATTRIBUTES = ["buying", "maint", "doors", "persons", "lug_boot", "safety"]
ANSWERS = {
    "data": {"always_unacceptable": list, "baseline_accuracy": float, "verdict_by": str},
    "model": {"f1": float, "bad_cars_shown": int, "good_cars_hidden": int},
    "audit": {
        "fpr_fair": list,
        "precision_unfair": list,
        "precision_unknown": list,
        "fnr_unknown_for_all": str,
        "aequitas_overlooks": list,
    },
    "where": {
        "two_seats_never_shown": str,
        "two_doors_rarely_shown": str,
        "dear_cars_flattered": str,
        "needs_no_model": str,
    },
    "doubt": {"high_false_positives": int, "med_false_positives": int, "p_value": float, "gap_may_be_chance": bool},
}


@pytest.mark.task("explore")
def test_shares_of_persons(submission):
    """Of the cars for four persons 54.2 % are unacceptable, of the cars for two all are."""
    shares = submission.load(NOTEBOOK).class_shares(datasets.load("car"), "persons")

    expect.instance(shares, pd.DataFrame, "a DataFrame with one row per level")
    expect.columns(shares, ["unacc", "acc", "good", "vgood"])
    shares = shares.set_axis([str(level) for level in shares.index])
    expect.labels(shares.index, ["2", "4", "more"], what="level")
    expect.close(shares.loc["4", "unacc"], 0.541667, "the share of unacc at persons=4", rel=1e-5)
    expect.close(shares.loc["2", "unacc"], 1, "the share of unacc at persons=2")


@pytest.mark.task("explore")
def test_two_levels_know_one_class(submission):
    """Cars for two persons and cars of low safety are always unacceptable."""
    levels = submission.load(NOTEBOOK).one_sided_levels(datasets.load("car"), ATTRIBUTES)

    expect.instance(levels, dict, "a dict from (attribute, level) to a class")
    wanted = {("persons", "2"): "unacc", ("safety", "low"): "unacc"}
    found = {key: str(value) for key, value in levels.items()}
    assert found == wanted, f"It holds {found}. Expected {wanted}."


@pytest.mark.task("binarise")
def test_518_cars_are_acceptable(submission):
    """1,210 cars get a 0 and 518 a 1."""
    labels = submission.load(NOTEBOOK).binarise(datasets.load("car")["car"])

    expect.instance(labels, pd.Series, "a Series of 0 and 1")
    assert labels.dtype.kind == "i", f"The dtype is {labels.dtype}. Expected integers."
    expect.close(len(labels), 1728, "the number of labels")
    expect.close(labels.sum(), 518, "the number of ones")


@pytest.mark.task("train")
def test_f1_of_the_published_recipe(submission):
    """The recipe gives 432 validation rows, F1 = 0.8960, 19 false positives and 7 false negatives."""
    notebook = submission.load(NOTEBOOK)
    table = notebook.validate(datasets.load("car"), ATTRIBUTES)

    expect.instance(table, pd.DataFrame, "a DataFrame with one row per validation row")
    expect.columns(table, [*ATTRIBUTES, "label_value", "score"])
    expect.close(len(table), 432, "the number of validation rows")
    binary = all(str(value) in ("0", "1") for column in ("label_value", "score") for value in table[column])
    assert binary, "label_value and score hold other values than 0 and 1. Expected labels and predictions."
    found = notebook.quality(table[["label_value", "score"]].astype(int))
    expect.instance(found, dict, "a dict with confusion and f1")
    assert _four(found.get("confusion")) == [[294, 19], [7, 112]], (
        f"The confusion matrix is {found.get('confusion')!r}. Expected [[294, 19], [7, 112]]. "
        "Go through the recipe step by step: split, encoder, model."
    )
    expect.close(found.get("f1"), 0.896, "the F1 score")


@pytest.mark.task("audit")
def test_a_report_of_eight_rows(submission):
    """Eight rows in two groups give ten rows of report, with the right rates and ratios."""
    report = submission.load(NOTEBOOK).audit(_eight(), ["size"])

    expect.instance(report, pd.DataFrame, "a DataFrame with one row per attribute, group and metric")
    expect.columns(report, ["attribute", "group", "size", "metric", "rate", "reference", "disparity"])
    expect.close(len(report), 10, "the number of rows for two groups and five metrics")
    wanted = {"prev": (0.5, 0.75), "pprev": (1.0, 1.5), "fpr": (1.0, 2.0), "fnr": (0.0, 0.0)}
    wanted["precision"] = (0.5, 0.666667)
    for metric, (rate, disparity) in wanted.items():
        row = report[(report["group"] == "small") & (report["metric"] == metric)]
        expect.close(len(row), 1, f"the number of rows for small and {metric}")
        expect.close(row["rate"].iloc[0], rate, f"the {metric} of small", abs=1e-5)
        expect.close(row["disparity"].iloc[0], disparity, f"the disparity of small in {metric}", abs=1e-5)


@pytest.mark.task("verdicts")
def test_three_words(submission):
    """Ratios of 1, 0.5 and NaN are fair, unfair and unknown, and the worst group decides."""
    notebook = submission.load(NOTEBOOK)
    report = pd.DataFrame(
        {
            "attribute": "size",
            "group": ["large", "small", "tiny"],
            "size": [9, 6, 2],
            "metric": "fpr",
            "rate": [0.5, 0.25, math.nan],
            "reference": "large",
            "disparity": [1.0, 0.5, math.nan],
        }
    )
    judged = notebook.judge(report)

    expect.instance(judged, pd.DataFrame, "the report with one more column")
    expect.columns(judged, ["attribute", "group", "metric", "verdict"])
    found = {str(group): str(verdict) for group, verdict in zip(judged["group"], judged["verdict"], strict=True)}
    wanted = {"large": "fair", "small": "unfair", "tiny": "unknown"}
    assert found == wanted, f"The verdicts are {found}. Expected {wanted}."
    for groups, word in ((["large", "small", "tiny"], "unfair"), (["large", "tiny"], "unknown"), (["large"], "fair")):
        judged = report.assign(verdict=list(wanted.values()))
        summary = notebook.summarise(judged[judged["group"].isin(groups)])
        expect.instance(summary, pd.DataFrame, "a DataFrame with one row per attribute")
        expect.columns(summary, ["fpr"])
        summary = summary.set_axis([str(name) for name in summary.index])
        expect.labels(summary.index, ["size"], what="attribute")
        cell = summary.loc["size", "fpr"]
        assert str(cell) == word, f"For the groups {', '.join(groups)} the summary says {cell!r}. Expected {word!r}."


@pytest.mark.task("findings")
def test_every_question_has_an_answer(submission):
    """findings.toml has an answer of the right kind to every question."""
    findings = _findings(submission)

    for table, answers in ANSWERS.items():
        given = findings.get(table)
        expect.instance(given, dict, f"a table [{table}] in {FINDINGS}")
        for name, kind in answers.items():
            assert name in given, f"[{table}] has no {name} yet."
            words = {
                str: "a text in quotes",
                int: "a whole number",
                float: "a number",
                bool: "true or false",
                list: "a list of texts in brackets",
            }[kind]
            assert _is(given[name], kind), f"{name} is {given[name]!r}. Expected {words}."


def _eight():
    """Make eight rows: of six large things four are acceptable, of two small ones one is."""
    return pd.DataFrame(
        {
            "size": ["large"] * 6 + ["small"] * 2,
            "label_value": [1, 1, 1, 1, 0, 0, 1, 0],
            "score": [1, 1, 1, 0, 1, 0, 1, 1],
        }
    )


def _four(confusion):
    """Read a 2 × 2 confusion matrix as a list of lists of numbers; None if it is none."""
    try:
        cells = np.asarray(confusion, dtype=float)
    except (TypeError, ValueError):
        return None
    return cells.tolist() if cells.shape == (2, 2) else None


def _findings(submission):
    """Read findings.toml; while nothing is filled in, it counts as not started."""
    try:
        findings = tomllib.loads(submission.read(FINDINGS))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise AssertionError(f"{FINDINGS} is no TOML: {error}. Texts stand in quotes, lists in brackets.") from None
    if not any(findings.values()):
        raise StudentError("Your findings are still to come.", kind="NotImplementedError")
    return findings


def _is(value, kind):
    if kind is list:
        return isinstance(value, list) and all(isinstance(part, str) for part in value)
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind)
