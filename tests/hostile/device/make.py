import os
import stat


def make(folder, course):
    path = folder / "iris_slicing.ipynb"
    path.unlink()
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))
    except PermissionError:
        path.symlink_to("/dev/zero")
