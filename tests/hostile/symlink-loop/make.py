def make(folder, course):
    for name, target in (("iris_slicing.ipynb", "test_slices.py"), ("test_slices.py", "iris_slicing.ipynb")):
        (folder / name).unlink()
        (folder / name).symlink_to(target)
    (folder / "loop").symlink_to(".")
