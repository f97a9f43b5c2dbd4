"""Unseen goods for 04-car-bias: bicycles that nobody has ridden, with verdicts and predictions to audit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from autograder import datasets
from autograder.drawn import drawn

# Level → what it adds to the merit of a bicycle.
LEVELS = {
    "frame": {"steel": -0.4, "alloy": 0.3, "carbon": 0.9},
    "gears": {"1": -0.6, "3": 0.0, "8": 0.4, "21": 0.7},
    "brakes": {"rim": -0.5, "disc": 0.5, "none": -9.0},
    "rack": {"no": -0.2, "small": 0.1, "large": 0.4},
}
CLASSES = ["unacc", "acc", "good", "vgood"]


@pytest.fixture(scope="session")
def car() -> pd.DataFrame:
    """Car Evaluation as the lab reads it."""
    return datasets.load("car")


@pytest.fixture
def workshop(rng: np.random.Generator) -> Callable[..., pd.DataFrame]:
    """Return a function that makes a table of unseen bicycles.

    ``workshop(rows=600)``: the attributes of LEVELS, a number ``wheels``, and a ``verdict`` in the four classes of
    the lab, under an index of shuffled strings. Bicycles without brakes are always ``unacc``.
    """
    return lambda rows=600: drawn(rng, make_bikes, rows)


@pytest.fixture(scope="session")
def bicycles() -> Callable[[np.random.Generator, int], pd.DataFrame]:
    """Return the function behind ``workshop``, for random numbers of one's own."""
    return make_bikes


def make_bikes(rng: np.random.Generator, rows: int) -> pd.DataFrame:
    """Make bicycles; see ``workshop``."""
    bikes = pd.DataFrame(
        {name: rng.choice(list(levels), rows, p=_uneven(len(levels))) for name, levels in LEVELS.items()}
    ).astype(object)
    merit = sum(bikes[name].map(levels).astype(float) for name, levels in LEVELS.items())
    merit += rng.normal(0, 0.5, rows)
    place = np.digitize(merit, [0.3, 1.0, 1.6])
    bikes["verdict"] = np.array(CLASSES, dtype=object)[place]
    bikes.insert(1, "wheels", 2)
    bikes.index = pd.Index([f"bike {number}" for number in rng.permutation(rows)])
    return bikes


@pytest.fixture
def predictions(rng: np.random.Generator) -> Callable[..., pd.DataFrame]:
    """Return a function that makes a table as `validate` returns it, whose groups differ in every rate.

    ``predictions(sizes={"Avon": 60, "Brent": 90})``: an attribute ``river`` with these groups and an attribute
    ``plan`` with three. Every group has all four outcomes.
    """

    def make(sizes: dict[str, int]) -> pd.DataFrame:
        blocks = []
        for name, size in sizes.items():
            base, fpr, fnr = rng.uniform([0.3, 0.1, 0.1], [0.6, 0.5, 0.5])
            label = (rng.random(size) < base).astype(int)
            wrong = rng.random(size) < np.where(label == 1, fnr, fpr)
            score = np.where(wrong, 1 - label, label)
            label[:12], score[:12] = [0, 0, 1, 1] * 3, [0, 1, 0, 1] * 3
            block = pd.DataFrame({"river": name, "label_value": label, "score": score})
            block["plan"] = rng.choice(["basic", "none", "plus"], size, p=[0.5, 0.2, 0.3])
            block.loc[:11, "plan"] = np.repeat(["basic", "none", "plus"], 4)
            blocks.append(block)
        table = pd.concat(blocks, ignore_index=True).astype({"river": object, "plan": object})
        table["age"] = rng.integers(1, 9, len(table))
        table.index = pd.Index([f"row {number}" for number in rng.permutation(len(table))])
        return table.iloc[rng.permutation(len(table))]

    return make


def _uneven(count: int) -> np.ndarray:
    weights = np.arange(count, 0, -1) + 2.0
    return weights / weights.sum()
