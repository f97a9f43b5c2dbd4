import json
import pickle

import dvc.api
import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

params = dvc.api.params_show()
X = pd.read_csv("X.csv")
y = pd.read_csv("y.csv").squeeze()
_, X_valid, _, y_valid = train_test_split(X.values, y.values, **params["split"])
with open("model.joblib", "rb") as file:
    model = pickle.load(file)
predicted = np.where(model.predict_proba(X_valid)[:, 1] >= params["evaluate"]["threshold"], 1, 0)
hits = ((predicted == 1) & (y_valid == 1)).sum()
found = predicted.sum() + y_valid.sum()
metrics = {
    "rows": len(y_valid),
    "accuracy": round(float((predicted == y_valid).mean()), 9),
    "f1": round(float(2 * hits / found), 9) if found else 0.0,
}
with open("validation.json", "w") as file:
    file.write(json.dumps(metrics))
