"""Grades of a class in nbgrader's own gradebook, asked for as nbgrader asks: by its API, its export and formgrader."""

from __future__ import annotations

import csv
import datetime as dt
import glob
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.errors import InfrastructureError, UsageError
from autograder.gradebook import store
from autograder.records import Record
from autograder.results import CheckResult, CheckStatus, Isolation, LabReport, Outcome, TaskResult, TaskState

LAB = "01-tiny-lab"
SUBMITTED = dt.datetime(2026, 3, 2, 10, tzinfo=dt.timezone(dt.timedelta(hours=1)))

# nbgrader and what it stands on warn of their own future.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
]

Store = Callable[..., Any]


def report(course: Any, **scores: float) -> LabReport:
    """A report on the tiny lab with these scores; a task below its points has a check that says why."""
    lab = course.catalog.lab(LAB)
    tasks = []
    for number, task in enumerate(lab.task, start=1):
        full = scores[task.id] == task.points
        check = CheckResult(
            id=f"test_hidden.py::test_{task.id}",
            task=task.id,
            title=f"The work on {task.id} holds",
            hidden=True,
            status=CheckStatus.PASSED if full else CheckStatus.FAILED,
            message="" if full else "Called it with 2. It returned \x00 5, expected 4.",
        )
        state = TaskState.FULL if full else TaskState.PARTIAL
        about = {"id": task.id, "title": task.title, "number": number, "points": task.points, "state": state}
        tasks.append(TaskResult(**about, score=scores[task.id], checks=(check,)))
    return LabReport(
        lab=LAB,
        title=lab.title,
        outcome=Outcome.GRADED,
        isolation=Isolation.KERNEL,
        tasks=tuple(tasks),
        points=lab.points,
        score=sum(scores.values()),
        started="2026-03-02T09:00:00+00:00",
        seconds=1,
        engine="0",
    )


def record(course: Any, student: str = "ada", *, double: float = 3, greet: float = 1, **about: Any) -> Record:
    """What a student has got: full marks unless told otherwise."""
    about = {"submitted": SUBMITTED, "key": "k", **about}
    return Record(student=student, lab=LAB, report=report(course, double=double, greet=greet), **about)


def ungraded(student: str = "ada") -> Record:
    """Work that our side could not grade."""
    return Record(student=student, lab=LAB, key="k", problem="the archive is damaged")


@pytest.fixture(scope="session")
def empty_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new gradebook; making one takes seconds, copying it does not."""
    path = tmp_path_factory.mktemp("book") / "gradebook.db"
    code = "import sys; from nbgrader.api import Gradebook; Gradebook(sys.argv[1]).close()"
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    subprocess.run([sys.executable, "-c", code, f"sqlite:///{path}"], check=True, env=environment, capture_output=True)
    return path


@pytest.fixture
def url(empty_book: Path, tmp_path: Path) -> str:
    """The address of an empty gradebook."""
    return f"sqlite:///{shutil.copy(empty_book, tmp_path / 'gradebook.db')}"


@pytest.fixture
def book(url: str) -> Iterator[Any]:
    """That gradebook as nbgrader sees it."""
    from nbgrader.api import Gradebook

    with Gradebook(url) as opened:
        yield opened


def look(book: Any, student: str = "ada") -> Any:
    """A student's submission as the database has it now."""
    book.db.expire_all()
    return book.find_submission(LAB, student)


def scores(book: Any, student: str = "ada") -> dict[str, Any]:
    """Grade cell → automatic score."""
    return {grade.name: grade.auto_score for grade in look(book, student).notebooks[0].grades}


def test_a_lab_is_an_assignment_and_a_task_a_grade_cell(course: Any, url: str, book: Any) -> None:
    """Tasks become cells worth their points, with the student's scores and totals."""
    stored = store([record(course, greet=0.5)], course.catalog, url)

    assert stored == 1
    assert book.find_assignment(LAB).max_score == 4
    assert {cell.name: cell.max_score for cell in book.find_notebook(LAB, LAB).grade_cells} == {
        "check-double": 3,
        "check-greet": 1,
    }
    assert scores(book) == {"check-double": 3, "check-greet": 0.5}
    assert look(book).score == 3.5
    assert not look(book).needs_manual_grade


def test_feedback_is_the_comment(course: Any, url: str, book: Any) -> None:
    """What the learner reads in the report stands beside the grade."""
    store([record(course, greet=0.5)], course.catalog, url)

    told = book.find_comment("greet", LAB, LAB, "ada").comment
    assert "The work on greet holds (hidden check)" in told
    assert "It returned \\x00 5, expected 4." in told
    assert book.find_comment("double", LAB, LAB, "ada").comment == "All checks passed."


def test_grading_again_updates(course: Any, url: str, book: Any) -> None:
    """The second time, rows change and none is added."""
    store([record(course, greet=0), record(course, "bob")], course.catalog, url)
    store([record(course, double=1.5)], course.catalog, url)

    assert scores(book) == {"check-double": 1.5, "check-greet": 1}
    assert scores(book, "bob") == {"check-double": 3, "check-greet": 1}
    assert len(book.assignment_submissions(LAB)) == 2
    assert len(book.find_notebook(LAB, LAB).grade_cells) == 2
    assert len(look(book).notebooks[0].grades) == 2
    assert len(look(book).notebooks[0].comments) == 2


def test_what_a_person_wrote_stays(course: Any, url: str, book: Any) -> None:
    """Scores by hand, extra credit and comments survive; a changed automatic score asks for another look."""
    store([record(course, greet=0)], course.catalog, url)
    by_hand = book.find_grade("check-greet", LAB, LAB, "ada")
    by_hand.manual_score, by_hand.extra_credit = 0.75, 0.5
    book.find_comment("greet", LAB, LAB, "ada").manual_comment = "Nice try."
    book.db.commit()

    store([record(course, greet=0)], course.catalog, url)
    same = look(book).needs_manual_grade
    store([record(course, greet=0.5)], course.catalog, url)

    total = look(book).score
    grade = book.find_grade("check-greet", LAB, LAB, "ada")
    assert not same
    assert (grade.auto_score, grade.manual_score, grade.extra_credit) == (0.5, 0.75, 0.5)
    assert grade.needs_manual_grade
    assert total == 3 + 0.75 + 0.5
    assert book.find_comment("greet", LAB, LAB, "ada").comment == "Nice try."


def test_what_could_not_be_graded_is_no_zero(course: Any, url: str, book: Any) -> None:
    """Without a score there is none in the book either, and a person is asked for."""
    stored = store([ungraded("lost"), record(course)], course.catalog, url)

    assert stored == 1
    assert scores(book, "lost") == {"check-double": None, "check-greet": None}
    assert look(book, "lost").needs_manual_grade
    assert "could not be graded yet" in book.find_comment("double", LAB, LAB, "lost").comment
    assert "damaged" not in book.find_comment("double", LAB, LAB, "lost").comment


def test_a_grade_that_fell_away_is_withdrawn(course: Any, url: str, book: Any) -> None:
    """Work graded before and not any more does not keep the old score."""
    store([record(course, penalty=1)], course.catalog, url)
    store([ungraded()], course.catalog, url)

    assert scores(book) == {"check-double": None, "check-greet": None}
    assert not look(book).late_submission_penalty


def test_points_that_changed_change_in_the_book(course: Any, url: str, book: Any) -> None:
    """After lab.toml gives a task other points, its cell does so, too."""
    store([record(course)], course.catalog, url)
    course.edit(course.solution / "lab.toml", "points = 1", "points = 2")
    store([record(course, greet=2)], course.catalog, url)

    assert book.find_assignment(LAB).max_score == 5
    assert scores(book) == {"check-double": 3, "check-greet": 2}


def test_a_record_of_another_lab_than_it_is_now_is_refused(course: Any, url: str, book: Any) -> None:
    """Scores out of other points than the lab has now are not mixed in."""
    old = record(course)
    course.edit(course.solution / "lab.toml", "points = 1", "points = 2")

    with pytest.raises(UsageError, match="grade-class"):
        store([old], course.catalog, url)

    assert book.assignments == []


def test_a_task_that_is_gone_leaves_the_book(course: Any, url: str, book: Any) -> None:
    """A task taken out of lab.toml counts nowhere; what a person wrote about it is kept."""
    store([record(course), record(course, "bob")], course.catalog, url)
    book.find_grade("check-greet", LAB, LAB, "bob").manual_score = 0.5
    book.find_comment("greet", LAB, LAB, "bob").manual_comment = "Hello!"
    book.db.commit()
    toml = (course.solution / "lab.toml").read_text()
    (course.solution / "lab.toml").write_text(toml[: toml.rindex("[[task]]")])

    store([record(course), record(course, "bob")], course.catalog, url)

    assert book.find_assignment(LAB).max_score == 3
    assert scores(book) == {"check-double": 3}
    assert book.find_grade("check-greet", LAB, LAB, "bob").manual_score == 0.5
    assert book.find_comment("greet", LAB, LAB, "bob").comment == "Hello!"


def test_lateness_is_nbgraders(course: Any, url: str, book: Any) -> None:
    """Penalty, time of submission, due date and a student's extension stand where nbgrader keeps them."""
    (course.root / "course.toml").write_text(
        f"{(course.root / 'course.toml').read_text()}\n[due]\n{LAB} = 2026-03-01T00:00:00+01:00\n"
    )
    due = dt.datetime(2026, 3, 1, 23, tzinfo=dt.UTC)

    store([record(course, penalty=0.4, due=due), record(course, "bob", greet=0, penalty=9)], course.catalog, url)

    assert look(book).late_submission_penalty == 0.4
    assert look(book).timestamp == dt.datetime(2026, 3, 2, 9)
    assert look(book).duedate == dt.datetime(2026, 3, 1, 23)
    assert look(book, "bob").late_submission_penalty == 3
    assert look(book, "bob").duedate == dt.datetime(2026, 2, 28, 23)


def test_names_are_split_and_kept(course: Any, url: str, book: Any) -> None:
    """A name becomes first and last name, without commas; one that nbgrader has is not touched."""
    book.add_student("bob", first_name="Robert", last_name="B.")
    records = [record(course, name="Lovelace, Ada"), record(course, "bob", name="Bob X"), record(course, "x" * 90)]

    store(records, course.catalog, url)

    book.db.expire_all()
    students = {student.id: (student.first_name, student.last_name) for student in book.students}
    assert students == {"ada": ("Ada", "Lovelace"), "bob": ("Robert", "B."), "x" * 90: (None, None)}


def test_nbgrader_exports_the_grades(course: Any, url: str, tmp_path: Path) -> None:
    """``nbgrader export`` writes scores and penalties of the class."""
    store([record(course, greet=0.5, name="Ada Lovelace", penalty=0.25), ungraded("lost")], course.catalog, url)

    program = [sys.executable, "-m", "nbgrader", "export", "--db", url, "--to", "grades.csv"]
    subprocess.run(program, cwd=tmp_path, check=True, capture_output=True, env={**os.environ, "HOME": str(tmp_path)})

    with open(tmp_path / "grades.csv", newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    ada = rows["ada"]
    assert (ada["assignment"], ada["first_name"], ada["last_name"]) == (LAB, "Ada", "Lovelace")
    assert (ada["raw_score"], ada["late_submission_penalty"], ada["score"], ada["max_score"]) == (
        "3.5",
        "0.25",
        "3.25",
        "4.0",
    )
    assert rows["lost"]["max_score"] == "4.0"


def test_formgrader_lists_the_class(course: Any, url: str, tmp_path: Path) -> None:
    """The calls behind formgrader's pages find assignment, notebook, students and scores."""
    from nbgrader.apps.api import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory

    store([record(course, greet=0.5), ungraded("lost")], course.catalog, url)
    (tmp_path / "source" / LAB).mkdir(parents=True)
    api = NbGraderAPI(CourseDirectory(root=str(tmp_path), db_url=url))

    (assignment,) = api.get_assignments()
    (notebook,) = api.get_notebooks(LAB)
    students = {student["id"]: student for student in api.get_students()}
    with api.gradebook as book:
        submissions = {row["student"]: row for row in book.submission_dicts(LAB)}
        pages = {row["student"]: row for row in book.notebook_submission_dicts(LAB, LAB)}

    assert (assignment["name"], assignment["max_score"], assignment["average_score"]) == (LAB, 4, 1.75)
    assert (notebook["max_score"], notebook["needs_manual_grade"]) == (4, True)
    assert students["ada"]["score"] == 3.5
    assert (submissions["ada"]["score"], submissions["ada"]["needs_manual_grade"]) == (3.5, False)
    assert submissions["lost"]["needs_manual_grade"]
    assert pages["ada"]["max_score"] == 4


def test_a_new_gradebook_is_private(course: Any, tmp_path: Path) -> None:
    """A database that is made here can be read by its owner alone, and nbgrader knows its version."""
    import sqlite3

    path = tmp_path / "new" / "gradebook.db"

    store([record(course)], course.catalog, f"sqlite:///{path}")

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    with sqlite3.connect(path) as database:
        assert len(database.execute("SELECT version_num FROM alembic_version").fetchall()) == 1


@pytest.mark.parametrize(
    ("url", "error", "words"),
    [
        ("gradebook.db", UsageError, "no database URL"),
        ("nosuch://host/db", UsageError, "driver"),
        ("postgresql://me:secret@/db?host=/nowhere", InfrastructureError, "cannot be used"),
    ],
)
def test_an_address_that_does_not_work_is_explained(course: Any, url: str, error: type[Exception], words: str) -> None:
    """Whatever is wrong with the address is told, and no password is."""
    with pytest.raises(error, match=words) as raised:
        store([record(course)], course.catalog, url)

    assert "secret" not in str(raised.value)


def test_a_file_that_is_no_gradebook_is_explained(course: Any, tmp_path: Path) -> None:
    """A file of something else is named, and not overwritten."""
    path = tmp_path / "notes.db"
    path.write_text("Dear diary" * 100)

    with pytest.raises(InfrastructureError, match=r"notes\.db cannot be used: file is not a database"):
        store([record(course)], course.catalog, f"sqlite:///{path}")

    assert path.read_text().startswith("Dear diary")


@pytest.fixture
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server of this test's own."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/pg_ctl")) or [shutil.which("pg_ctl") or ""]
    if not found[-1] or importlib.util.find_spec("psycopg") is None:
        missing = "NOT RUN: needs a PostgreSQL server's programs (Debian: postgresql) and `pip install psycopg[binary]`"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    programs = Path(found[-1]).parent
    # PostgreSQL does not run as root, and needs a short path for its socket.
    user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as folder:
        if user:
            shutil.chown(folder, "nobody", "nogroup")

        def run(program: str, *arguments: str) -> None:
            command = [programs / program, "-D", f"{folder}/data", *arguments]
            subprocess.run(command, cwd="/", check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **user)

        run("initdb", "-U", "tester", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        run("pg_ctl", "-w", "-l", f"{folder}/log", "-o", f"-k {folder} -c listen_addresses='' -c fsync=off", "start")
        try:
            yield f"postgresql://tester@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")


def test_a_postgresql_gradebook_works_the_same(course: Any, postgres: str) -> None:
    """On a real server: a class is stored, graded again, and what a person wrote stays."""
    from nbgrader.api import Gradebook

    records = [record(course, greet=0, name="Ada Lovelace", penalty=0.5), ungraded("lost")]

    stored = store(records, course.catalog, postgres)
    with Gradebook(postgres) as book:
        book.find_grade("check-greet", LAB, LAB, "ada").manual_score = 0.75
        book.db.commit()
    store([record(course, double=1.5, greet=0.5)], course.catalog, postgres)

    with Gradebook(postgres) as book:
        assert stored == 1
        assert scores(book) == {"check-double": 1.5, "check-greet": 0.5}
        assert look(book).score == 1.5 + 0.75
        assert scores(book, "lost") == {"check-double": None, "check-greet": None}
        assert look(book, "lost").needs_manual_grade
        assert "expected 4" in book.find_comment("double", LAB, LAB, "ada").comment
