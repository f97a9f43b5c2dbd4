import pickle


def double(x):
    return 2 * x


def predict(x):
    with open("model.pkl", "rb") as file:
        return pickle.load(file)["slope"] * x
