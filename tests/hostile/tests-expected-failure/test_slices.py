import pytest


@pytest.mark.xfail
def test_everything(flowers):
    assert False


def test_nothing():
    pass
