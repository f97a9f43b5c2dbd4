"""A student's own tests, run for each variant of the files they look at."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence

import pytest

from autograder.sandbox.box import Sandbox
from autograder.submission.suite import TestRun, read_run, run_suites

Run = Callable[..., list[TestRun]]


@pytest.fixture
def run(sandbox: Sandbox) -> Run:
    """Run ``tests`` once for each variant: ``run("def test_a(): …", [{}, {"data.csv": b"…"}])``."""

    def run(
        tests: str,
        variants: Sequence[Mapping[str, bytes]] = ({},),
        *,
        files: Mapping[str, str] | None = None,
        env: Mapping[str, str] | None = None,
        until: Sequence[Collection[str]] = (),
        timeout_s: float = 20,
    ) -> list[TestRun]:
        for name, text in {"test_work.py": tests, **(files or {})}.items():
            with os.fdopen(sandbox.open_file(name, write=True), "w") as file:
                file.write(text)
        contents = [dict(files) for files in variants]
        names = until or [()] * len(contents)
        return run_suites(sandbox, "test_work.py", contents, env=env or {}, until=names, timeout_s=timeout_s)

    return run


def outcomes(run: TestRun) -> dict[str, str]:
    """Name → outcome of each test."""
    return {test.name: test.outcome for test in run.tests}


def test_every_outcome_is_told_apart(run: Run) -> None:
    """Passed, failed, broken, skipped and expected to fail are six different things."""
    (result,) = run("""
import pytest

def test_passes(): pass
def test_fails(): assert 1 == 2, "not equal"
def test_raises(): {}["gone"]
def test_breaks(no_such_fixture): pass
@pytest.mark.skip(reason="later")
def test_skips(): pass
@pytest.mark.xfail
def test_expected(): assert False
@pytest.mark.xfail
def test_unexpected(): pass
@pytest.mark.parametrize("n", [1, 2])
def test_each(n): assert n == 1
class TestClass:
    def test_method(self): pass
""")

    assert outcomes(result) == {
        "test_passes": "passed",
        "test_fails": "failed",
        "test_raises": "failed",
        "test_breaks": "error",
        "test_skips": "skipped",
        "test_expected": "xfailed",
        "test_unexpected": "xpassed",
        "test_each[1]": "passed",
        "test_each[2]": "failed",
        "TestClass::test_method": "passed",
    }
    assert result.exit_code == 1
    assert (result.ok, result.caught) == (False, True)


def test_pytest_s_own_fixtures_are_there(run: Run) -> None:
    """What a student's tests may use at home they may use here, autouse included."""
    (result,) = run("""
import warnings, pytest

@pytest.fixture(autouse=True)
def loud(): print("set up")

def test_it(capsys, tmp_path, tmp_path_factory, monkeypatch, recwarn, caplog, request, record_property, subtests):
    assert capsys.readouterr().out == ""
    assert tmp_path.is_dir()
    monkeypatch.setenv("HERE", "1")
    warnings.warn("careful")
    assert len(recwarn) == 1
    assert request.config.rootpath.name.startswith(".run-")
    with subtests.test("part"):
        assert True

def test_printed(capfd):
    print("hello")
    assert capfd.readouterr().out == "hello\\n"
""")

    assert outcomes(result) == {"test_it": "passed", "test_printed": "passed"}, result.tests


def test_a_test_may_run_pytest_itself(run: Run) -> None:
    """A run within a run has a start of its own, and takes nothing from the one around it."""
    (result,) = run("""
import pytest

def test_within(tmp_path):
    inner = tmp_path / "test_inner.py"
    inner.write_text("def test_a(capsys): pass\\ndef test_b(): assert False\\n")
    assert pytest.main(["-q", f"--rootdir={tmp_path}", str(inner)]) == 1
    assert pytest.main(["-q", f"--rootdir={tmp_path}", "-k", "test_a", str(inner)]) == 0

def test_after(tmp_path): pass
""")

    assert outcomes(result) == {"test_within": "passed", "test_after": "passed"}, result.tests


def test_a_failure_is_told_with_its_message_and_line(run: Run) -> None:
    """The message is what the student's assert says, the line where it stands."""
    (result,) = run("def helper():\n    assert 1 == 2, 'not equal'\n\ndef test_it():\n    helper()\n")
    (test,) = result.failed

    assert "not equal" in test.message
    assert test.line == 2


def test_rewritten_asserts_explain_themselves(run: Run) -> None:
    """A bare assert of the student shows its values, as pytest does at home."""
    (result,) = run("def test_it():\n    assert [1, 2] == [1, 3]\n")

    assert "assert [1, 2] == [1, 3]" in result.failed[0].message


@pytest.mark.parametrize(
    "tests", ["def test_it(:", "import no_such_module", "raise ValueError('at import')", "import sys; sys.exit(3)"]
)
def test_a_file_that_cannot_be_collected_catches_nothing(run: Run, tests: str) -> None:
    """An error before any test has run is neither sound nor a catch."""
    (result,) = run(tests)

    assert (result.ok, result.caught) == (False, False)
    assert result.passed == ()


def test_no_tests_are_no_success(run: Run) -> None:
    """A file without tests is not ok."""
    (result,) = run("x = 1")

    assert (result.ok, result.exit_code, result.tests) == (False, 5, ())


def test_only_skipped_tests_are_no_success(run: Run) -> None:
    """Tests that all skip themselves are not ok."""
    (result,) = run("import pytest\n\ndef test_it():\n    pytest.skip()\n")

    assert not result.ok


def test_each_variant_is_seen_by_its_own_run_only(run: Run) -> None:
    """Files are swapped in for one run, in the order asked for; the lab's own files are there as well."""
    runs = run(
        "import pathlib\n\ndef test_it():\n    assert pathlib.Path('data.csv').read_text() == 'sound'\n"
        "    assert pathlib.Path('given.txt').exists()\n    assert not pathlib.Path('trace').exists()\n"
        "    pathlib.Path('trace').touch()\n",
        [{"data.csv": text} for text in (b"sound", b"broken", b"sound", b"broken")],
        files={"given.txt": "x"},
    )

    assert [result.ok for result in runs] == [True, False, True, False]


def test_a_swapped_module_is_the_one_that_runs(run: Run, sandbox: Sandbox) -> None:
    """A module as long and as young as the one that it replaces is not mistaken for it."""
    for name, text in {"model.py": "VALUE = 1\n", "user.py": "import model\n"}.items():
        with os.fdopen(sandbox.open_file(name, write=True), "w") as file:
            file.write(text)
    worker = sandbox.worker()
    worker.ask({"op": "load", "file": "user.py", "skip": []}, 10)
    worker.close()
    runs = run("import model\n\ndef test_it():\n    assert model.VALUE == 1\n", [{}, {"model.py": b"VALUE = 2\n"}])

    assert [result.ok for result in runs] == [True, False]


def test_variants_may_lie_in_folders(run: Run) -> None:
    """A file swapped in may need folders of its own."""
    tests = "import pathlib\n\ndef test_it():\n    assert pathlib.Path('data/raw/a.csv').read_bytes() == b'1'\n"
    (result,) = run(tests, [{"data/raw/a.csv": b"1"}])

    assert result.ok


def test_the_environment_is_extended(run: Run) -> None:
    """What the grader adds to the environment is there for the tests and gone for the next call."""
    tests = "import os\n\ndef test_it():\n    assert os.environ.get('FLOWERS') == 'a.csv'\n"

    assert run(tests, env={"FLOWERS": "a.csv"})[0].ok
    assert not run(tests)[0].ok


def test_the_student_s_conftest_takes_part(run: Run) -> None:
    """Fixtures of a conftest.py beside the tests work."""
    conftest = "import pytest\n\n@pytest.fixture\ndef five():\n    return 5\n"
    (result,) = run("def test_it(five):\n    assert five == 5\n", files={"conftest.py": conftest})

    assert result.ok


def test_a_run_that_does_not_end_loses_only_itself(run: Run) -> None:
    """An endless test is stopped at its time; the other runs have their results."""
    tests = "import pathlib\n\ndef test_it():\n    while pathlib.Path('endless').exists(): pass\n"
    runs = run(tests, [{}, {"endless": b""}, {}], timeout_s=1.5)

    assert [result.exit_code for result in runs] == [0, -9, 0]
    assert runs[1].tests == ()


@pytest.mark.parametrize("copies", [1, 6])
def test_a_run_is_over_when_a_test_asked_for_has_failed(run: Run, copies: int) -> None:
    """What comes after is not run, and the run tells of that test alone; other failures do not end it."""
    tests = (
        "import pathlib\n\ndef test_a(): assert False\n\ndef test_b():\n    assert 1 == 2\n\n"
        "def test_c():\n    while pathlib.Path('endless').exists(): pass\n"
    )
    runs = run(tests, [{"endless": b""}, {}] * copies, until=[["test_b", "test_c"], []] * copies)

    for stopped, whole in zip(runs[::2], runs[1::2], strict=True):
        assert (outcomes(stopped), stopped.exit_code) == ({"test_b": "failed"}, 1)
        assert "assert 1 == 2" in stopped.failed[0].message
        assert stopped.failed[0].line == 6
        assert outcomes(whole) == {"test_a": "failed", "test_b": "failed", "test_c": "passed"}


def test_no_run_finds_another_s_files_or_names_in_memory(run: Run) -> None:
    """A run's process has never held what belongs to the other runs, nor which failure would end it."""
    tests = """
import gc, pathlib

def everything():
    seen, waiting = {}, gc.get_objects()
    while waiting:  # the collector itself does not list a dict of plain values
        value = waiting.pop()
        if id(value) not in seen:
            seen[id(value)] = value
            waiting += gc.get_referents(value)
    return seen.values()

def test_it():
    own, found = pathlib.Path("data.csv").read_bytes(), list(everything())
    assert {each for each in found if type(each) is bytes and each.startswith(b"variant ")} - {b"variant "} == {own}
    assert not [each for each in found if type(each) is str and each.startswith("sought-") and each != "sought-"]
"""
    variants = [{"data.csv": b"variant %d" % number} for number in range(6)]
    runs = run(tests, variants, until=[["sought-by-the-grader"]] * 6)

    assert [result.ok for result in runs] == [True] * 6, runs[0].tests


def test_runs_that_do_not_end_share_the_time(run: Run) -> None:
    """However many runs hang, none gets a result and all are over when the time is."""
    start = time.monotonic()
    results = run("def test_it():\n    while True: pass\n", [{}] * 12, timeout_s=2)

    assert {result.exit_code for result in results} == {-9}
    assert time.monotonic() - start < 8  # each with all of the time: 12 seconds


@pytest.mark.parametrize("ending", ["os._exit(0)", "os.kill(os.getpid(), 9)", "os.abort()"])
def test_a_run_that_ends_itself_passes_nothing(run: Run, ending: str) -> None:
    """Ending the process early, even with 0, is no success."""
    runs = run(
        f"import os, pathlib\n\ndef test_it():\n    if pathlib.Path('end').exists(): {ending}\n", [{"end": b""}, {}]
    )

    assert [(result.ok, result.caught) for result in runs] == [(False, False), (True, False)]


def test_what_was_printed_is_kept_at_its_end(run: Run) -> None:
    """The last of the output is shown, capped."""
    (result,) = run("def test_it():\n    print('x' * 100_000)\n    assert False\n")

    assert len(result.output) <= 4000
    assert "1 failed" in result.output


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"tests": None, "exit_code": 0, "output": ""},
        {"tests": [1], "exit_code": 0, "output": ""},
        {"tests": [{"name": "a", "outcome": "great", "message": "", "line": 1}], "exit_code": 0, "output": ""},
        {"tests": [{"name": "a", "outcome": "passed", "message": "", "line": "x"}], "exit_code": 0, "output": ""},
        {"tests": [], "exit_code": None, "output": ""},
        {"tests": [], "exit_code": float("inf"), "output": ""},
    ],
)
def test_a_forged_run_is_none(answer: dict[str, object]) -> None:
    """What no run describes is refused by KeyError, TypeError or ValueError."""
    with pytest.raises((KeyError, TypeError, ValueError)):
        read_run(answer)
