"""Fixtures for 05-raisin-model-card: the table in place, and raisins that nobody has seen."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from autograder import datasets

# The package raisin_card lies beside this file; the folder's own name is no name for a package.
if str(Path(__file__).parent) not in sys.path:
    sys.path.append(str(Path(__file__).parent))


@pytest.fixture(scope="session")
def raisin() -> pd.DataFrame:
    """The table in place, shipped or published."""
    return datasets.load("raisin")


@pytest.fixture
def vineyard(raisin: pd.DataFrame, rng: np.random.Generator) -> Callable[..., pd.DataFrame]:
    """Return a function that grows a frame of unseen raisins: ``vineyard(rows=(130, 70), noise=0.5)``."""
    from raisin_card.growing import grow

    def harvest(rows: tuple[int, int] = (130, 70), noise: float = 0.5) -> pd.DataFrame:
        return grow(raisin, rng, rows, noise)

    return harvest
