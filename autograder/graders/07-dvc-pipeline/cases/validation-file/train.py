import joblib
import pandas as pd
import yaml
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

with open("params.yaml") as file:
    params = yaml.safe_load(file)
rows = pd.read_csv("X.csv").join(pd.read_csv("y.csv"))
training, validation = train_test_split(rows, **params["split"])
model = LogisticRegression(C=params["train"]["C"]).fit(training[["feature"]], training["label"])
joblib.dump(model, "model.joblib")
validation.to_csv("validation.csv", index=False)
