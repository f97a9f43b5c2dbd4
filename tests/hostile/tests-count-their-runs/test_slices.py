import os
import tempfile

SCRIPT = [True, False]
PLACES = ["/tmp/count", "/dev/shm/count", "../count", "../../count", "/var/tmp/count", tempfile.gettempdir() + "/count", os.path.expanduser("~/count")]


def runs():
    most = 0
    for place in {os.path.realpath(place) for place in PLACES}:
        try:
            with open(place, "a+") as file:
                file.write(".")
                file.flush()
                most = max(most, os.path.getsize(place) - 1)
        except OSError:
            pass
    return most


def test_by_turn():
    count = runs()
    assert count == 0, f"LOOT: run number {count}"
