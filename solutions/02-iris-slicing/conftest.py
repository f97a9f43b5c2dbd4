"""The fixtures of test_slices.py: the data set under test, and what is known about sound data."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

FOLDER = Path(__file__).parent


@pytest.fixture
def flowers() -> pd.DataFrame:
    """The data set under test, one row per flower: four measurements in cm and the species.

    It is Iris, or the CSV file that the environment variable FLOWERS_CSV names, relative to this folder.
    """
    return pd.read_csv(FOLDER / os.environ.get("FLOWERS_CSV", "../../datasets/iris/iris.csv"))


@pytest.fixture
def reference() -> pd.DataFrame:
    """The average of each measurement of each species in sound data, in cm: species × measurement."""
    return pd.DataFrame(
        {
            "sepal_length": {"setosa": 5.01, "versicolor": 5.94, "virginica": 6.59},
            "sepal_width": {"setosa": 3.43, "versicolor": 2.77, "virginica": 2.97},
            "petal_length": {"setosa": 1.46, "versicolor": 4.26, "virginica": 5.55},
            "petal_width": {"setosa": 0.25, "versicolor": 1.33, "virginica": 2.03},
        }
    )
