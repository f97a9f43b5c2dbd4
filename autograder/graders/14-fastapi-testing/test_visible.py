"""Visible checks for 14-fastapi-testing: the tests pass on the app at hand, and notice one plain fault per task."""

from __future__ import annotations

import pytest

from autograder.errors import StudentError

TESTS = "test_app.py"
CATCH_ALL = """

@app.get("/{rest:path}", include_in_schema=False)
async def anything(rest: str) -> str:
    return "Welcome"
"""
# For each task: what is wrong, and the edit of app.py that makes it so. An empty text is the end of the file.
PLAIN = {
    "fetch": ("each id is one too large in the answer", "of {item_id}", "of {item_id + 1}"),
    "count": ("the default of count is 2", "count: int = 1", "count: int = 2"),
    "types": ("item_id may be any word", "item_id: int, count", "item_id: str, count"),
    "paths": ("any path whatsoever can be fetched", "", CATCH_ALL),
    "body": ("every item comes back without its tags", "return item", 'return item.model_copy(update={"tags": []})'),
    "shape": ("GET /items/{item_id} adds a key to its answer", 'of {item_id}"}', 'of {item_id}", "debug": "on"}'),
    "openapi": ("the API calls itself version 0.9.0", 'version="1.0.0"', 'version="0.9.0"'),
}


@pytest.fixture(scope="session")
def runs(submission, asked_for):
    """Run the tests on the app at hand, and on it with each of the faults: task → run, "" → the app as it is."""
    app = submission.read("app.py")
    faults = {task: fault for task, fault in PLAIN.items() if task in asked_for}
    broken = [app.replace(old, new) if old else app + new for _, old, new in faults.values()]
    whole = submission.pytest(TESTS)
    if not whole.passed:  # there is nothing to find out
        return dict.fromkeys(["", *PLAIN], whole)
    names = [test.name for test in whole.passed]  # one that fails now is enough
    others = submission.pytests(TESTS, [{"app.py": text} for text in broken], until=[names] * len(broken))
    return {"": whole, **dict(zip(faults, others, strict=True))}


# Hidden checks repeat these faults and hold the points; alone, the visible ones hold all of them.
@pytest.mark.parametrize("task", [pytest.param(task, marks=pytest.mark.task(task, weight=0.01)) for task in PLAIN])
def test_plain_fault_is_noticed(runs, task):
    """Your tests pass on a correct app, and fail on one with a plain fault."""
    whole, broken = runs[""], runs[task]
    own = [test for test in whole.tests if _belongs(test, task)]
    passed = {test.name for test in whole.passed}
    noticed = any(test.name in passed for test in broken.failed)

    ended = whole.exit_code in (1, 5) or (whole.exit_code == 0 and whole.tests) or whole.broken
    assert ended, "On app.py, pytest does not come to its own end. Run `pytest` in the lab's folder to see why."
    if any(test.name == TESTS and "NotImplementedError" in test.message for test in own) or not (own or noticed):
        raise StudentError(f"No test has a name that begins with test_{task}_.", kind="NotImplementedError")
    failing = [test for test in own if test.outcome in ("failed", "error")]
    assert not failing, (
        f"{failing[0].name} does not pass on app.py, which keeps the contract. Run `pytest` in the lab's folder to see "
        f"why:\n  {_reason(failing[0])}"
    )
    assert noticed, f"In a copy of app.py, {PLAIN[task][0]}. No test of yours fails, expected one to."


def _belongs(test, task):
    """Tell whether a test's name, or its class's, begins with the task's word, or with none at all."""
    words = [part.lower().removeprefix("test").removeprefix("_") for part in test.name.partition("[")[0].split("::")]
    of = [each for each in PLAIN if any(word == each or word.startswith(f"{each}_") for word in words)]
    return task in of or not of


def _reason(test):
    """Return the line of a message that says what went wrong."""
    lines = test.message.strip().splitlines() or [test.outcome]
    return next((line for line in reversed(lines) if line.startswith("E ")), lines[0])
