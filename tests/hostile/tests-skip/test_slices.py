import pytest

pytestmark = pytest.mark.skip("later")


def test_everything(flowers):
    assert False
