import os


def make(folder, course):
    os.truncate(folder / "iris_slicing.ipynb", 8 << 30)
