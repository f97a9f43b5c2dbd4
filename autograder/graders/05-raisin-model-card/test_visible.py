"""Visible checks for 05-raisin-model-card, on the raisins of the lab; learners may read and run them."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd
import pytest
import yaml
from huggingface_hub import ModelCardData

from autograder import datasets, expect
from autograder.errors import StudentError

CODE = "raisin.py"
CARD = "MODEL_CARD.md"
SECTIONS = {
    "Model Details": r"model (details|description|overview|information)|about (the|this) model",
    "Intended Use": r"\b(uses?|users?)\b",
    "Metrics": r"metric|evaluation|performance|results?\b|quantitative",
    "Data": r"\bdata(sets?)?\b",
    "Bias": r"\bbias|fairness|ethic",
    "Caveats": r"caveat|limitation|recommendation|risks?\b|known (issues|problems)",
}
# The answers of a model that is wrong four times in ten grains, and a slice of them.
Y_TRUE = ["Kecimen"] * 4 + ["Besni"] * 6
Y_PRED = ["Kecimen", "Kecimen", "Kecimen", "Besni"] + ["Kecimen"] * 3 + ["Besni"] * 3


@pytest.mark.task("train")
def test_a_quarter_is_kept_for_validation(submission):
    """Of 900 raisins 675 are for training and 225 for validation, half of them Kecimen in both."""
    parts = submission.load(CODE).split(datasets.load("raisin"))

    train_rows, valid_rows = _pair(parts)
    for rows, size, name in ((train_rows, 675, "training"), (valid_rows, 225, "validation")):
        expect.columns(rows, ["Class"])
        expect.close(len(rows), size, f"the number of {name} rows")
        kecimen = int((rows["Class"] == "Kecimen").sum())
        assert abs(kecimen - size / 2) < 1, f"{kecimen} of {size} {name} rows are Kecimen. Expected half of them."


@pytest.mark.task("train")
@pytest.mark.needs("test_a_quarter_is_kept_for_validation")
def test_the_pipeline_names_raisins(submission):
    """A Pipeline, trained on one part, is right on at least four in five raisins of the other."""
    module = submission.load(CODE)
    train_rows, valid_rows = _pair(module.split(datasets.load("raisin")))
    model = module.train(train_rows)

    kind = getattr(model, "type", type(model).__name__)
    assert kind == "Pipeline", f"train returned a {kind}. Expected a fitted Pipeline."
    y_pred = _names(model.predict(valid_rows.drop(columns="Class")), len(valid_rows))
    right = sum(a == b for a, b in zip(y_pred, valid_rows["Class"], strict=True))
    assert right >= 180, f"It names {right} of 225 validation raisins correctly. Expected at least 180."


@pytest.mark.task("evaluate")
def test_ten_grains(submission):
    """Ten grains, of which three Kecimen and three Besni are named correctly."""
    table = submission.load(CODE).evaluate(Y_TRUE, Y_PRED)

    expect.instance(table, pd.DataFrame, "a DataFrame with one row per class")
    expect.columns(table, ["precision", "recall", "f1", "rows"])
    expect.labels(table.index, ["Besni", "Kecimen", "macro"], what="class")
    expect.close(_cell(table, "Kecimen", "precision"), 3 / 6, "the precision of Kecimen (3 of 6 so named are)")
    expect.close(_cell(table, "Kecimen", "recall"), 3 / 4, "the recall of Kecimen (3 of 4 are found)")
    expect.close(_cell(table, "Besni", "f1"), 0.6, "the F1 of Besni")
    expect.close(_cell(table, "macro", "f1"), 0.6, "the macro F1 (0.6 for either class)")
    expect.close(_cell(table, "Besni", "rows"), 6, "the number of Besni rows")


@pytest.mark.task("slice-f1")
def test_two_slices_of_ten_grains(submission):
    """Ten grains, split at the mean of three others: the smaller half is served better."""
    sizes = [1, 2, 3, 8, 9, 4, 7, 8, 9, 10]
    valid_rows = pd.DataFrame({"MajorAxisLength": [float(size) for size in sizes], "Class": Y_TRUE})
    train_rows = pd.DataFrame({"MajorAxisLength": [4.0, 5.0, 9.0], "Class": ["Besni"] * 3})

    table = submission.load(CODE).slice_f1(train_rows, valid_rows, Y_PRED, features=["MajorAxisLength"])

    expect.instance(table, pd.DataFrame, "a DataFrame with one row per slice")
    expect.columns(table, ["feature", "side", "threshold", "rows", "f1", "difference"])
    expect.close(len(table), 2, "the number of slices of one feature")
    for side, rows, f1 in ((">=", 6, 0.0), ("<", 4, 6 / 7)):
        found = _slice(table, "MajorAxisLength", side)
        expect.close(found["threshold"], 6.0, "the threshold (the mean of 4, 5 and 9)")
        expect.close(found["rows"], rows, f"the number of rows with the side {side!r}")
        expect.close(found["f1"], f1, f"the F1 of Kecimen with the side {side!r}")
        expect.close(found["difference"], f1 - 0.6, f"the difference from 0.6 with the side {side!r}")


@pytest.mark.task("explain-the-gap")
def test_behind_the_gap_of_ten_grains(submission):
    """Six large grains out of ten: Kecimen have an F1 of 0, and accuracy is below that of a constant answer."""
    inside = [False, False, False, True, True, False, True, True, True, True]
    module = submission.load(CODE)
    table = module.explain_gap(Y_TRUE, Y_PRED, inside)

    expect.instance(table, pd.DataFrame, 'a DataFrame with the rows "inside" and "outside"')
    expect.columns(table, ["rows", "share", "baseline", "accuracy", "f1", "f1_other"])
    expect.labels(table.index, ["inside", "outside"], what="part")
    wanted = {"rows": 6, "share": 1 / 6, "baseline": 5 / 6, "accuracy": 0.5, "f1": 0.0, "f1_other": 2 / 3}
    for column, value in wanted.items():
        expect.close(_cell(table, "inside", column), value, f"{column} inside")
    word = module.verdict(table)
    expect.instance(word, str, "one of the words worse, better, depends and unknown")
    assert word == "depends", "Inside, F1 is smaller for Kecimen and larger for Besni. Expected the word 'depends'."


@pytest.mark.task("model-card")
def test_the_front_matter_is_metadata(submission):
    """huggingface_hub reads the front matter, and finds a licence, the library and results."""
    source = _card(submission)
    front = re.match(r"\s*---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|$)", source, re.DOTALL)

    assert front, f"{CARD} does not begin with a front matter: YAML between two lines that hold nothing but ---."
    meta = _metadata(front[1])
    missing = [key for key in ("license", "library_name", "model-index") if not meta.get(key)]
    assert not missing, f"The front matter has no {', '.join(missing)}. Expected each key with a value."
    library = str(meta["library_name"]).lower()
    assert library in ("sklearn", "scikit-learn"), (
        f"library_name is {str(meta['library_name'])[:40]!r}. Which library is the model made with?"
    )
    try:
        results = ModelCardData(**meta).eval_results
    except Exception as error:  # whatever an odd model-index makes huggingface_hub raise
        kind = f"{type(error).__name__}: {str(error)[:200]}"
        raise AssertionError(
            f"huggingface_hub cannot read the model-index ({kind}). Expected, for each model, a name and results "
            "that have a task with its type, a dataset with its type and name, and metrics with type and value."
        ) from None
    assert results, "The model-index holds no results."


@pytest.mark.task("model-card")
def test_six_sections(submission):
    """The card has a section, with text, for model details, intended use, metrics, data, bias and caveats."""
    source = _without_comments(_card(submission))
    headings = [match for match in re.finditer(r"^#{1,6}[ \t]+(.+?)[ \t#]*$", source, re.MULTILINE)]

    for name, pattern in SECTIONS.items():
        assert any(re.search(pattern, match[1], re.IGNORECASE) for match in headings) or re.search(
            rf"^.*(?:{pattern}).*\n(?:=+|-+)[ \t]*$", source, re.IGNORECASE | re.MULTILINE
        ), f"No heading stands for the section {name}."


def _card(submission):
    """Return the text of the card; it is not started while nothing has been filled in."""
    source = submission.read(CARD)
    assert len(source) <= 100_000, f"{CARD} has {len(source):,} characters. Expected a few pages."
    body = re.sub(r"\A\s*---.*?\n---", "", source, count=1, flags=re.DOTALL)
    written = re.sub(r"^#.*$", "", _without_comments(body), flags=re.MULTILINE).strip()
    if not written and not re.search(r"^model-index\s*:", source, re.MULTILINE):
        raise StudentError("Your model card is still to come.", kind="NotImplementedError")
    return source


def _without_comments(text):
    """Return Markdown without what stands between the arrows of comments."""
    first, *others = text.split("<!--")
    return first + "".join(other.partition("-->")[2] for other in others)


def _metadata(text):
    """Parse YAML that is small, flat and without aliases, so that it cannot blow up."""
    assert len(text) <= 20_000, "The front matter is longer than all metadata of a card can be."
    depth = 0
    try:
        for event in yaml.parse(text, yaml.SafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            assert depth <= 20, "The front matter is nested too deeply."
            assert not isinstance(event, yaml.AliasEvent), "The front matter uses aliases (*). Write each value out."
        meta = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = f" in its line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise AssertionError(f"The front matter is no YAML{line}: {error.problem or error.context}.") from None
    except (yaml.YAMLError, ValueError, TypeError, OverflowError, RecursionError, AttributeError) as error:
        raise AssertionError(f"The front matter is no YAML: {' '.join(str(error).split())[:300]}") from None
    assert isinstance(meta, dict), "The front matter is no mapping. Expected lines such as `license: mit`."
    assert all(isinstance(key, str) for key in meta), "A key of the front matter is no text."
    return meta


def _pair(parts):
    """Return training and validation rows, checked."""
    kinds = [type(rows) for rows in parts] if isinstance(parts, tuple | list) else []
    assert kinds == [pd.DataFrame] * 2, "Expected two DataFrames from split: training rows and validation rows."
    return parts


def _names(y_pred, rows):
    """Return predictions as a list of strings, checked to be one per row."""
    expect.instance(y_pred, np.ndarray | pd.Series | list, "one name per row")
    assert len(y_pred) == rows, f"There are {len(y_pred)} predictions for {rows} rows. Expected one for each."
    return [str(name) for name in y_pred]


def _slice(table, feature, side):
    """Return the row of a slice as a dict; there must be exactly one."""
    found = [row for row in table.to_dict("records") if str(row["feature"]) == feature and str(row["side"]) == side]
    assert len(found) == 1, (
        f"There are {len(found)} rows with the feature {feature} and the side {side!r}. Expected one."
    )
    return found[0]


def _cell(table, row, column):
    """Return one value of a table, or NaN if there is not exactly one."""
    found = table.loc[table.index == row, column] if column in table.columns else []
    return found.iloc[0] if isinstance(found, pd.Series) and len(found) == 1 else math.nan
