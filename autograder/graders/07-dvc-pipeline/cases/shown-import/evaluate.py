import json

import joblib
from sklearn.metrics import accuracy_score, f1_score

from train import load

params, (_, X_valid, _, y_valid) = load()
model = joblib.load("model.joblib")
predicted = model.predict_proba(X_valid)[:, 1] >= params["evaluate"]["threshold"]
with open("validation.json", "w") as file:
    json.dump({"f1": f1_score(y_valid, predicted, zero_division=0), "accuracy": accuracy_score(y_valid, predicted)}, file)
