"""Hidden checks for 04-car-bias, on bicycles and rivers that nobody has seen; each computes its own truth."""

from __future__ import annotations

import functools
import math
import tomllib

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from autograder import datasets, expect
from autograder.errors import GraderError, StudentError
from autograder.submission import Named

LogisticRegression = Named("sklearn.linear_model:LogisticRegression")
train_test_split = Named("sklearn.model_selection:train_test_split")
OneHotEncoder = Named("sklearn.preprocessing:OneHotEncoder")

NOTEBOOK = "car_bias.ipynb"
FINDINGS = "findings.toml"
ATTRIBUTES = ["buying", "maint", "doors", "persons", "lug_boot", "safety"]
FEATURES = ["frame", "gears", "brakes", "rack"]
FEW = ["rack", "frame"]
METRICS = ["prev", "pprev", "fpr", "fnr", "precision"]
WORDS = ("unfair", "unknown", "fair")

# -------------------------------------------------------------------------------------------- 1. explore


@pytest.mark.task("explore", weight=2)
def test_shares_of_other_goods(submission, workshop):
    """Other attributes and another label: the share of each class on each level is right."""
    bikes = workshop()
    for attribute in ("gears", "brakes"):
        shares = submission.load(NOTEBOOK).class_shares(bikes, attribute, label="verdict")

        _check_shares(shares, bikes, attribute, "verdict")


@pytest.mark.task("explore", weight=2)
def test_shares_of_other_classes(submission, workshop, rng):
    """Two classes of another kind get two columns, and a class that a level lacks gets 0."""
    bikes = workshop(120)
    bikes["sold"] = rng.choice(["yes", "no"], len(bikes))
    bikes.loc[bikes["rack"] == "large", "sold"] = "yes"
    shares = submission.load(NOTEBOOK).class_shares(bikes, "rack", label="sold")

    _check_shares(shares, bikes, "rack", "sold")


@pytest.mark.task("explore", weight=2)
def test_levels_of_one_class(submission, workshop):
    """Levels of which every row has the same class are found, whichever class that is."""
    bikes = workshop()
    bikes.loc[bikes["frame"] == "carbon", "verdict"] = "vgood"
    bikes.loc[bikes["brakes"] == "none", "verdict"] = "acc"
    rare = bikes.index[bikes["gears"] == "21"][0]
    bikes.loc[rare, "gears"] = "27"
    levels = submission.load(NOTEBOOK).one_sided_levels(bikes, FEATURES, label="verdict")

    _check_levels(levels, bikes, FEATURES, "verdict")


@pytest.mark.task("explore")
def test_only_the_attributes_asked_for(submission, workshop):
    """Attributes that were not asked for are not looked at, and there may be nothing to find."""
    bikes = workshop()
    for attributes in (["rack", "brakes"], ["rack"]):
        levels = submission.load(NOTEBOOK).one_sided_levels(bikes, attributes, label="verdict")

        _check_levels(levels, bikes, attributes, "verdict")


# ------------------------------------------------------------------------------------------- 2. binarise


@pytest.mark.task("binarise", weight=2)
def test_four_words_become_two_numbers(submission, rng):
    """Only unacc is 0, and every label keeps its place in the index."""
    index = [f"car {number}" for number in rng.permutation(40)]
    labels = pd.Series(rng.permutation(["unacc", "acc", "good", "vgood"] * 10), index=index, dtype=object)
    result = submission.load(NOTEBOOK).binarise(labels)

    expect.instance(result, pd.Series, "a Series of 0 and 1")
    assert result.dtype.kind == "i", f"The dtype is {result.dtype}. Expected integers."
    assert list(result.index) == index, "The index is not that of labels. Expected each label in its old place."
    off = int((result.to_numpy() != (labels != "unacc").to_numpy()).sum())
    assert off == 0, f"{off} of 40 labels are wrong. Expected 0 for unacc, and 1 for every other word."


@pytest.mark.task("binarise", weight=2)
def test_a_fifth_word_is_a_value_error(submission):
    """A word that is no verdict, or a missing one, is a ValueError that quotes it."""
    notebook = submission.load(NOTEBOOK)

    for word in ("unnac", "Good", "very good"):
        labels = pd.Series(["acc", "unacc", word, "vgood"], dtype=object)
        with expect.raises("ValueError", mentions=word, reason=f"{word!r} is none of the four words"):
            notebook.binarise(labels)
    with expect.raises("ValueError", reason="a verdict is missing"):
        notebook.binarise(pd.Series(["acc", math.nan, "unacc"], dtype=object))


@pytest.mark.task("binarise")
@pytest.mark.needs("test_518_cars_are_acceptable")
def test_labels_stay_as_they_are(submission):
    """The Series that was passed in is the same afterwards."""
    labels = pd.Series(["acc", "unacc", "good"], index=[3, 1, 2], dtype=object)
    _, after = submission.load(NOTEBOOK).call_and_return_args("binarise", labels)

    expect.unchanged(labels, after[0], "binarise changed the caller's labels. Expected it to stay as it was.")


# ---------------------------------------------------------------------------------------------- 3. train


@pytest.mark.task("train", weight=2)
def test_rows_and_labels_of_the_split(submission, workshop):
    """The validation rows are those of the split, with their own features and binary labels."""
    bikes = workshop()
    for seed in (23, 7):
        table = submission.load(NOTEBOOK).validate(bikes, FEATURES, label="verdict", random_state=seed)

        truth = train_test_split(bikes, test_size=0.25, random_state=seed)[1]
        truth = truth.assign(label_value=(truth["verdict"] != "unacc").astype(int))
        found = _validated(table, truth, FEATURES)
        for column in [*FEATURES, "label_value"]:
            off = int((found[column].astype(str) != truth[column].astype(str)).sum())
            assert off == 0, f"{off} of {len(truth)} values of {column} are not those of their row in df."


@pytest.mark.task("train", weight=3)
def test_predictions_of_unseen_goods(submission, bicycles, seed):
    """The predictions are those of the recipe: encoder and model fitted on the training rows alone."""
    bikes, features, truth = _telling(bicycles, seed)["all"]
    table = submission.load(NOTEBOOK).validate(bikes, features, label="verdict")

    _check_scores(table, truth, features)


@pytest.mark.task("train")
def test_only_the_features_asked_for(submission, bicycles, seed):
    """Columns that are not among the features are not learned from, and not returned."""
    bikes, features, truth = _telling(bicycles, seed)["few"]
    table = submission.load(NOTEBOOK).validate(bikes, features, label="verdict")

    _check_scores(table, truth, features)
    extra = [str(name) for name in table.columns if str(name) in FEATURES and name not in features]
    assert not extra, f"The column {extra[0]} was not asked for."


@pytest.mark.task("train", weight=2)
def test_a_level_that_training_never_saw(submission, bicycles, seed):
    """A level that only validation rows have is predicted with zeros, and ends nothing."""
    bikes, features, truth = _telling(bicycles, seed)["novel"]
    table = submission.load(NOTEBOOK).validate(bikes, features, label="verdict")

    _check_scores(table, truth, features)


@pytest.mark.task("train", weight=2)
def test_quality_of_unseen_predictions(submission, rng):
    """Confusion matrix and F1 are right, true labels in the rows."""
    for tn, fp, fn, tp in ((31, 12, 5, 22), (40, 3, 17, 9), rng.integers(2, 60, 4)):
        table = _outcomes(int(tn), int(fp), int(fn), int(tp), rng)
        found = submission.load(NOTEBOOK).quality(table)

        _check_quality(found, int(tn), int(fp), int(fn), int(tp))


@pytest.mark.task("train")
def test_quality_of_a_group_without_positives(submission, rng):
    """Where nothing is acceptable the matrix still has four cells, and F1 is NaN if it has nothing to measure."""
    for counts in ((9, 0, 0, 0), (9, 4, 0, 0), (0, 0, 0, 6)):
        found = submission.load(NOTEBOOK).quality(_outcomes(*counts, rng))

        _check_quality(found, *counts)


@pytest.mark.task("train")
@pytest.mark.needs("test_f1_of_the_published_recipe")
def test_training_leaves_the_data_alone(submission, workshop):
    """The DataFrame and the list of features are the same afterwards."""
    bikes = workshop(200)
    _, after = submission.load(NOTEBOOK).call_and_return_args("validate", bikes, list(FEATURES), label="verdict")

    expect.unchanged(bikes, after[0], "validate changed the caller's DataFrame. Expected it to stay as it was.")
    assert after[1] == FEATURES, "validate changed the list of features. Expected it to stay as it was."


# ---------------------------------------------------------------------------------------------- 4. audit


@pytest.mark.task("audit", weight=2)
def test_every_rate_of_every_group(submission, predictions):
    """For unseen groups every rate, size and reference is right."""
    table = predictions({"Avon": 70, "Brent": 95, "Clyde": 62, "Dee": 41})
    report = submission.load(NOTEBOOK).audit(table, ["river", "plan"])

    _check_report(report, table, ["river", "plan"], ["size", "rate", "reference"])


@pytest.mark.task("audit", weight=2)
def test_ratios_to_the_largest_group(submission, predictions):
    """Each disparity is the rate divided by that of the largest group of the attribute."""
    table = predictions({"Avon": 48, "Brent": 57, "Clyde": 92})
    report = submission.load(NOTEBOOK).audit(table, ["plan", "river"])

    _check_report(report, table, ["plan", "river"], ["reference", "disparity"])


@pytest.mark.task("audit")
def test_equally_large_groups(submission, predictions):
    """Of equally large groups the first in alphabetical order is the reference."""
    table = predictions({"Tyne": 60, "Avon": 33, "Severn": 60, "Wye": 60})
    report = submission.load(NOTEBOOK).audit(table, ["river"])

    _check_report(report, table, ["river"], ["reference", "disparity"])


@pytest.mark.task("audit", weight=3)
def test_unknown_rates_keep_their_rows(submission, predictions):
    """A group without positives, one that is never accepted and a single row stay, with NaN where nobody knows."""
    table = _with_odd_groups(predictions({"Avon": 66, "Brent": 51}))
    report = submission.load(NOTEBOOK).audit(table, ["river"])

    _check_report(report, table, ["river"], ["size", "rate", "disparity"])


@pytest.mark.task("audit", weight=2)
def test_a_reference_without_errors(submission, predictions):
    """Where the reference makes no error, or its rate is unknown, every ratio to it is NaN."""
    table = predictions({"Avon": 66, "Brent": 51})
    for river, odd in {"Perfect": [(0, 0), (1, 1)], "Empty": [(0, 0)]}.items():
        labels, scores = zip(*odd * 60, strict=True)
        large = pd.DataFrame({"river": river, "label_value": labels, "score": scores, "plan": "basic", "age": 1})
        both = pd.concat([table, large.set_index(large.index.map("odd {}".format))])
        report = submission.load(NOTEBOOK).audit(both, ["river"])

        _check_report(report, both, ["river"], ["rate", "reference", "disparity"])


@pytest.mark.task("audit")
@pytest.mark.needs("test_a_report_of_eight_rows")
def test_auditing_leaves_the_table_alone(submission, predictions):
    """The table that was passed in is the same afterwards."""
    table = predictions({"Avon": 30, "Brent": 44})
    _, after = submission.load(NOTEBOOK).call_and_return_args("audit", table, ["river"])

    expect.unchanged(table, after[0], "audit changed the caller's table. Expected it to stay as it was.")


# ------------------------------------------------------------------------------------------- 5. verdicts


@pytest.mark.task("verdicts", weight=2)
def test_verdicts_follow_tau(submission, rng):
    """Disparities are judged by the range from tau to 1/tau, for any tau."""
    report = _report(rng)
    for tau in (0.8, 0.9, 0.5):
        judged = submission.load(NOTEBOOK).judge(report, tau=tau)

        _check_verdicts(judged, report, tau)


@pytest.mark.task("verdicts")
def test_both_ends_are_fair(submission, rng):
    """A disparity of exactly tau or 1/tau is fair, one just outside is not."""
    report = _report(rng)
    report["disparity"] = np.resize([0.8, 1.25, 0.799, 1.251, 1.0], len(report))
    judged = submission.load(NOTEBOOK).judge(report)

    _check_verdicts(judged, report, 0.8)


@pytest.mark.task("verdicts", weight=2)
def test_unknown_is_a_verdict(submission, rng):
    """Where the disparity is NaN the verdict is unknown, and zero is unfair."""
    report = _report(rng)
    report.loc[rng.choice(report.index, 9, replace=False), "disparity"] = math.nan
    report.loc[report.index[report["disparity"].notna()][:2], "disparity"] = 0.0
    judged = submission.load(NOTEBOOK).judge(report)

    _check_verdicts(judged, report, 0.8)


@pytest.mark.task("verdicts", weight=3)
def test_the_worst_group_decides(submission, rng):
    """For each attribute and metric: unfair beats unknown, unknown beats fair."""
    judged = _report(rng)
    patterns = [["fair"] * 3, ["fair", "unknown", "fair"], ["unknown", "unfair", "fair"], ["unknown"] * 3]
    patterns += [["unfair", "fair", "fair"], ["fair", "fair", "unknown"]]
    cells = list(judged.groupby(["attribute", "metric"]).groups.values())
    for number, rows in enumerate(cells):
        judged.loc[rows, "verdict"] = rng.permutation(patterns[number % len(patterns)])
    judged = judged.iloc[rng.permutation(len(judged))]
    summary = submission.load(NOTEBOOK).summarise(judged)

    _check_summary(summary, judged)


@pytest.mark.task("verdicts")
def test_other_metrics_are_summarised(submission, rng):
    """The summary has the metrics of the report, whichever they are."""
    judged = _report(rng, metrics=["for", "fpr", "accuracy"])
    judged["verdict"] = rng.choice(["fair", "fair", "unknown", "unfair"], len(judged))
    summary = submission.load(NOTEBOOK).summarise(judged)

    _check_summary(summary, judged)


@pytest.mark.task("verdicts")
@pytest.mark.needs("test_three_words")
def test_judging_leaves_the_report_alone(submission, rng):
    """The report that was passed in has no new column afterwards."""
    report = _report(rng)
    _, after = submission.load(NOTEBOOK).call_and_return_args("judge", report)

    expect.unchanged(report, after[0], "judge changed the caller's report. Expected it to stay as it was.")


# ------------------------------------------------------------------------------------------- 6. findings


@pytest.mark.task("findings")
def test_what_the_data_say(submission, car):
    """[data] agrees with the table."""
    given = _answers(submission, "data")
    bad = car["car"] == "unacc"
    groups = [f"{name}={level}" for name in ATTRIBUTES for level, rows in bad.groupby(car[name]) if rows.all()]

    _check_set(given, "always_unacceptable", groups, "one_sided_levels finds them.")
    _check_number(given, "baseline_accuracy", float(bad.mean()), 2)
    by = given.get("verdict_by")
    assert by == "experts' rules", (
        f"verdict_by is {_shown(by)}. Look into datasets/car/README.md: where is the label from?"
    )


@pytest.mark.task("findings")
def test_what_the_model_does(submission):
    """[model] agrees with the model of the recipe."""
    given = _answers(submission, "model")
    table = _validated_cars()
    _, fp, fn, tp = _count(table)

    _check_number(given, "f1", 2 * tp / (2 * tp + fp + fn), 4)
    _check_number(given, "bad_cars_shown", fp, 0)
    _check_number(given, "good_cars_hidden", fn, 0)


@pytest.mark.task("findings")
def test_what_the_audit_says(submission):
    """[audit] agrees with the audit of the validation rows."""
    given = _answers(submission, "audit")
    report = _truth(_validated_cars(), ATTRIBUTES)
    report["verdict"] = [_verdict(value, 0.8) for value in report["disparity"]]
    report["name"] = report["attribute"] + "=" + report["group"]
    by = {metric: rows for metric, rows in report.groupby("metric")}
    fair = [name for name, rows in by["fpr"].groupby("attribute") if set(rows["verdict"]) == {"fair"}]
    precision = by["precision"]
    unfair = precision.loc[precision["verdict"] == "unfair", "name"]
    unknown = precision.loc[precision["rate"].isna(), "name"]
    no_error = [name for name, rows in by["fnr"].groupby("attribute") if rows["disparity"].isna().all()]
    words = precision.groupby("attribute")["verdict"].agg(set)
    overlooked = [name for name, found in words.items() if found == {"fair", "unknown"}]

    _check_set(given, "fpr_fair", fair, "summarise(judge(report)) has a column for it.")
    _check_set(given, "precision_unfair", unfair, "Which rows of the judged report say so?")
    _check_set(given, "precision_unknown", unknown, "Look for NaN among the rates of precision.")
    found = given.get("fnr_unknown_for_all")
    assert found in no_error, (
        f"fnr_unknown_for_all is {_shown(found)}. Look at the rows of each attribute whose metric is fnr: in which of "
        "them is every disparity NaN?"
    )
    why = "Where does Aequitas say True, and your summary unknown?"
    _check_set(given, "aequitas_overlooks", overlooked, why)


@pytest.mark.task("findings")
def test_data_or_model(submission):
    """[where] puts each complaint in its place."""
    given = _answers(submission, "where")
    for name, wanted, why in (
        ("two_seats_never_shown", "data", "What do the labels of these cars say?"),
        ("two_doors_rarely_shown", "data", "Compare prev and pprev of doors=2. Does the model add to the gap?"),
        ("dear_cars_flattered", "model", "These cars all have the same label. Who treats them differently?"),
        ("needs_no_model", "prev", "In which formula is there nothing that a model has said?"),
    ):
        found = given.get(name)
        assert found == wanted, f"{name} is {_shown(found)}. {why}"


@pytest.mark.task("findings")
def test_how_sure_you_can_be(submission):
    """[doubt] agrees with the counts of the two groups."""
    given = _answers(submission, "doubt")
    table = _validated_cars()
    tn, fp, _, _ = _count(table[table["buying"] == "high"])
    other_tn, other_fp, _, _ = _count(table[table["buying"] == "med"])
    size, other = tn + fp, other_tn + other_fp
    pooled = (fp + other_fp) / (size + other)
    z = (fp / size - other_fp / other) / math.sqrt(pooled * (1 - pooled) * (1 / size + 1 / other))
    p_value = math.erfc(abs(z) / math.sqrt(2))

    _check_number(given, "high_false_positives", fp, 0)
    _check_number(given, "med_false_positives", other_fp, 0)
    _check_number(given, "p_value", p_value, 2)
    chance = given.get("gap_may_be_chance")
    assert chance is (p_value >= 0.05), f"gap_may_be_chance is {_shown(chance)}. Compare your p_value with 0.05."


# ----------------------------------------------------------------------------------- what the checks share


def _by_text(frame):
    """Label the rows by the text of their labels: whatever a label is, it can be compared then."""
    return frame.set_axis([str(label) for label in frame.index])


def _check_shares(shares, df, attribute, label):
    expect.instance(shares, pd.DataFrame, "a DataFrame with one row per level")
    classes = sorted(df[label].unique())
    expect.columns(shares, classes, exactly=True)
    levels = sorted(df[attribute].unique())
    shares = _by_text(shares)
    expect.labels(shares.index, levels, what="level")
    for level in levels:
        inside = df.loc[df[attribute] == level, label]
        for name in classes:
            found = shares[name].tolist()[list(shares.index).index(level)]
            expect.close(found, float((inside == name).mean()), f"the share of {name} at {attribute}={level}")


def _check_levels(levels, df, attributes, label):
    expect.instance(levels, dict, "a dict from (attribute, level) to a class")
    wanted = {}
    for attribute in attributes:
        for level in df[attribute].unique():
            classes = df.loc[df[attribute] == level, label].unique()
            if len(classes) == 1:
                wanted[attribute, level] = classes[0]
    found = {str(key): str(value) for key, value in levels.items()}
    for key, name in wanted.items():
        assert str(key) in found, f"All rows at {key[0]}={key[1]} are {name}. Expected the key {key}."
        assert found[str(key)] == name, f"The value at {key} is {found[str(key)]!r}. Expected {name!r}."
    extra = [key for key in found if key not in {str(key) for key in wanted}]
    assert not extra, (
        f"The key {extra[0]} does not belong there. Expected levels of these attributes that have a single class."
    )


def _encode(train, valid, features):
    encoder = OneHotEncoder(sparse_output=False, handle_unknown="ignore").fit(train[features])
    return encoder.transform(train[features]), encoder.transform(valid[features])


def _fit(df, features, label="verdict", *, leak=False, drop=False):
    """Split, encode and fit as task 3 says.

    Args:
        df: the table.
        features: what to learn from.
        label: name of the column.
        leak: fit on all rows.
        drop: leave out the first column of each feature.

    Returns:
        The validation rows, their binary labels, and the chance of a 1 for each.
    """
    truth = (df[label] != "unacc").astype(int)
    train, valid = train_test_split(df, test_size=0.25, random_state=23)
    rows = df if leak else train
    X_rows, X_valid = _encode(rows, valid, features)
    if drop:
        firsts = np.cumsum([0, *(rows[name].nunique() for name in features)])[:-1]
        X_rows, X_valid = np.delete(X_rows, firsts, axis=1), np.delete(X_valid, firsts, axis=1)
    with threadpool_limits(1):  # tables this small lose several times over with more threads
        model = LogisticRegression(max_iter=1000).fit(X_rows, truth.loc[rows.index])
        return valid, truth.loc[valid.index], model.predict_proba(X_valid)[:, 1]


def _validate(df, features, label="verdict"):
    valid, truth, chances = _fit(df, features, label)
    return valid[features].assign(label_value=truth, score=(chances > 0.5).astype(int))


@functools.lru_cache(maxsize=8)
def _telling(bicycles, seed):
    """Make bicycles on which shortcuts show: fitting on all rows or dropping a column predicts otherwise.

    No prediction that the checks ask for is so near to the edge that rounding could turn it.

    Returns:
        What to validate and what should come of it: all features, few of them, a level that training never saw.
    """
    rng = np.random.default_rng([seed, 4])
    for _ in range(300):
        bikes = bicycles(rng, 600)
        _, _, chances = _fit(bikes, FEATURES)
        shortcuts = (_fit(bikes, FEATURES, **{shortcut: True})[2] for shortcut in ("drop", "leak"))
        if not all(((chances > 0.5) != (other > 0.5)).any() for other in shortcuts):
            continue
        novel = _with_a_new_level(bikes)
        tries = {"all": (bikes, FEATURES), "few": (bikes, FEW), "novel": (novel, FEATURES)}
        if all(np.abs(_fit(*given)[2] - 0.5).min() > 1e-3 for given in tries.values()):
            return {name: (*given, _validate(*given)) for name, given in tries.items()}
    raise GraderError("no bicycles of 300 tries were fit for the checks of task 3: loosen _telling")


@functools.lru_cache(maxsize=1)
def _validated_cars():
    """Give the validation rows of Car Evaluation as the recipe predicts them."""
    return _validate(datasets.load("car"), ATTRIBUTES, label="car")


def _with_a_new_level(bikes):
    places = train_test_split(np.arange(len(bikes)), test_size=0.25, random_state=23)[1]
    novel = bikes.copy()
    novel.loc[novel.index[places[:3]], "gears"] = "belt"
    return novel


def _validated(table, truth, features):
    """Check the shape of a validated table, and put it into the order of the truth."""
    expect.instance(table, pd.DataFrame, "a DataFrame with one row per validation row")
    expect.columns(table, [*features, "label_value", "score"])
    assert len(table) == len(truth), f"There are {len(table)} rows. Expected {len(truth)}, a quarter of df."
    strange = [label for label in table.index.astype(str) if label not in set(truth.index)]
    assert not strange, (
        f"The row {strange[0]!r} is none of this random_state. Expected its validation rows, each under its own label."
    )
    assert table.index.is_unique, "A row occurs twice. Expected each once."
    return table.set_axis(table.index.astype(str)).loc[truth.index]


def _check_scores(table, truth, features):
    found = _validated(table, truth, features)
    strange = [value for value in found["score"].tolist() if str(value) not in ("0", "1", "0.0", "1.0")]
    assert not strange, f"score holds {strange[0]!r}. Expected 0 and 1."
    off = int((found["score"].astype(float) != truth["score"]).sum())
    assert off == 0, (
        f"{off} of {len(truth)} predictions are not those of the recipe. Which rows do encoder and model learn from, "
        "and does every level have its column?"
    )


def _outcomes(tn, fp, fn, tp, rng):
    pairs = [(0, 0)] * tn + [(0, 1)] * fp + [(1, 0)] * fn + [(1, 1)] * tp
    table = pd.DataFrame(pairs, columns=["label_value", "score"])
    table.insert(0, "rack", "no")
    return table.iloc[rng.permutation(len(table))]


def _check_quality(found, tn, fp, fn, tp):
    expect.instance(found, dict, "a dict with confusion and f1")
    missing = [key for key in ("confusion", "f1") if key not in found]
    assert not missing, f"The dict has no {missing[0]!r}. Expected confusion and f1."
    try:
        cells = np.asarray(found["confusion"], dtype=float)
    except (TypeError, ValueError):
        cells = np.empty(0)
    assert cells.shape == (2, 2), f"confusion is {found['confusion']!r}. Expected two lists of two numbers."
    names = [["tn", "fp"], ["fn", "tp"]]
    for row, counts in enumerate(((tn, fp), (fn, tp))):
        for column, wanted in enumerate(counts):
            expect.close(
                cells[row, column], wanted, f"the {names[row][column]} in row {row}, column {column} of confusion"
            )
    wanted = 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else math.nan
    what = "the F1 score" if tp + fp + fn else "the F1 score, where 1 occurs neither as label nor as score,"
    expect.close(found["f1"], wanted, what)


def _count(table):
    label, score = table["label_value"].to_numpy(), table["score"].to_numpy()
    return tuple(int(((label == truth) & (score == guess)).sum()) for truth in (0, 1) for guess in (0, 1))


def _ratio(part, whole):
    return part / whole if whole else math.nan


def _truth(table, attributes):
    """Make the report that a correct audit gives."""
    rows = []
    for attribute in attributes:
        sizes = table[attribute].value_counts()
        reference = min(sizes.index[sizes == sizes.max()])
        rates = {}
        for group in sorted(sizes.index):
            tn, fp, fn, tp = _count(table[table[attribute] == group])
            size = tn + fp + fn + tp
            rates[group] = {
                "prev": _ratio(tp + fn, size),
                "pprev": _ratio(tp + fp, size),
                "fpr": _ratio(fp, fp + tn),
                "fnr": _ratio(fn, fn + tp),
                "precision": _ratio(tp, tp + fp),
            }
        for group, found in rates.items():
            for metric, rate in found.items():
                disparity = _ratio(rate, rates[reference][metric])
                rows.append([attribute, group, int(sizes[group]), metric, rate, reference, disparity])
    return pd.DataFrame(rows, columns=["attribute", "group", "size", "metric", "rate", "reference", "disparity"])


def _with_odd_groups(table):
    """Add a group without positives, one that is never accepted, one of positives only and a single row."""
    odd = pd.DataFrame(
        [("Quiet", 0, score) for score in (0, 1) * 4]
        + [("Unloved", label, 0) for label in (0, 1) * 5]
        + [("Golden", 1, score) for score in (0, 1, 1) * 3]
        + [("Lonely", 0, 0)],
        columns=["river", "label_value", "score"],
    ).assign(plan="none", age=1)
    return pd.concat([table, odd.set_index(odd.index.map("odd {}".format))])


def _by_key(frame, keys, columns, what):
    """Give the rows of a long table as dicts, by the text of their keys; each must be there once."""
    expect.instance(frame, pd.DataFrame, what)
    expect.columns(frame, [*keys, *columns])
    values = zip(*(frame[column].tolist() for column in (*keys, *columns)), strict=True)
    found = {}
    for row in values:
        key = tuple(str(value) for value in row[: len(keys)])
        assert key not in found, f"There is more than one row for {', '.join(key)}. Expected one."
        found[key] = dict(zip(columns, row[len(keys) :], strict=True))
    return found


def _check_report(report, table, attributes, columns):
    keys = ("attribute", "group", "metric")
    what = "a DataFrame with one row per attribute, group and metric"
    found = _by_key(report, keys, ["size", "rate", "reference", "disparity"], what)
    truth = _truth(table, attributes)
    wanted = {(row.attribute, row.group, row.metric): row for row in truth.itertuples()}
    absent = [key for key in wanted if key not in found]
    assert not absent, (
        f"{len(absent)} of {len(wanted)} rows are missing, that of {', '.join(absent[0])} for example. "
        "Expected one for each group and metric: a group of which little is known is still a group."
    )
    extra = [key for key in found if key not in wanted]
    assert not extra, f"There is a row for {', '.join(extra[0])}, which was not asked for."
    for key, row in wanted.items():
        for column in columns:
            _check_cell(found[key][column], getattr(row, column), column, key)


def _check_cell(found, wanted, column, key):
    what = f"the {column} of {key[0]}={key[1]} in {key[2]}"
    if isinstance(wanted, str):
        assert str(found) == wanted, f"The {what[4:]} is {found!r}. Expected {wanted!r}."
    elif math.isnan(wanted):
        is_missing = found is None or found is pd.NA or (isinstance(found, float) and math.isnan(found))
        assert is_missing, f"The {what[4:]} is {found!r}. Expected NaN: nobody knows it."
    else:
        expect.close(found, wanted, what)


def _report(rng, metrics=METRICS):
    """Make a report of two attributes with three groups each, whose disparities lie far and near."""
    rows = [
        (attribute, group, int(size), metric, "first")
        for attribute, groups in {"river": ("Avon", "Brent", "Clyde"), "plan": ("basic", "none", "plus")}.items()
        for group, size in zip(groups, rng.integers(20, 90, 3), strict=True)
        for metric in metrics
    ]
    report = pd.DataFrame(rows, columns=["attribute", "group", "size", "metric", "reference"])
    report["rate"] = rng.uniform(0.1, 0.6, len(report))
    near = [0.3, 0.55, 0.7, 0.85, 0.95, 1.0, 1.06, 1.18, 1.4, 1.9, 2.6]
    report["disparity"] = rng.permutation(np.resize(near, len(report)))
    return report.set_axis(rng.permutation(len(report)) + 100)


def _verdict(disparity, tau):
    if math.isnan(disparity):
        return "unknown"
    return "fair" if tau <= disparity <= 1 / tau else "unfair"


def _check_verdicts(judged, report, tau):
    found = _by_key(judged, ("attribute", "group", "metric"), ["disparity", "verdict"], "the report with a verdict")
    absent = [name for name in report.columns if name not in list(judged.columns)]
    assert not absent, f"The column {absent[0]!r} of the report is gone. Expected a copy with one column more."
    assert len(found) == len(report), f"There are {len(found)} rows. Expected the {len(report)} of the report."
    for row in report.itertuples():
        key = (row.attribute, row.group, row.metric)
        assert key in found, f"The row for {', '.join(key)} is gone. Expected every row of the report."
        verdict, wanted = found[key]["verdict"], _verdict(row.disparity, tau)
        ratio = "NaN" if math.isnan(row.disparity) else f"{row.disparity:.3f}"
        assert str(verdict) == wanted, (
            f"The verdict on a disparity of {ratio} with tau = {tau} is {verdict!r}. Expected {wanted!r}."
        )


def _check_summary(summary, judged):
    expect.instance(summary, pd.DataFrame, "a DataFrame with one row per attribute")
    metrics = list(judged["metric"].unique())
    expect.columns(summary, metrics)
    summary = _by_text(summary)
    expect.labels(summary.index, list(judged["attribute"].unique()), what="attribute")
    for metric in metrics:
        cells = dict(zip(summary.index, summary[metric].tolist(), strict=True))
        for attribute, found in cells.items():
            rows = (judged["attribute"] == attribute) & (judged["metric"] == metric)
            verdicts = judged.loc[rows, "verdict"].tolist()
            wanted = next(word for word in WORDS if word in verdicts)
            assert str(found) == wanted, (
                f"The groups of an attribute are {', '.join(sorted(verdicts))}; the summary says {found!r}. "
                f"Expected {wanted!r}."
            )


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


def _shown(found):
    return "not there yet" if found is None else repr(found)


def _check_number(given, name, wanted, decimals):
    found = given.get(name)
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    assert is_number, f"{name} is {_shown(found)}. Expected a number."
    close = abs(found) < 1e9 and abs(found - wanted) <= 0.51 * 10**-decimals
    precision = f", to {decimals} decimals" if decimals else ""
    assert close, f"{name} is {found}. Expected what the data say{precision}: compute it again."


def _check_set(given, name, wanted, why):
    found = given.get(name)
    is_list = isinstance(found, list) and all(isinstance(part, str) for part in found)
    assert is_list, f"{name} is {_shown(found)}. Expected a list of texts."
    extra = sorted(set(found) - set(wanted))
    assert not extra, f"{name} lists {extra[0]!r}, which does not belong there. {why}"
    assert set(found) == set(wanted), f"{name} is not complete yet. {why}"
