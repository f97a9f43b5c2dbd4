import joblib
import pandas as pd
import yaml
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split


def load():
    with open("params.yaml") as file:
        params = yaml.safe_load(file)
    X, y = pd.read_csv("X.csv"), pd.read_csv("y.csv")["label"]
    return params, train_test_split(X, y, **params["split"])


if __name__ == "__main__":
    params, (X_train, _, y_train, _) = load()
    joblib.dump(LogisticRegression(C=params["train"]["C"]).fit(X_train, y_train), "model.joblib")
