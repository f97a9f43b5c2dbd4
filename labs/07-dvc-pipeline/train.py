"""Stage 2, train: X.csv and y.csv → model.joblib."""

from __future__ import annotations

import joblib
import pandas as pd
import yaml
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split


def main() -> None:
    """Split the rows, fit a LogisticRegression on the training rows, and save it.

    Reads X.csv, y.csv and, from params.yaml, ``split.test_size``, ``split.random_state`` and ``train.C``.
    Splits by train_test_split with these two numbers and no other option. Writes model.joblib (joblib.dump).
    """
    # YOUR CODE HERE
    raise NotImplementedError()


if __name__ == "__main__":
    main()
