import pytest


@pytest.mark.task("double", weight=2)
@pytest.mark.needs("test_two")
def test_any_number(submission, rng):
    """Twice any number is the number and itself."""
    number = int(rng.integers(10, 1000))
    result = submission.load("work.py").double(number)

    assert result == number + number, "A number was not doubled."
