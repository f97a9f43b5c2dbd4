def make(folder, course):
    (folder / "iris_slicing.ipynb").rename(folder.parent / "other.ipynb")
    (folder / "iris_slicing.ipynb").hardlink_to(folder.parent / "other.ipynb")
