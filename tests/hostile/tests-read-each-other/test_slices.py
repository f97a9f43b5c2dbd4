import glob
import os


def test_alone(flowers):
    here = os.getcwd()
    seen = []
    for folder in ("..", "../..", "/tmp", "/dev/shm", "/workspace"):
        try:
            seen += [f"{folder}/{name}" for name in os.listdir(folder) if not here.endswith(name)]
        except OSError:
            pass
    seen += [path for path in glob.glob("/proc/[0-9]*/cwd/flowers.csv") if os.path.realpath(path) != f"{here}/flowers.csv"]
    seen = [path for path in seen if not path.endswith(("labs", "datasets"))]
    assert not seen, f"LOOT {seen}"
