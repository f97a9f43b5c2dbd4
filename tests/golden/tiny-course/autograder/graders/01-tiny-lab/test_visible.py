import pytest


@pytest.mark.task("double")
def test_two(submission):
    """Twice two is four."""
    result = submission.load("work.py").double(2)

    assert result == 4, f"double(2) is {result!r}. What is twice two?"


@pytest.mark.task("greet")
def test_ada(submission):
    """Ada is greeted by name."""
    text = submission.load("work.py").greet("Ada")

    assert text == "Hello, Ada!", f"Ada was greeted by {text!r}."
