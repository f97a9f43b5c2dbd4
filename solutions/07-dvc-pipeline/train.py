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
    ### BEGIN SOLUTION
    with open("params.yaml", encoding="utf-8") as file:
        params = yaml.safe_load(file)
    X = pd.read_csv("X.csv")
    y = pd.read_csv("y.csv")["label"]
    X_train, _, y_train, _ = train_test_split(
        X, y, test_size=params["split"]["test_size"], random_state=params["split"]["random_state"]
    )
    model = LogisticRegression(C=params["train"]["C"])
    model.fit(X_train, y_train)
    joblib.dump(model, "model.joblib")
    ### END SOLUTION


if __name__ == "__main__":
    main()
