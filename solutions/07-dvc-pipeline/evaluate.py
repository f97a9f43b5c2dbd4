"""Stage 3, evaluate: X.csv, y.csv and model.joblib → validation.json."""

from __future__ import annotations

import json

import joblib
import pandas as pd
import yaml
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import train_test_split


def main() -> None:
    """Measure the saved model on the validation rows, the rows that train did not use.

    Reads X.csv, y.csv, model.joblib and, from params.yaml, ``split.test_size``, ``split.random_state`` and
    ``evaluate.threshold``. A row is predicted as 1 if the model's probability of label 1 is at least the
    threshold. Writes validation.json, such as ``{"f1": 0.75, "accuracy": 0.8}``; F1 is 0 where it has no value.
    """
    ### BEGIN SOLUTION
    with open("params.yaml", encoding="utf-8") as file:
        params = yaml.safe_load(file)
    X = pd.read_csv("X.csv")
    y = pd.read_csv("y.csv")["label"]
    _, X_valid, _, y_valid = train_test_split(
        X, y, test_size=params["split"]["test_size"], random_state=params["split"]["random_state"]
    )
    model = joblib.load("model.joblib")
    predicted = (model.predict_proba(X_valid)[:, 1] >= params["evaluate"]["threshold"]).astype(int)
    metrics = {
        "f1": float(f1_score(y_valid, predicted, zero_division=0)),
        "accuracy": float(accuracy_score(y_valid, predicted)),
    }
    with open("validation.json", "w", encoding="utf-8") as file:
        json.dump(metrics, file, indent=2)
    ### END SOLUTION


if __name__ == "__main__":
    main()
