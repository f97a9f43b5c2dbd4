"""Hidden checks for 01-mini."""

import pytest


@pytest.mark.task("double", weight=2)
def test_any_number(submission, rng):
    """Twice any number is the number and itself."""
    number = int(rng.integers(10, 1000))
    result = submission.load("work.py").double(number)

    assert type(result) is int, "Expected a whole number."
    assert result == number + number, "A number was not doubled."


@pytest.mark.task("model")
def test_prediction(submission):
    """The model predicts three times its argument."""
    result = submission.load("work.py").predict(7)

    assert type(result) is int, "Expected a whole number from predict."
    assert result == 21, "The prediction is wrong."


@pytest.mark.task("files")
def test_result(submission):
    """The program leaves its result in out.txt."""
    submission.write("in.txt", "x" * 200_000)
    submission.run("python", "work.py")

    assert submission.read("out.txt") == "done", "out.txt does not say that it is done."


@pytest.mark.task("suite")
def test_suite(submission):
    """Your tests pass on your work."""
    run = submission.pytest("test_work.py")

    assert run.ok, "pytest found no test that passes."
