"""Visible checks for 03-compas-bias, on the COMPAS table of the lab; learners may read and run them."""

from __future__ import annotations

import functools
import math
import tomllib

import pandas as pd
import pytest

from autograder import datasets, expect
from autograder.errors import StudentError
from autograder.submission import Remote

NOTEBOOK = "compas_bias.ipynb"
FINDINGS = "findings.toml"
ATTRIBUTES = ["race", "sex", "age_cat"]
REFERENCE = {"race": "Caucasian", "sex": "Male", "age_cat": "25 - 45"}
RATES = ["fpr", "fnr", "fdr", "for", "pprev", "ppr"]
PARITIES = ["FPR Parity", "FNR Parity", "FDR Parity", "FOR Parity", "Impact Parity", "Statistical Parity"]
ANSWERS = {
    "errors": {
        "largest_fpr_group": str,
        "largest_fpr_ratio": float,
        "largest_fnr_group": str,
        "largest_fnr_ratio": float,
        "fpr_base": str,
    },
    "parities": {"fpr_parity_fails": list, "vendor_defence": list, "size_alone": list, "supervised": list},
    "people": {
        "false_positive_harms": str,
        "false_negative_harms": str,
        "fpr_gap_favours": str,
        "fnr_gap_favours": str,
        "label_records": str,
    },
    "evidence": {"too_small": list, "fpr_z": float, "aequitas_tests": str},
}


@pytest.mark.task("prepare")
def test_compas_is_ready_for_aequitas(submission):
    """COMPAS becomes 7,214 rows with score, label_value and three attributes."""
    table = submission.load(NOTEBOOK).prepare(datasets.load("compas"), ATTRIBUTES)

    expect.instance(table, pd.DataFrame, "a DataFrame with one row per person")
    wanted = ["score", "label_value", *ATTRIBUTES]
    names = [str(name) for name in table.columns]
    assert names == wanted, f"The columns are {names}. Expected {wanted}."
    expect.close(len(table), 7214, "the number of rows")
    for column in ("score", "label_value"):
        assert table[column].dtype.kind == "i", f"The dtype of {column} is {table[column].dtype}. Expected integers."


@pytest.mark.task("group-metrics")
def test_eleven_groups_of_compas(submission):
    """COMPAS has eleven groups, and 44.85 % of African-American defendants without a new charge were called risky."""
    crosstab = submission.load(NOTEBOOK).group_metrics(_people(), ATTRIBUTES)

    expect.instance(crosstab, pd.DataFrame, "a DataFrame with one row per group")
    expect.columns(crosstab, ["attribute_name", "attribute_value", "group_size", "tp", "fp", "tn", "fn", *RATES])
    expect.close(len(crosstab), 11, "the number of groups of race, sex and age_cat")
    for column, wanted in {"group_size": 3696, "fpr": 0.448468, "fnr": 0.279853, "ppr": 0.655412}.items():
        value = _cell(crosstab, "African-American", column)
        expect.close(value, wanted, f"the {column} of African-American", rel=1e-5)


@pytest.mark.task("disparities")
def test_compared_with_caucasian(submission):
    """Compared with Caucasian, the FPR of African-American defendants is 1.91 times as large."""
    people = _people()
    bdf = submission.load(NOTEBOOK).disparities(_crosstab(), people, REFERENCE)

    expect.instance(bdf, pd.DataFrame, "a DataFrame with one row per group")
    expect.columns(bdf, ["attribute_name", "attribute_value", "fpr_disparity", "fnr_disparity", "fpr_ref_group_value"])
    for column, wanted in {"fpr_disparity": 1.912093, "fnr_disparity": 0.586416}.items():
        value = _cell(bdf, "African-American", column)
        expect.close(value, wanted, f"the {column} of African-American", rel=1e-5)


@pytest.mark.task("fairness")
def test_three_parities_that_women_fail(submission):
    """Compared with men, women fail FDR, FOR and Statistical Parity at tau = 0.8, and pass the others."""
    notebook = submission.load(NOTEBOOK)
    flags = notebook.parity_flags(_disparities())

    expect.instance(flags, pd.DataFrame, "a DataFrame with one row per group")
    expect.columns(flags, ["attribute_name", "attribute_value", *PARITIES])
    women = {parity: parity in ("FPR Parity", "FNR Parity", "Impact Parity") for parity in PARITIES}
    rows = flags[[str(group) == "Female" for group in flags["attribute_value"]]]
    expect.close(len(rows), 1, "the number of rows for Female")
    for parity, wanted in women.items():
        flag = rows[parity].iloc[0]
        assert str(flag) == str(wanted), f"The {parity} of Female is {flag!r}. Expected {wanted}."
    known = pd.DataFrame({"attribute_name": "sex", "attribute_value": ["Male", "Female"]})
    failing = notebook.failing_groups(known.assign(**{parity: [True, flag] for parity, flag in women.items()}), "sex")
    expect.instance(failing, dict, "a dict from the name of each parity to a list of groups")
    for parity, passes in women.items():
        found, wanted = failing.get(parity), [] if passes else ["Female"]
        same = isinstance(found, list) and [str(group) for group in found] == wanted
        assert same, f"For {parity} the dict holds {found!r}. Expected {wanted}."


@pytest.mark.task("significance")
def test_the_gap_is_no_chance(submission):
    """805 of 1,795 against 349 of 1,488 gives z = 12.78 and p = 2.1e-37."""
    result = submission.load(NOTEBOOK).z_test(805, 1795, 349, 1488)

    pair = isinstance(result, tuple | list) and len(result) == 2
    assert pair, "Expected a tuple of two numbers, z and the p-value."
    expect.close(result[0], 12.780265, "z", rel=1e-5)
    expect.close(result[1], 2.11349e-37, "the p-value", rel=1e-4, abs=0)


@pytest.mark.task("significance")
def test_the_gap_is_measured_among_the_right_people(submission):
    """The FPR gap of race is tested among those who were not charged again."""
    tests = submission.load(NOTEBOOK).gap_tests(_crosstab(), "fpr", "race", "Caucasian")

    expect.instance(tests, pd.DataFrame, "a DataFrame with one row per group but the reference")
    expect.columns(tests, ["size", "rate", "z", "p_value"])
    groups = ["African-American", "Asian", "Hispanic", "Native American", "Other"]
    tests = tests.set_axis([str(label) for label in tests.index])
    assert "Caucasian" not in tests.index, "The reference has a row. Expected only the others."
    expect.labels(tests.index, groups, what="group")
    expect.close(tests.loc["African-American", "size"], 1795, "the number of African-American people in the FPR")
    expect.close(tests.loc["African-American", "z"], 12.780265, "z for African-American", rel=1e-5)


@pytest.mark.task("figure")
def test_a_chart_of_race(submission):
    """The chart for race has one set of axes, labels on both, and a title that names the reference."""
    figure = submission.load(NOTEBOOK).disparity_figure(_disparities(), "fpr", "race")

    kind = figure.type if isinstance(figure, Remote) else type(figure).__name__
    assert kind == "Figure", f"Expected a Matplotlib Figure, got {'None' if figure is None else kind}."
    said = submission.session.transcript()
    words = _words(figure)
    submission.session.note(called=said.called, returned=said.returned)  # the call that drew it, not those that look
    assert words, "Expected a figure with one set of axes, and something drawn on it."
    labels, title = " and ".join(map(repr, words[:2])), words[2]
    for wanted in ("fpr disparity", "race"):
        assert wanted in labels.lower(), f"The axes are labelled {labels}. Expected {wanted!r} in one of the labels."
    assert "Caucasian" in title, f"The title is {title!r}. Expected the group that everyone is compared with in it."


@pytest.mark.task("findings")
def test_every_question_has_an_answer(submission):
    """findings.toml has an answer of the right kind to every question."""
    findings = _findings(submission)

    for table, answers in ANSWERS.items():
        given = findings.get(table)
        expect.instance(given, dict, f"a table [{table}] in {FINDINGS}")
        for name, kind in answers.items():
            assert name in given, f"[{table}] has no {name} yet."
            words = {str: "a text in quotes", float: "a number", list: "a list of texts in brackets"}[kind]
            assert _is(given[name], kind), f"{name} is {given[name]!r}. Expected {words}."


@functools.cache
def _people():
    """Return COMPAS as `prepare` should return it, whatever the student's does."""
    compas = datasets.load("compas")
    return compas[["score", "label_value", *ATTRIBUTES]].astype({"score": int})


@functools.cache
def _crosstab():
    """Count and rate every group of COMPAS by hand, in the columns that Aequitas has."""
    people, rows = _people(), []
    for attribute in ATTRIBUTES:
        for value, group in people.groupby(attribute):
            outcomes = group["score"] * 2 + group["label_value"]
            tn, fn, fp, tp = (int((outcomes == number).sum()) for number in range(4))
            counts = {"tp": tp, "fp": fp, "tn": tn, "fn": fn, "pp": tp + fp, "pn": tn + fn}
            counts |= {"group_label_pos": tp + fn, "group_label_neg": tn + fp, "group_size": len(group)}
            rates = {
                **{"fpr": fp / (fp + tn), "tnr": tn / (fp + tn), "fnr": fn / (fn + tp), "tpr": tp / (fn + tp)},
                **{"fdr": fp / (fp + tp), "precision": tp / (fp + tp), "for": fn / (fn + tn), "npv": tn / (fn + tn)},
                **{"pprev": (fp + tp) / len(group), "ppr": (fp + tp) / int(people["score"].sum())},
            }
            which = {"model_id": 0, "score_threshold": "binary 0/1"}
            rows.append({**which, "attribute_name": attribute, "attribute_value": value, **counts, **rates})
    return pd.DataFrame(rows)


@functools.cache
def _disparities():
    """Compare every group of COMPAS with its reference, by hand, in the columns that Aequitas has."""
    table = _crosstab().copy()
    for metric in (*RATES, "tpr", "tnr", "npv", "precision"):
        name = table["attribute_name"]
        of_reference = table[table["attribute_value"] == name.map(REFERENCE)].set_index("attribute_name")[metric]
        table[f"{metric}_disparity"] = table[metric] / name.map(of_reference)
        table[f"{metric}_ref_group_value"] = name.map(REFERENCE)
    return table


def _cell(table, group, column):
    """Return one value of a table of groups, or NaN if there is not exactly one."""
    found = table.loc[table["attribute_value"] == group, column]
    return found.iloc[0] if len(found) == 1 else math.nan


def _words(figure):
    """Read the labels of both axes and the title; nothing if the figure does not have exactly one set of axes."""
    all_axes = figure.get_axes()
    if not isinstance(all_axes, list) or len(all_axes) != 1 or not hasattr(all_axes[0], "get_xlabel"):
        return []
    axes = all_axes[0]
    return [str(axes.get_xlabel()), str(axes.get_ylabel()), f"{axes.get_title()} {figure.get_suptitle()}".strip()]


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
    return isinstance(value, kind)
