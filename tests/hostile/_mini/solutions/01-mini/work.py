"""Three small jobs."""

import pickle


def double(x):
    """Twice x."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION


def predict(x):
    """What the model in model.pkl makes of x."""
    ### BEGIN SOLUTION
    with open("model.pkl", "rb") as file:
        return pickle.load(file)["slope"] * x
    ### END SOLUTION


if __name__ == "__main__":
    ### BEGIN SOLUTION
    with open("out.txt", "w") as out:
        out.write("done")
    ### END SOLUTION
