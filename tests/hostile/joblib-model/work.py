import joblib


def double(x):
    return 2 * x


def predict(x):
    return joblib.load("model.pkl").predict([[x]])
