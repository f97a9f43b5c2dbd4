"""Classes graded by real processes: hostile neighbours, killed workers, killed runs, Ctrl-C."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from autograder.batch import pool
from autograder.batch.handed import Handed
from autograder.batch.pool import Pools, each
from autograder.batch.worker import Job, examine, grade_job
from autograder.fingerprint import Fingerprints
from autograder.records import read_records
from tests.processes import alive, descendants, eventually

if TYPE_CHECKING:
    from tests.conftest import Course

Command = Callable[..., Any]
LAB = "01-tiny-lab"
GOOD = "def double(x):\n    return 2 * x\n\ndef greet(name):\n    return f'Hello, {name}!'\n"
HALF = GOOD.replace("2 * x", "4")
ENDLESS = "def double(x):\n    while True:\n        pass\n"


@pytest.fixture
def folders(course: Course, tmp_path: Path) -> tuple[Path, Path]:
    """Submissions and results of a course whose labs are built."""
    course.write(course.lab / "lab.toml", (course.solution / "lab.toml").read_text())
    (tmp_path / "class").mkdir()
    return tmp_path / "class", tmp_path / "results"


def hand_in(folder: Path, **works: str) -> None:
    """As nbgrader lays it out."""
    for student, work in works.items():
        (folder / student / LAB).mkdir(parents=True)
        (folder / student / LAB / "work.py").write_text(work)


def scores(results: Path) -> dict[str, float | None]:
    """Student → score."""
    return {record.student: record.score for record in read_records(results)} if results.is_dir() else {}


def test_hostile_submissions_leave_their_neighbours_alone(
    course: Course, folders: tuple[Path, Path], command: Command
) -> None:
    """Those that kill, hang, fill the disk or come as a bomb; and names that want to be something else."""
    submissions, results = folders
    course.limit(check_s=0.5, disk_mb=8)
    hand_in(
        submissions,
        ann=GOOD,
        killer="import os, signal\nfor pid in (os.getppid(), -1, 0):\n    os.kill(pid, signal.SIGKILL)\n",
        hanger=ENDLESS + "def greet(name):\n    return f'Hello, {name}!'\n",
        filler=GOOD.replace("    return 2", "    open('big', 'wb').write(bytes(1 << 26))\n    return 2"),
        half=HALF,
        **{"<script>alert(1)<": GOOD, "=cmd()": GOOD},
    )
    with zipfile.ZipFile(submissions / f"bomb--{LAB}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("work.py", bytes(30 << 20))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../../../escaped.py", GOOD)
        archive.writestr("work.py", GOOD)
    (submissions / f"slip--{LAB}.zip").write_bytes(buffer.getvalue())
    said = command("grade-class", submissions, "--to", results, "--jobs", "2")

    assert scores(results) == {
        "<script>alert(1)<": 4,
        "=cmd()": 4,
        "ann": 4,
        "bomb": None,
        "filler": 1,
        "half": 2,
        "hanger": 1,
        "killer": 0,
        "slip": 4,
    }
    assert said.code == 3
    assert f"bomb {LAB}: bomb--{LAB}.zip cannot be opened." in said.out
    assert "Our side failed: 1 of 9 submissions have no score; see above." in said.err
    page = (results / "index.html").read_text()
    assert "alert(1)" in page
    assert "<script>alert" not in page
    assert not list(submissions.parent.rglob("escaped.py"))
    report = json.loads((results / "slip" / LAB / "report.json").read_text())
    assert "'../../../escaped.py' in the archive was left out" in report["labs"][0]["notices"][0]


def test_a_class_without_walls_is_refused(
    folders: tuple[Path, Path], command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything runs; --allow-unsafe is the way over it."""
    submissions, results = folders
    hand_in(submissions, ann=GOOD)
    with monkeypatch.context() as patch:
        patch.setattr(pool.Zygote, "level", "process")
        refused = command("grade-class", submissions, "--to", results)
        nothing = scores(results)
        forced = command("grade-class", submissions, "--to", results, "--allow-unsafe", "--jobs", "1")

    assert refused.code == 2
    assert "`nox -s doctor` tells what is missing" in refused.err
    assert nothing == {}
    assert forced.code == 0


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A folder for temporary files that the sandbox's user can reach."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


def process(course: Course, scratch: Path, *argv: str | Path) -> subprocess.Popen[str]:
    """The command in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-B", "-m", "autograder", "grade-class", *map(str, argv)],
        cwd=course.root,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_ended_goes_on(
    course: Course, folders: tuple[Path, Path], scratch: Path, end: signal.Signals
) -> None:
    """What was graded is kept, neither process nor file stays behind, and the next run grades the rest."""
    submissions, results = folders
    course.limit(check_s=2)
    hand_in(submissions, a=GOOD, b=HALF, c=ENDLESS, d=GOOD)
    first = process(course, scratch, submissions, "--to", results, "--jobs", "1")
    begun = eventually(lambda: {"a", "b"} <= set(scores(results)))
    below = descendants(first.pid)
    first.send_signal(end)
    _, said = first.communicate(timeout=60)
    kept = scores(results)
    gone = eventually(lambda: not alive(below))
    second = process(course, scratch, submissions, "--to", results, "--jobs", "1")
    out, _ = second.communicate(timeout=120)

    assert begun
    assert kept == {"a": 4, "b": 2}
    assert gone, [Path(f"/proc/{pid}/cmdline").read_text() for pid in alive(below)]
    assert scores(results) == {"a": 4, "b": 2, "c": 0, "d": 4}
    assert list(scratch.iterdir()) == []
    assert "2 graded in" in out
    assert "2 kept that had not changed" in out
    if end is signal.SIGINT:
        assert first.returncode == 130
        assert f"Stopped. What was graded is in {results}; the same command goes on from there." in said
        assert "Traceback" not in said


def jobs(course: Course, *works: str) -> Iterator[Job]:
    """Jobs as a class makes them."""
    prints = Fingerprints(course.catalog).lab(course.catalog.lab(LAB))
    for number, work in enumerate(works):
        handed = Handed({"work.py": work.encode()}, {}, (), (), ())
        yield Job(number, str(course.root), LAB, prints, 0, handed, (f"job {number}",), False)


def test_workers_that_are_killed_lose_nothing(course: Course, folders: tuple[Path, Path]) -> None:
    """Each job is done exactly once, although all workers die on the way."""
    found: list[int] = []
    points: dict[int, float] = {}
    with Pools(2, str(course.root)) as pools:
        for job, done in each(jobs(course, *[GOOD, HALF] * 3), pools.fresh, 4):
            assert done.problem == ""
            found.append(job.number)
            points[job.number] = json.loads(done.report)["score"]
            if len(found) == 1:
                assert pools._pool is not None
                for pid in list(pools._pool._processes):
                    os.kill(pid, signal.SIGKILL)

    assert sorted(found) == list(range(6))
    assert points == {0: 4, 1: 2, 2: 4, 3: 2, 4: 4, 5: 2}


def test_notices_of_the_intake_come_first(course: Course, folders: tuple[Path, Path]) -> None:
    """In the report that comes back."""
    with Pools(1, str(course.root)) as pools:
        ((_, done),) = each(jobs(course, GOOD), pools.fresh, 1)

    assert json.loads(done.report)["notices"] == ["job 0"]


def test_what_was_begun_early_is_used_once(course: Course, folders: tuple[Path, Path]) -> None:
    """By the first pool for that lab; each later one begins anew."""
    with Pools(1, str(course.root)) as pools:
        pools.begin(LAB)
        begun = pools._zygote
        assert begun is not None
        pools.fresh(LAB)
        assert pools._zygote is begun
        ((_, done),) = each(jobs(course, GOOD), pools.fresh, 1)  # a second one, as after a break
        assert pools._zygote is not begun

    assert json.loads(done.report)["score"] == 4


def test_a_worker_with_another_course_says_so(course: Course, folders: tuple[Path, Path]) -> None:
    """It grades nothing: neither a zero nor a pass by other graders."""
    (job,) = jobs(course, GOOD)
    course.edit(course.grader / "test_hidden.py", "is the number and itself", "is it twice")
    done = grade_job(job)

    assert f"has another version of {LAB} or of the autograder" in done.problem
    assert examine(job.root, {LAB: job.fingerprint}) == done.problem
    assert examine(job.root, {LAB: Fingerprints(course.catalog).lab(course.catalog.lab(LAB))}) == ""


def test_a_worker_without_a_course_says_so(
    course: Course, folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the remedy."""
    (job,) = jobs(course, GOOD)
    away = job.__class__(**{**job.__dict__, "root": "/nowhere"})
    monkeypatch.setattr("autograder.batch.worker.find_root", _lost)

    assert "Start the workers in a checkout of the course." in grade_job(away).problem


def _lost() -> Path:
    from autograder.errors import UsageError

    raise UsageError("No course.toml in /tmp or above it.")
