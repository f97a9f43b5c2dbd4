from __future__ import annotations

import datetime as dt
import os
import shutil
import stat
from collections.abc import Callable, Mapping
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from autograder.batch import pool
from autograder.batch.folder import held
from autograder.batch.pool import each
from autograder.batch.run import ClassResult, Order, grade_class
from autograder.batch.worker import Done, Job
from autograder.errors import InfrastructureError, UsageError
from autograder.late import Deadlines
from autograder.manifest import LatePolicy
from autograder.records import Record, read_records
from autograder.render import html
from autograder.results import Isolation, LabReport, Outcome

if TYPE_CHECKING:
    from tests.conftest import Course

LAB = "01-tiny-lab"
DUE = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def graded(job: Job, isolation: str = "kernel") -> Done:
    """A point for each byte of work.py, four at most; a work that says "fail" fails on our side."""
    work = job.handed.files.get("work.py", b"")
    failed = b"fail" in work
    report = LabReport(
        lab=job.lab,
        title="Tiny",
        outcome=Outcome.INFRASTRUCTURE_ERROR if failed else Outcome.GRADED,
        isolation=Isolation(isolation),
        points=4,
        score=None if failed else min(4, len(work)),
        notices=job.notices,
        problem="the disk is full" if failed else "",
        started="2026-03-01T12:00:00+00:00",
        seconds=1,
        engine="0.1.0",
    )
    return Done(report.model_dump_json())


class Hand(Executor):
    """Does at once, and by hand, what it is given; tells what that was."""

    def __init__(self, grade: Callable[[Job], Done] = graded) -> None:
        self.jobs: list[Job] = []
        self._grade = grade

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.jobs.append(args[0])
        try:
            future.set_result(self._grade(args[0]))
        except BaseException as error:
            future.set_exception(error)
        return future


class Watch:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.plan: tuple[int, int] | None = None
        self.records: list[Record] = []

    def planned(self, total: int, kept: int) -> None:
        self.plan = (total, kept)

    def recorded(self, record: Record) -> None:
        self.records.append(record)


class Class:
    """A folder of submissions and one of results."""

    def __init__(self, course: Course, root: Path) -> None:
        self.course = course
        self.submissions = root / "submissions"
        self.results = root / "results"
        self.submissions.mkdir()
        self.hand = Hand()
        self.watch = Watch()

    def hand_in(self, **works: str) -> None:
        for student, work in works.items():
            self.course.write(self.submissions / student / LAB / "work.py", work)

    def grade(self, hand: Executor | None = None, **options: Any) -> ClassResult:
        self.hand, self.watch = Hand(), Watch()
        order = Order(self.submissions, self.results, **options)
        return grade_class(order, self.course.catalog, self.watch, workers=1, executor=hand or self.hand)

    @property
    def scores(self) -> dict[str, float | None]:
        return {record.student: record.score for record in read_records(self.results)}


@pytest.fixture
def klass(course: Course, tmp_path: Path) -> Class:
    """A class with nothing handed in."""
    course.write(course.lab / "lab.toml", (course.solution / "lab.toml").read_text())
    return Class(course, tmp_path)


def test_a_class_is_graded(klass: Class) -> None:
    """Each submission gets its record, its report and its page."""
    klass.hand_in(ann="1234", bob="12")
    result = klass.grade()

    assert klass.scores == {"ann": 4, "bob": 2}
    assert (result.graded, result.kept, result.strays, result.notices) == (2, 0, (), ())
    assert result.records == read_records(klass.results)
    assert klass.watch.plan == (2, 0)
    assert [record.student for record in klass.watch.records] == ["ann", "bob"]
    assert "<title>01-tiny-lab" in (klass.results / "ann" / LAB / "report.html").read_text()


def test_a_report_without_a_page_costs_nobody_else_anything(klass: Class, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is our failure, said in the record, and tried again by the next run; all others are graded."""
    real = html.page
    with monkeypatch.context() as patch:
        patch.setattr(html, "page", lambda report: real(report) if report.labs[0].score != 2 else {}["no such entry"])
        klass.hand_in(ann="1234", bob="12", cid="1")
        result = klass.grade()

    assert klass.scores == {"ann": 4, "bob": None, "cid": 1}
    assert [record.problem for record in result.records] == [
        "",
        "The report cannot be shown: KeyError: 'no such entry'",
        "",
    ]
    again = klass.grade()
    assert (again.graded, again.kept, klass.scores["bob"]) == (1, 2, 2)


def test_what_has_not_changed_is_kept(klass: Class) -> None:
    """A second run grades nothing, a third what was changed or added."""
    klass.hand_in(ann="1234", bob="12")
    klass.grade()
    again = klass.grade()
    jobs = list(klass.hand.jobs)
    klass.hand_in(bob="123", cem="1")
    third = klass.grade()

    assert (again.graded, again.kept, jobs) == (0, 2, [])
    assert (third.graded, third.kept) == (2, 1)
    assert klass.scores == {"ann": 4, "bob": 3, "cem": 1}


def test_fresh_grades_everything(klass: Class) -> None:
    """Changed or not."""
    klass.hand_in(ann="1234")
    klass.grade()

    assert klass.grade(fresh=True).graded == 1


CHANGES: dict[str, Callable[[Course], None]] = {
    "a grader": lambda course: course.edit(course.grader / "test_hidden.py", "is the number and itself", "is it twice"),
    "a conftest": lambda course: course.write(course.grader / "conftest.py", "# new"),
    "a support file": lambda course: course.write(course.grader / "data" / "truth.csv", "1,2"),
    "the manifest": lambda course: course.edit(course.solution / "lab.toml", "points = 1", "points = 2"),
    "a given file": lambda course: course.write(course.lab / "helper.py", "x = 1"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_another_grader_grades_again(klass: Class, change: str) -> None:
    """Whatever has a say in a grade."""
    klass.hand_in(ann="1234")
    klass.grade()
    CHANGES[change](klass.course)

    assert klass.grade().graded == 1


def test_another_dataset_grades_again(klass: Class) -> None:
    """If the lab uses it."""
    course = klass.course
    course.write(course.root / "datasets" / "tiny" / "tiny.csv", "a\n1\n")
    course.edit(course.solution / "lab.toml", "minutes = 5\n", 'minutes = 5\ndatasets = ["tiny"]\n')
    klass.hand_in(ann="1234")
    klass.grade()
    kept = klass.grade().kept
    course.write(course.root / "datasets" / "tiny" / "tiny.csv", "a\n2\n")

    assert kept == 1
    assert klass.grade().graded == 1


NO_CHANGES: dict[str, Callable[[Course], None]] = {
    "a case": lambda course: course.write(course.grader / "cases.toml", "# none"),
    "a cache": lambda course: course.write(course.grader / "__pycache__" / "x.pyc", "x"),
    "the solution": lambda course: course.edit(course.solution / "work.py", "2 * x", "x * 2"),
    "a starter": lambda course: course.write(course.lab / "work.py", "stub"),
}


@pytest.mark.parametrize("change", NO_CHANGES)
def test_what_has_no_say_grades_nothing(klass: Class, change: str) -> None:
    """Proofs of graders, solutions, caches."""
    klass.hand_in(ann="1234")
    klass.grade()
    NO_CHANGES[change](klass.course)

    assert klass.grade().graded == 0


def test_another_seed_grades_again(klass: Class) -> None:
    """The hidden data are others."""
    klass.hand_in(ann="1234")
    klass.grade()

    assert klass.grade(seed=7).graded == 1
    assert klass.hand.jobs[0].seed == 7


def test_another_engine_grades_again(klass: Class, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its sources are part of the key."""
    klass.hand_in(ann="1234")
    klass.grade()
    monkeypatch.setattr("autograder.fingerprint.engine", lambda: "another")

    assert klass.grade().graded == 1


def test_our_failures_are_tried_again(klass: Class) -> None:
    """They are recorded without a score, neither zero nor pass, and never kept."""
    klass.hand_in(ann="fail", bob="12")
    first = klass.grade()
    recorded = klass.scores
    again = klass.grade()

    assert recorded == {"ann": None, "bob": 2}
    assert [record.reason for record in first.records] == ["the disk is full", ""]
    assert (again.graded, again.kept) == (1, 1)


def test_what_no_machine_could_do_is_recorded(klass: Class) -> None:
    """A problem on the way to the report is told with the student's name on it, and the rest go on."""
    klass.hand_in(ann="1", bob="12")

    def odd(job: Job) -> Done:
        if job.handed.files["work.py"] == b"1":
            raise OSError("no route to host")
        return graded(job)

    result = klass.grade(Hand(odd))

    assert klass.scores == {"ann": None, "bob": 2}
    assert result.records[0].problem == "OSError: no route to host"


def test_a_due_date_changes_penalties_without_grading(klass: Class) -> None:
    """Nor does an extension, or a time of receipt."""
    klass.hand_in(ann="1234", bob="1234")
    for student in ("ann", "bob"):
        (klass.submissions / student / LAB / "timestamp.txt").write_text("2026-03-02 12:00:00 UTC")
    klass.grade()
    dates = Deadlines({LAB: DUE}, LatePolicy(per_day=25))
    late = klass.grade(deadlines=dates)
    scores = klass.scores
    extended = klass.grade(deadlines=Deadlines(dates.due, dates.policy, {("ann", LAB): DUE + dt.timedelta(days=1)}))
    later = klass.scores
    received = klass.grade(deadlines=dates, received={("ann", LAB): DUE - dt.timedelta(days=1)})

    assert (late.graded, extended.graded, received.graded) == (0, 0, 0)
    assert scores == {"ann": 3, "bob": 3}
    assert later == {"ann": 4, "bob": 3}
    assert klass.scores == {"ann": 4, "bob": 3}
    assert late.records[0].submitted == DUE + dt.timedelta(days=1)
    assert late.records[0].due == DUE
    assert (klass.results / "ann" / LAB / "report.html").exists()


def test_the_instructor_is_told_what_dates_do_not_fit(klass: Class) -> None:
    """Unknown ids, and work that does not say when it came."""
    klass.hand_in(ann="1234")
    dates = Deadlines({LAB: DUE}, LatePolicy(per_day=25), {("anne", LAB): DUE})
    notices = klass.grade(deadlines=dates, received={("bob", LAB): DUE}).notices

    assert notices == (
        f"There is an extension for anne and {LAB}, but no such submission: is the id right?",
        f"There is a time of receipt for bob and {LAB}, but no such submission: is the id right?",
        f"ann/{LAB} does not say when it was handed in: no penalty. --received FILE gives times.",
    )


def test_canvas_says_late_but_not_how_late(klass: Class) -> None:
    """So there is no penalty, and the instructor is told."""
    klass.course.write(klass.submissions / "bann_LATE_12_34_work.py", "1")
    (notice,) = klass.grade(deadlines=Deadlines({LAB: DUE}, LatePolicy(per_day=25))).notices

    assert "does not say when it was handed in and is marked LATE by Canvas: no penalty" in notice
    assert klass.scores == {"12": 1}


def test_submissions_that_are_gone_are_told(klass: Class) -> None:
    """Their records still count, until someone removes them."""
    klass.hand_in(ann="1234", bob="12")
    klass.grade()
    shutil.rmtree(klass.submissions / "bob")
    result = klass.grade()

    assert [record.student for record in result.records] == ["ann", "bob"]
    assert result.notices[0].startswith(f"bob/{LAB} in ")
    assert "has no submission any more and still counts" in result.notices[0]


def test_ctrl_c_keeps_what_is_graded(klass: Class) -> None:
    """And the next run goes on from there."""
    klass.hand_in(ann="1", bob="12", cem="123")

    class Stop(Watch):
        def recorded(self, record: Record) -> None:
            raise KeyboardInterrupt

    order = Order(klass.submissions, klass.results)
    with pytest.raises(KeyboardInterrupt):
        grade_class(order, klass.course.catalog, Stop(), workers=1, executor=Hand())
    first = klass.scores
    rest = klass.grade()

    assert (len(first), rest.kept) == (1, 1)
    assert klass.scores == {"ann": 1, "bob": 2, "cem": 3}


def test_work_graded_without_walls_is_graded_again_with_them(klass: Class) -> None:
    """--allow-unsafe is no permit for ever."""
    klass.hand_in(ann="1234")
    unsafe = Hand(lambda job: graded(job, "process"))
    klass.grade(unsafe, unsafe=True)

    assert klass.grade(unsafe=True).graded == 0
    assert klass.grade().graded == 1


def test_results_are_the_instructors_alone(klass: Class) -> None:
    """0700, also if the folder was there before."""
    klass.results.mkdir(mode=0o755)
    klass.hand_in(ann="1234")
    klass.grade()
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (klass.results, *klass.results.rglob("*"))}

    assert modes == {0o700, 0o600}


def test_results_do_not_mix_with_anything(klass: Class) -> None:
    """Neither with submissions nor with a folder of something else."""
    klass.hand_in(ann="1234")
    catalog = klass.course.catalog
    for results in (klass.submissions, klass.submissions / "results", klass.submissions.parent):
        with pytest.raises(UsageError, match="lie in each other: choose another folder"):
            grade_class(Order(klass.submissions, results), catalog, Watch(), executor=Hand())
    klass.course.write(klass.results / "thesis.txt", "precious")
    with pytest.raises(UsageError, match="is not empty and holds no results"):
        klass.grade()
    assert os.listdir(klass.results) == ["thesis.txt"]


def test_one_run_at_a_time(klass: Class) -> None:
    """Two would write into each other's records."""
    klass.hand_in(ann="1234")

    with held(klass.results), pytest.raises(UsageError, match="Another run is at work in"):
        klass.grade()
    assert klass.grade().graded == 1


def test_what_a_killed_run_put_aside_is_removed(klass: Class) -> None:
    """Students' work must not lie about."""
    klass.hand_in(ann="1234")
    klass.grade()
    klass.course.write(klass.results / ".aside-x" / "0", "packed")
    klass.grade()

    assert sorted(os.listdir(klass.results)) == [".results", "ann"]


def test_a_run_that_left_nothing_but_a_mark_goes_on(klass: Class) -> None:
    """A crash before the first record must not lock the folder."""
    klass.hand_in(ann="1234")
    klass.grade()
    (klass.results / "ann" / LAB / "record.json").unlink()

    assert klass.grade().graded == 1


def test_jobs_come_lab_by_lab(klass: Class) -> None:
    """So that what a worker has warmed up for a lab serves all of it."""
    course = klass.course
    other = "02-other-lab"
    shutil.copytree(course.solution, course.root / "solutions" / other)
    course.edit(course.root / "course.toml", f'["{LAB}"]', f'["{LAB}", "{other}"]')
    for student in ("ann", "bob"):
        for lab in (LAB, other):
            course.write(klass.submissions / student / lab / "work.py", "1")
    klass.grade()

    assert [job.lab for job in klass.hand.jobs] == [LAB, LAB, other, other]


def test_an_empty_class_is_a_class(klass: Class) -> None:
    """Nothing to grade is no error."""
    result = klass.grade()

    assert (result.graded, result.records) == (0, ())


def test_any_executor_grades(klass: Class) -> None:
    """Threads, for one: they take turns."""
    klass.hand_in(**{f"s{number}": "12" for number in range(10)})
    with ThreadPoolExecutor(4) as threads:
        original = pool.grade_job
        pool.grade_job = graded
        try:
            result = klass.grade(threads)
        finally:
            pool.grade_job = original

    assert result.graded == 10
    assert set(klass.scores.values()) == {2}


# The pool.


def job(number: int) -> Job:
    """A job with a number."""
    return Job(number, "/", LAB, "", 0, None, (), False)  # type: ignore[arg-type]


class Fragile(Executor):
    """Breaks as a process pool does when a worker dies: all that is under way is lost."""

    def __init__(self, deadly: Mapping[int, int], deaths: dict[int, int], at_a_time: int = 3) -> None:
        self.pending: list[tuple[Future[Done], Job]] = []
        self.broken = False
        self._deadly, self._deaths, self._at_a_time = deadly, deaths, at_a_time

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        if self.broken:
            raise BrokenExecutor
        future: Future[Any] = Future()
        self.pending.append((future, args[0]))
        if len(self.pending) >= self._at_a_time or not self._at_a_time:
            self.work()
        return future

    def work(self) -> None:
        number = self.pending[0][1].number
        if self._deaths.get(number, 0) < self._deadly.get(number, 0):
            self._deaths[number] = self._deaths.get(number, 0) + 1
            self.broken = True
            for future, _ in self.pending:
                future.set_exception(BrokenExecutor())
            self.pending.clear()
        else:
            future, done = self.pending.pop(0)
            future.set_result(Done(report=str(done.number)))


def work_off(deadly: Mapping[int, int], jobs: int = 8) -> tuple[dict[int, Done], int]:
    """What comes of jobs, some of which kill their worker so many times; and how many pools it took."""
    pools: list[Fragile] = []
    deaths: dict[int, int] = {}

    def fresh(_: str) -> Executor:
        pools.append(Fragile(deadly, deaths, at_a_time=1))
        return pools[-1]

    found: dict[int, Done] = {}
    for one, done in each(map(job, range(jobs)), fresh, 3):
        assert one.number not in found, "graded twice"
        found[one.number] = done
    return found, len(pools)


def test_every_job_is_done_once() -> None:
    """Without accidents, in one pool."""
    found, pools = work_off({})

    assert sorted(found) == list(range(8))
    assert pools == 1


def test_a_worker_that_dies_once_costs_nothing() -> None:
    """Memory was short, say: the job is tried again."""
    found, pools = work_off({3: 1})

    assert sorted(found) == list(range(8))
    assert not any(done.problem for done in found.values())
    assert pools == 2


def test_a_job_that_kills_every_worker_is_given_up_alone() -> None:
    """The others are graded."""
    found, _ = work_off({3: 99, 6: 99})

    assert sorted(found) == list(range(8))
    assert {number for number, done in found.items() if done.problem} == {3, 6}
    assert found[3].problem == "The process that graded it died 2 times."


def test_pools_that_never_work_end_the_run() -> None:
    """Instead of blaming every submission."""
    with pytest.raises(InfrastructureError, match="end as soon as they begin"):
        work_off(dict.fromkeys(range(99), 99), jobs=99)


def test_innocent_neighbours_are_not_blamed() -> None:
    """When a pool breaks, all that was under way is lost; only who breaks a pool alone is guilty."""
    pools: list[Fragile] = []
    deaths: dict[int, int] = {}

    def fresh(_: str) -> Executor:
        pools.append(Fragile({1: 99}, deaths, at_a_time=3 if not pools else 1))
        return pools[-1]

    found = {one.number: done for one, done in each(map(job, range(6)), fresh, 3)}

    assert sorted(found) == list(range(6))
    assert [number for number, done in found.items() if done.problem] == [1]


def test_a_cluster_that_is_gone_ends_the_run() -> None:
    """What it had is kept; the same command goes on."""

    class Gone(Executor):
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.cancel()
            future.set_running_or_notify_cancel()
            return future

    with pytest.raises(InfrastructureError, match="the cluster is gone"):
        list(each([job(1)], lambda _: Gone(), 3))


def test_jobs_are_taken_as_there_is_room() -> None:
    """A class of thousands need not be in memory at once."""
    taken: list[int] = []

    def jobs() -> Any:
        for number in range(100):
            taken.append(number)
            yield job(number)

    stream = each(jobs(), lambda _: Hand(lambda one: Done(report=str(one.number))), 4)
    next(stream)

    assert len(taken) == 4
