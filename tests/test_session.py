"""Student code stays loaded from check to check, within its time, and starts afresh after a crash."""

from __future__ import annotations

import json
from collections.abc import Callable
from textwrap import dedent

import pytest

from autograder.errors import StudentCrash, StudentError, StudentMissing, StudentTimeout
from autograder.manifest import Limits
from autograder.submission import Submission, session
from autograder.submission.session import Budget

Submit = Callable[..., Submission]


def notebook(*sources: str) -> str:
    """A notebook of these code cells."""
    cells = [{"cell_type": "code", "source": dedent(source).strip().splitlines(keepends=True)} for source in sources]
    return json.dumps({"cells": cells})


# ---- time


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        """What time it is."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Stands in for the machine's clock where budgets are kept."""
    clock = Clock()
    monkeypatch.setattr(session, "time", clock)
    return clock


def spend(budget: Budget, clock: Clock, seconds: float) -> float:
    """Let student code run; what it was allowed."""
    with budget.spend() as allowed:
        clock.now += seconds
    return allowed


def test_calls_of_a_check_share_its_time(clock: Clock) -> None:
    """Each call may take what is left of the check, and the next check starts with all of it."""
    budget = Budget(Limits(check_s=10, wall_s=60))
    allowed = [spend(budget, clock, 4), spend(budget, clock, 5), spend(budget, clock, 0)]
    budget.renew()

    assert allowed == [10, 6, 1]
    assert budget.seconds() == 10


def test_time_counts_only_while_student_code_runs(clock: Clock) -> None:
    """What the grader computes in between costs the student nothing."""
    budget = Budget(Limits(check_s=10, wall_s=60))
    spend(budget, clock, 1)
    clock.now += 1000

    assert budget.seconds() == 9


def test_a_check_may_take_no_more_than_the_lab_has_left(clock: Clock) -> None:
    """The lab's time is what all checks share."""
    budget = Budget(Limits(check_s=10, wall_s=25))
    allowed = []
    for _ in range(3):
        budget.renew()
        allowed.append(spend(budget, clock, 10))

    assert allowed == [10, 10, 5]
    with pytest.raises(StudentTimeout, match=r"The time for the whole lab \(25 s\) is used up"):
        budget.seconds()


def test_time_runs_while_a_call_lasts(clock: Clock) -> None:
    """Asking in the middle of a call takes into account what the call has used of the lab."""
    budget = Budget(Limits(check_s=10, wall_s=25))
    with budget.spend():
        clock.now += 20
        left = budget.seconds()

    assert left == 5


def test_a_call_may_be_given_its_own_time(clock: Clock) -> None:
    """A grader may allow a program more than a check, and never more than the lab has."""
    budget = Budget(Limits(check_s=10, wall_s=60))

    assert (budget.seconds(30), budget.seconds(90)) == (30, 60)


def test_loading_does_not_eat_the_time_of_the_check(submit: Submit) -> None:
    """The check that happens to come first has as much time for its calls as any other."""
    submission = submit({"work.py": "n = sum(range(10**6))"}, check_s=7)
    submission.load("work.py")

    assert submission.session.budget.seconds() == 7


def test_the_time_of_the_lab_ends(submit: Submit) -> None:
    """When all is used up, every further call says so at once."""
    submission = submit({"work.py": "def f():\n    while True: pass\n"}, wall_s=0.3)
    module = submission.load("work.py")
    with pytest.raises(StudentTimeout):
        module.f()
    submission.session.begin()

    with pytest.raises(StudentTimeout, match=r"The time for the whole lab \(0\.3 s\) is used up"):
        module.f()


def test_after_a_timeout_the_next_call_finds_a_fresh_start(submit: Submit) -> None:
    """The file is loaded again in a new process."""
    submission = submit({"work.py": "def f():\n    while True: pass\ndef g():\n    return 1\n"}, check_s=0.4)
    module = submission.load("work.py")
    with pytest.raises(StudentTimeout, match=r"did not answer within"):
        module.f()
    submission.session.begin()

    assert module.g() == 1


def test_objects_are_gone_with_their_process(submit: Submit) -> None:
    """Using an object of a worker that has ended says so, even when a new worker counts from 1 again."""
    source = """
        import os
        class Model:
            def fit(self): pass
        def die():
            os._exit(1)
    """
    module = submit({"work.py": source}).load("work.py")
    model = module.Model()
    with pytest.raises(StudentCrash):
        module.die()
    module.Model()

    with pytest.raises(StudentCrash, match="The Model is gone: the process that held it has ended"):
        model.fit(1)


# ---- loading


def test_a_file_that_cannot_be_loaded_says_so_each_time(submit: Submit) -> None:
    """The error at import is told at every try, without running it again."""
    submission = submit({"work.py": "print('tried')\nraise RuntimeError('at import')\n", "other.py": "A = 1"})
    for _ in range(2):
        with pytest.raises(StudentError, match=r"work\.py raised RuntimeError: at import"):
            submission.load("work.py")

    assert submission.session.transcript().output == "tried\n"
    assert submission.load("other.py").get("A") == 1


def test_cells_that_fail_are_told(submit: Submit) -> None:
    """A notice names the cell; NotImplementedError of a starter is no fault worth telling."""
    submission = submit({"lab.ipynb": notebook("raise NotImplementedError", "1 / 0", "def f():\n    return 1")})

    assert submission.load("lab.ipynb").f() == 1
    assert submission.notices == ("lab.ipynb, cell 2 did not run to its end: ZeroDivisionError: division by zero",)


def test_cells_that_hang_or_end_are_left_out(submit: Submit) -> None:
    """An endless cell and one that ends Python cost only what they define; the others have their full time."""
    cells = [
        "while True: pass",
        "import time\ntime.sleep(0.2)\nn = 1",
        "import os\nos._exit(0)",
        "def f():\n    return n",
    ]
    submission = submit({"lab.ipynb": notebook(*cells)}, check_s=1)
    result = submission.load("lab.ipynb").f()

    assert result == 1
    assert [(fault.cell, fault.stuck) for fault in submission.session.faults["lab.ipynb"]] == [(1, True), (3, True)]
    assert "lab.ipynb, cell 1 did not run to its end: Your code did not answer within" in submission.notices[0]
    assert "exit code 0" in submission.notices[1]


def test_a_notebook_of_endless_cells_is_given_up(submit: Submit) -> None:
    """After a few endless cells the notebook as a whole cannot be loaded."""
    submission = submit({"lab.ipynb": notebook(*["while True: pass"] * 9)}, check_s=0.1)

    with pytest.raises(StudentTimeout, match=r"lab\.ipynb cannot be loaded"):
        submission.load("lab.ipynb")


def test_a_name_may_be_missing_because_a_cell_failed(submit: Submit) -> None:
    """The first cell that failed is told as the likely reason."""
    module = submit({"lab.ipynb": notebook("import no_such_library", "def g(): pass")}).load("lab.ipynb")

    with pytest.raises(StudentMissing, match="Cell 1 did not run to its end, which may be why: ModuleNotFoundError"):
        module.f()


def test_the_transcript_tells_call_result_and_output(submit: Submit) -> None:
    """The last call, what it returned, and what was printed; a new check starts with a clean sheet."""
    submission = submit({"work.py": "print('at import')\ndef f(x):\n    print('called', x)\n    return [x]\n"})
    submission.load("work.py").f(3)
    told = submission.session.transcript()
    submission.session.begin()

    assert (told.called, told.returned, told.output) == ("f(3)", "[3]", "at import\ncalled 3\n")
    assert submission.session.transcript().output == ""
    assert submission.session.transcript().called == ""
