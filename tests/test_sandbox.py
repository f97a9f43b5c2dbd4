"""At every level: functions are called, whatever ends a worker is told, and the next worker starts afresh."""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable
from typing import Any

import pytest

from autograder.errors import SandboxError, StudentCrash, StudentTimeout
from autograder.sandbox.box import Sandbox
from autograder.sandbox.client import Zygote
from autograder.sandbox.confine import Cell
from autograder.sandbox.wire import Handle

Make = Callable[..., Any]
Cells = Callable[..., Cell]


# ---- workers


def test_functions_are_called(student: Make) -> None:
    """Arguments arrive, results come back, state stays from call to call."""
    code = student("seen = []\ndef add(a, b=1):\n    seen.append(a)\n    return [a + b, seen]")

    assert code.call("add", 20, 22) == [42, [20]]
    assert code.call("add", 1) == [2, [20, 1]]


def test_exceptions_are_described(student: Make) -> None:
    """An exception comes back with its class, its words and the student's line."""
    error = student("def f():\n    return {}['gone']").ask("f")["error"]

    assert (error["kind"], error["detail"]) == ("KeyError", "'gone'")
    assert error["frames"] == [["work.py", 2, "return {}['gone']"]]


def test_names_that_are_not_there_are_told_with_those_that_are(student: Make) -> None:
    """Asking for a missing name tells the names that the file defines."""
    answer = student("def double(x): pass\n_private = 1").ask("duoble")

    assert (answer["missing"], answer["has"]) == ("duoble", ["double"])


def test_other_objects_stay_and_can_be_used(student: Make) -> None:
    """An object that is no plain data is kept under a number."""
    code = student("class A:\n    n = 7\ndef make():\n    return A()")
    handle = code.call("make")
    answer = code.worker.ask({"op": "get", "handle": handle.id, "name": "n"}, 10)

    assert (type(handle), handle.type) == (Handle, "A")
    assert answer["ok"] == 7


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ("import os; os._exit(0)", "SystemExit", "ended Python (exit code 0) instead of returning"),
        ("import os; os._exit(3)", "SystemExit", "ended Python (exit code 3) instead of returning"),
        ("import os; os.kill(os.getpid(), 9)", "SIGKILL", "ended by SIGKILL"),
        ("import os; os.abort()", "SIGABRT", "ended by SIGABRT"),
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV", "ended by SIGSEGV"),
    ],
)
def test_a_worker_that_ends_is_a_crash(student: Make, body: str, kind: str, words: str) -> None:
    """The end of the process is told by its exit code or signal."""
    code = student(f"def f():\n    {body}")
    with pytest.raises(StudentCrash) as caught:
        code.ask("f")

    assert words in str(caught.value)
    assert caught.value.kind == kind
    assert not code.worker.alive


def test_after_a_crash_a_fresh_worker_finds_the_files(student: Make) -> None:
    """The sandbox outlives its worker: files stay, memory does not."""
    code = student("""
        import os
        n = 0
        def die():
            global n
            n = 1
            open("left", "w").close()
            os._exit(1)
        def look():
            return n, sorted(os.listdir())
    """)
    with pytest.raises(StudentCrash):
        code.ask("die")
    code.fresh()

    assert code.sandbox.alive
    assert code.call("look") == (0, ["left", "work.py"])


def test_what_takes_too_long_is_stopped(student: Make) -> None:
    """An endless loop ends in StudentTimeout, and another worker can start."""
    code = student("def f():\n    while True: pass\ndef g():\n    return 1")
    with pytest.raises(StudentTimeout, match=r"did not answer within 0\.2 seconds"):
        code.ask("f", timeout_s=0.2)
    code.fresh()

    assert code.call("g") == 1


def test_signals_cannot_be_ignored(student: Make) -> None:
    """A loop that ignores every signal that can be ignored is stopped as well."""
    code = student("""
        import signal
        def f():
            for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
                signal.signal(number, signal.SIG_IGN)
            while True:
                pass
    """)
    with pytest.raises(StudentTimeout):
        code.ask("f", timeout_s=0.3)

    assert not code.worker.alive


def test_the_time_of_the_whole_sandbox_ends(student: Make) -> None:
    """A sandbox lives no longer than it may, whatever its workers are allowed."""
    code = student("def f():\n    while True: pass", wall_s=0.5)
    with pytest.raises(StudentTimeout, match="the time for the whole lab"):
        code.ask("f", timeout_s=30)

    assert not code.sandbox.alive


def test_output_is_kept_and_capped(student: Make) -> None:
    """What is printed to either stream is there, and what is too much is cut with a note."""
    code = student("import sys\ndef f(n):\n    print('o' * n)\n    print('e', file=sys.stderr)")
    code.ask("f", 3)
    short = code.worker.output.take()
    code.ask("f", 300_000)
    long = code.worker.output.take()

    assert sorted(short.split()) == ["e", "ooo"]
    assert long.endswith("[… cut: 293 KB were printed]")


def test_nothing_can_be_read_from_the_grader_s_terminal(student: Make) -> None:
    """input() fails at once."""
    answer = student("def f():\n    return input()").ask("f")

    assert answer["error"]["kind"] == "EOFError"


# ---- programs


def test_programs_run_to_their_end(student: Make) -> None:
    """Exit code and both streams come back."""
    sandbox = student("").sandbox
    argv = ["sh", "-c", "echo out; echo err >&2; exit 4"]
    pid, out, err = sandbox.run(argv, env={}, folder=sandbox.cell.directory)

    assert sandbox.wait(pid, 20, (out, err)) == 4
    assert (out.take(), err.take()) == ("out\n", "err\n")


def test_programs_can_be_signalled(student: Make) -> None:
    """A program that still runs has no exit code; a signal ends it, and its code tells which."""
    sandbox = student("").sandbox
    pid, out, err = sandbox.run(["sleep", "1000"], env={}, folder=sandbox.cell.directory)
    before = sandbox.wait(pid, 0, (out, err))
    sandbox.signal(pid, signal.SIGTERM)

    assert before is None
    assert sandbox.wait(pid, 20, (out, err)) == -signal.SIGTERM


def test_a_reset_ends_programs_and_keeps_files(student: Make) -> None:
    """After a reset nothing runs, and the sandbox goes on."""
    code = student("def f():\n    return 1")
    sandbox = code.sandbox
    pid, *_ = sandbox.run(["sleep", "1000"], env={}, folder=sandbox.cell.directory)
    sandbox.reset()
    code.fresh()

    assert sandbox.wait(pid, 20) == -signal.SIGKILL
    assert code.call("f") == 1


# ---- when our side fails


def test_a_sandbox_that_cannot_be_set_up_is_our_failure(bare: Zygote, cell: Cells) -> None:
    """A workspace that is not there is a SandboxError that says so, and the zygote goes on."""
    gone = Cell(level="kernel", root="/no/such/folder", lab="01-tiny-lab")
    with pytest.raises(SandboxError, match=r"could not be set up at level \w+: .*No such file"):
        bare.open(gone)
    with bare.open(cell()) as sandbox:
        alive = sandbox.alive

    assert alive


def test_a_dead_zygote_is_our_failure(isolation: str, cell: Cells) -> None:
    """A zygote that was killed is told as ours, not as the student's crash."""
    with Zygote(level=isolation) as zygote:
        zygote.open(cell()).close()
        assert zygote._process is not None
        zygote._process.kill()
        zygote._process.wait()

        with pytest.raises(SandboxError):
            zygote.open(cell())


def test_a_preload_that_fails_is_no_obstacle(isolation: str, cell: Cells) -> None:
    """A module that is not installed fails where a student imports it, not before."""
    with Zygote(["no_such_module"], level=isolation) as zygote, zygote.open(cell()) as sandbox:
        alive = sandbox.alive

    assert alive


def test_processes_share_a_zygote(cell: Cells) -> None:
    """Who joins it opens sandboxes as well, until the zygote ends with who started it."""
    zygote = Zygote()
    with Zygote.join(zygote.share()) as joined:
        with zygote, zygote.open(cell()) as mine, joined.open(cell()) as other:
            alive = mine.alive, other.alive

        assert alive == (True, True)
        with pytest.raises(SandboxError):
            joined.open(cell())


MEETING = """
import sys
import pandas as pd
from sklearn.linear_model import LinearRegression

def new():
    before = set(sys.modules)
    table = pd.DataFrame({"x": [1.0, 2.0, 3.0]})
    LinearRegression().fit(table, table["x"])
    return sorted(name for name in set(sys.modules) - before if name.startswith("narwhals"))
"""


def test_scikit_learn_has_met_a_table_before_the_fork(cell: Cells) -> None:
    """What it looks for when it is first given one has been found already."""
    with Zygote(["pandas", "sklearn.linear_model"]) as zygote, zygote.open(cell()) as sandbox:
        with os.fdopen(sandbox.open_file("work.py", write=True), "w") as file:
            file.write(MEETING)
        worker = sandbox.worker()
        worker.ask({"op": "load", "file": "work.py", "skip": []}, 20)
        request = {"op": "call", "file": "work.py", "name": "new", "data": pickle.dumps(((), {})), "keep": False}
        answer = worker.ask(request, 20)
        worker.close()

    assert answer["ok"] == []


def test_the_level_is_capped(bare: Zygote, isolation: str, cell: Cells) -> None:
    """A zygote goes no higher than it is told, and its sandboxes say where they are."""
    with bare.open(cell()) as sandbox:
        told = sandbox.cell.level

    assert (bare.level, told) == (isolation, isolation)


def test_every_level_has_its_reason() -> None:
    """Levels above the best one tell why they do not work; the best one works without one."""
    with Zygote() as zygote:
        reasons, best = zygote.reasons, zygote.level

    assert set(reasons) == {"kernel", "landlock"}
    assert best == next((name for name in ("kernel", "landlock") if not reasons[name]), "process")


def test_closing_gives_everything_back(bare: Zygote, cell: Cells) -> None:
    """Opening, using and closing sandboxes leaves no descriptor open in the grader."""
    before = os.listdir("/proc/self/fd")
    for _ in range(3):
        with bare.open(cell()) as sandbox:
            worker = sandbox.worker()
            worker.close()
            _, out, err = sandbox.run(["true"], env={}, folder=sandbox.cell.directory)
            out.close()
            err.close()
    after = os.listdir("/proc/self/fd")

    assert len(after) == len(before)


def test_a_closed_sandbox_says_so(student: Make) -> None:
    """Closing twice is fine; asking afterwards is an error, not a wait."""
    sandbox: Sandbox = student("").sandbox
    sandbox.close()
    sandbox.close()

    with pytest.raises((StudentCrash, SandboxError)):
        sandbox.worker()
