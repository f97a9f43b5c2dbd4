def make(folder, course):
    (folder / "iris_slicing.ipynb").rename(folder / "Iris_Slicing.ipynb")
