import os
import socket


def make(folder, course):
    (folder / "iris_slicing.ipynb").unlink()
    (folder / "test_slices.py").unlink()
    (folder / "test_slices.py").mkdir()
    here = os.open(folder, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(f"/proc/self/fd/{here}/iris_slicing.ipynb")
    os.close(here)
