"""Hidden checks for 02-iris-slicing, on flowers that nobody has seen; each computes its own truth."""

from __future__ import annotations

import functools
import itertools
import math

import numpy as np
import pandas as pd
import pytest

from autograder import datasets, expect
from autograder.errors import GraderError, StudentError
from autograder.submission import Named

LogisticRegression = Named("sklearn.linear_model:LogisticRegression")
StandardScaler = Named("sklearn.preprocessing:StandardScaler")
accuracy_score = Named("sklearn.metrics:accuracy_score")
f1_score = Named("sklearn.metrics:f1_score")
make_pipeline = Named("sklearn.pipeline:make_pipeline")
precision_score = Named("sklearn.metrics:precision_score")
train_test_split = Named("sklearn.model_selection:train_test_split")

NOTEBOOK = "iris_slicing.ipynb"
TESTS = "test_slices.py"
FEATURES = ("petal_width", "pollen", "sepal_length", "sepal_width")

# ---------------------------------------------------------------------------------------- 1. slice-stats


@pytest.mark.task("slice-stats", weight=2)
def test_any_number_of_classes(submission, meadow):
    """Other flowers, of more or fewer species: counts and means are right."""
    for classes in (2, 5):
        flowers = meadow(classes=classes)
        stats = submission.load(NOTEBOOK).slice_stats(flowers, "petal_length")

        _check_stats(stats, flowers, "petal_length", "species", ["count", "mean"])


@pytest.mark.task("slice-stats", weight=2)
def test_spread_is_the_sample_standard_deviation(submission, meadow):
    """The spread of each class is its sample standard deviation."""
    flowers = meadow(classes=4, rows=(3, 6))
    stats = submission.load(NOTEBOOK).slice_stats(flowers, "sepal_width")

    _check_stats(stats, flowers, "sepal_width", "species", ["std"])


@pytest.mark.task("slice-stats")
def test_other_columns(submission, meadow):
    """It describes a column that Iris does not have, by a column other than species."""
    flowers = meadow(classes=3)
    stats = submission.load(NOTEBOOK).slice_stats(flowers, "stem_length", by="plot")

    _check_stats(stats, flowers, "stem_length", "plot", ["count", "mean"])


@pytest.mark.task("slice-stats", weight=2)
def test_missing_values_count_nowhere(submission, meadow, rng):
    """Only rows that have a value of the feature are counted, whatever is missing elsewhere."""
    flowers = meadow(classes=3)
    flowers.loc[rng.choice(flowers.index, 7, replace=False), "petal_width"] = np.nan
    flowers.loc[rng.choice(flowers.index, 9, replace=False), "sepal_length"] = np.nan
    stats = submission.load(NOTEBOOK).slice_stats(flowers, "petal_width")

    _check_stats(stats, flowers, "petal_width", "species", ["count", "mean"])


@pytest.mark.task("slice-stats")
def test_thin_classes_keep_their_row(submission, meadow):
    """A class without values has count 0, one with a single value has no spread, and both have a row."""
    flowers = meadow(classes=4)
    empty, single = sorted(flowers["species"].unique())[1:3]
    flowers.loc[flowers["species"] == empty, "petal_width"] = np.nan
    flowers.loc[flowers.index[flowers["species"] == single][1:], "petal_width"] = np.nan
    stats = submission.load(NOTEBOOK).slice_stats(flowers, "petal_width")

    expect.instance(stats, pd.DataFrame, "a DataFrame with one row per class")
    assert empty in stats.index, "A class without values has no row. Expected one, with count 0."
    expect.close(_cell(stats, empty, "count"), 0, "the count of a class whose values are all missing")
    _expect_nan(stats, empty, "mean", "the mean of a class without values")
    _expect_nan(stats, single, "std", "the std of a class with a single value")


@pytest.mark.task("slice-stats")
def test_unknown_column_is_a_value_error(submission, meadow):
    """A column that is not there is a ValueError that names it."""
    flowers = meadow()
    notebook = submission.load(NOTEBOOK)

    with expect.raises("ValueError", mentions="petal_lenght", reason="there is no column of that name"):
        notebook.slice_stats(flowers, "petal_lenght")
    with expect.raises("ValueError", mentions="specis", reason="there is no column of that name"):
        notebook.slice_stats(flowers, "petal_length", by="specis")


@pytest.mark.task("slice-stats")
def test_stats_leave_the_data_alone(submission, meadow, rng):
    """The DataFrame that was passed in is the same afterwards."""
    flowers = meadow()
    flowers.loc[rng.choice(flowers.index, 5, replace=False), "petal_width"] = np.nan
    _, after = submission.load(NOTEBOOK).call_and_return_args("slice_stats", flowers, "petal_width")

    expect.unchanged(flowers, after[0], "slice_stats changed the caller's DataFrame. Expected it to stay as it was.")


# ------------------------------------------------------------------------------------- 2. numeric-slices


@pytest.mark.task("numeric-slices")
def test_masks_are_boolean_and_labelled_like_the_data(submission, meadow):
    """Each mask is a Boolean Series with the index of the data."""
    flowers = meadow()
    slices = submission.load(NOTEBOOK).numeric_slices(flowers, "stem_length")

    _masks(slices, flowers)


@pytest.mark.task("numeric-slices", weight=2)
def test_slices_at_the_mean_and_at_the_median(submission, meadow):
    """Cut at the mean and at the median, unseen data give the right names and rows."""
    for cut in ("mean", "median"):
        flowers = meadow(rows=(15, 25))
        slices = submission.load(NOTEBOOK).numeric_slices(flowers, "stem_length", cut=cut)

        _check_slices(slices, flowers, "stem_length", cut)


@pytest.mark.task("numeric-slices", weight=2)
def test_slices_at_quantiles(submission, meadow):
    """A list of quantiles gives the right names and rows."""
    for cut in ([0.3], [0.1, 0.35, 0.8]):
        flowers = meadow(rows=(15, 25))
        slices = submission.load(NOTEBOOK).numeric_slices(flowers, "stem_length", cut=cut)

        _check_slices(slices, flowers, "stem_length", cut)


@pytest.mark.task("numeric-slices", weight=2)
def test_missing_values_are_in_no_slice(submission, meadow, rng):
    """A row with a value is in exactly one slice, a row without is in none."""
    flowers = meadow(rows=(15, 25))
    flowers.loc[rng.choice(flowers.index, 8, replace=False), "stem_length"] = np.nan
    flowers.loc[rng.choice(flowers.index, 9, replace=False), "petal_width"] = np.nan
    slices = submission.load(NOTEBOOK).numeric_slices(flowers, "stem_length")

    times = sum(mask.astype(int) for mask in _masks(slices, flowers).values())
    missing = flowers["stem_length"].isna()
    stray = int((times[missing] > 0).sum())
    assert stray == 0, f"{stray} of {missing.sum()} rows without a value are in a slice. Expected none."
    lost = int((times[~missing] == 0).sum())
    assert lost == 0, f"{lost} of {(~missing).sum()} rows with a value are in no slice. Expected each in one."
    twice = int((times > 1).sum())
    assert twice == 0, f"{twice} rows are in more than one slice. Expected each in one."
    _check_slices(slices, flowers, "stem_length", "mean")


@pytest.mark.task("numeric-slices", weight=2)
def test_value_equal_to_a_threshold_goes_up(submission, rng):
    """A value that equals the threshold belongs to the slice above it, and to no other."""
    # Quarters are exact in binary: mean, median and quartiles are values of the data, not nearly so.
    heights = np.repeat([1.25, 2.25, 3.25, 4.25, 5.25], 5)
    flowers = pd.DataFrame({"height": rng.permutation(heights)}, index=rng.permutation(np.arange(100, 125)))
    for cut in ("mean", "median", [0.25, 0.75]):
        slices = submission.load(NOTEBOOK).numeric_slices(flowers, "height", cut=cut)

        _check_slices(slices, flowers, "height", cut)


@pytest.mark.task("numeric-slices")
def test_thresholds_are_sorted_and_distinct(submission, rng):
    """Quantiles in any order, some of them equal, give each slice once, from low to high."""
    counts = np.repeat([0.0, 2.0, 7.0], [24, 11, 5])
    flowers = pd.DataFrame({"petals": rng.permutation(counts)}, index=rng.permutation(np.arange(40)))
    cut = [0.95, 0.8, 0.7, 0.75]
    slices = submission.load(NOTEBOOK).numeric_slices(flowers, "petals", cut=cut)

    _check_slices(slices, flowers, "petals", cut)


@pytest.mark.task("numeric-slices")
def test_rows_are_compared_with_the_exact_threshold(submission, rng):
    """Two decimals are for the name; the rows meet the exact threshold."""
    values = rng.permutation([1.0, 1.001, 1.002, 1.003, 1.004, 3.0] * 4)
    flowers = pd.DataFrame({"weight": values})
    slices = submission.load(NOTEBOOK).numeric_slices(flowers, "weight", cut="median")

    _check_slices(slices, flowers, "weight", "median")


@pytest.mark.task("numeric-slices")
def test_an_empty_slice_is_returned(submission):
    """Where all values are equal, nothing lies below the mean, and that slice is there but empty."""
    flowers = pd.DataFrame({"petals": [3.0] * 8})
    slices = submission.load(NOTEBOOK).numeric_slices(flowers, "petals")

    _check_slices(slices, flowers, "petals", "mean")


@pytest.mark.task("numeric-slices")
def test_unknown_feature_or_cut_is_a_value_error(submission, meadow):
    """A column or a cut that does not exist is a ValueError that names it."""
    flowers = meadow()
    notebook = submission.load(NOTEBOOK)

    with expect.raises("ValueError", mentions="petal_lenght", reason="there is no column of that name"):
        notebook.numeric_slices(flowers, "petal_lenght")
    with expect.raises("ValueError", mentions="average", reason="there is no cut of that name"):
        notebook.numeric_slices(flowers, "petal_length", cut="average")


@pytest.mark.task("numeric-slices")
def test_slicing_leaves_the_data_alone(submission, meadow, rng):
    """The DataFrame that was passed in is the same afterwards."""
    flowers = meadow()
    flowers.loc[rng.choice(flowers.index, 5, replace=False), "stem_length"] = np.nan
    _, after = submission.load(NOTEBOOK).call_and_return_args("numeric_slices", flowers, "stem_length")

    expect.unchanged(flowers, after[0], "numeric_slices changed the caller's DataFrame. Expected it to stay as it was.")


# -------------------------------------------------------------------------------------- 3. slice-metrics


@pytest.mark.task("slice-metrics", weight=2)
def test_size_metric_and_difference(submission, rng):
    """Size, metric and difference of each slice are right on unseen labels."""
    y_true, y_pred, slices = _predictions(rng)
    table = submission.load(NOTEBOOK).slice_metrics(y_true, y_pred, slices, accuracy_score)

    _check_metrics(table, y_true, y_pred, slices, accuracy_score)


@pytest.mark.task("slice-metrics", weight=2)
def test_rows_match_by_label_not_by_position(submission, rng):
    """Predictions and masks in another order than the true labels give the same result."""
    y_true, y_pred, slices = _predictions(rng)
    shuffled = {name: _shuffle(mask, rng) for name, mask in slices.items()}
    table = submission.load(NOTEBOOK).slice_metrics(y_true, _shuffle(y_pred, rng), shuffled, accuracy_score)

    _check_metrics(table, y_true, y_pred, slices, accuracy_score)


@pytest.mark.task("slice-metrics")
def test_only_rows_of_the_true_labels_count(submission, rng):
    """Masks and predictions may know more rows; those of y_true count."""
    y_true, y_pred, slices = _predictions(rng)
    part = y_true.drop(rng.choice(y_true.index, 10, replace=False))
    table = submission.load(NOTEBOOK).slice_metrics(part, y_pred, slices, accuracy_score)

    inside = {name: mask.loc[part.index] for name, mask in slices.items()}
    _check_metrics(table, part, y_pred.loc[part.index], inside, accuracy_score)


@pytest.mark.task("slice-metrics", weight=2)
def test_the_metric_is_used_as_given(submission, rng):
    """F1 averaged in different ways gives different tables."""
    y_true, y_pred, slices = _predictions(rng)
    for average in ("macro", "micro", "weighted"):
        metric = functools.partial(f1_score, average=average, zero_division=0.0)
        table = submission.load(NOTEBOOK).slice_metrics(y_true, y_pred, slices, metric)

        _check_metrics(table, y_true, y_pred, slices, metric)


@pytest.mark.task("slice-metrics")
def test_true_labels_come_first(submission, rng):
    """The metric gets the true labels first: precision is not recall."""
    y_true, y_pred, slices = _predictions(rng)
    metric = functools.partial(precision_score, average="macro", zero_division=0.0)
    table = submission.load(NOTEBOOK).slice_metrics(y_true, y_pred, slices, metric)

    _check_metrics(table, y_true, y_pred, slices, metric)


@pytest.mark.task("slice-metrics")
def test_difference_is_from_all_rows(submission, rng):
    """Slices overlap and leave rows out; the difference is still from the metric on all rows."""
    y_true, y_pred, slices = _predictions(rng)
    first, second, *_ = slices
    some = {first: slices[first], "either": slices[first] | slices[second]}
    table = submission.load(NOTEBOOK).slice_metrics(y_true, y_pred, some, accuracy_score)

    _check_metrics(table, y_true, y_pred, some, accuracy_score)


@pytest.mark.task("slice-metrics", weight=2)
def test_an_empty_slice_has_size_zero_and_comes_last(submission, rng):
    """An empty slice has size 0, no metric, and the last row."""
    y_true, y_pred, slices = _predictions(rng)
    nobody = pd.Series(False, index=y_true.index)
    slices = {"nobody": nobody, **slices}
    table = submission.load(NOTEBOOK).slice_metrics(y_true, y_pred, slices, accuracy_score)

    _table(table, slices)
    expect.close(_cell(table, "nobody", "size"), 0, "the size of the empty slice")
    _expect_nan(table, "nobody", "metric", "the metric of an empty slice")
    _expect_nan(table, "nobody", "difference", "the difference of an empty slice")
    assert table.index[-1] == "nobody", (
        "The empty slice is not in the last row. Expected it there: nothing is known about it."
    )


@pytest.mark.task("slice-metrics", weight=2)
def test_the_worst_slice_comes_first(submission, rng):
    """Rows are sorted by the metric, the worst first."""
    y_true, y_pred, slices = _predictions(rng)
    table = submission.load(NOTEBOOK).slice_metrics(y_true, y_pred, slices, accuracy_score)

    _table(table, slices)
    wanted = sorted(slices, key=lambda name: accuracy_score(y_true[slices[name]], y_pred[slices[name]]))
    assert list(table.index) == wanted, (
        "The rows are not in order of their metric. Expected the smallest metric in the first row."
    )


@pytest.mark.task("slice-metrics")
def test_of_equal_slices_the_larger_comes_first(submission, rng):
    """Of slices with the same metric the larger comes first."""
    index = pd.Index(rng.permutation(np.arange(500, 560)))
    y_true = pd.Series("sibirica", index=index)
    y_pred = pd.Series(["sibirica", "pallida"] * 30, index=index)
    groups = dict(zip(["plot 1", "plot 2", "plot 3"], np.split(np.arange(60), [8, 40]), strict=True))
    slices = {name: pd.Series(np.isin(np.arange(60), rows), index=index) for name, rows in groups.items()}
    table = submission.load(NOTEBOOK).slice_metrics(y_true, y_pred, slices, accuracy_score)

    _table(table, slices)
    assert list(table.index) == ["plot 2", "plot 3", "plot 1"], (
        "Three slices have the same metric, but they are not sorted by size. Expected the largest first."
    )


@pytest.mark.task("slice-metrics")
def test_measuring_leaves_labels_and_masks_alone(submission, rng):
    """True labels, predictions and masks are the same afterwards."""
    y_true, y_pred, slices = _predictions(rng)
    given = (y_true, _shuffle(y_pred, rng), {name: _shuffle(mask, rng) for name, mask in slices.items()})
    _, after = submission.load(NOTEBOOK).call_and_return_args("slice_metrics", *given, accuracy_score)

    expect.unchanged(given[0], after[0], "slice_metrics changed y_true. Expected it to stay as it was.")
    expect.unchanged(given[1], after[1], "slice_metrics changed y_pred. Expected it to stay as it was.")
    assert list(after[2]) == list(given[2]), "slice_metrics changed the dict of slices. Expected it to stay as it was."
    for name, mask in given[2].items():
        expect.unchanged(mask, after[2][name], "slice_metrics changed a mask. Expected it to stay as it was.")


# --------------------------------------------------------------------------------------- 4. find-the-gap

_GROWN = {}  # growing takes a few model fits, and each submission gets the same flowers


@pytest.fixture(scope="session")
def begun(submission):
    """Nothing, if worst_slice has been begun. For one that has not, nobody needs to grow a garden."""
    iris = datasets.load("iris")
    try:
        submission.load(NOTEBOOK).worst_slice(iris, [*iris.columns.drop("species")])
    except StudentError as error:
        if error.isa("NotImplementedError"):
            raise


@pytest.fixture
def garden(begun, meadow, seed, request):
    """Return a function that grows unseen flowers with one worst slice (see ``_garden``), once per seed."""

    def grow(**how):
        key = (seed, request.node.name, repr(how))
        if key not in _GROWN:
            _GROWN[key] = _garden(meadow, **how)
        flowers, features, table = _GROWN[key]
        return flowers.copy(), list(features), table

    return grow


@pytest.mark.task("find-the-gap", weight=2)
def test_the_worst_slice_of_unseen_flowers(submission, garden):
    """On unseen flowers the worst slice has the right size, metric and difference."""
    flowers, features, table = garden()
    answer = submission.load(NOTEBOOK).worst_slice(flowers, features)

    _check_worst(answer, table)


@pytest.mark.task("find-the-gap", weight=2)
def test_the_threshold_is_the_training_mean(submission, garden):
    """The name shows the mean of the training rows."""
    flowers, features, table = garden()
    answer = submission.load(NOTEBOOK).worst_slice(flowers, features)

    _keys(answer)
    assert answer["name"] == table.index[0], (
        f"The worst slice is called {answer['name']!r}. Expected another feature or threshold. "
        "Which rows go into the mean?"
    )


@pytest.mark.task("find-the-gap", weight=2)
def test_the_split_follows_random_state(submission, garden):
    """Another random_state is another stratified split."""
    flowers, features, table = garden(random_state=7)
    answer = submission.load(NOTEBOOK).worst_slice(flowers, features, random_state=7)

    _check_worst(answer, table)


@pytest.mark.task("find-the-gap")
def test_only_the_features_asked_for(submission, garden):
    """Only the features that were passed in are learned from and sliced."""
    flowers, features, table = garden(features=["sepal_width", "petal_width", "pollen"])
    answer = submission.load(NOTEBOOK).worst_slice(flowers, features)

    _check_worst(answer, table)


@pytest.mark.task("find-the-gap", weight=2)
def test_slices_below_min_size_are_left_out(submission, garden):
    """A slice of exactly min_size rows counts; one row more, and the next worst is returned."""
    flowers, features, table = garden()
    size = int(table["size"].iloc[0])
    next_worst = table.loc[table["size"] > size, "metric"].min()
    notebook = submission.load(NOTEBOOK)

    _check_worst(notebook.worst_slice(flowers, features, min_size=size), table)
    answer = notebook.worst_slice(flowers, features, min_size=size + 1)
    _keys(answer)
    expect.close(answer["metric"], next_worst, "the metric of the worst slice that is large enough")


@pytest.mark.task("find-the-gap")
def test_a_value_equal_to_the_mean_is_not_below_it(submission, garden):
    """Where a feature never varies, every row lies in its slice at or above the mean."""
    flowers, _, table = garden()
    rows = int(table["size"].iloc[0] + table.loc[_other_side(table.index[0]), "size"])
    answer = submission.load(NOTEBOOK).worst_slice(flowers.assign(spots=3.0), ["spots"])

    _keys(answer)
    expect.close(answer["size"], rows, "the size of the worst slice by a feature that is the same in every row")
    assert ">=" in answer["name"], (
        f"The worst slice is called {answer['name']!r}. Every row equals the mean. On which side of it is such a row?"
    )


@pytest.mark.task("find-the-gap")
def test_no_slice_large_enough_is_a_value_error(submission, meadow):
    """If no slice has min_size rows, there is a ValueError."""
    flowers, features = _wild(meadow), list(FEATURES)
    notebook = submission.load(NOTEBOOK)

    with expect.raises("ValueError", reason="no slice has that many validation rows"):
        notebook.worst_slice(flowers, features, min_size=len(flowers))


@pytest.mark.task("find-the-gap")
def test_finding_the_gap_leaves_the_data_alone(submission, meadow):
    """The DataFrame and the list of features are the same afterwards."""
    flowers, features = _wild(meadow), list(FEATURES)
    _, after = submission.load(NOTEBOOK).call_and_return_args("worst_slice", flowers, features)

    expect.unchanged(flowers, after[0], "worst_slice changed the caller's DataFrame. Expected it to stay as it was.")
    assert list(after[1]) == features, "worst_slice changed the list of features. Expected it to stay as it was."


# ---------------------------------------------------------------------------------------- 5. slice-tests


def _sound_and_rubbish(make):
    rubbish = make().assign(species="setosa", petal_width=25.0)
    rubbish.loc[::3, "sepal_length"] = np.nan
    return [make(93), make(150, (0.2, 0.38, 0.42)), make(330, (0.45, 0.27, 0.28)), rubbish]


def _missing_values(make, rng):
    one_number, one_label = make(150), make(240)
    one_number.loc[rng.integers(150), rng.choice(["sepal_length", "petal_width"])] = np.nan
    one_label.loc[rng.integers(240), "species"] = np.nan
    return [one_number, one_label]


def _drifted_classes(make):
    up, down, balanced = make(150), make(180), make(210)
    up.loc[up["species"] == "setosa", "petal_width"] += 1.1
    down.loc[down["species"] == "virginica", "sepal_length"] -= 1.2
    balanced.loc[balanced["species"] == "versicolor", "sepal_width"] += 1.1
    balanced.loc[balanced["species"] == "setosa", "sepal_width"] -= 1.1
    return [up, down, balanced]


def _missing_classes(make):
    gone, renamed = make(180), make(150)
    renamed["species"] = renamed["species"].replace("versicolor", "Versicolor")
    return [gone[gone["species"] != "virginica"], renamed]


def _swapped_labels(make):
    pair, ring = make(150), make(210)
    two = {"setosa": "setosa", "versicolor": "virginica", "virginica": "versicolor"}
    three = {"setosa": "versicolor", "versicolor": "virginica", "virginica": "setosa"}
    pair["species"], ring["species"] = pair["species"].map(two), ring["species"].map(three)
    return [pair, ring]


def _starved_classes(make):
    return [make(150, (0.52, 0.08, 0.40)), make(600, (0.16, 0.41, 0.43))]


@pytest.fixture(scope="session")
def runs(submission, sound, seed):
    """Run the student's tests once on each data set: kind of data set → its runs.

    If they do not pass on one that is sound, that run is all there is.
    """
    env = {"FLOWERS_CSV": "flowers.csv"}
    if seed not in _DELIVERIES:
        rng = np.random.default_rng([seed, 5])
        _DELIVERIES[seed] = rng, {"sound": _sound_and_rubbish(functools.partial(sound, rng))}
    rng, frames = _DELIVERIES[seed]
    answers = [submission.pytest(TESTS, _as_file(frames["sound"][0]), env=env)]
    _must_have_begun(answers)
    if not answers[0].ok:
        return {"sound": answers}
    if len(frames) == 1:
        make = functools.partial(sound, rng)
        frames |= {
            "missing values": _missing_values(make, rng),
            "drift": _drifted_classes(make),
            "missing classes": _missing_classes(make),
            "swapped labels": _swapped_labels(make),
            "starved classes": _starved_classes(make),
        }
    kinds, files = zip(*((kind, _as_file(frame)) for kind in frames for frame in frames[kind]), strict=True)
    names = [test.name for test in answers[0].passed]  # one that fails on faulty data is enough
    until = [() if kind == "sound" else names for kind in kinds[1:]]
    answers += submission.pytests(TESTS, files[1:], env=env, until=until)
    _must_have_begun(answers)
    return {kind: [run for its, run in zip(kinds, answers, strict=True) if its == kind] for kind in frames}


_DELIVERIES = {}  # seed → random numbers, and data sets by kind; the faulty ones are made once they are needed


def _as_file(frame):
    return {"flowers.csv": frame.to_csv(index=False)}


def _must_have_begun(answers):
    if any("NotImplementedError" in test.message for run in answers for test in run.tests):
        raise StudentError("Your own tests are still to come.", kind="NotImplementedError")


@pytest.mark.task("slice-tests", weight=2)
def test_sound_data_pass_and_rubbish_does_not(runs):
    """Your tests pass on sound data of any size and order, and do not pass on everything."""
    passes, rubbish = runs["sound"][:3], runs["sound"][3:]

    for run in passes:
        names = ", ".join(sorted({test.name.partition("[")[0] for test in (*run.failed, *run.broken)}))
        assert run.ok or names, "On sound data pytest found no test that passes. Names of tests start with test_."
        assert run.ok, (
            f"The data are sound, but this did not pass: {names}. "
            "What does it expect that README.md does not promise: a row count, an order, a narrower range?"
        )
    assert rubbish[0].caught, "On data in which nearly everything is wrong, no test failed. Expected at least one to."


@pytest.mark.task("slice-tests")
@pytest.mark.needs("test_sound_data_pass_and_rubbish_does_not")
def test_missing_values_are_noticed(runs):
    """Your tests notice missing values."""
    _expect_caught(runs["missing values"], "values are missing", "every column of the data")


@pytest.mark.task("slice-tests")
@pytest.mark.needs("test_sound_data_pass_and_rubbish_does_not")
def test_drifted_classes_are_noticed(runs):
    """Your tests notice a measurement of one species that has drifted."""
    _expect_caught(runs["drift"], "a species has drifted", "each average, up and down")


@pytest.mark.task("slice-tests")
@pytest.mark.needs("test_sound_data_pass_and_rubbish_does_not")
def test_missing_classes_are_noticed(runs):
    """Your tests notice a species that is not there."""
    _expect_caught(runs["missing classes"], "a species is missing", "the names of the species")


@pytest.mark.task("slice-tests")
@pytest.mark.needs("test_sound_data_pass_and_rubbish_does_not")
def test_swapped_labels_are_noticed(runs):
    """Your tests notice species whose labels were swapped."""
    _expect_caught(runs["swapped labels"], "labels are swapped", "what tells one species from another")


@pytest.mark.task("slice-tests")
@pytest.mark.needs("test_sound_data_pass_and_rubbish_does_not")
def test_starved_classes_are_noticed(runs):
    """Your tests notice a species with too few rows left."""
    _expect_caught(runs["starved classes"], "a species has too few rows", "shares")


# ----------------------------------------------------------------------------------- what the checks share


def _cell(table, row, column):
    """Return one value of a table, or NaN if there is not exactly one."""
    found = table.loc[table.index == row, column] if column in table.columns else []
    return found.iloc[0] if isinstance(found, pd.Series) and len(found) == 1 else math.nan


def _expect_nan(table, row, column, what):
    """Check that a cell exists and holds no number."""
    found = table.loc[table.index == row, column] if column in table.columns else []
    assert len(found) == 1, f"Expected one row and a column {column!r} for {what}."
    is_nan = pd.isna(found.iloc[0]) is True
    assert is_nan, f"{what[:1].upper()}{what[1:]} is {found.iloc[0]!s:.12}. Expected NaN: nobody knows it."


def _check_stats(stats, flowers, feature, by, columns):
    expect.instance(stats, pd.DataFrame, "a DataFrame with one row per class")
    expect.columns(stats, columns)
    groups = {name: rows[feature].dropna().to_numpy() for name, rows in flowers.groupby(by)}
    expect.labels(stats.index, list(groups), what="class")
    compute = {"count": len, "mean": np.mean, "std": lambda values: np.std(values, ddof=1)}
    for (name, values), column in itertools.product(groups.items(), columns):
        wanted = compute[column](values)
        expect.close(_cell(stats, name, column), wanted, f"the {column} of {feature} for {name}")


def _masks(slices, flowers):
    """Check that slices are Boolean masks of these rows, and put each into the order of the rows."""
    expect.instance(slices, dict, "a dict from the name of each slice to its mask")
    assert slices, "The dict is empty. Expected at least two slices."
    for name, mask in slices.items():
        expect.instance(mask, pd.Series, f"a Boolean Series as the mask {name!r}")
        assert mask.dtype == bool, f"The mask {name!r} has dtype {mask.dtype}. Expected bool."
        labels = [label for label in mask.index if isinstance(label, str | int)]
        assert len(mask) == len(flowers), f"The mask {name!r} has {len(mask)} rows. Expected the {len(flowers)} of df."
        same = len(labels) == len(flowers) and set(labels) == set(flowers.index)
        assert same, f"The index of the mask {name!r} is not that of df. Expected each row under its own label."
    return {name: mask.reindex(flowers.index) for name, mask in slices.items()}


def _check_slices(slices, flowers, feature, cut):
    values = flowers[feature].dropna().to_numpy()
    if cut == "mean":
        thresholds = [float(np.mean(values))]
    else:
        shares = [0.5] if cut == "median" else cut
        thresholds = sorted({float(np.quantile(values, share)) for share in shares})
    wanted = {f"{feature} < {thresholds[0]:.2f}": (-math.inf, thresholds[0])}
    for low, high in itertools.pairwise(thresholds):
        wanted[f"{low:.2f} <= {feature} < {high:.2f}"] = (low, high)
    wanted[f"{feature} >= {thresholds[-1]:.2f}"] = (thresholds[-1], math.inf)

    masks = _masks(slices, flowers)
    assert len(masks) == len(wanted), f"The number of slices is {len(masks)}, expected {len(wanted)}."
    for name, (low, high) in wanted.items():
        assert name in masks, f"Expected a slice called {name!r}. They are called {', '.join(map(repr, masks))}."
        inside = (flowers[feature] >= low) & (flowers[feature] < high)
        strays, lost = int((masks[name] & ~inside).sum()), int((~masks[name] & inside).sum())
        assert strays == 0, f"The mask {name!r} is True for {strays} rows that lie elsewhere. Expected False."
        assert lost == 0, f"The mask {name!r} is False for {lost} rows that lie there. Expected True."


def _shuffle(values, rng):
    return values.iloc[rng.permutation(len(values))]


def _predictions(rng):
    """Make labels, predictions and four masks whose metrics differ clearly, under shuffled integer labels."""
    sizes, mistakes = [12, 20, 28, 36], [3, 8, 18, 5]  # accuracies 0.75, 0.60, 0.36, 0.86
    names = np.array(["sibirica", "pallida", "lutescens"])
    group = np.repeat(np.arange(4), sizes)
    truth = rng.choice(3, size=len(group), p=[0.6, 0.3, 0.1])
    guess = truth.copy()
    for number, wrong in enumerate(mistakes):
        places = np.flatnonzero(group == number)
        truth[places[0]] = 2  # the rare label is missed in each slice: macro and micro averages differ
        picked = np.append(places[0], rng.choice(places[1:], wrong - 1, replace=False))
        guess[picked] = (truth[picked] + 1) % 3
    order = rng.permutation(len(group))
    index = pd.Index(rng.permutation(np.arange(1000, 1000 + len(group))))
    plots = {f"plot {letter}": number for number, letter in enumerate("CADB")}
    slices = {name: pd.Series(group[order] == number, index=index) for name, number in plots.items()}
    return pd.Series(names[truth[order]], index=index), pd.Series(names[guess[order]], index=index), slices


def _table(table, slices):
    expect.instance(table, pd.DataFrame, "a DataFrame with one row per slice")
    expect.columns(table, ["size", "metric", "difference"])
    expect.labels(table.index, list(slices), what="slice")


def _check_metrics(table, y_true, y_pred, slices, metric):
    """Compare a table with the truth for inputs whose rows are in the same order."""
    _table(table, slices)
    overall = metric(y_true, y_pred)
    for name, mask in slices.items():
        value = metric(y_true[mask], y_pred[mask])
        expect.close(_cell(table, name, "size"), int(mask.sum()), f"the size of {name!r}")
        expect.close(_cell(table, name, "metric"), value, f"the metric of {name!r}")
        expect.close(_cell(table, name, "difference"), value - overall, f"the difference of {name!r}")


def _fit(flowers, features, random_state, *, leak=False):
    """Split and fit as task 4 says; with ``leak``, fit on all rows.

    Returns:
        The training rows, the validation rows, which of these are predicted right, and by how much the least
        certain prediction was decided.
    """
    y = flowers["species"]
    train, valid = train_test_split(flowers, test_size=0.25, stratify=y, random_state=random_state)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    rows = flowers if leak else train
    chances = model.fit(rows[features], rows["species"]).predict_proba(valid[features])
    right = model.classes_[chances.argmax(axis=1)] == valid["species"]
    first, second = np.sort(chances, axis=1).T[:-3:-1]
    return train, valid, right, (first - second).min()


def _all_slices(valid, right, features, rows):
    """Cut validation rows at the means of ``rows``: all slices, the worst first."""
    slices = {}
    for feature in features:
        mean = rows[feature].mean()
        for sign, inside in (("<", valid[feature] < mean), (">=", valid[feature] >= mean)):
            metric = right[inside].mean()
            slices[f"{feature} {sign} {mean:.2f}"] = [int(inside.sum()), metric, metric - right.mean()]
    table = pd.DataFrame.from_dict(slices, orient="index", columns=["size", "metric", "difference"])
    return table.sort_values(["metric", "size"], ascending=[True, False])


def _other_side(name):
    """Return the name of the slice that holds the other rows."""
    return name.replace(" < ", " >= ") if " < " in name else name.replace(" >= ", " < ")


def _wild(meadow):
    """Grow unseen flowers with the features of ``FEATURES``."""
    flowers = meadow(rows=(55, 75), noise=0.5)
    # Units differ, so that the means of different rows have different names, and scaling matters.
    flowers["pollen"] = flowers["petal_length"] / 10 + flowers["stem_length"] / 200
    flowers[["sepal_length", "sepal_width", "petal_width"]] *= 10
    return flowers


def _garden(meadow, features=FEATURES, random_state=23):
    """Grow unseen flowers with one worst slice; return them, the features and all slices, the worst first.

    No prediction is a near tie that rounding could turn, and on these flowers neither a threshold from the
    wrong rows nor a model that has seen the validation rows gives the right answer by luck.
    """
    features = list(features)
    for _ in range(500):
        flowers = _wild(meadow)
        train, valid, right, margin = _fit(flowers, features, random_state)
        table = _all_slices(valid, right, features, train)
        worst = table.iloc[0]
        if margin < 1e-3 or worst["metric"] == table["metric"].iloc[1]:
            continue
        if not 10 <= worst["size"] < table["size"].max():
            continue
        if worst.name in (_all_slices(valid, right, features, rows).index[0] for rows in (flowers, valid)):
            continue
        leaked = _fit(flowers, features, random_state, leak=True)[2]
        if not worst.equals(_all_slices(valid, leaked, features, train).iloc[0]):
            return flowers, features, table
    raise GraderError("no garden of 500 was fit for the checks of task 4: loosen _garden")


def _keys(answer):
    expect.instance(answer, dict, "a dict with name, size, metric and difference")
    missing = [key for key in ("name", "size", "metric", "difference") if key not in answer]
    assert not missing, f"The dict has no {', '.join(missing)}. Expected name, size, metric and difference."
    expect.instance(answer["name"], str, "the name of the slice as a string")


def _check_worst(answer, table):
    _keys(answer)
    worst = table.iloc[0]
    for key in ("size", "metric", "difference"):
        expect.instance(answer[key], (int, float, np.integer, np.floating), f"a number as the {key}")
    overall = worst["metric"] - worst["difference"]
    what = "the accuracy on all validation rows (your metric minus your difference)"
    expect.close(answer["metric"] - answer["difference"], overall, what)
    expect.close(answer["size"], int(worst["size"]), "the size of the worst slice")
    expect.close(answer["metric"], worst["metric"], "the accuracy in the worst slice")


def _expect_caught(runs, fault, look_at):
    unnoticed = sum(not run.caught for run in runs)
    assert unnoticed == 0, (
        f"In {unnoticed} of {len(runs)} data sets in which {fault}, no test failed. Which test looks at {look_at}?"
    )
