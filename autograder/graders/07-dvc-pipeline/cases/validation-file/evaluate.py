import json

import joblib
import pandas as pd
import yaml
from sklearn.metrics import accuracy_score, f1_score

with open("params.yaml") as file:
    threshold = yaml.safe_load(file)["evaluate"]["threshold"]
rows = pd.read_csv("validation.csv")
model = joblib.load("model.joblib")
predicted = model.predict_proba(rows[["feature"]])[:, 1] >= threshold
metrics = {
    "f1": f1_score(rows["label"], predicted, zero_division=0),
    "accuracy": accuracy_score(rows["label"], predicted),
}
with open("validation.json", "w") as file:
    json.dump(metrics, file)
