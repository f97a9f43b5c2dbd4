"""Visible checks for 01-mini."""

import pytest


@pytest.mark.task("double")
def test_two(submission):
    """Twice two is four."""
    result = submission.load("work.py").double(2)

    assert type(result) is int, "Expected a whole number."
    assert result == 4, "Twice two is not four."
