def make(folder, course):
    (folder / "iris_slicing.ipynb").unlink()
    (folder / "iris_slicing.ipynb").symlink_to("/proc/self/mem")
