def make(folder, course):
    (folder / "iris_slicing.ipynb").write_bytes(bytes(range(256)) * 1000)
