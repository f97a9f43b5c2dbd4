import os


def make(folder, course):
    (folder / "iris_slicing.ipynb").unlink()
    os.mkfifo(folder / "iris_slicing.ipynb")
