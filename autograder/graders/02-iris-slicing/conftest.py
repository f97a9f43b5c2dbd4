"""Unseen flowers for 02-iris-slicing: frames to slice, and sound and broken data sets to test."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from autograder import datasets
from autograder.drawn import drawn

MEASURES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
SPECIES = ["setosa", "versicolor", "virginica"]
OTHER_SPECIES = ["sibirica", "pallida", "lutescens", "reticulata", "germanica", "pumila", "missouriensis"]


@pytest.fixture(scope="session")
def iris() -> pd.DataFrame:
    """Fisher's Iris as the lab reads it."""
    return datasets.load("iris")


@pytest.fixture
def meadow(rng: np.random.Generator) -> Callable[..., pd.DataFrame]:
    """Return a function that grows a frame of unseen flowers.

    ``meadow(classes=4, rows=(12, 30), noise=0.2)``: Iris rows drawn again with noise, under other species
    names, shuffled, labelled by strings, with two columns that Iris does not have: the numeric
    ``stem_length`` and the plot they grew on.
    """

    def grow(classes: int = 3, rows: tuple[int, int] = (12, 30), noise: float = 0.2) -> pd.DataFrame:
        return drawn(rng, _grow, classes, rows, noise)

    return grow


@pytest.fixture(scope="session")
def sound(iris: pd.DataFrame) -> Callable[..., pd.DataFrame]:
    """Return a function that makes a data set that is sound in every respect the README names.

    ``sound(rng, rows=210, shares=(0.3, 0.3, 0.4))``: averages lie within 0.33 cm of the reference (0.5 is
    allowed), one of them about 0.28 cm away; shares follow setosa, versicolor, virginica.
    """

    def make(
        rng: np.random.Generator, rows: int = 210, shares: tuple[float, float, float] = (1 / 3, 1 / 3, 1 / 3)
    ) -> pd.DataFrame:
        offsets = rng.uniform(-0.3, 0.3, size=(3, 4))
        offsets[0, 3] = rng.uniform(-0.05, 0.3)  # setosa's petals are 0.25 cm wide: there is no room below
        offsets[rng.integers(3), rng.integers(3)] = rng.choice([-0.28, 0.28])
        beds = []
        for name, share, offset in zip(SPECIES, shares, offsets, strict=True):
            bed = _draw(iris, name, round(rows * share), 0.1, rng)
            target = iris.loc[iris["species"] == name, MEASURES].mean() + offset
            beds.append((bed - bed.mean() + target).clip(lower=0.02).round(3).assign(species=name))
        flowers = pd.concat(beds, ignore_index=True)
        return flowers.iloc[rng.permutation(len(flowers))].reset_index(drop=True)

    return make


def _grow(rng: np.random.Generator, classes: int, rows: tuple[int, int], noise: float) -> pd.DataFrame:
    iris = datasets.load("iris")
    names = rng.permutation(OTHER_SPECIES)[:classes]
    sizes = rng.integers(*rows, size=classes, endpoint=True)
    beds = [
        _draw(iris, SPECIES[number % 3], int(size), noise, rng).assign(species=name)
        for number, (name, size) in enumerate(zip(names, sizes, strict=True))
    ]
    flowers = pd.concat(beds, ignore_index=True)
    flowers.insert(2, "stem_length", rng.normal(40, 9, len(flowers)))
    flowers["plot"] = rng.permutation([f"plot {number % 4}" for number in range(len(flowers))])
    flowers.index = pd.Index([f"flower {number}" for number in rng.permutation(len(flowers))])
    return flowers.iloc[rng.permutation(len(flowers))]


def _draw(iris: pd.DataFrame, species: str, rows: int, noise: float, rng: np.random.Generator) -> pd.DataFrame:
    """Draw measurements of one species with replacement and add noise; nothing gets as short as zero."""
    bed = iris.loc[iris["species"] == species, MEASURES].sample(rows, replace=True, random_state=rng)
    return (bed + rng.normal(0, noise, bed.shape)).clip(lower=0.05)
