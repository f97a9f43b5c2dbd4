"""Unseen data for 07-dvc-pipeline, what the scripts should make of them, and all that is tried out with the work."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler

from autograder import datasets
from autograder.errors import GraderError

START = {"split.test_size": 0.25, "split.random_state": 23, "train.C": 1.0, "evaluate.threshold": 0.5}
"""The parameters that README.md starts from."""
SEED = 1789
TRIALS = {
    "C": {"train.C": 0.01},
    "threshold": {"evaluate.threshold": 0.65},
    "test_size": {"split.test_size": 0.4},
    "random_state": {"split.random_state": 7},
}
"""What is changed when the scripts are run by hand on unseen data, each by itself."""
NOTHING = {"evaluate.threshold": 1.0}
"""With it no row is predicted as 1."""


LAST_TRIALS = {"reproduce": "unseen", "rerun": "other split", "parameters": "nothing"}
"""Task → the last run of the scripts by hand that its checks look at."""
LAST_STEPS = {"stages": "first", "reproduce": "again", "compare": "C", "rerun": "label"}
"""Task → the last ``dvc repro`` that its checks look at."""


@pytest.fixture(scope="session")
def plan(seed: int, asked_for: frozenset[str]) -> dict[str, Any]:
    """What ``driver.py`` is to do, in order; each step starts from the state that the one before left."""
    whole = _plan(datasets.load("fake"), unseen_data(seed))
    for kind, of_task in {"by_hand": LAST_TRIALS, "steps": LAST_STEPS}.items():
        names = [each["name"] for each in whole[kind]]
        last = max((names.index(of_task[task]) for task in asked_for & of_task.keys()), default=-1)
        whole[kind] = whole[kind][: last + 1]
    return whole


@pytest.fixture(scope="session")
def unseen(seed: int) -> pd.DataFrame:
    """Rows like those of Fake that nobody has seen, on which every parameter makes a difference."""
    return unseen_data(seed)


@pytest.fixture(scope="session")
def negative(seed: int) -> pd.DataFrame:
    """The rows of ``unseen`` with label 0 in all validation rows, so that F1 has no value if none is predicted as 1."""
    return without_positives(unseen_data(seed))


@pytest.fixture(scope="session")
def truth() -> Any:
    """Return a function that does what the three scripts should: ``truth(data, {"train.C": 3})`` → metrics."""
    return true_metrics


@pytest.fixture
def changes() -> dict[str, dict[str, float]]:
    """What is changed in each trial on unseen data, and "nothing", which predicts no 1."""
    return TRIALS | {"nothing": NOTHING}


def true_metrics(data: pd.DataFrame, changed: dict[str, float]) -> dict[str, float]:
    """F1 and accuracy as the scripts of README.md give them."""
    return dict(_metrics(tuple(data["feature"]), tuple(data["label"]), tuple(sorted(changed.items()))))


@functools.lru_cache(maxsize=128)
def _metrics(feature: tuple[float, ...], label: tuple[int, ...], changed: tuple[tuple[str, float], ...]) -> Any:
    params = START | dict(changed)
    X, y = MinMaxScaler().fit_transform(pd.DataFrame({"feature": feature})), np.array(label)
    split = {"test_size": params["split.test_size"], "random_state": int(params["split.random_state"])}
    X_train, X_valid, y_train, y_valid = train_test_split(X, y, **split)
    model = LogisticRegression(C=params["train.C"]).fit(X_train, y_train)
    predicted = model.predict_proba(X_valid)[:, 1] >= params["evaluate.threshold"]
    return {"f1": f1_score(y_valid, predicted, zero_division=0), "accuracy": accuracy_score(y_valid, predicted)}


@functools.lru_cache(maxsize=8)
def unseen_data(seed: int) -> pd.DataFrame:
    """The data of the fixture ``unseen``."""
    for number in range(1000):
        rng = np.random.default_rng([seed, number])
        feature = rng.integers(-8, 48, size=60)
        chance = 1 / (1 + np.exp(-(feature - rng.integers(10, 18)) / 5))
        data = pd.DataFrame({"feature": feature, "label": (rng.random(60) < chance).astype(int)})
        if 0.3 < data["label"].mean() < 0.7 and _tells_all(data):
            return data
    raise GraderError("no data set was found on which every parameter makes a difference")


def without_positives(data: pd.DataFrame) -> pd.DataFrame:
    """The data of the fixture ``negative``."""
    split = {"test_size": START["split.test_size"], "random_state": int(START["split.random_state"])}
    validation = train_test_split(data.index, **split)[1]
    return data.assign(label=data["label"].where(~data.index.isin(validation), 0))


def _tells_all(data: pd.DataFrame) -> bool:
    """Whether each change of a parameter changes both metrics."""
    start = true_metrics(data, {})
    others = [true_metrics(data, changed) for changed in TRIALS.values()]
    return all(abs(other[name] - start[name]) > 0.01 for other in others for name in start)


def _plan(fake: pd.DataFrame, unseen: pd.DataFrame) -> dict[str, Any]:
    every, later = ["prepare", "train", "evaluate"], ["train", "evaluate"]
    by_hand = [
        {"name": "start", "data": _csv(fake), "params": START, "run": every},
        {"name": "submitted", "params": {}, "run": later},
        {"name": "unseen", "data": _csv(unseen), "params": START, "run": every},
        {"name": "other split", "params": START | TRIALS["test_size"] | TRIALS["random_state"], "run": ["evaluate"]},
        {"name": "threshold", "params": START | TRIALS["threshold"], "run": ["evaluate"]},
        {"name": "C", "params": START | TRIALS["C"], "run": later},
        {"name": "saved model", "params": START, "run": ["evaluate"]},
        {"name": "test_size", "params": START | TRIALS["test_size"], "run": later},
        {"name": "random_state", "params": START | TRIALS["random_state"], "run": later},
        {"name": "nothing", "data": _csv(without_positives(unseen)), "params": START | NOTHING, "run": every},
    ]
    steps = [
        {"name": "first", "commit": True, "look": True, "share": True},
        {"name": "again"},
        {"name": "C", "params": {"train.C": 0.537}, "compare": True, "commit": True},
        {"name": "threshold", "params": {"evaluate.threshold": 0.463}},
        # Of 19 rows, 25 % and 25.5 % are the same five: the model stays the same.
        {"name": "test_size", "params": {"split.test_size": 0.255}},
        {"name": "random_state", "params": {"split.random_state": SEED}},
        {"name": "evaluate.py", "edit": ["evaluate.py"]},
        {"name": "other scripts", "edit": ["prepare.py", "train.py"]},
        {"name": "feature", "data": _csv(with_other_feature(fake))},
        {"name": "label", "data": _csv(with_other_label(with_other_feature(fake)))},
    ]
    return {"data": _csv(fake), "by_hand": by_hand, "steps": steps}


def with_other_feature(fake: pd.DataFrame) -> pd.DataFrame:
    """Fake, with another feature in one validation row: X.csv changes, y.csv and the model do not."""
    row = next(row for row in _validation_rows(fake) if 0 < fake.loc[row, "feature"] < 9)
    return fake.assign(feature=fake["feature"].where(fake.index != row, fake["feature"] + 0.5))


def with_other_label(fake: pd.DataFrame) -> pd.DataFrame:
    """Fake, with another label in one validation row: y.csv changes, X.csv and the model do not."""
    row = _validation_rows(fake)[0]
    return fake.assign(label=fake["label"].where(fake.index != row, 1 - fake["label"]))


def _validation_rows(fake: pd.DataFrame) -> list[int]:
    return list(train_test_split(fake.index, test_size=0.255, random_state=SEED)[1])


def _csv(data: pd.DataFrame) -> str:
    return data.to_csv(index=False)
