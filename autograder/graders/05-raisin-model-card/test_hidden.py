"""Hidden checks for 05-raisin-model-card: unseen raisins for the code, recomputed figures for the card."""

from __future__ import annotations

import functools
import inspect
import math
import re

import numpy as np
import pandas as pd
import pytest
from huggingface_hub import repocard
from raisin_card.bias import agreeing, contradictions, denials
from raisin_card.claims import claims_in_meta, claims_in_tables, claims_in_text, claims_of_thresholds
from raisin_card.content import (
    cites_authors,
    cites_source,
    is_prompt,
    names_out_of_scope,
    placeholder,
    tells_replica,
)
from raisin_card.growing import grow
from raisin_card.reading import SECTIONS, CardError, read_card, stands_for
from raisin_card.words import ALL, AVERAGES, Words

from autograder import datasets, expect
from autograder.errors import GraderError, StudentError
from autograder.submission import Named

LogisticRegression = Named("sklearn.linear_model:LogisticRegression")
train_test_split = Named("sklearn.model_selection:train_test_split")
make_pipeline = Named("sklearn.pipeline:make_pipeline")
StandardScaler = Named("sklearn.preprocessing:StandardScaler")

CODE = "raisin.py"
CARD = "MODEL_CARD.md"
SLICED = ("MajorAxisLength", "MinorAxisLength", "ConvexArea")
CLASSES = ("Kecimen", "Besni")

# ---------------------------------------------------------------------------------------------- 1. train


@pytest.mark.task("train", weight=2)
def test_the_split_is_stratified(submission, vineyard):
    """Unseen raisins in unequal shares keep these shares in both parts."""
    for rows in ((151, 49), (37, 163)):
        grains = vineyard(rows)
        parts = _split(submission.load(CODE).split(grains))

        for name, part, share in zip(("training", "validation"), parts, (0.75, 0.25), strict=True):
            expect.close(len(part), 200 * share, f"the number of {name} rows of 200")
            for size, variety in zip(rows, _varieties(grains), strict=True):
                count = int((part["Class"] == variety).sum())
                assert abs(count - share * size) < 1, (
                    f"Of {size} {variety} raisins {count} are in the {name} rows. "
                    "Expected the same share of each class in both parts."
                )


@pytest.mark.task("train", weight=2)
def test_the_split_follows_random_state(submission, vineyard):
    """The parts are those of the recipe, for random_state 23 and for another."""
    grains = vineyard((110, 90))
    module = submission.load(CODE)
    for arguments in ({}, {"random_state": 7}):
        train_rows, valid_rows = _split(module.split(grains, **arguments))

        wanted = _recipe_split(grains, **arguments)
        assert set(valid_rows.index) == set(wanted[1].index), (
            "The validation rows are not those of a stratified train_test_split with this random_state."
        )
        assert set(train_rows.index) == set(wanted[0].index), (
            "The training rows are not all the others. Expected each row in exactly one part."
        )


@pytest.mark.task("train", weight=2)
def test_rows_come_out_as_they_went_in(submission, vineyard):
    """Each part holds rows of the data as they are: same columns, same values, nothing scaled yet."""
    grains = vineyard()
    parts, after = submission.load(CODE).call_and_return_args("split", grains)

    for part in _split(parts):
        assert list(part.columns) == list(grains.columns), "A part has other columns than the data. Expected the same."
        assert set(part.index) <= set(grains.index), (
            "A part has rows that the data do not have. Expected rows of the data, each under its own label."
        )
        assert part.equals(grains.loc[part.index]), (
            "Values changed on the way through split. Expected the rows as they are: what would each part know of the "
            "other otherwise?"
        )
    expect.unchanged(grains, after[0], "split changed the caller's DataFrame. Expected it to stay as it was.")


@pytest.mark.task("train", weight=3)
def test_the_model_is_scaled_logistic_regression(submission, seed):
    """On unseen raisins the model gives the answers of StandardScaler and LogisticRegression."""
    module = submission.load(CODE)
    grains, y_pred = _contested(seed, _digest())
    train_rows, valid_rows = _recipe_split(grains)
    model = module.train(train_rows)

    answers = _answers(_pipeline(model).predict(valid_rows.drop(columns="Class")), len(valid_rows))
    off = sum(answer != wanted for answer, wanted in zip(answers, y_pred, strict=True))
    assert off == 0, (
        f"{off} of {len(y_pred)} answers are others. Expected those of a StandardScaler and a LogisticRegression with "
        "scikit-learn's defaults, fitted on the rows that train got."
    )


@pytest.mark.task("train")
def test_the_pipeline_takes_raw_rows(submission, seed):
    """The Pipeline scales by itself: one grain alone gets the same answer as among others."""
    grains, _ = _contested(seed, _digest())
    train_rows, valid_rows = _recipe_split(grains)
    features = valid_rows.drop(columns="Class")
    model = _pipeline(submission.load(CODE).train(train_rows))

    together = _answers(model.predict(features), len(features))
    for number in (0, 7, 19):
        alone = _answers(model.predict(features.iloc[[number]]), 1)
        assert alone == together[number : number + 1], (
            "A grain gets another answer when it comes alone. Expected the same."
        )


@pytest.mark.task("train")
@pytest.mark.needs("test_the_model_is_scaled_logistic_regression")
def test_training_leaves_the_rows_alone(submission, vineyard):
    """The DataFrame that train gets is the same afterwards."""
    grains = vineyard()
    _, after = submission.load(CODE).call_and_return_args("train", grains)

    expect.unchanged(grains, after[0], "train changed the caller's DataFrame. Expected it to stay as it was.")


# ------------------------------------------------------------------------------------------- 2. evaluate


@pytest.mark.task("evaluate", weight=2)
def test_precision_and_recall_per_class(submission, rng):
    """On unseen labels, precision and recall of each class are right."""
    for classes in (2, 4):
        y_true, y_pred = _labels(rng, classes)
        table = _table(submission.load(CODE).evaluate(y_true, y_pred), y_true, y_pred)

        for name in sorted(set(y_true)):
            truth = _scores(y_true == name, y_pred == name)
            for metric in ("precision", "recall"):
                expect.close(_cell(table, name, metric), truth[metric], f"the {metric} of {name}")


@pytest.mark.task("evaluate", weight=2)
def test_f1_and_rows_per_class(submission, rng):
    """F1 and the number of true rows of each class are right."""
    y_true, y_pred = _labels(rng, 3)
    table = _table(submission.load(CODE).evaluate(y_true, y_pred), y_true, y_pred)

    for name in sorted(set(y_true)):
        expect.close(_cell(table, name, "f1"), _scores(y_true == name, y_pred == name)["f1"], f"the F1 of {name}")
        expect.close(_cell(table, name, "rows"), int((y_true == name).sum()), f"the number of {name} rows")
    expect.close(_cell(table, "macro", "rows"), len(y_true), "the number of rows in the row macro")


@pytest.mark.task("evaluate", weight=2)
def test_macro_is_the_plain_mean_of_the_classes(submission, rng):
    """In the row macro each class counts the same, however rare it is."""
    y_true, y_pred = _labels(rng, 3)
    table = _table(submission.load(CODE).evaluate(y_true, y_pred), y_true, y_pred)

    scores = [_scores(y_true == name, y_pred == name) for name in sorted(set(y_true))]
    for metric in ("precision", "recall", "f1"):
        wanted = float(np.mean([score[metric] for score in scores]))
        expect.close(_cell(table, "macro", metric), wanted, f"the macro {metric}")


@pytest.mark.task("evaluate")
def test_a_class_that_is_never_predicted(submission, rng):
    """A class that is never predicted has precision 0, and one that is only predicted has recall 0."""
    y_true = rng.permutation(np.repeat(["Flame", "Muscat", "Zante"], [9, 7, 4]))
    y_pred = np.where(y_true == "Zante", "Sultana", y_true)
    table = _table(submission.load(CODE).evaluate(y_true, y_pred), y_true, y_pred)

    expect.close(_cell(table, "Zante", "precision"), 0.0, "the precision of a class that is never predicted")
    expect.close(_cell(table, "Sultana", "recall"), 0.0, "the recall of a class that never occurs")
    expect.close(_cell(table, "macro", "f1"), 0.5, "the macro F1 over the four classes")


# ------------------------------------------------------------------------------------------- 3. slice-f1


@pytest.mark.task("slice-f1", weight=3)
def test_f1_on_both_sides_of_each_feature(submission, vineyard, rng):
    """On unseen raisins all slices have the right F1 and number of rows."""
    train_rows, valid_rows, y_pred, positive = _harvest(vineyard, rng)
    table = submission.load(CODE).slice_f1(train_rows, valid_rows, y_pred, positive=positive)

    _check_slices(table, train_rows, valid_rows, y_pred, SLICED, positive, ["rows", "f1"])


@pytest.mark.task("slice-f1", weight=2)
def test_thresholds_are_means_of_the_training_rows(submission, vineyard, rng):
    """Each threshold is the mean of the training rows alone."""
    train_rows, valid_rows, y_pred, positive = _harvest(vineyard, rng)
    table = submission.load(CODE).slice_f1(train_rows, valid_rows, y_pred, positive=positive)

    _check_slices(table, train_rows, valid_rows, y_pred, SLICED, positive, ["threshold"])


@pytest.mark.task("slice-f1", weight=2)
def test_difference_is_from_the_f1_of_all_rows(submission, vineyard, rng):
    """The difference is F1 in the slice minus F1 of the same class on all validation rows."""
    train_rows, valid_rows, y_pred, positive = _harvest(vineyard, rng)
    table = submission.load(CODE).slice_f1(train_rows, valid_rows, y_pred, positive=positive)

    _check_slices(table, train_rows, valid_rows, y_pred, SLICED, positive, ["difference"])


@pytest.mark.task("slice-f1", weight=2)
def test_either_class_can_be_positive(submission, vineyard, rng):
    """F1 is that of the class which is called positive."""
    train_rows, valid_rows, y_pred, _ = _harvest(vineyard, rng)
    module = submission.load(CODE)
    for positive in _varieties(valid_rows):
        table = module.slice_f1(train_rows, valid_rows, y_pred, positive=positive)

        _check_slices(table, train_rows, valid_rows, y_pred, SLICED, positive, ["f1", "difference"])


@pytest.mark.task("slice-f1")
def test_other_features_than_the_three(submission, vineyard, rng):
    """Any features can be sliced, as many as are asked for."""
    train_rows, valid_rows, y_pred, positive = _harvest(vineyard, rng)
    features = ["Softness", "Perimeter"]
    table = submission.load(CODE).slice_f1(train_rows, valid_rows, y_pred, features=features, positive=positive)

    _check_slices(table, train_rows, valid_rows, y_pred, features, positive, ["threshold", "rows", "f1"])


@pytest.mark.task("slice-f1")
def test_a_grain_at_the_mean_belongs_above(submission, rng):
    """A value that equals the threshold is on the side >=, and on no other."""
    valid_rows = pd.DataFrame({"Girth": [1.5, 2.5, 2.5, 2.5, 4.5, 5.5], "Class": list("abaaba")})
    train_rows = pd.DataFrame({"Girth": rng.permutation([1.0, 2.0, 3.0, 4.0]), "Class": list("abab")})
    y_pred = np.array(list("aaabba"))
    table = submission.load(CODE).slice_f1(train_rows, valid_rows, y_pred, features=["Girth"], positive="a")

    _check_slices(table, train_rows, valid_rows, y_pred, ["Girth"], "a", ["rows", "f1"])


@pytest.mark.task("slice-f1", weight=2)
def test_an_undefined_f1_is_nan(submission, rng):
    """F1 is NaN in an empty slice and where nothing is positive, nor predicted so; it is 0 where all are missed."""
    girth, sweet = [1.0] * 5 + [9.0] * 5, [3.0] * 10
    valid_rows = pd.DataFrame({"Girth": girth, "Sweet": sweet, "Class": ["a", "a", "b", "b", "a"] + ["b"] * 5})
    train_rows = pd.DataFrame({"Girth": [4.0, 6.0], "Sweet": [2.0, 2.5], "Class": ["a", "b"]})
    module = submission.load(CODE)
    table = module.slice_f1(
        train_rows, valid_rows, np.array(list("abbabbbbbb")), features=["Girth", "Sweet"], positive="a"
    )

    _frame(table, 4)
    _expect_nan(_slice(table, "Girth", ">=")["f1"], "the F1 of a slice in which nothing is positive, nor predicted so")
    empty = _slice(table, "Sweet", "<")
    expect.close(empty["rows"], 0, "the number of rows of an empty slice")
    _expect_nan(empty["f1"], "the F1 of an empty slice")
    _expect_nan(empty["difference"], "the difference of an empty slice")
    missed = module.slice_f1(train_rows, valid_rows, np.array(["b"] * 10), features=["Girth"], positive="a")
    _frame(missed, 2)
    expect.close(_slice(missed, "Girth", "<")["f1"], 0.0, "the F1 of a slice in which every positive row is missed")


@pytest.mark.task("slice-f1")
@pytest.mark.needs("test_f1_on_both_sides_of_each_feature")
def test_slicing_leaves_the_rows_alone(submission, vineyard, rng):
    """Training and validation rows are the same afterwards."""
    train_rows, valid_rows, y_pred, positive = _harvest(vineyard, rng)
    _, after = submission.load(CODE).call_and_return_args("slice_f1", train_rows, valid_rows, y_pred, positive=positive)

    expect.unchanged(train_rows, after[0], "slice_f1 changed the training rows. Expected it to stay as it was.")
    expect.unchanged(valid_rows, after[1], "slice_f1 changed the validation rows. Expected it to stay as it was.")


# ------------------------------------------------------------------------------------ 4. explain-the-gap


@pytest.mark.task("explain-the-gap", weight=2)
def test_what_lies_behind_a_gap(submission, vineyard, rng):
    """On unseen raisins rows, share, accuracy and both F1 are right inside and outside a slice."""
    columns = ["rows", "share", "accuracy", "f1", "f1_other"]
    _check_gap(submission, vineyard, rng, columns)


@pytest.mark.task("explain-the-gap")
def test_the_baseline_always_names_the_larger_class(submission, vineyard, rng):
    """The baseline is the accuracy of naming the more frequent class of each part."""
    _check_gap(submission, vineyard, rng, ["baseline"])


@pytest.mark.task("explain-the-gap")
def test_a_part_without_rows_or_positives(submission):
    """Where nothing can be measured there is NaN, and no error."""
    y_true, y_pred = np.array(list("aabb")), np.array(list("abbb"))
    module = submission.load(CODE)
    table = _gap_table(module.explain_gap(y_true, y_pred, [True] * 4, positive="a"))

    expect.close(_cell(table, "outside", "rows"), 0, "the number of rows outside a slice of everything")
    for column in ("share", "baseline", "accuracy", "f1", "f1_other"):
        _expect_nan(_cell(table, "outside", column, math.inf), f"the {column} of a part without rows")
    table = _gap_table(module.explain_gap(y_true, y_pred, [False, False, True, True], positive="a"))
    _expect_nan(_cell(table, "inside", "f1", math.inf), "the F1 of a class that neither occurs nor is predicted")
    expect.close(_cell(table, "inside", "f1_other"), 1.0, "the F1 of the other class, which is always found")


@pytest.mark.task("explain-the-gap", weight=2)
def test_the_verdict_looks_at_all_three(submission):
    """A slice is worse or better only if accuracy and both F1 agree."""
    module = submission.load(CODE)
    for inside, outside, wanted in (
        ((0.70, 0.60, 0.75), (0.90, 0.80, 0.95), "worse"),
        ((0.95, 0.85, 0.97), (0.90, 0.80, 0.95), "better"),
        ((0.92, 0.00, 0.96), (0.87, 0.93, 0.50), "depends"),
        ((0.80, 0.60, 0.90), (0.85, 0.80, 0.70), "depends"),
        ((0.95, 0.85, 0.90), (0.90, 0.80, 0.95), "depends"),
        ((0.85, 0.85, 0.97), (0.90, 0.80, 0.95), "depends"),
        ((0.90, 0.70, 0.85), (0.90, 0.80, 0.95), "depends"),
        ((0.95, 0.80, 0.97), (0.90, 0.80, 0.95), "depends"),
        ((0.90, math.nan, 1.00), (0.95, 0.80, 0.90), "unknown"),
        ((0.95, 0.85, 0.97), (0.90, 0.80, math.nan), "unknown"),
        ((0.70, 0.60, 0.75), (math.nan, math.nan, math.nan), "unknown"),
    ):
        rows = {}
        for name, (accuracy, f1, other) in (("outside", outside), ("inside", inside)):
            numbers = {"rows": 50, "share": 0.6, "baseline": 0.6, "accuracy": accuracy, "f1": f1, "f1_other": other}
            rows[name] = numbers
        word = module.verdict(pd.DataFrame.from_dict(rows, orient="index"))
        expect.instance(word, str, "one of the words worse, better, depends and unknown")
        assert word == wanted, (
            f"With accuracy {_both(inside, outside, 0)}, f1 {_both(inside, outside, 1)} and f1_other "
            f"{_both(inside, outside, 2)} (inside, outside) the verdict was {str(word)[:30]!r}, "
            f"expected {wanted!r}."
        )


@pytest.mark.task("explain-the-gap")
@pytest.mark.needs("test_what_lies_behind_a_gap")
def test_explaining_leaves_the_labels_alone(submission, vineyard, rng):
    """Labels, predictions and mask are the same afterwards."""
    y_true, y_pred, inside, positive = _gap(vineyard, rng)
    _, after = submission.load(CODE).call_and_return_args("explain_gap", y_true, y_pred, inside, positive=positive)

    expect.unchanged(y_true, after[0], "explain_gap changed y_true. Expected it to stay as it was.")
    expect.unchanged(inside, after[2], "explain_gap changed the mask. Expected it to stay as it was.")


# ----------------------------------------------------------------------------------------- 5. model-card


@pytest.mark.task("model-card", weight=3)
def test_every_number_of_the_text_is_true(submission, raisin):
    """Every metric in the text and tables of the card agrees with its recomputed value."""
    card = _card(submission)
    truth = _truth()
    claims = _claims(card, raisin)

    assert claims, "No metric was found in the text or in a table of the card. State each with its name and number."
    for claim in claims:
        ruling = claim.rule(truth)
        if ruling.wrong and ruling.nearest:
            key, value = ruling.nearest
            raise AssertionError(
                f"The card says: “{_short(claim.quote)}”. Recomputed, {_meaning(key, claim, truth)} is "
                f"{_like(value, claim)}, not {claim.shown}."
            )


@pytest.mark.task("model-card", weight=2)
def test_overall_metrics_are_stated(submission, raisin):
    """The card states precision, recall and F1 on all validation rows, and they are right."""
    said = _said(_card(submission), raisin)

    for metric in ("precision", "recall", "f1"):
        assert any(kind == metric and place == ALL for kind, _, place in said), (
            f"No right figure was found for the overall {metric.replace('f1', 'F1')}. "
            "Name the metric, the class or average, and the number, in a sentence or table."
        )


@pytest.mark.task("model-card", weight=2)
def test_all_six_slices_are_stated(submission, raisin):
    """The card states the F1 of each of the six slices, and they are right."""
    said = _said(_card(submission), raisin)

    for feature in SLICED:
        for side, words in ((">=", "at or above"), ("<", "below")):
            assert any(kind == "f1" and place == f"{feature} {side}" for kind, _, place in said), (
                f"No right F1 was found for the raisins {words} the training mean of {feature}."
            )


@pytest.mark.task("model-card", weight=2)
@pytest.mark.needs("test_the_front_matter_is_metadata")
def test_the_model_index_is_true(submission, raisin):
    """The model-index holds overall precision, recall and F1, and each of its values is right."""
    card = _card(submission)
    truth = _truth()
    meant = set()
    for claim in claims_in_meta(_results(card.meta), _words(raisin)):
        ruling = claim.rule(truth)
        if ruling.wrong and ruling.nearest:
            key, value = ruling.nearest
            raise AssertionError(
                f"The model-index says: “{_short(claim.quote)}”. Recomputed, {_meaning(key, claim, truth)} is "
                f"{_like(value, claim)}."
            )
        meant |= ruling.meant

    for metric in ("precision", "recall", "f1"):
        assert any(kind == metric and place == ALL for kind, _, place in meant), (
            f"The model-index has no overall {metric} (a metric of this type, with its value)."
        )


@pytest.mark.task("model-card")
@pytest.mark.needs("test_the_model_index_is_true")
def test_the_model_index_says_which_average(submission):
    """Each precision, recall and F1 of the model-index says which class or average it belongs to."""
    card = _card(submission)
    known = re.compile(rf"macro|micro|weighted|averag|mean|binary|positive|class|{'|'.join(CLASSES)}", re.IGNORECASE)

    for result in _eval_results(card.meta):
        if str(result.metric_type).lower() in ("precision", "recall", "f1"):
            said = f"{result.metric_name or ''} {result.metric_args or ''}"
            assert known.search(said), (
                f"The model-index has a {result.metric_type} whose name and args say {_short(said) or 'nothing'!r}. "
                "Of which class is it, or averaged how?"
            )


@pytest.mark.task("model-card", weight=2)
def test_sections_have_a_text_of_their_own(submission):
    """Each of the six sections has a text of its own: no copied prompts, nothing left to fill in."""
    card = _card(submission)
    left = placeholder(f"{card.text}\n{_flat(card.meta)}")

    assert not left, f"This still waits to be filled in: “{_short(left)}”."
    for name in SECTIONS:
        passages = [passage.text for passage in card.passages if stands_for(name, passage.headings)]
        own = [text for text in passages if not is_prompt(text)]
        copied = len(passages) - len(own)
        cells = [" ".join(row) for table in card.tables if stands_for(name, table.headings) for row in table.rows]
        words = re.findall(r"\w+", " ".join([*own, *cells]))
        assert len(words) >= 12, (
            f"The section {name} says too little"
            f"{' once copied prompts are left out' if copied else ''}. Expected a sentence or two of your own."
        )


@pytest.mark.task("model-card")
def test_the_origin_of_the_data_is_cited(submission):
    """The card cites where the data come from, and says if they are a replica."""
    card = _card(submission)
    text = f"{card.text}\n{' '.join(card.links)}"

    assert cites_authors(text), "The data have authors. Expected a citation: who, what, when, or its DOI."
    assert cites_source(text), (
        "A reader cannot find the data from this citation. Expected a title or source with its year, a link or a DOI."
    )
    is_replica = datasets.describe("raisin").kind == "replica"
    assert tells_replica(text) or not is_replica, (
        "These raisins were never photographed; see datasets/raisin/README.md. Does the card say so?"
    )


@pytest.mark.task("model-card")
def test_the_split_is_described(submission):
    """The card says how the data were split: stratified, which part is kept, with which random state."""
    text = _card(submission).text

    assert re.search(r"stratif|same (?:share|proportion)s? of (?:each|both)", text, re.IGNORECASE), (
        "How were the rows dealt out to both parts? Expected the word for keeping the shares of the classes."
    )
    sizes = (
        r"\b25\s*(?:%|per ?cent)|\b75\s*(?:%|per ?cent)|\b0?\.25\b|\b0?\.75\b|\b75\s*[/:–-]\s*25\b|\bquarter|\b675\b"
    )
    assert re.search(sizes, text, re.IGNORECASE), "How large is the part that was kept for validation?"
    assert re.search(r"\b23\b", text), "Which random_state gives the same split again?"


@pytest.mark.task("model-card")
def test_out_of_scope_use_is_named(submission):
    """The section on use says what the model is not for."""
    text = _card(submission).section("Intended Use")

    assert names_out_of_scope(text), (
        "The section on intended use names no use that is out of scope. What must nobody do with this model?"
    )


@pytest.mark.task("model-card", weight=2)
def test_the_bias_statement_agrees_with_the_slices(submission, raisin):
    """The section on bias says which raisins are served worse, of which class, as the slices do."""
    card = _card(submission)
    words, truth = _words(raisin), _truth()
    passages = [passage for passage in card.passages if stands_for("Bias", passage.headings)]
    sentences = [passage.text for passage in passages]
    sides = _directions(truth)

    for sentence in denials(sentences):
        raise AssertionError(f"The slices do differ, but the card says: “{_short(sentence)}”.")
    for sentence in contradictions(sentences, words, sides):
        raise AssertionError(
            f"The card says: “{_short(sentence)}”. The slices say the opposite: compare the F1 of that class "
            "on both sides of the mean."
        )
    section = card.section("Bias")
    absent = [name for name in CLASSES if not re.search(rf"\b{name}\b", section, re.IGNORECASE)]
    assert not absent, (
        f"The section on bias says nothing of {absent[0]}. Does the gap hold for both classes?" if absent else ""
    )
    tables = [table for table in card.tables if stands_for("Bias", table.headings)]
    stated = set()
    for claim in _claims_of(passages, tables, words):
        stated |= {place for kind, _, place in claim.rule(truth).meant if kind in ("f1", "recall")}
    both = any({f"{feature} >=", f"{feature} <"} <= stated for feature in SLICED)
    assert both or next(agreeing(sentences, words, sides), None), (
        "The section on bias does not say for which raisins (large or small, Kecimen or Besni) the model does worse. "
        "Name both, or state the figures of both sides."
    )


# ----------------------------------------------------------------------------------- what the checks share


def _split(parts):
    """Return training and validation rows, checked to be frames with a class."""
    kinds = [type(rows) for rows in parts] if isinstance(parts, tuple | list) else []
    assert kinds == [pd.DataFrame] * 2, "Expected two DataFrames from split: training rows and validation rows."
    for rows in parts:
        expect.columns(rows, ["Class"])
    return parts


def _recipe_split(grains, random_state=23):
    return train_test_split(grains, test_size=0.25, stratify=grains["Class"], random_state=random_state)


def _recipe_model(rows, scaled=True):
    regression = LogisticRegression(max_iter=300)
    model = make_pipeline(StandardScaler(), regression) if scaled else regression
    return model.fit(rows.drop(columns="Class"), rows["Class"])


def _varieties(grains):
    """The names of the two classes; the first is what was Kecimen."""
    return list(grains.groupby("Class")["MajorAxisLength"].mean().sort_values().index)


@functools.lru_cache(maxsize=4)
def _contested(seed, _digest):
    """Grow raisins, and return them with the answers of the recipe, that neither luck nor rounding explains.

    No answer is a near tie; without scaling, or without the feature Softness, some answers are others.
    """
    rng = np.random.default_rng([seed, 5])
    for _ in range(60):
        grains = grow(datasets.load("raisin"), rng, (110, 90), noise=0.7)
        grains["Softness"] /= 1000  # without scaling, its weight is penalised away
        train_rows, valid_rows = _recipe_split(grains)
        model = _recipe_model(train_rows)
        features = valid_rows.drop(columns="Class")
        y_pred = model.predict(features)
        if np.abs(model.decision_function(features)).min() < 0.01:
            continue
        blunt = _recipe_model(train_rows, scaled=False).predict(features)
        thin = _recipe_model(train_rows.drop(columns="Softness")).predict(features.drop(columns="Softness"))
        if (blunt != y_pred).sum() > 1 and (thin != y_pred).sum() > 1:
            return grains, list(y_pred)
    raise GraderError("no raisins of 60 harvests were fit for the checks of task 1: loosen _contested")


def _pipeline(model):
    kind = getattr(model, "type", type(model).__name__)
    assert kind == "Pipeline", f"train returned a {kind}. Expected a fitted Pipeline."
    return model


def _answers(y_pred, rows):
    expect.instance(y_pred, (np.ndarray, pd.Series, list), "one name per row")
    assert len(y_pred) == rows, f"There are {len(y_pred)} predictions for {rows} rows. Expected one for each."
    return [str(name) for name in y_pred]


def _labels(rng, classes):
    """True and predicted labels of classes of very different size, each with its own share of mistakes."""
    names = rng.permutation(["Sultana", "Corinth", "Flame", "Muscat"])[:classes]
    truth = np.repeat(np.arange(classes), [60, 25, 14, 9][:classes])
    guess = truth.copy()
    for number, share in enumerate([0.1, 0.35, 0.5, 0.6][:classes]):
        places = np.flatnonzero(truth == number)
        picked = rng.choice(places, round(share * len(places)), replace=False)
        guess[picked] = (number + 1) % classes
    order = rng.permutation(len(truth))
    return names[truth[order]], names[guess[order]]


def _scores(is_true, is_pred):
    hits, said, there = int((is_true & is_pred).sum()), int(is_pred.sum()), int(is_true.sum())
    return {
        "precision": hits / said if said else 0.0,
        "recall": hits / there if there else 0.0,
        "f1": 2 * hits / (said + there) if said + there else math.nan,
    }


def _table(table, y_true, y_pred):
    expect.instance(table, pd.DataFrame, "a DataFrame with one row per class")
    expect.columns(table, ["precision", "recall", "f1", "rows"])
    expect.labels(table.index, [*sorted({*y_true, *y_pred}), "macro"], what="class")
    return table


def _cell(table, row, column, otherwise=math.nan):
    """Return one value of a table, or ``otherwise`` if there is not exactly one."""
    found = table.loc[table.index == row, column] if column in table.columns else []
    return found.iloc[0] if isinstance(found, pd.Series) and len(found) == 1 else otherwise


def _expect_nan(value, what):
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan if value is None or value is pd.NA else 0.0
    assert math.isnan(number), f"{what[:1].upper()}{what[1:]} is {number:.6g}. Expected NaN."


def _harvest(vineyard, rng):
    """Training rows, validation rows, answers with mistakes on large and small grains, and a positive class."""
    grains = vineyard((150, 130), noise=0.8)
    train_rows, valid_rows = grains.iloc[:200], grains.iloc[200:]
    varieties = np.array(_varieties(valid_rows))
    is_second = (valid_rows["Class"] == varieties[1]).to_numpy()
    wrong = rng.permutation(np.arange(len(valid_rows)) % 4 == 0)
    return train_rows, valid_rows, varieties[(is_second ^ wrong).astype(int)], str(varieties[0])


def _frame(table, rows):
    expect.instance(table, pd.DataFrame, "a DataFrame with one row per slice")
    expect.columns(table, ["feature", "side", "threshold", "rows", "f1", "difference"])
    expect.close(len(table), rows, "the number of slices")


def _slice(table, feature, side):
    """Return the row of a slice as a dict; there must be exactly one."""
    found = [row for row in table.to_dict("records") if str(row["feature"]) == feature and str(row["side"]) == side]
    assert len(found) == 1, (
        f"There are {len(found)} rows with the feature {feature} and the side {side!r}. Expected one."
    )
    return found[0]


def _check_slices(table, train_rows, valid_rows, y_pred, features, positive, columns):
    _frame(table, 2 * len(features))
    is_true, is_pred = (valid_rows["Class"] == positive).to_numpy(), np.asarray(y_pred) == positive
    overall = _scores(is_true, is_pred)["f1"]
    for feature in features:
        threshold = float(train_rows[feature].mean())
        for side, inside in ((">=", valid_rows[feature] >= threshold), ("<", valid_rows[feature] < threshold)):
            f1 = _scores(is_true[inside], is_pred[inside])["f1"]
            truth = {"threshold": threshold, "rows": int(inside.sum()), "f1": f1, "difference": f1 - overall}
            found = _slice(table, feature, side)
            for column in columns:
                expect.close(found[column], truth[column], f"the {column} of {feature} {side} its mean")


def _gap(vineyard, rng):
    _, valid_rows, y_pred, positive = _harvest(vineyard, rng)
    inside = valid_rows["Perimeter"] >= valid_rows["Perimeter"].quantile(0.6)
    return valid_rows["Class"], y_pred, inside, positive


def _gap_table(table):
    expect.instance(table, pd.DataFrame, 'a DataFrame with the rows "inside" and "outside"')
    expect.columns(table, ["rows", "share", "baseline", "accuracy", "f1", "f1_other"])
    expect.labels(table.index, ["inside", "outside"], what="part")
    return table


def _check_gap(submission, vineyard, rng, columns):
    y_true, y_pred, inside, _ = _gap(vineyard, rng)
    module = submission.load(CODE)
    for positive in sorted(set(y_true)):
        table = _gap_table(module.explain_gap(y_true, y_pred, inside, positive=positive))

        for name, rows in (("inside", inside.to_numpy()), ("outside", ~inside.to_numpy())):
            is_true, is_pred = (y_true == positive).to_numpy()[rows], (y_pred == positive)[rows]
            share = float(is_true.mean())
            truth = {
                "rows": len(is_true),
                "share": share,
                "baseline": max(share, 1 - share),
                "accuracy": float((is_true == is_pred).mean()),
                "f1": _scores(is_true, is_pred)["f1"],
                "f1_other": _scores(~is_true, ~is_pred)["f1"],
            }
            for column in columns:
                expect.close(_cell(table, name, column), truth[column], f"the {column} {name} of the slice")


def _both(inside, outside, number):
    return f"{inside[number]:g}, {outside[number]:g}"


# ------------------------------------------------------------------------------- what the card is held to


def _card(submission):
    """Return the card; it is not started while nothing has been filled in."""
    source = submission.read(CARD)
    try:
        card = _read(source)
    except CardError as error:
        raise AssertionError(str(error)) from None
    if not card.passages and not card.tables and "model-index" not in card.meta:
        raise StudentError("Your model card is still to come.", kind="NotImplementedError")
    return card


@functools.lru_cache(maxsize=4)
def _read(source):
    return read_card(source)


def _words(raisin):
    return Words(CLASSES, [name for name in raisin.columns if name != "Class"], SLICED)


def _claims(card, raisin):
    words = _words(raisin)
    texts = [
        *(passage.text for passage in card.passages),
        *(cell for t in card.tables for row in t.rows for cell in row),
    ]
    return [*_claims_of(card.passages, card.tables, words), *claims_of_thresholds(texts, words)]


def _claims_of(passages, tables, words):
    yield from claims_in_text(((passage.text, passage.before) for passage in passages), words)
    yield from claims_in_tables(((table.rows, table.before) for table in tables), words)


def _said(card, raisin):
    """What the card states rightly."""
    truth = _truth()
    return {key for claim in _claims(card, raisin) for key in claim.rule(truth).meant}


def _truth():
    """Everything that a card may state about the table in place."""
    return _compute(_digest())


def _digest():
    """The table in place may be changed for another; what is cached depends on it."""
    return datasets.sha256(datasets.path("raisin").read_bytes())


@functools.lru_cache(maxsize=4)
def _compute(_digest):
    """What a card may state: (what, of which class or average, in which slice) → value."""
    raisin = datasets.load("raisin")
    train_rows, valid_rows = _recipe_split(raisin)
    y_pred = _recipe_model(train_rows).predict(valid_rows.drop(columns="Class"))
    places = {ALL: np.full(len(valid_rows), True)}
    truth = {}
    for feature in raisin.columns.drop("Class"):
        threshold = float(train_rows[feature].mean())
        truth["threshold", "", feature] = threshold
        truth["mean of all", "", feature] = float(raisin[feature].mean())
        places[f"{feature} >="] = (valid_rows[feature] >= threshold).to_numpy()
        places[f"{feature} <"] = ~places[f"{feature} >="]
    for place, inside in places.items():
        truth |= _figures(valid_rows["Class"].to_numpy()[inside], y_pred[inside], place)
        truth["part", "", place] = float(inside.mean())
    for kind, name, place in list(truth):
        if kind in ("f1", "precision", "recall", "accuracy") and place != ALL:
            truth[f"difference of {kind}", name, place] = truth[kind, name, place] - truth[kind, name, ALL]
            feature = place.rpartition(" ")[0]
            gap = truth[kind, name, f"{feature} >="] - truth[kind, name, f"{feature} <"]
            truth[f"difference of {kind}", name, f"{feature} gap"] = gap
    for name, rows in (("training", train_rows), ("all", raisin)):
        truth[f"rows of {name}", ALL, ALL] = len(rows)
        for variety in CLASSES:
            truth[f"rows of {name}", variety, ALL] = int((rows["Class"] == variety).sum())
            truth["part", variety, name] = float((rows["Class"] == variety).mean())
    return truth | {("part", "split", "training"): 0.75, ("part", "split", "validation"): 0.25}


def _figures(y_true, y_pred, place):
    """The figures of one slice."""
    scores = {name: _scores(y_true == name, y_pred == name) for name in CLASSES}
    shares = {name: float((y_true == name).mean()) for name in CLASSES}
    accuracy = float((y_true == y_pred).mean())
    found = {("rows", ALL, place): len(y_true)}
    for metric in ("precision", "recall", "f1"):
        values = [scores[name][metric] for name in CLASSES]
        found |= {(metric, name, place): scores[name][metric] for name in CLASSES}
        found[metric, "macro", place] = float(np.mean(values))
        found[metric, "weighted", place] = float(np.dot(values, [shares[name] for name in CLASSES]))
        found[metric, "micro", place] = accuracy
    for name in (*CLASSES, *AVERAGES):
        found["accuracy", name, place] = accuracy
        found["balanced accuracy", name, place] = found["recall", "macro", place]
        found["baseline", name, place] = max(shares.values())
    for name in CLASSES:
        found["rows", name, place] = int((y_true == name).sum())
        found["share", name, place] = shares[name]
    return found


def _directions(truth):
    """For each class and side 1 if its F1 is larger there, -1 if smaller, as long as all three features agree."""
    found = {}
    for name in CLASSES:
        signs = {np.sign(truth["f1", name, f"{feature} >="] - truth["f1", name, f"{feature} <"]) for feature in SLICED}
        if len(signs) == 1 and (sign := signs.pop()) in (1, -1):
            found[name, ">="], found[name, "<"] = int(sign), -int(sign)
    return found


def _eval_results(meta):
    """Read a model-index as huggingface_hub does."""
    try:
        return repocard.ModelCardData(**meta).eval_results or ()
    except Exception:  # a visible check says what is wrong with it
        return ()


def _results(meta):
    """The results of a model-index that huggingface_hub can read: metric type, all words about it, value."""
    for result in _eval_results(meta):
        about = (result.metric_type, result.metric_name, result.metric_args, result.metric_config)
        where = (result.dataset_config, result.dataset_split, result.dataset_args)
        names = re.sub(rf"\b(?:{'|'.join(CLASSES)})\b", "", str(result.dataset_name or ""))
        parts = [str(part) for part in (*about, *where) if part]
        yield str(result.metric_type), _short(" ".join([*dict.fromkeys(parts), names]), 400), result.metric_value


def _flat(meta):
    """All strings of the front matter but those between which the solution stands."""
    parts, found = [value for key, value in meta.items() if key not in ("answer", "answer_ends")], []
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            parts += [*part, *part.values()]
        elif isinstance(part, list):
            parts += part
        elif isinstance(part, str):
            found.append(part)
    return "\n".join(found)


def _short(text, limit=180):
    text = inspect.cleandoc(text).rstrip(".")
    return text if len(text) <= limit else f"{text[:limit]}…"


def _like(value, claim):
    """A recomputed value, written the way the card writes its own."""
    if claim.value > 1:
        return f"{value:,.{max(0, round(-math.log10(claim.unit)))}f}"
    if "%" in claim.shown or "cent" in claim.shown:
        return f"{100 * value:.1f} %"
    return f"{value:.3f}"


def _meaning(key, claim, truth):
    """What a key stands for in words, if the card left no choice."""
    kind, name, place = key
    known = {reading for reading in claim.readings if reading in truth}
    if len({(what, where) for what, _, where in known}) > 1:
        return "the nearest that this can mean"
    what = {"f1": "F1", "rows": "number of rows", "threshold": "training mean"}.get(kind, kind)
    whose = f" of {name}" if name in CLASSES else f" ({name})" if name in AVERAGES else ""
    if len(known) > 1:
        whose = ""
    where = "overall" if place == ALL else f"for {place} its mean" if " " in place else f"of {place}"
    return f"the {what}{whose} {where}"
