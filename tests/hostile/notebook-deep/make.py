def make(folder, course):
    (folder / "iris_slicing.ipynb").write_text("[" * 100_000 + "]" * 100_000)
