"""When our own side fails, nobody is scored: no zero, no pass, and the instructor is told why."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder import grading, staging
from autograder.errors import SandboxError
from autograder.render import render
from autograder.results import LabReport, Outcome, Report
from autograder.sandbox.client import Zygote
from autograder.sandbox.confine import Cell

CHECK = '''\
import pytest
{before}

@pytest.mark.task("double")
def test_it(submission):
    """Twice two is four."""
    {body}
    assert submission.load("work.py").double(2) == 4, "Twice two is not four."
'''


def told(report: LabReport, words: str) -> None:
    """Check that the report carries no score, and says to the instructor what went wrong."""
    shown = render(Report(labs=(report,)), "terminal")

    assert report.outcome is Outcome.INFRASTRUCTURE_ERROR
    assert report.score is None
    assert report.tasks == ()
    assert words in report.problem
    assert " ".join(report.problem.split("\n")[0][:30].split()) in " ".join(shown.split())
    assert Report(labs=(report,)).score is None


@pytest.fixture
def graded(course: Any) -> Callable[..., LabReport]:
    """Grade the reference solution by a check of which our own part fails."""

    def grade_by(body: str = "pass", *, before: str = "", **options: Any) -> LabReport:
        course.write(course.grader / "test_hidden.py", CHECK.format(before=before, body=body))
        return course.grade(tasks=["double"], **options)

    return grade_by


@pytest.fixture
def own_zygote(course: Any) -> Iterator[Zygote]:
    """A zygote of this course alone, to be mistreated."""
    with Zygote(["pytest"]) as zygote:
        course._zygote = lambda: zygote
        yield zygote


# ---- what graders get wrong


@pytest.mark.parametrize(
    ("body", "before", "words"),
    [
        ("{}['missing']", "", "KeyError: 'missing'"),
        ("[][0]", "", "IndexError"),
        ("raise MemoryError", "", "MemoryError"),
        ("raise RecursionError('deep')", "", "RecursionError: deep"),
        ("raise OSError(28, 'No space left on device')", "", "No space left on device"),
        ("assert False", "", "failed without a message"),
        ("pytest.skip('no reason')", "", "skipped itself"),
        ("pytest.xfail('no reason')", "", "raised"),
        ("pytest.exit('enough')", "", "a check ended pytest"),
        ("submission.no_such_method()", "", "AttributeError"),
        ("submission.load('work.py').double(lambda x: x)", "", "cannot be sent"),
        ("pass", "import no_such_module", "no_such_module"),
        ("pass", "def broken(:", "SyntaxError"),
        ("pass", "raise SystemExit(0)", ""),
        ("pass", "@pytest.fixture(autouse=True)\ndef bad():\n    raise LookupError('set up')", "LookupError: set up"),
        (
            "pass",
            "@pytest.fixture(autouse=True)\ndef bad():\n    yield\n    raise LookupError('end')",
            "LookupError: end",
        ),
        ("pass", "def test_without_task(submission):\n    pass", "needs @pytest.mark.task"),
    ],
)
def test_a_bug_of_a_grader(graded: Callable[..., LabReport], body: str, before: str, words: str) -> None:
    """A grader that raises, is broken, skips, leaves or asks for what is not there scores nobody."""
    told(graded(body, before=before), words)


def test_a_grader_without_checks(course: Any) -> None:
    """A lab whose checks are missing scores nobody."""
    for file in course.grader.glob("test_*.py"):
        file.unlink()

    told(course.grade(), "has no checks")


def test_a_task_without_checks(course: Any) -> None:
    """A task that no check reports on is neither passed nor failed."""
    course.write(course.grader / "test_hidden.py", "")
    course.write(course.grader / "test_visible.py", CHECK.format(before="", body="pass"))

    told(course.grade(), "greet")


def test_a_corrupt_data_set(graded: Callable[..., LabReport], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data set that is not what it should be scores nobody."""
    folder = tmp_path / "datasets" / "iris"
    folder.mkdir(parents=True)
    for file in (Path(__file__).parents[1] / "datasets" / "iris").iterdir():
        if file.is_file():
            (folder / file.name).write_bytes(file.read_bytes())
    (folder / "iris.csv").write_text("sepal_length\nlong\n")
    monkeypatch.setenv("AUTOGRADER_DATASETS", str(tmp_path / "datasets"))

    told(graded("datasets.load('iris')", before="from autograder import datasets"), "iris.csv")


def test_a_missing_data_set(graded: Callable[..., LabReport], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data set that is not there scores nobody."""
    monkeypatch.setenv("AUTOGRADER_DATASETS", str(tmp_path))

    told(graded("datasets.load('iris')", before="from autograder import datasets"), "No data sets in")


# ---- what the machine lacks


def test_a_full_disk_while_staging(graded: Callable[..., LabReport], monkeypatch: pytest.MonkeyPatch) -> None:
    """A workspace that cannot be written scores nobody."""

    def full(path: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(staging, "_write", full)

    told(graded(), "No space left on device")


def test_a_full_disk_before_staging(graded: Callable[..., LabReport], monkeypatch: pytest.MonkeyPatch) -> None:
    """A workspace that cannot even be made scores nobody, and raises nothing."""

    def full(*_: object, **__: object) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tempfile, "mkdtemp", full)

    told(graded(), "No space left on device")


def test_an_error_that_nobody_thought_of(graded: Callable[..., LabReport], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever fails around the checks scores nobody, and raises nothing."""

    def fails(*_: object, **__: object) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr(grading, "stage", fails)

    told(graded(), "too deep")


def test_a_workspace_that_vanishes(graded: Callable[..., LabReport], monkeypatch: pytest.MonkeyPatch) -> None:
    """A sandbox that fails halfway through its setup scores nobody."""
    real = staging.stage

    def vanishing(*args: Any) -> Any:
        workspace = real(*args)
        workspace.root.rename(f"{workspace.root}.gone")
        return workspace

    monkeypatch.setattr(grading, "stage", vanishing)

    told(graded(), "could not be set up")


# ---- what the sandbox's own processes suffer


def test_a_dead_zygote(graded: Callable[..., LabReport], own_zygote: Zygote) -> None:
    """A zygote that has died before the first sandbox scores nobody."""
    assert own_zygote.level
    _end(own_zygote)

    told(graded(), "")


def test_a_zygote_that_dies_meanwhile(graded: Callable[..., LabReport], own_zygote: Zygote) -> None:
    """A zygote that dies when another sandbox is needed scores nobody, whatever was checked before."""
    del own_zygote
    end = "submission.session._zygote._process.kill(); submission.session._zygote._process.wait()"
    again = "submission.session.sandbox().close()"

    told(graded(f"submission.load('work.py').double(1); {end}; {again}"), "")


@pytest.mark.promised("kernel")
def test_a_killed_supervisor(isolation: str, graded: Callable[..., LabReport], own_zygote: Zygote) -> None:
    """A supervisor that somebody kills is no fault of the student's."""
    del isolation, own_zygote
    body = "submission.load('work.py').double(1); kill_children(submission.session)"
    before = (
        "import os, pathlib, select\n\n\ndef kill_children(session):\n"
        "    pid = session._zygote._process.pid\n"
        "    for child in pathlib.Path(f'/proc/{pid}/task/{pid}/children').read_text().split():\n"
        "        os.kill(int(child), 9)\n"
        "    for end in (session._sandbox._status, session._worker._sock):\n"
        "        assert select.select([end], [], [], 10)[0], 'it lives on'\n"
    )

    told(graded(body, before=before), "supervisor")


def test_a_zygote_that_cannot_fork(cell: Callable[..., Cell]) -> None:
    """A fork that fails is reported as ours, and the next one may succeed."""
    script = (
        "import os, sys; sys.path.insert(0, sys.argv.pop()); from autograder.sandbox import zygote; fork = os.fork\n"
        "def fails():\n    os.fork = fork\n    raise BlockingIOError(11, 'Resource temporarily unavailable')\n"
        "zygote.best_level = lambda: ('process', {})\nos.fork = fails\nzygote.main()"
    )
    control, theirs = socket.socketpair()
    root = str(Path(grading.__file__).parents[1])
    command = [sys.executable, "-I", "-c", script, str(theirs.fileno()), "[]", root]
    zygote = Zygote(eager=False)
    zygote._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
    zygote._control = control
    theirs.close()

    with zygote:
        with pytest.raises(SandboxError, match="fork: Resource temporarily unavailable"):
            zygote.open(cell())
        zygote.open(cell()).close()


def test_a_cell_that_cannot_be_built(bare: Zygote) -> None:
    """At every level, a sandbox that cannot be set up as asked does not start."""
    with pytest.raises(SandboxError, match="could not be set up"):
        bare.open(Cell(level="kernel", root="/nonexistent", lab="x"))


def _end(zygote: Zygote) -> None:
    assert zygote._process is not None
    zygote._process.kill()
    zygote._process.wait()
