"""Fixtures for 05-raisin-model-card: the table in place, and raisins that nobody has seen."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from autograder import datasets
from autograder.drawn import drawn

# The package raisin_card lies beside this file; the folder's own name is no name for a package.
if str(Path(__file__).parent) not in sys.path:
    sys.path.append(str(Path(__file__).parent))


@pytest.fixture(scope="session")
def raisin() -> pd.DataFrame:
    """The table in place, shipped or published."""
    return datasets.load("raisin")


@pytest.fixture
def vineyard(rng: np.random.Generator) -> Callable[..., pd.DataFrame]:
    """Return a function that grows a frame of unseen raisins: ``vineyard(rows=(130, 70), noise=0.5)``."""

    def harvest(rows: tuple[int, int] = (130, 70), noise: float = 0.5) -> pd.DataFrame:
        return drawn(rng, _grown, rows, noise)

    return harvest


def _grown(rng: np.random.Generator, rows: tuple[int, int], noise: float) -> pd.DataFrame:
    from raisin_card.growing import grow

    return grow(datasets.load("raisin"), rng, rows, noise)
