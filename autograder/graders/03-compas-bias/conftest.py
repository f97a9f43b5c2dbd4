"""Unseen people for 03-compas-bias: tables to audit, and what a correct audit of them says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
import pytest

from autograder import datasets
from autograder.drawn import drawn

METRICS = ("ppr", "pprev", "precision", "fdr", "for", "fpr", "fnr", "tpr", "tnr", "npv")

# Groups of other places, with the chances of a new charge and of each error. No two rates are alike.
TOWNS = {
    "Avonlea": (0.45, 0.22, 0.40),
    "Brigadoon": (0.55, 0.40, 0.28),
    "Cair Paravel": (0.35, 0.15, 0.55),
    "Dunwich": (0.50, 0.30, 0.35),
    "Erewhon": (0.40, 0.27, 0.47),
}
PLANS = {"basic": (0.45, 0.30, 0.34), "plus": (0.40, 0.22, 0.44), "none": (0.50, 0.36, 0.30)}


@pytest.fixture(scope="session")
def compas() -> pd.DataFrame:
    """COMPAS as the lab reads it."""
    return datasets.load("compas")


@pytest.fixture
def county(rng: np.random.Generator) -> Callable[..., pd.DataFrame]:
    """Return a function that makes a prepared table of unseen people.

    ``county(towns=5, rows=(90, 220))``: a ``score``, a ``label_value``, and the attributes ``town`` and ``plan``,
    shuffled, under an index of strings. Every group has all four outcomes, and the sizes of towns differ.
    """

    def make(towns: int = 5, rows: tuple[int, int] = (90, 220)) -> pd.DataFrame:
        return drawn(rng, _county, towns, rows)

    return make


@pytest.fixture(scope="session")
def crosstab_of() -> Callable[[pd.DataFrame, Sequence[str]], pd.DataFrame]:
    """Return a function that measures every group with plain pandas, in the columns that Aequitas has."""
    return _crosstab


@pytest.fixture(scope="session")
def disparities_of() -> Callable[..., pd.DataFrame]:
    """Return a function that compares every group with named ones, in the columns that Aequitas has."""
    return _disparities


def _county(rng: np.random.Generator, towns: int, rows: tuple[int, int]) -> pd.DataFrame:
    names = [str(name) for name in rng.permutation(sorted(TOWNS))[:towns]]
    sizes = rng.choice(np.arange(*rows), size=towns, replace=False)
    blocks = [_people(TOWNS[name], int(size), rng).assign(town=name) for name, size in zip(names, sizes, strict=True)]
    people = pd.concat(blocks, ignore_index=True)
    people["plan"] = _plans(people, rng)
    people.index = pd.Index([f"person {number}" for number in rng.permutation(len(people))])
    return people.iloc[rng.permutation(len(people))]


def _people(chances: tuple[float, float, float], size: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw outcomes and scores of a group: the chance of a new charge, the FPR and the FNR."""
    base, fpr, fnr = chances
    label = (rng.random(size) < base).astype(int)
    wrong = rng.random(size) < np.where(label == 1, fnr, fpr)
    score = np.where(wrong, 1 - label, label)
    label[:12], score[:12] = [0, 0, 1, 1] * 3, [0, 1, 0, 1] * 3
    return pd.DataFrame({"score": score, "label_value": label})


def _plans(people: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Give everyone a plan; error rates differ between plans, and each plan has all four outcomes."""
    names = np.array(sorted(PLANS))
    weights = np.where(people["score"] == people["label_value"], 0.5, 0.3)[:, None] * [0.9, 0.7, 0.4]
    weights[:, 2] = 1 - weights[:, :2].sum(axis=1)
    limits = weights.cumsum(axis=1)[:, :2]
    plans = names[(rng.random(len(people))[:, None] > limits).sum(axis=1)]
    plans[:12] = np.repeat(names, 4)
    return plans


def _crosstab(table: pd.DataFrame, attributes: Sequence[str]) -> pd.DataFrame:
    score, label = table["score"].to_numpy(), table["label_value"].to_numpy()
    flagged = int((score == 1).sum())
    rows = []
    for attribute in attributes:
        groups = table[attribute].to_numpy()
        for value in sorted(table[attribute].unique()):
            inside = groups == value
            measured = _measure(score[inside], label[inside], flagged)
            rows.append({"attribute_name": attribute, "attribute_value": value, **measured})
    crosstab = pd.DataFrame(rows)
    crosstab.insert(0, "model_id", 0)
    crosstab.insert(1, "score_threshold", "binary 0/1")
    return crosstab.assign(total_entities=len(table))


def _measure(score: np.ndarray, label: np.ndarray, flagged: int) -> dict[str, float]:
    tp, fp = int(((score == 1) & (label == 1)).sum()), int(((score == 1) & (label == 0)).sum())
    tn, fn = int(((score == 0) & (label == 0)).sum()), int(((score == 0) & (label == 1)).sum())
    return {
        "k": flagged,
        "accuracy": _ratio(tp + tn, len(score)),
        "tpr": _ratio(tp, tp + fn),
        "tnr": _ratio(tn, tn + fp),
        "for": _ratio(fn, fn + tn),
        "fdr": _ratio(fp, fp + tp),
        "fpr": _ratio(fp, fp + tn),
        "fnr": _ratio(fn, fn + tp),
        "npv": _ratio(tn, fn + tn),
        "precision": _ratio(tp, tp + fp),
        "pp": tp + fp,
        "pn": tn + fn,
        "ppr": _ratio(tp + fp, flagged),
        "pprev": _ratio(tp + fp, len(score)),
        "fp": fp,
        "fn": fn,
        "tn": tn,
        "tp": tp,
        "group_label_pos": tp + fn,
        "group_label_neg": tn + fp,
        "group_size": len(score),
        "prev": _ratio(tp + fn, len(score)),
    }


def _disparities(crosstab: pd.DataFrame, reference: Mapping[str, str]) -> pd.DataFrame:
    blocks = []
    for attribute, block in crosstab.groupby("attribute_name", sort=False):
        named = reference[str(attribute)]
        of_reference = block[block["attribute_value"] == named].iloc[0]
        ratios = {f"{name}_disparity": [_ratio(rate, of_reference[name]) for rate in block[name]] for name in METRICS}
        compared = pd.DataFrame(ratios | {f"{name}_ref_group_value": named for name in METRICS}, index=block.index)
        blocks.append(pd.concat([block, compared], axis=1))
    return pd.concat(blocks, ignore_index=True)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
