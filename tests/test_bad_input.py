"""Whatever is handed in, a learner gets a sentence to go on with and loses only what is concerned."""

from __future__ import annotations

import json
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from autograder.results import CheckResult, CheckStatus, LabReport, Outcome

if TYPE_CHECKING:
    from tests.conftest import Course

GREET = 'def greet(name):\n    return f"Hello, {name}!"\n'
CHECK = '''
    import pytest
    from autograder import expect

    @pytest.mark.task("double")
    def test_two(submission):
        """Twice two is four."""
        result = submission.load("{file}").double(2)
        expect.instance(result, (int, float), "a number")
        expect.close(result, 4, "double(2)")

    @pytest.mark.task("greet")
    def test_ada(submission):
        """Ada is greeted by name."""
        assert submission.load("{file}").greet("Ada") == "Hello, Ada!", "Ada was not greeted."
'''


@pytest.fixture(autouse=True)
def _lab(course: Course) -> None:
    """One visible check per task and a hidden one, and time enough on a busy machine."""
    course.limit(check_s=60, memory_mb=400)
    course.write(course.grader / "test_visible.py", dedent(CHECK).format(file="work.py"))


def statuses(report: LabReport) -> dict[str, list[CheckStatus]]:
    """Task → what its checks came to; every check must have a result."""
    assert (report.outcome, report.problem, report.checks_total) == (Outcome.GRADED, "", 3)
    return {task.id: [check.status for check in task.checks] for task in report.tasks}


def hurry_if(course: Course, said: str) -> None:
    """Where student code will be stopped, do not wait long for it."""
    if "did not answer within 0.5 seconds" in said:
        course.edit(course.solution / "lab.toml", "check_s = 60", "check_s = 0.5")


def first(report: LabReport, task: int = 0) -> CheckResult:
    """The first check of a task."""
    return report.tasks[task].checks[0]


FUNCTIONS = {
    "takes nothing": ("def double():\n    return 4", "double raised TypeError: double() takes 0 positional arguments"),
    "takes too much": ("def double(x, y):\n    return 4", "missing 1 required positional argument: 'y'"),
    "is called otherwise": ("def duoble(x):\n    return 4", "work.py defines no double. Did you mean duoble to be it?"),
    "is no function": ("double = 4", "double raised TypeError: 'int' object is not callable"),
    "returns nothing": ("def double(x):\n    print(2 * x)", "Expected a number, got None."),
    "returns a text": ("def double(x):\n    return '4'", "Expected a number, got '4'."),
    "returns a generator": ("def double(x):\n    yield 2 * x", "Expected a number, got a generator."),
    "returns a lambda": ("def double(x):\n    return lambda: 2 * x", "Expected a number, got a function."),
    "returns itself": ("def double(x):\n    return double", "Expected a number, got a function."),
    "returns a coroutine": ("async def double(x):\n    return 4", "Expected a number, got a coroutine."),
    "returns a recursive list": (
        "def double(x):\n    a = [x]\n    a.append(a)\n    return a",
        "double returned something that cannot be sent back: "
        "the value is nested more than 32 levels deep, or contains itself.",
    ),
    "returns mixed columns": (
        "import pandas\ndef double(x):\n    return pandas.DataFrame({'a': [1, 'b', None, {}], 'b': [x, (), len, 2.5]})",
        "Expected a number, got a DataFrame of 4 rows × 2 columns.",
    ),
    "returns too much": (
        "def double(x):\n    return b'x' * (80 << 20)",
        "the value is too large to send: more than 64 MB",
    ),
    "returns what cannot be shown": (
        "class Odd:\n    def __repr__(self):\n        raise ValueError\ndef double(x):\n    return Odd()",
        "Expected a number, got an Odd.",
    ),
    "returns what lies": (
        "class Odd:\n    __class__ = int\n    def __getattribute__(self, name):\n        raise ValueError\n"
        "def double(x):\n    return Odd()",
        "double returned something that cannot be sent back: the value cannot be read (ValueError: ).",
    ),
    "raises": ("def double(x):\n    return table[x]", "double raised NameError: name 'table' is not defined."),
    "raises something of its own": (
        "class Odd(BaseException):\n    def __str__(self):\n        raise ValueError\ndef double(x):\n    raise Odd",
        "double raised Odd",
    ),
    "calls itself for ever": ("def double(x):\n    return double(x)", "double raised RecursionError"),
    "calls sys.exit": ("import sys\ndef double(x):\n    sys.exit(3)", "double raised SystemExit: 3."),
    "calls os._exit": (
        "import os\ndef double(x):\n    os._exit(0)",
        "Your code ended Python (exit code 0) instead of returning.",
    ),
    "kills itself": (
        "import os\ndef double(x):\n    os.kill(os.getpid(), 9)",
        "Your code's process was ended by SIGKILL.",
    ),
    "sleeps for ever": (
        "import time\ndef double(x):\n    time.sleep(10**6)",
        "Your code did not answer within 0.5 seconds.",
    ),
    "loops for ever": ("def double(x):\n    while True: pass", "Your code did not answer within 0.5 seconds."),
    "loops and catches all": (
        "def double(x):\n    while True:\n        try:\n            while 1: pass\n        except BaseException: pass",
        "Your code did not answer within 0.5 seconds.",
    ),
    "waits for input": ("def double(x):\n    return float(input()) * 2", "double raised EOFError"),
}


@pytest.mark.parametrize(("double", "gist"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_bad_function_costs_its_own_task(course: Course, double: str, gist: str) -> None:
    """The sentence says what is wrong; the other task keeps its points."""
    hurry_if(course, gist)
    report = course.grade(f"{double}\n\n{GREET}")
    found = statuses(report)

    assert found["greet"] == [CheckStatus.PASSED]
    assert found["double"][0] in (CheckStatus.FAILED, CheckStatus.ERROR)
    assert gist in first(report).message
    assert (report.tasks[0].score, report.tasks[1].score) == (0, 1)


@pytest.mark.parametrize(
    "body", ["len(bytearray(10**10))", "[bytearray(b'x') * (1 << 20) for _ in range(10**6)]", "[x] * 10**10"]
)
def test_more_memory_than_allowed_is_told(course: Course, body: str) -> None:
    """At once or little by little, it ends in a sentence about memory."""
    report = course.grade(f"def double(x):\n    return {body}\n\n{GREET}")

    assert statuses(report)["greet"] == [CheckStatus.PASSED]
    assert "MemoryError" in first(report).message or "more than 400 MB of memory" in first(report).message


def test_a_gigabyte_of_output_is_cut(course: Course) -> None:
    """It costs nothing but what it says; the note tells how much there was."""
    work = "def double(x):\n    for _ in range(1024):\n        print('x' * (1 << 20), end='')\n    return 2 * x\n"
    report = course.grade(work + GREET, visible_only=True)

    assert report.full_marks
    assert first(report).output == "x" * 4000 + "\n[… cut: 1 GB were printed]"


@pytest.mark.parametrize("end", ["os._exit(1)", "os.kill(os.getpid(), 9)", "1 / 0", "while True: pass"])
def test_output_before_the_end_is_kept(course: Course, end: str) -> None:
    """What was printed last may be what explains it."""
    course.edit(course.solution / "lab.toml", "check_s = 60", "check_s = 0.5")
    report = course.grade(f"import os\ndef double(x):\n    print('here', flush=True)\n    {end}\n\n{GREET}")

    assert (first(report).status, first(report).output) == (CheckStatus.ERROR, "here\n")


FILES = {
    "raises at import": ("raise RuntimeError('at import')", "work.py raised RuntimeError: at import."),
    "does not compile": ("def double(x)\n    return 4", "work.py raised SyntaxError: expected ':'."),
    "is indented wrongly": ("def double(x):\nreturn 4", "work.py raised IndentationError"),
    "is no text": (b"\xff\xfe\x00", "work.py raised SyntaxError"),
    "lacks a library": (
        "import no_such_library",
        "work.py raised ModuleNotFoundError: No module named 'no_such_library'.",
    ),
    "exits at import": ("import sys\nsys.exit('done')", "work.py raised SystemExit: done."),
    "ends at import": (
        "import os\nos._exit(0)",
        "work.py cannot be loaded. Your code ended Python (exit code 0) instead of returning.",
    ),
    "hangs at import": ("while True: pass", "work.py cannot be loaded. Your code did not answer within 0.5 seconds."),
    "is empty": ("", "work.py defines no double."),
}


@pytest.mark.parametrize(("content", "gist"), FILES.values(), ids=FILES)
def test_a_bad_file_is_told_in_each_task_that_needs_it(course: Course, content: str | bytes, gist: str) -> None:
    """No task of the file has points, and each of them says why."""
    hurry_if(course, gist)
    report = course.grade(content)
    statuses(report)

    assert report.score == 0
    assert gist in first(report).message
    assert gist.replace("double", "greet") in first(report, 1).message


def test_a_bad_file_costs_only_its_own_tasks(course: Course) -> None:
    """A task that needs another file has its points."""
    course.edit(course.solution / "lab.toml", '["work.py"]', '["work.py", "other.py"]')
    course.write(course.solution / "other.py", "")
    course.edit(
        course.grader / "test_visible.py", 'submission.load("work.py").greet', 'submission.load("other.py").greet'
    )
    course.edit(course.solution / "lab.toml", "check_s = 60", "check_s = 0.5")
    report = course.grade(folder=course.hand_in({"work.py": "while True: pass", "other.py": GREET}))

    assert statuses(report)["greet"] == [CheckStatus.PASSED]


def test_an_empty_folder_is_no_mistake_yet(course: Course) -> None:
    """Each missing file is told, and nothing is scolded."""
    report = course.grade(folder=course.hand_in({}))
    statuses(report)

    assert report.notices == ("work.py is missing from what was handed in.",)
    assert {task.state.value for task in report.tasks} == {"not started"}
    assert first(report).message == "work.py is not there yet."


# ---- notebooks


def notebook(*sources: str) -> str:
    """A notebook of these code cells."""
    return json.dumps({"cells": [{"cell_type": "code", "source": source} for source in sources]})


@pytest.fixture
def with_notebook(course: Course) -> Course:
    """The same lab with a notebook to hand in."""
    course.edit(course.solution / "lab.toml", '["work.py"]', '["lab.ipynb"]')
    course.write(course.solution / "lab.ipynb", notebook("def double(x):\n    return 2 * x", GREET))
    course.write(course.grader / "test_visible.py", dedent(CHECK).format(file="lab.ipynb"))
    course.edit(course.grader / "test_hidden.py", "work.py", "lab.ipynb")
    return course


@pytest.mark.parametrize("content", ["print('a script')", "", '{"cells": 3}', "[" * 50_000, b"\xff\xfe"])
def test_a_file_that_is_no_notebook_is_told(with_notebook: Course, content: str | bytes) -> None:
    """The learner hears what the file is not, and what to do."""
    report = with_notebook.grade(folder=with_notebook.hand_in({"lab.ipynb": content}))
    statuses(report)

    assert first(report).message.startswith("lab.ipynb is not a Jupyter notebook")
    assert "save it again" in first(report).message


@pytest.mark.parametrize(
    ("cell", "notice"),
    [
        ("def helper(:\n    pass", "SyntaxError: invalid syntax"),
        ("import no_such_library", "ModuleNotFoundError: No module named 'no_such_library'"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit()", "SystemExit"),
        ("exit()", "SystemExit"),
        ("import os\nos._exit(1)", "Your code ended Python (exit code 1) instead of returning."),
        ("while True: pass", "Your code did not answer within 0.5 seconds."),
    ],
)
def test_a_bad_cell_costs_only_what_it_defines(with_notebook: Course, cell: str, notice: str) -> None:
    """The other cells run, and a notice names the one that did not."""
    hurry_if(with_notebook, notice)
    cells = notebook("def double(x):\n    return 2 * x", cell, GREET)
    report = with_notebook.grade(folder=with_notebook.hand_in({"lab.ipynb": cells}))

    assert report.full_marks
    assert report.notices == (f"lab.ipynb, cell 2 did not run to its end: {notice}",)


def test_a_name_that_a_bad_cell_would_have_defined_is_explained(with_notebook: Course) -> None:
    """Its task is lost, with the reason; the other one is not."""
    cells = notebook("def double(x)\n    return 2 * x", GREET)
    report = with_notebook.grade(folder=with_notebook.hand_in({"lab.ipynb": cells}))

    assert statuses(report)["greet"] == [CheckStatus.PASSED]
    assert first(report).message == (
        "lab.ipynb defines no double. Cell 1 did not run to its end, which may be why: SyntaxError: expected ':'."
    )


def test_a_cell_that_is_there_twice_is_no_mistake(with_notebook: Course) -> None:
    """As in Jupyter, the last definition counts."""
    cells = notebook("def double(x):\n    return 0", GREET, "def double(x):\n    return 2 * x", GREET)
    report = with_notebook.grade(folder=with_notebook.hand_in({"lab.ipynb": cells}))

    assert report.full_marks
