"""Tests for the work."""

### BEGIN SOLUTION
from work import double


def test_double():
    """Twice two is four."""
    assert double(2) == 4


### END SOLUTION
