"""Hidden checks for 03-compas-bias, on people that nobody has seen; each computes its own truth with pandas."""

from __future__ import annotations

import contextlib
import math
import struct
import tomllib

import numpy as np
import pandas as pd
import pytest

from autograder import expect
from autograder.errors import GraderError, StudentError
from autograder.submission import Remote

NOTEBOOK = "compas_bias.ipynb"
FINDINGS = "findings.toml"
RATES = ["fpr", "fnr", "fdr", "for", "pprev", "ppr"]
PARITIES = {
    "FPR Parity": "fpr_disparity",
    "FNR Parity": "fnr_disparity",
    "FDR Parity": "fdr_disparity",
    "FOR Parity": "for_disparity",
    "Impact Parity": "pprev_disparity",
    "Statistical Parity": "ppr_disparity",
}
PARTS = {
    "fpr": (["fp"], ["fp", "tn"]),
    "fnr": (["fn"], ["fn", "tp"]),
    "fdr": (["fp"], ["fp", "tp"]),
    "for": (["fn"], ["fn", "tn"]),
    "pprev": (["fp", "tp"], ["fp", "tp", "fn", "tn"]),
}

# -------------------------------------------------------------------------------------------- 1. prepare


@pytest.mark.task("prepare", weight=2)
def test_other_columns_of_other_tables(submission, rng):
    """A table with other column names becomes score, label_value and the attributes asked for."""
    df = _raw(rng)
    wanted = ["score", "label_value", "plan", "town"]
    table = submission.load(NOTEBOOK).prepare(df, ["plan", "town"], score="flag", label="charged")

    _prepared(table, df, wanted)
    _same(table["score"], df["flag"].astype(int), "score", "what flag says, as integers")
    _same(table["label_value"], df["charged"].astype(int), "label_value", "what charged says, as integers")
    for attribute in wanted[2:]:
        _same(table[attribute], df[attribute], attribute, "the groups of df")


@pytest.mark.task("prepare")
def test_floats_and_booleans_become_integers(submission, rng):
    """Zeros and ones may come as floats or as Booleans; they leave as integers."""
    df = _raw(rng).astype({"flag": bool, "charged": float})
    table = submission.load(NOTEBOOK).prepare(df, ["town"], score="flag", label="charged")

    _prepared(table, df, ["score", "label_value", "town"])
    for column, source in {"score": "flag", "label_value": "charged"}.items():
        assert table[column].dtype.kind == "i", f"The dtype of {column} is {table[column].dtype}. Expected integers."
        _same(table[column], df[source].astype(int), column, f"what {source} says, as integers")


@pytest.mark.task("prepare", weight=2)
def test_attributes_become_strings(submission, rng):
    """Attributes that are integers, categories or Booleans become plain strings."""
    df = _raw(rng)
    df["district"] = rng.integers(1, 6, len(df))
    df["plan"] = df["plan"].astype("category")
    df["bail"] = rng.random(len(df)) < 0.5
    table = submission.load(NOTEBOOK).prepare(df, ["district", "plan", "bail"], score="flag", label="charged")

    _prepared(table, df, ["score", "label_value", "district", "plan", "bail"])
    for attribute in ("district", "plan", "bail"):
        dtype = table[attribute].dtype
        assert str(dtype) == "object", f"The dtype of {attribute} is {dtype}. Expected strings of dtype object."
        _same(table[attribute], df[attribute].map(str).astype(object), attribute, "the groups of df, as strings")


@pytest.mark.task("prepare", weight=2)
def test_people_without_a_group_are_kept(submission, rng):
    """Where a group is missing, it is called "missing", and nobody is dropped."""
    df = _raw(rng)
    df["plan"] = df["plan"].astype("category")
    df.loc[rng.choice(df.index, 7, replace=False), "town"] = None
    df.loc[rng.choice(df.index, 9, replace=False), "plan"] = np.nan
    table = submission.load(NOTEBOOK).prepare(df, ["town", "plan"], score="flag", label="charged")

    _prepared(table, df, ["score", "label_value", "town", "plan"])
    for attribute in ("town", "plan"):
        wanted = df[attribute].astype(object).where(df[attribute].notna(), "missing")
        _same(table[attribute], wanted, attribute, "the groups of df, and 'missing' where there is none")


@pytest.mark.task("prepare")
def test_every_missing_column_is_named(submission, rng):
    """Columns that are not there are a ValueError that names all of them."""
    notebook = submission.load(NOTEBOOK)

    with expect.raises("ValueError", mentions=["sex", "label_value"], reason="two columns are not in the table"):
        notebook.prepare(_raw(rng), ["town", "sex"], score="flag")
    with expect.raises("ValueError", mentions="score", reason="there is no column of that name"):
        notebook.prepare(_raw(rng), ["town"], label="charged")


@pytest.mark.task("prepare", weight=2)
def test_only_zeros_and_ones_are_accepted(submission, rng):
    """A raw score, a third label or a missing outcome is a ValueError that names the column."""
    notebook = submission.load(NOTEBOOK)
    for column, bad in (("flag", 0.7), ("charged", 2), ("charged", None), ("flag", -1)):
        df = _raw(rng).astype({column: float})
        df.loc[rng.choice(df.index, 3, replace=False), column] = bad
        with expect.raises("ValueError", mentions=column, reason=f"the column holds {bad}"):
            notebook.prepare(df, ["town"], score="flag", label="charged")


@pytest.mark.task("prepare")
@pytest.mark.needs("test_compas_is_ready_for_aequitas")
def test_preparing_leaves_the_data_alone(submission, rng):
    """The DataFrame that was passed in is the same afterwards."""
    df = _raw(rng).astype({"flag": float})
    df.loc[rng.choice(df.index, 5, replace=False), "town"] = None
    given = (df, ["town", "district"])
    _, after = submission.load(NOTEBOOK).call_and_return_args("prepare", *given, score="flag", label="charged")

    expect.unchanged(df, after[0], "prepare changed the caller's DataFrame. Expected it to stay as it was.")
    assert after[1] == given[1], "prepare changed the list of attributes. Expected it to stay as it was."


# -------------------------------------------------------------------------------------- 2. group-metrics


@pytest.mark.task("group-metrics", weight=2)
def test_counts_and_rates_of_unseen_groups(submission, county, crosstab_of):
    """Other people in other groups: all counts and rates are right."""
    table = county()
    crosstab = submission.load(NOTEBOOK).group_metrics(table, ["town", "plan"])

    _check_groups(crosstab, crosstab_of(table, ["town", "plan"]), ["group_size", "tp", "fp", "tn", "fn", *RATES])


@pytest.mark.task("group-metrics")
def test_only_the_attributes_asked_for(submission, county, crosstab_of, rng):
    """Further columns, numbers among them, play no part."""
    table = county(towns=3).assign(age=rng.integers(18, 80), entity_id=7)
    table["judge"] = rng.permutation([f"judge {number % 3}" for number in range(len(table))])
    crosstab = submission.load(NOTEBOOK).group_metrics(table, ["town"])

    _check_groups(crosstab, crosstab_of(table, ["town"]), ["group_size", *RATES])


@pytest.mark.task("group-metrics", weight=2)
def test_unknown_rates_are_nan(submission, county, crosstab_of):
    """A group in which nobody was charged, or nobody was flagged, has rates that are NaN, not zero."""
    table = _with_odd_groups(county())
    crosstab = submission.load(NOTEBOOK).group_metrics(table, ["town"])

    _check_groups(crosstab, crosstab_of(table, ["town"]), ["group_size", *RATES])


# ---------------------------------------------------------------------------------------- 3. disparities


@pytest.mark.task("disparities", weight=2)
def test_named_reference_groups(submission, county, crosstab_of, disparities_of):
    """Every rate is divided by that of the group that was named for its attribute."""
    table = county()
    crosstab = crosstab_of(table, ["town", "plan"])
    for town, plan in zip(sorted(table["town"].unique())[1:3], ("plus", "none"), strict=True):
        reference = {"plan": plan, "town": town}
        bdf = submission.load(NOTEBOOK).disparities(crosstab, table, reference)

        _check_disparities(bdf, disparities_of(crosstab, reference))


@pytest.mark.task("disparities", weight=2)
def test_the_majority_is_the_largest_group(submission, county, crosstab_of, disparities_of):
    """With "majority" everyone is compared with the largest group of the attribute."""
    table = county()
    crosstab = crosstab_of(table, ["town"])
    largest = crosstab.loc[crosstab["group_size"].idxmax(), "attribute_value"]
    bdf = submission.load(NOTEBOOK).disparities(crosstab, table, "majority")

    _check_disparities(bdf, disparities_of(crosstab, {"town": largest}))


@pytest.mark.task("disparities", weight=2)
def test_the_best_group_differs_by_metric(submission, county, crosstab_of):
    """With "best" each metric has its own group of comparison, the one with the smallest rate."""
    crosstab, table = _without_ties(county, crosstab_of)
    bdf = submission.load(NOTEBOOK).disparities(crosstab, table, "best")

    truth = crosstab.copy()
    for metric in RATES:
        best = truth.loc[truth[metric].idxmin()]
        truth[f"{metric}_disparity"] = truth[metric] / best[metric]
        truth[f"{metric}_ref_group_value"] = best["attribute_value"]
    _check_disparities(bdf, truth)


@pytest.mark.task("disparities", weight=2)
def test_division_by_zero_is_unknown(submission, county, crosstab_of, disparities_of):
    """Where the reference's rate is 0 or unknown, the disparity is NaN, for groups of any size."""
    table = _with_odd_groups(county())
    crosstab = crosstab_of(table, ["town"])
    for reference in ("Quiet", "Lonely"):
        bdf = submission.load(NOTEBOOK).disparities(crosstab, table, {"town": reference})

        _check_disparities(bdf, disparities_of(crosstab, {"town": reference}))


@pytest.mark.task("disparities", weight=2)
def test_unknown_references_are_value_errors(submission, county, crosstab_of):
    """A group or word that is not there, or an attribute without a reference, is a ValueError that names it."""
    table = county(towns=3)
    crosstab = crosstab_of(table, ["town", "plan"])
    town = table["town"].iloc[0]
    notebook = submission.load(NOTEBOOK)

    with expect.raises("ValueError", mentions="Atlantis", reason="there is no such town"):
        notebook.disparities(crosstab, table, {"town": "Atlantis", "plan": "plus"})
    with expect.raises("ValueError", mentions="basic", reason="that group belongs to another attribute"):
        notebook.disparities(crosstab, table, {"town": "basic", "plan": "plus"})
    with expect.raises("ValueError", mentions="plan", reason="the dict names no group of this attribute"):
        notebook.disparities(crosstab, table, {"town": town})
    with expect.raises("ValueError", mentions="minority", reason="there is no such kind of reference"):
        notebook.disparities(crosstab, table, "minority")


@pytest.mark.task("disparities")
@pytest.mark.needs("test_compared_with_caucasian")
def test_comparing_leaves_both_tables_alone(submission, county, crosstab_of):
    """The crosstab and the table of people are the same afterwards."""
    table = county(towns=3)
    crosstab = crosstab_of(table, ["town"])
    notebook = submission.load(NOTEBOOK)
    for reference in ({"town": table["town"].iloc[0]}, "majority", "best"):
        _, after = notebook.call_and_return_args("disparities", crosstab, table, reference)

        expect.unchanged(crosstab, after[0], "disparities changed the crosstab. Expected it to stay as it was.")
        expect.unchanged(
            table,
            after[1],
            "disparities changed the table of people. Expected it to stay as it was: is a test switched on?",
        )


# ------------------------------------------------------------------------------------------- 4. fairness


@pytest.mark.task("fairness", weight=2)
def test_flags_follow_tau(submission, county, crosstab_of, disparities_of):
    """Each flag says whether the disparity lies between tau and 1/tau, for any tau."""
    table = county()
    crosstab = crosstab_of(table, ["town", "plan"])
    bdf = disparities_of(crosstab, {"town": table["town"].iloc[0], "plan": "none"})
    for tau in (0.8, 0.9, 0.5):
        flags = submission.load(NOTEBOOK).parity_flags(bdf, tau=tau)

        _check_flags(flags, bdf, tau)


@pytest.mark.task("fairness")
def test_both_ends_belong_to_the_range(submission):
    """A disparity of exactly tau or 1/tau passes, one just outside does not."""
    bdf = _made_up_disparities([0.8, 1.25, 1.0, 0.799, 1.251])
    flags = submission.load(NOTEBOOK).parity_flags(bdf)

    _check_flags(flags, bdf, 0.8)


@pytest.mark.task("fairness")
def test_an_unknown_disparity_gives_no_verdict(submission, county, crosstab_of, disparities_of):
    """Where a disparity is NaN, the flag is NaN: neither passed nor failed."""
    table = _with_odd_groups(county())
    bdf = disparities_of(crosstab_of(table, ["town"]), {"town": "Quiet"})
    flags = submission.load(NOTEBOOK).parity_flags(bdf)

    _check_flags(flags, bdf, 0.8)


@pytest.mark.task("fairness", weight=2)
@pytest.mark.needs("test_three_parities_that_women_fail")
def test_judging_leaves_the_disparities_alone(submission, county, crosstab_of, disparities_of):
    """The table of disparities is the same afterwards."""
    table = county(towns=3)
    bdf = disparities_of(crosstab_of(table, ["plan"]), {"plan": "basic"})
    _, after = submission.load(NOTEBOOK).call_and_return_args("parity_flags", bdf)

    expect.unchanged(
        bdf,
        after[0],
        "parity_flags changed the caller's DataFrame: it has other columns now. Expected it to stay as it was.",
    )


@pytest.mark.task("fairness", weight=2)
def test_failing_groups_of_one_attribute(submission, rng):
    """Only groups of the attribute asked for are listed, in alphabetical order, under each of the six parities."""
    names = [("town", name) for name in ("Zenda", "Atlantis", "Lilliput", "Other")]
    names += [("plan", name) for name in ("plus", "Other", "basic")]
    flags = pd.DataFrame(names, columns=["attribute_name", "attribute_value"])
    for parity in PARITIES:
        flags[parity] = rng.random(len(flags)) < 0.4
    flags.loc[[0, 1], "FPR Parity"] = False
    flags.loc[[3, 5], "FPR Parity"] = [True, False]
    flags["FOR Parity"] = True
    notebook = submission.load(NOTEBOOK)
    for attribute in ("town", "plan"):
        _check_failing(notebook.failing_groups(flags, attribute), flags, attribute)


@pytest.mark.task("fairness", weight=2)
def test_unknown_verdicts_do_not_fail(submission):
    """A group whose flag is NaN is not listed as failing."""
    flags = pd.DataFrame({"attribute_name": "town", "attribute_value": ["Quiet", "Dunwich", "Avonlea", "Erewhon"]})
    for number, parity in enumerate(PARITIES):
        values = np.array([math.nan, False, True, False], dtype=object)
        flags[parity] = np.roll(values, number)
    failing = submission.load(NOTEBOOK).failing_groups(flags, "town")

    _check_failing(failing, flags, "town")


# --------------------------------------------------------------------------------------- 5. significance


@pytest.mark.task("significance", weight=2)
def test_z_and_p_of_unseen_counts(submission, rng):
    """z and the two-sided p-value are right for other counts, whichever rate is larger."""
    for _ in range(4):
        size_a, size_b = (int(size) for size in rng.integers(40, 900, 2))
        events_a, events_b = int(size_a * rng.uniform(0.2, 0.4)), int(size_b * rng.uniform(0.3, 0.5))
        for counts in ((events_a, size_a, events_b, size_b), (events_b, size_b, events_a, size_a)):
            result = submission.load(NOTEBOOK).z_test(*counts)

            _check_test(result, counts)


@pytest.mark.task("significance")
def test_tiny_p_values_are_not_rounded_to_zero(submission, rng):
    """A gap of ten standard errors and more has a p-value above zero."""
    size = int(rng.integers(3000, 4000))
    counts = (int(size * 0.52), size, int(size * 0.31), size + 250)
    result = submission.load(NOTEBOOK).z_test(*counts)

    _check_test(result, counts)


@pytest.mark.task("significance")
def test_no_test_where_none_is_defined(submission):
    """With nobody in a group, or with rates that are both 0 or both 1, z and p are NaN."""
    notebook = submission.load(NOTEBOOK)
    for counts in ((0, 0, 5, 40), (3, 50, 0, 0), (0, 40, 0, 70), (40, 40, 70, 70)):
        result = notebook.z_test(*counts)

        z, p_value = _pair(result)
        assert math.isnan(z), f"For the counts {counts} z is {z}. Expected NaN."
        assert math.isnan(p_value), f"For the counts {counts} the p-value is {p_value}. Expected NaN."


@pytest.mark.task("significance", weight=3)
def test_every_metric_has_its_own_size(submission, county, crosstab_of):
    """For each metric the groups are tested among the people that it divides by."""
    table = county()
    crosstab = crosstab_of(table, ["town", "plan"])
    reference = table["town"].iloc[0]
    for metric in PARTS:
        tests = submission.load(NOTEBOOK).gap_tests(crosstab, metric, "town", reference)

        _check_tests(tests, crosstab, metric, "town", reference)


@pytest.mark.task("significance")
def test_gaps_of_another_attribute(submission, county, crosstab_of):
    """Another attribute is tested against its own reference, also where names occur in both."""
    table = county(towns=3)
    table["town"] = table["town"].replace(table["town"].iloc[0], "none")
    crosstab = crosstab_of(table, ["town", "plan"])
    tests = submission.load(NOTEBOOK).gap_tests(crosstab, "fdr", "plan", "none")

    _check_tests(tests, crosstab, "fdr", "plan", "none")


@pytest.mark.task("significance", weight=2)
def test_small_groups_are_not_tested(submission, county, crosstab_of):
    """Fewer people than min_size in the metric: z and p are NaN; exactly min_size are enough."""
    table = county()
    crosstab = crosstab_of(table, ["town"])
    sizes = crosstab.set_index("attribute_value")[["fp", "tn"]].sum(axis=1).sort_values()
    reference = sizes.index[-1]
    for min_size in (int(sizes.iloc[1]), int(sizes.iloc[1]) + 1):
        tests = submission.load(NOTEBOOK).gap_tests(crosstab, "fpr", "town", reference, min_size=min_size)

        _check_tests(tests, crosstab, "fpr", "town", reference, min_size)


@pytest.mark.task("significance")
def test_a_small_reference_stops_every_test(submission, county, crosstab_of):
    """If the reference is too small, no group is tested; a group without people in the metric has no rate."""
    table = _with_odd_groups(county())
    crosstab = crosstab_of(table, ["town"])
    for metric, reference in (("fpr", "Unflagged"), ("fnr", "Quiet"), ("fpr", "Lonely"), ("fnr", "Avonlea")):
        if reference not in set(crosstab["attribute_value"]):
            raise GraderError(f"the county has no town {reference}")
        tests = submission.load(NOTEBOOK).gap_tests(crosstab, metric, "town", reference)

        _check_tests(tests, crosstab, metric, "town", reference)


@pytest.mark.task("significance")
def test_unknown_metric_or_reference_is_a_value_error(submission, county, crosstab_of):
    """A metric or a reference that does not exist is a ValueError that names it."""
    table = county(towns=3)
    crosstab = crosstab_of(table, ["town", "plan"])
    notebook = submission.load(NOTEBOOK)

    with expect.raises("ValueError", mentions="accuracy", reason="it is not one of the five metrics"):
        notebook.gap_tests(crosstab, "accuracy", "plan", "basic")
    with expect.raises("ValueError", mentions="basic", reason="it is no town"):
        notebook.gap_tests(crosstab, "fpr", "town", "basic")


@pytest.mark.task("significance")
@pytest.mark.needs("test_the_gap_is_measured_among_the_right_people")
def test_testing_leaves_the_crosstab_alone(submission, county, crosstab_of):
    """The crosstab is the same afterwards."""
    table = county(towns=3)
    crosstab = crosstab_of(table, ["plan"])
    _, after = submission.load(NOTEBOOK).call_and_return_args("gap_tests", crosstab, "fpr", "plan", "basic")

    expect.unchanged(crosstab, after[0], "gap_tests changed the crosstab. Expected it to stay as it was.")


# --------------------------------------------------------------------------------------------- 6. figure


@pytest.mark.task("figure", weight=3)
def test_one_bar_per_group(submission, county, crosstab_of, disparities_of):
    """Each group of the attribute has a bar that ends at its disparity, and its name below it."""
    table = county()
    crosstab = crosstab_of(table, ["plan", "town"])
    bdf = disparities_of(crosstab, {"plan": "plus", "town": table["town"].iloc[0]})
    for metric, attribute in (("fnr", "town"), ("fdr", "plan")):
        figure = submission.load(NOTEBOOK).disparity_figure(bdf, metric, attribute)

        with _looking_at(submission, figure) as axes:
            _check_bars(axes, bdf, metric, attribute)


@pytest.mark.task("figure", weight=2)
def test_an_unknown_disparity_leaves_a_gap(submission, county, crosstab_of, disparities_of):
    """A group without a disparity keeps its name on the axis, in sight, and has no bar."""
    table = _with_odd_groups(county(towns=3))
    bdf = disparities_of(crosstab_of(table, ["town"]), {"town": "Avonlea"})
    figure = submission.load(NOTEBOOK).disparity_figure(bdf, "fnr", "town")

    with _looking_at(submission, figure) as axes:
        _check_bars(axes, bdf, "fnr", "town")


@pytest.mark.task("figure")
def test_a_line_at_one(submission, county, crosstab_of, disparities_of):
    """A straight line across the bars marks 1."""
    table = county(towns=3)
    bdf = disparities_of(crosstab_of(table, ["town"]), {"town": table["town"].iloc[0]})
    figure = submission.load(NOTEBOOK).disparity_figure(bdf, "for", "town")

    with _looking_at(submission, figure) as axes:
        upright, _ = _group_axis(axes, bdf["attribute_value"])
        at_one = [line for line in _lines(axes) if np.allclose(line[1 if upright else 0], 1)]
    assert at_one, "Expected a line across the bars at 1. No line of the chart lies there."


@pytest.mark.task("figure", weight=2)
def test_words_say_what_is_shown(submission, county, crosstab_of, disparities_of):
    """The axes have the names of metric and attribute, and the title names the reference."""
    table = county()
    crosstab = crosstab_of(table, ["plan", "town"])
    town = table["town"].iloc[0]
    bdf = disparities_of(crosstab, {"plan": "none", "town": town})
    for metric, attribute, reference in (("pprev", "town", town), ("for", "plan", "none")):
        figure = submission.load(NOTEBOOK).disparity_figure(bdf, metric, attribute)

        with _looking_at(submission, figure) as axes:
            upright, _ = _group_axis(axes, bdf.loc[bdf["attribute_name"] == attribute, "attribute_value"])
            labels = [_text(axes.get_xlabel()), _text(axes.get_ylabel())]
            title = f"{_text(axes.get_title())} {_text(figure.get_suptitle())}".strip()
        of_groups, of_ratios = labels if upright else reversed(labels)
        wanted = f"{metric} disparity"
        assert wanted in of_ratios.lower(), f"The axis of the ratios is labelled {of_ratios!r}. Expected {wanted!r}."
        assert attribute in of_groups, f"The axis of the groups is labelled {of_groups!r}. Expected {attribute!r}."
        assert reference in title, f"The title is {title!r}. Expected the group that everyone is compared with in it."


@pytest.mark.task("figure", weight=2)
def test_saved_as_png(submission, county, crosstab_of, disparities_of):
    """With a path, a PNG of at least 600 × 400 pixels lies there, and the figure is returned as well."""
    table = county(towns=3)
    bdf = disparities_of(crosstab_of(table, ["plan"]), {"plan": "basic"})
    figure = submission.load(NOTEBOOK).disparity_figure(bdf, "fpr", "plan", path="gap_by_plan.png")

    with _looking_at(submission, figure):
        pass
    assert submission.exists("gap_by_plan.png"), "No gap_by_plan.png was written. Expected the picture there."
    data = submission.read_bytes("gap_by_plan.png")
    is_png = data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR" and len(data) > 1000
    assert is_png, "The file that was saved is no PNG. Expected one: its name ends with .png."
    width, height = struct.unpack(">II", data[16:24])
    size = f"The PNG has {width} × {height} pixels."
    assert width >= 600, f"{size} Expected at least 600 × 400."
    assert height >= 400, f"{size} Expected at least 600 × 400."
    assert max(width, height) <= 10_000, f"{size} Who has such a screen?"


# ------------------------------------------------------------------------------------------- 7. findings


@pytest.mark.task("findings")
def test_who_gets_which_errors(submission, compas, crosstab_of, disparities_of):
    """[errors] agrees with the rates and disparities of COMPAS."""
    given = _answers(submission, "errors")
    bdf = _race(compas, crosstab_of, disparities_of)
    for metric in ("fpr", "fnr"):
        column, group, ratio = f"{metric}_disparity", f"largest_{metric}_group", f"largest_{metric}_ratio"
        found = given.get(group)
        assert found == bdf[column].idxmax(), (
            f"{group} is {_shown(found)}. Sort the table of race by {column}: who comes last?"
        )
        _check_number(given, ratio, float(bdf[column].max()), 2)
    base = given.get("fpr_base")
    assert base == "not charged again", (
        f"fpr_base is {_shown(base)}. What stands below the line in the formula of the FPR?"
    )


@pytest.mark.task("findings")
def test_which_parities_hold(submission, compas, crosstab_of, disparities_of):
    """[parities] agrees with the flags of COMPAS at tau = 0.8."""
    given = _answers(submission, "parities")
    bdf = _race(compas, crosstab_of, disparities_of)
    passes = {parity: bdf[column].between(0.8, 1.25) for parity, column in PARITIES.items()}
    defence = [name for name in ("FPR", "FNR", "FDR", "FOR") if passes[f"{name} Parity"]["African-American"]]
    size_alone = bdf.index[passes["Impact Parity"] & ~passes["Statistical Parity"]]

    _check_set(given, "fpr_parity_fails", bdf.index[~passes["FPR Parity"]], "Which groups does failing_groups list?")
    _check_set(given, "vendor_defence", defence, "Look at the flags of African-American, one parity at a time.")
    _check_set(given, "size_alone", size_alone, "Compare the flags of Impact Parity and Statistical Parity.")
    why = "For each formula: can you compute it on the day of the prediction?"
    _check_set(given, "supervised", ["fpr", "fnr", "fdr", "for"], why)


@pytest.mark.task("findings")
def test_who_is_harmed(submission, compas, crosstab_of, disparities_of):
    """[people] says who is harmed by which error, and whom each gap favours."""
    given = _answers(submission, "people")
    rates = _race(compas, crosstab_of, disparities_of).loc[["African-American", "Caucasian"]]
    for name, wanted, why in (
        ("false_positive_harms", "the defendant", "What happens to somebody who is called risky and is not?"),
        ("false_negative_harms", "the public", "What happens if somebody risky is called low risk?"),
        ("fpr_gap_favours", rates["fpr"].idxmin(), "Which group has fewer people in jail for nothing?"),
        ("fnr_gap_favours", rates["fnr"].idxmax(), "Of those who are charged again, in which group do more go free?"),
        ("label_records", "a charge", "Look into datasets/compas/README.md: what was recorded?"),
    ):
        found = given.get(name)
        assert found == wanted, f"{name} is {_shown(found)}. {why}"


@pytest.mark.task("findings")
def test_how_sure_you_can_be(submission, compas, crosstab_of, disparities_of):
    """[evidence] agrees with the tests of COMPAS."""
    given = _answers(submission, "evidence")
    race = _race(compas, crosstab_of, disparities_of)
    few = race.index[race["fp"] + race["tn"] < 30]
    one, other = race.loc["African-American"], race.loc["Caucasian"]
    z, _ = _z_test(one["fp"], one["fp"] + one["tn"], other["fp"], other["fp"] + other["tn"])

    _check_set(given, "too_small", few, "The FPR divides by fewer people than the group has.")
    _check_number(given, "fpr_z", z, 1)
    tested = given.get("aequitas_tests")
    assert tested == "FDR", (
        f"aequitas_tests is {_shown(tested)}. Compare the column fpr_significance with the p-values of gap_tests for "
        "each of the four metrics. Which is within a hair of it?"
    )


# ----------------------------------------------------------------------------------- what the checks share


def _raw(rng):
    """Make a table as somebody else would hand it over: other names, further columns, an index of strings."""
    rows = 60
    df = pd.DataFrame(
        {
            "town": rng.choice(["Avonlea", "Dunwich", "Erewhon"], rows),
            "flag": rng.integers(0, 2, rows),
            "age": rng.integers(18, 80, rows),
            "charged": rng.integers(0, 2, rows),
            "plan": rng.choice(["basic", "plus"], rows),
            "district": rng.integers(1, 6, rows),
        },
        index=[f"case {number}" for number in rng.permutation(rows)],
    )
    df.iloc[:2, [1, 3]] = [[0, 1], [1, 0]]
    return df.astype({"town": object, "plan": object})


def _with_odd_groups(table):
    """Add three small towns: nobody charged and nobody wrongly flagged, nobody flagged, and a single person."""
    quiet = pd.DataFrame({"score": [0] * 9, "label_value": [0] * 9, "town": "Quiet"})
    unseen = pd.DataFrame({"score": [0] * 14, "label_value": [0, 1] * 7, "town": "Unflagged"})
    lonely = pd.DataFrame({"score": [1], "label_value": [1], "town": "Lonely"})
    # One town must be there in any case, for a reference with all its rates.
    named = table["town"].replace(table["town"].iloc[0], "Avonlea") if "Avonlea" not in set(table["town"]) else None
    table = table if named is None else table.assign(town=named)
    odd = pd.concat([quiet, unseen, lonely]).assign(plan="basic")
    odd.index = [f"odd {number}" for number in range(len(odd))]
    return pd.concat([table, odd])


def _without_ties(county, crosstab_of):
    """Make people of whom, for each rate, exactly one town has the smallest, and not always the same."""
    for _ in range(50):
        table = county()
        crosstab = crosstab_of(table, ["town"])
        ordered = [np.sort(crosstab[metric].to_numpy()) for metric in RATES]
        best = {crosstab[metric].idxmin() for metric in RATES}
        if len(best) > 1 and all(rates[1] - rates[0] > 1e-6 and rates[0] > 0 for rates in ordered):
            return crosstab, table
    raise GraderError("50 counties all had ties: loosen _without_ties")


def _made_up_disparities(values):
    """Make a table in which every disparity of group k is the k-th value."""
    bdf = pd.DataFrame({"model_id": 0, "score_threshold": "binary 0/1", "attribute_name": "town"}, index=range(5))
    bdf["attribute_value"] = ["Avonlea", "Brigadoon", "Cair Paravel", "Dunwich", "Erewhon"]
    for metric in (*RATES, "precision", "tpr", "tnr", "npv"):
        bdf[f"{metric}_disparity"] = values
        bdf[f"{metric}_ref_group_value"] = "Cair Paravel"
    return bdf


def _prepared(table, df, columns):
    expect.instance(table, pd.DataFrame, "a DataFrame with one row per person")
    names = [str(name) for name in table.columns]
    assert names == columns, f"The columns are {names}. Expected {columns}, in this order."
    assert len(table) == len(df), f"It has {len(table)} rows, df has {len(df)}. Nobody may be dropped or added."
    assert list(table.index) == list(df.index), (
        "The index is not that of df. Expected each person under the same label."
    )


def _same(values, wanted, name, words):
    """Compare two columns value by value, types of values included; ``words`` say what is wanted."""
    off = [
        found
        for found, right in zip(values.tolist(), wanted.tolist(), strict=True)
        if type(found) is not type(right) or found != right
    ]
    assert not off, f"{len(off)} of {len(wanted)} values of {name} are wrong, {off[0]!r} for example. Expected {words}."


def _rows(frame, truth, columns):
    """Check that a table has the groups of another one, and give its rows by attribute and group."""
    expect.instance(frame, pd.DataFrame, "a DataFrame with one row per group")
    expect.columns(frame, ["attribute_name", "attribute_value", *columns])
    keys = [(str(name), str(value)) for name, value in frame[["attribute_name", "attribute_value"]].to_numpy()]
    wanted = [(str(name), str(value)) for name, value in truth[["attribute_name", "attribute_value"]].to_numpy()]
    for name, value in wanted:
        count = keys.count((name, value))
        assert count, f"{name} has no row for the group {value!r}."
        assert count == 1, f"{name} has {count} rows for the group {value!r}. Expected one."
    extra = [key for key in keys if key not in wanted]
    assert not extra, f"There is a row for {extra[0][0]} {extra[0][1]!r}, which was not asked for."
    cells = {column: dict(zip(keys, frame[column].tolist(), strict=True)) for column in columns}
    return [(key, row, {column: cells[column][key] for column in columns}) for key, (_, row) in _paired(wanted, truth)]


def _paired(keys, truth):
    return zip(keys, truth.iterrows(), strict=True)


def _check_groups(crosstab, truth, columns):
    for (name, value), right, found in _rows(crosstab, truth, columns):
        for column in columns:
            _check_rate(found[column], right[column], f"the {column} of {name} {value}")


def _check_disparities(bdf, truth):
    columns = [f"{metric}_{kind}" for metric in RATES for kind in ("ref_group_value", "disparity")]
    for (name, value), right, found in _rows(bdf, truth, columns):
        for column in columns:
            if column.endswith("_value"):
                assert str(found[column]) == right[column], (
                    f"The {column} of {name} {value} is {found[column]!r}. Expected {right[column]!r}."
                )
            else:
                _check_rate(found[column], right[column], f"the {column} of {name} {value}")


def _check_rate(found, wanted, what, why="nobody knows it"):
    """Compare numbers; where nothing is known, any kind of missing value will do."""
    if isinstance(wanted, float) and math.isnan(wanted):
        assert _is_missing(found), f"{what[:1].upper()}{what[1:]} is {found!r}. Expected NaN: {why}."
    else:
        expect.close(found, wanted, what)


def _is_missing(value):
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def _flag(value):
    """Read a flag as True, False or None (unknown); anything else stays as it is."""
    if _is_missing(value):
        return None
    return bool(value) if isinstance(value, bool | np.bool_) else value


def _check_flags(flags, bdf, tau):
    for (_, value), right, found in _rows(flags, bdf, list(PARITIES)):
        for parity, column in PARITIES.items():
            disparity = right[column]
            wanted = None if math.isnan(disparity) else tau <= disparity <= 1 / tau
            verdict = _flag(found[parity])
            ratio = "NaN" if math.isnan(disparity) else f"{disparity:.3f}"
            assert verdict is wanted, (
                f"{parity} of {value} is {found[parity]!r}, with a disparity of {ratio} and tau = {tau}. "
                f"Expected {'NaN' if wanted is None else wanted}."
            )


def _check_failing(failing, flags, attribute):
    expect.instance(failing, dict, "a dict from the name of each parity to a list of groups")
    missing = [parity for parity in PARITIES if parity not in failing]
    assert not missing, f"The dict has no key {missing[0]!r}. Expected all six parities, also where nobody fails."
    rows = flags[flags["attribute_name"] == attribute]
    for parity in PARITIES:
        verdicts = zip(rows["attribute_value"], rows[parity], strict=True)
        wanted = sorted(value for value, verdict in verdicts if _flag(verdict) is False)
        found = failing[parity]
        expect.instance(found, list, f"a list of groups for {parity}")
        texts = [str(value) for value in found]
        extra = [value for value in texts if value not in wanted]
        assert not extra, f"{parity} lists {extra[0]!r} for {attribute}. Expected only its groups whose flag is False."
        assert sorted(texts) == wanted, (
            f"{parity} lists {texts} for {attribute}. Expected every group that fails: one is missing."
        )
        assert texts == wanted, f"{parity} lists {texts}. Expected alphabetical order."


def _z_test(events_a, size_a, events_b, size_b):
    """Return z and p of a two-proportion z-test, NaN where it is not defined."""
    if not size_a or not size_b:
        return math.nan, math.nan
    pooled = (events_a + events_b) / (size_a + size_b)
    error = math.sqrt(pooled * (1 - pooled) * (1 / size_a + 1 / size_b))
    if not error:
        return math.nan, math.nan
    z = (events_a / size_a - events_b / size_b) / error
    return z, math.erfc(abs(z) / math.sqrt(2))


def _pair(result):
    is_pair = isinstance(result, tuple | list) and len(result) == 2
    assert is_pair, "Expected a tuple of two numbers, z and the p-value."
    numbers = []
    for name, value in zip(("z", "the p-value"), result, strict=True):
        is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        assert is_number, f"Expected a number as {name}, got {type(value).__name__}."
        numbers.append(float(value))
    return numbers


def _check_test(result, counts):
    z, p_value = _pair(result)
    wanted = _z_test(*counts)
    expect.close(z, wanted[0], "z")
    expect.close(p_value, wanted[1], "the p-value", rel=1e-5, abs=0)


def _check_tests(tests, crosstab, metric, attribute, reference, min_size=30):
    expect.instance(tests, pd.DataFrame, "a DataFrame with one row per group but the reference")
    expect.columns(tests, ["size", "rate", "z", "p_value"])
    rows = crosstab[crosstab["attribute_name"] == attribute].set_index("attribute_value")
    above, below = PARTS[metric]
    events, size = rows[above].sum(axis=1), rows[below].sum(axis=1)
    others = [group for group in rows.index if group != reference]
    tests = _by_text(tests)
    assert reference not in tests.index, (
        f"The reference {reference!r} has a row of its own. Expected only the other groups."
    )
    expect.labels(tests.index, others, what="group")
    for group in others:
        found = dict(zip(tests.columns, tests.loc[group].tolist(), strict=True))
        enough = min(size[group], size[reference]) >= min_size
        z, p_value = (math.nan, math.nan)
        if enough:
            z, p_value = _z_test(int(events[group]), int(size[group]), int(events[reference]), int(size[reference]))
        who = f"of {group} in {metric} (min_size = {min_size})"
        expect.close(found["size"], int(size[group]), f"the size {who}")
        _check_rate(found["rate"], float(rows.loc[group, metric]), f"the rate {who}")
        _check_rate(found["z"], z, f"z {who}", "too few people")
        if math.isnan(p_value):
            _check_rate(found["p_value"], p_value, f"the p-value {who}", "too few people")
        else:
            expect.close(found["p_value"], p_value, f"the p-value {who}", rel=1e-5, abs=0)


@contextlib.contextmanager
def _looking_at(submission, figure):
    """Look at a figure without a trace: the report names the call that drew it, not those that read it."""
    said = submission.session.transcript()
    try:
        yield _axes(figure)
    finally:
        submission.session.note(called=said.called, returned=said.returned)


def _by_text(frame):
    """Label the rows by the text of their labels: whatever a label is, it can be compared then."""
    return frame.set_axis([str(label) for label in frame.index])


def _kind(value):
    """Name the class of an object, wherever it lives."""
    return value.type if isinstance(value, Remote) else type(value).__name__


def _axes(figure):
    """Give the one set of axes of a figure."""
    kind = _kind(figure)
    assert kind == "Figure", f"Expected a Matplotlib Figure, got {'None' if figure is None else kind}."
    found = figure.get_axes()
    has_one = isinstance(found, list) and len(found) == 1 and isinstance(found[0], Remote)
    assert has_one, "Expected a figure with one set of axes, and something drawn on it."
    return found[0]


def _text(value):
    return value if isinstance(value, str) else ""


def _numbers(value):
    """Read a list or array of numbers; None if it is anything else."""
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return None
    return array if array.ndim == 1 else None


def _group_axis(axes, groups):
    """Find the axis that holds the names of the groups: (True if it is the x axis, every name on it → position)."""
    groups = [str(group) for group in groups]
    seen = []
    for upright, names, ticks, limits in (
        (True, axes.get_xticklabels(), axes.get_xticks(), axes.get_xlim()),
        (False, axes.get_yticklabels(), axes.get_yticks(), axes.get_ylim()),
    ):
        places, ends = _numbers(ticks), _numbers(limits)
        if places is None or ends is None or len(ends) != 2 or not isinstance(names, list):
            continue
        texts = [_text(name.get_text()) for name in names if isinstance(name, Remote)]
        inside = (places >= min(ends)) & (places <= max(ends))
        shown = {text: place for text, place, is_in in zip(texts, places, inside, strict=False) if text and is_in}
        if set(groups) <= set(shown):
            return upright, shown
        seen.append([group for group in groups if group in shown])
    best = max(seen, key=len, default=[])
    absent = [group for group in groups if group not in best]
    raise AssertionError(f"No tick label in sight says {absent[0]!r}. Expected the name of every group on one axis.")


def _children(axes):
    found = axes.get_children()
    return [child for child in found if isinstance(child, Remote)] if isinstance(found, list) else []


def _bars(axes, upright, places):
    """Give for each group where its bar ends; NaN if it has none."""
    ends = dict.fromkeys(places, math.nan)
    for child in _children(axes)[:-1]:  # the last one is the background
        if _kind(child) != "Rectangle":
            continue
        x, y, width, height = (
            _number(part) for part in (child.get_x(), child.get_y(), child.get_width(), child.get_height())
        )
        start, breadth, end = (x, width, y + height) if upright else (y, height, x + width)
        for group, place in places.items():
            if abs(start + breadth / 2 - place) < 0.05 and (width if upright else height) < 1.01:
                drawn = (height if upright else width) != 0 or end != 0  # bars may start elsewhere than at 0
                ends[group] = end if drawn else ends[group]
    return ends


def _number(value):
    is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return float(value) if is_number else math.nan


def _check_bars(axes, bdf, metric, attribute):
    rows = bdf[bdf["attribute_name"] == attribute]
    upright, shown = _group_axis(axes, rows["attribute_value"])
    others = [name for name in shown if name in set(bdf["attribute_value"]) - set(rows["attribute_value"])]
    assert not others, f"The axis shows {others[0]!r}. Expected the groups of {attribute} alone."
    ends = _bars(axes, upright, {str(group): shown[str(group)] for group in rows["attribute_value"]})
    for group, wanted in zip(rows["attribute_value"], rows[f"{metric}_disparity"], strict=True):
        found = ends[str(group)]
        if math.isnan(wanted):
            assert math.isnan(found), f"The bar of {group} ends at {found:.3g}. Expected none for a disparity of NaN."
        elif wanted or not math.isnan(found):  # no bar and a bar that ends at 0 look the same
            assert not math.isnan(found), f"There is no bar at the name {group!r}."
            expect.close(found, wanted, f"the end of the bar of {group} ({metric})", rel=1e-4)


def _lines(axes):
    """Give the straight lines and curves of the axes as (x values, y values)."""
    found = []
    for child in _children(axes):
        if _kind(child) == "Line2D":
            found.append((_numbers(child.get_xdata()), _numbers(child.get_ydata())))
        elif _kind(child) == "LineCollection":
            segments = child.get_segments()
            for segment in segments if isinstance(segments, list) else ():
                if isinstance(segment, np.ndarray) and segment.ndim == 2 and segment.shape[1] == 2:
                    found.append((_numbers(segment[:, 0]), _numbers(segment[:, 1])))
    return [line for line in found if all(part is not None and len(part) > 1 for part in line)]


def _answers(submission, table):
    """Read one table of findings.toml; while nothing is filled in, it counts as not started."""
    try:
        findings = tomllib.loads(submission.read(FINDINGS))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise AssertionError(f"{FINDINGS} is no TOML: {error}. Texts stand in quotes, lists in brackets.") from None
    if not any(findings.values()):
        raise StudentError("Your findings are still to come.", kind="NotImplementedError")
    given = findings.get(table)
    expect.instance(given, dict, f"a table [{table}] in {FINDINGS}")
    return given


def _race(compas, crosstab_of, disparities_of):
    table = compas[["score", "label_value", "race"]].astype({"score": int})
    bdf = disparities_of(crosstab_of(table, ["race"]), {"race": "Caucasian"})
    return bdf.set_index("attribute_value")


def _shown(found):
    return "not there yet" if found is None else repr(found)


def _check_number(given, name, wanted, decimals):
    found = given.get(name)
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    assert is_number, f"{name} is {_shown(found)}. Expected a number."
    close = abs(found) < 1e9 and abs(found - wanted) <= 0.51 * 10**-decimals
    precision = "1 decimal" if decimals == 1 else f"{decimals} decimals"
    assert close, f"{name} is {found}. Expected what the data say, to {precision}: compute it again."


def _check_set(given, name, wanted, why):
    found = given.get(name)
    is_list = isinstance(found, list) and all(isinstance(part, str) for part in found)
    assert is_list, f"{name} is {_shown(found)}. Expected a list of texts."
    extra = sorted(set(found) - set(wanted))
    assert not extra, f"{name} lists {extra[0]!r}, which does not belong there. {why}"
    assert set(found) == set(wanted), f"{name} is not complete yet. {why}"
