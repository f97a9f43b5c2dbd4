import pickle

import dvc.api
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

params = dvc.api.params_show()
X = pd.read_csv("X.csv")
y = pd.read_csv("y.csv").squeeze()
X_train, _, y_train, _ = train_test_split(X.values, y.values, **params["split"])
with open("model.joblib", "wb") as file:
    pickle.dump(LogisticRegression(C=params["train"]["C"]).fit(X_train, y_train), file)
