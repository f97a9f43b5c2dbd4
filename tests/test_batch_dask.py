"""A class graded on a Dask cluster: a real scheduler and workers in processes of their own, one of which is killed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from autograder.batch.cluster import connect
from autograder.batch.run import Order, grade_class
from autograder.errors import InfrastructureError
from autograder.fingerprint import Fingerprints
from autograder.records import Record, read_records

if TYPE_CHECKING:
    from tests.conftest import Course

LAB = "01-tiny-lab"
GOOD = "def double(x):\n    return 2 * x\n\ndef greet(name):\n    return f'Hello, {name}!'\n"

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None and "CI" not in os.environ,
    reason="Dask is an optional extra; CI installs it and must not skip this",
)


class Cluster:
    """A scheduler and workers, as `dask scheduler` and `dask worker` start them."""

    def __init__(self, course: Course) -> None:
        self._environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "PYTHONDONTWRITEBYTECODE": "1"}
        self._folder = course.root.parent
        self.processes: list[subprocess.Popen[str]] = []
        self.address = ""
        scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        self.address = self._heard(scheduler, "Scheduler at:").split()[-1]

    def worker(self, course: Path) -> subprocess.Popen[str]:
        """A worker with one thread that starts in a course; it is ready on return."""
        options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(self._folder))
        process = self._start("worker", self.address, *options, folder=course)
        self._heard(process, "Registered to:")
        return process

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
            assert process.stderr is not None
            process.stderr.close()

    def _start(self, *argv: str, folder: Path | None = None) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "dask", *argv]
        process = subprocess.Popen(
            command, cwd=folder or self._folder, env=self._environment, stderr=subprocess.PIPE, text=True
        )
        self.processes.append(process)
        return process

    @staticmethod
    def _heard(process: subprocess.Popen[str], text: str) -> str:
        assert process.stderr is not None
        for line in process.stderr:
            if text in line:
                return line
        raise AssertionError(f"{text!r} was never said")


@pytest.fixture
def cluster(course: Course) -> Iterator[Cluster]:
    """A cluster without workers."""
    course.write(course.lab / "lab.toml", (course.solution / "lab.toml").read_text())
    cluster = Cluster(course)
    yield cluster
    cluster.close()


def hand_in(folder: Path, count: int) -> None:
    """Good and half-good work in turn."""
    for number in range(count):
        place = folder / f"s{number:02}" / LAB
        place.mkdir(parents=True)
        (place / "work.py").write_text(GOOD.replace("2 * x", "4") if number % 2 else GOOD)


class Killer:
    """Kills a worker when the first result is there; notes what is recorded."""

    def __init__(self, victim: subprocess.Popen[str]) -> None:
        self.victim = victim
        self.recorded_students: Counter[str] = Counter()

    def planned(self, total: int, kept: int) -> None: ...

    def recorded(self, record: Record) -> None:
        if not self.recorded_students:
            self.victim.send_signal(signal.SIGKILL)
        self.recorded_students[record.student] += 1


def test_a_killed_worker_loses_nothing(course: Course, cluster: Cluster, tmp_path: Path) -> None:
    """Its jobs go to the other one; every submission is recorded exactly once."""
    victim = cluster.worker(course.root)
    cluster.worker(course.root)
    hand_in(tmp_path / "class", 12)
    killer = Killer(victim)
    order = Order(tmp_path / "class", tmp_path / "results")
    result = grade_class(order, course.catalog, killer, dask=cluster.address)
    again = grade_class(order, course.catalog, killer, dask=cluster.address)

    assert victim.wait(10) == -signal.SIGKILL
    assert killer.recorded_students == {f"s{number:02}": 1 for number in range(12)}
    assert {record.student: record.score for record in read_records(tmp_path / "results")} == {
        f"s{number:02}": 2 if number % 2 else 4 for number in range(12)
    }
    assert [record.reason for record in result.records] == [""] * 12
    assert (again.graded, again.kept) == (0, 12)


def test_a_cluster_with_another_course_grades_nothing(course: Course, cluster: Cluster, tmp_path: Path) -> None:
    """Every worker is asked before anything is given out."""
    hand_in(tmp_path / "class", 1)
    # A machine that does not have this folder takes the course in which its worker was started.
    other = tmp_path / "other"
    shutil.copytree(course.root, other)
    (other / "autograder" / "graders" / LAB / "conftest.py").write_text("# changed")
    cluster.worker(other)
    answer = connected(cluster, "/nowhere/course", {LAB: Fingerprints(course.catalog).lab(course.catalog.lab(LAB))})

    assert "workers of the cluster are not ready" in answer
    assert f"has another version of {LAB} or of the autograder in {other}" in answer


def connected(cluster: Cluster, root: str, labs: dict[str, str]) -> str:
    """What connecting ends with."""
    try:
        with connect(cluster.address, root, labs):
            return ""
    except InfrastructureError as error:
        return str(error)


def test_a_cluster_needs_workers(cluster: Cluster, tmp_path: Path, command: Callable[..., Any]) -> None:
    """It is our failure, with the remedy."""
    hand_in(tmp_path / "class", 1)
    said = command("grade-class", tmp_path / "class", "--to", tmp_path / "results", "--dask", cluster.address)

    assert said.code == 3
    assert f"{cluster.address} has no workers. Start some: `dask worker {cluster.address} --nthreads 1`." in said.err


def test_nobody_answers(course: Course, tmp_path: Path, command: Callable[..., Any], monkeypatch: Any) -> None:
    """Within bearable time."""
    monkeypatch.setattr("autograder.batch.cluster._CONNECT_S", 0.5)
    hand_in(tmp_path / "class", 1)
    said = command("grade-class", tmp_path / "class", "--to", tmp_path / "results", "--dask", "tcp://127.0.0.1:9")

    assert said.code == 3
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in said.err


def test_dask_is_an_extra(tmp_path: Path, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it, the option is wrong usage and says how to get it."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    hand_in(tmp_path / "class", 1)
    said = command("grade-class", tmp_path / "class", "--to", tmp_path / "results", "--dask", "tcp://127.0.0.1:9")

    assert said.code == 2
    assert "--dask needs Dask, which is not installed: `pip install distributed`." in said.err
