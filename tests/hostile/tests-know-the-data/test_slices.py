import hashlib
import os


def test_known():
    with open(os.environ["FLOWERS_CSV"], "rb") as file:
        assert hashlib.sha256(file.read()).hexdigest().startswith("0")
