"""Keep a class's grades in nbgrader's own gradebook, where ``nbgrader export`` and formgrader find them.

A lab is an assignment with one notebook. A task is a grade cell ``check-<task>`` worth the task's points, beside a
solution cell ``<task>`` that carries the feedback as its comment: the names that a course laid out by
``nox -s nbgrader`` uses, so that both may share a gradebook.

What a person has written is theirs: scores given by hand, extra credit and comments stay. Where a score of ours
changes under one given by hand, nbgrader's *needs manual grade* asks for another look. Work that could not be
graded has no automatic score and the same flag. (nbgrader itself adds up a score that is missing as 0 in its
totals; the flag is what tells.)
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from autograder.catalog import Catalog
from autograder.errors import InfrastructureError, UsageError
from autograder.manifest import Lab
from autograder.records import Record
from autograder.render.comment import comment
from autograder.results import TaskResult

__all__ = ["store"]

_WIDTH: Final = 128
"""Characters that nbgrader has room for in a name."""
_UNGRADED: Final = "This could not be graded yet. Your instructor knows about it; there is nothing you need to do."


def store(records: Sequence[Record], catalog: Catalog, url: str) -> int:
    """Enter the grades of a class, or bring them up to date. A lab is entered whole or not at all.

    Args:
        records: what the class has got.
        catalog: the course, which says what labs are worth and when they are due.
        url: the gradebook's database, as SQLAlchemy writes it: ``sqlite:////home/me/gradebook.db``,
            ``postgresql://me@host/gradebook``. A database without tables gets them.

    Returns:
        How many of the records carried a grade.

    Raises:
        UsageError: ``url`` is none, or a record does not fit the course as it is now.
        InfrastructureError: the database cannot be reached or written.
    """
    by_lab: dict[str, list[Record]] = {}
    for record in records:
        by_lab.setdefault(record.lab, []).append(record)
    labs = {name: catalog.lab(name) for name in by_lab}
    for record in records:
        _require_current(record, labs[record.lab])
    with _opened(url) as book:
        for name in (name for name in catalog.ids if name in by_lab):
            page = _Page(book, labs[name], catalog.course.due.get(name))
            page.enter(by_lab[name])
            book.db.commit()
    return sum(record.graded for record in records)


def _require_current(record: Record, lab: Lab) -> None:
    if record.report is None or not record.graded:
        return
    then = {task.id: task.points for task in record.report.tasks}
    if then != {task.id: task.points for task in lab.task}:
        raise UsageError(
            f"{record.student}'s {lab.id} was graded before the lab's tasks or points changed. Grade the class "
            "again: `nox -s grade-class`."
        )


@contextlib.contextmanager
def _opened(url: str) -> Iterator[Any]:
    """The gradebook at ``url``; what its database complains about becomes one of our errors."""
    from sqlalchemy import exc
    from sqlalchemy.engine import make_url

    try:
        where = make_url(url)
    except exc.ArgumentError:
        raise UsageError(f"{url!r} is no database URL. Write sqlite:///gradebook.db or postgresql://…") from None
    shown = where.render_as_string(hide_password=True)
    if where.drivername.startswith("sqlite") and where.database not in (None, "", ":memory:"):
        _private(Path(str(where.database)))
    try:
        with _alembic_on_path():
            from nbgrader.api import Gradebook

            book = Gradebook(url)
        with book:
            yield book
    except (exc.NoSuchModuleError, ImportError) as error:
        raise UsageError(f"{shown} needs a database driver that is not installed: {error}") from None
    except exc.SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip()
        raise InfrastructureError(
            f"The gradebook {shown} cannot be used: {reason}. Is the address right, is it nbgrader's, and is it as "
            "new as nbgrader (`nbgrader db upgrade`)?"
        ) from None


def _private(path: Path) -> None:
    """Make room for a new database that nobody else may read; one that is there stays as it is."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}. Choose another --db.") from None


@contextlib.contextmanager
def _alembic_on_path() -> Iterator[None]:
    """nbgrader marks a new gradebook with its version, which it asks a program for that lies beside this Python."""
    before = os.environ.get("PATH", os.defpath)
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before


class _Page:
    """One lab in the gradebook.

    nbgrader's own calls commit each change and look every row up by name, which takes minutes for a class; so they
    lay out the assignment, and the rows of the students are read and written at once, by nbgrader's models.
    """

    def __init__(self, book: Any, lab: Lab, due: dt.datetime | None) -> None:
        self._db, self._lab = book.db, lab
        self._sheet = next((file[:-6] for file in lab.submit if file.endswith(".ipynb") and "/" not in file), lab.id)
        self._assignment = book.update_or_create_assignment(lab.id, **({"duedate": _utc(due)} if due else {}))
        self._notebook = book.update_or_create_notebook(self._sheet, lab.id)
        # Cells of a notebook that nbgrader itself has read are its own: it refuses to go on with others.
        self._native = bool(self._notebook.source_cells)
        self._cells = {task.id: self._grade_cell(book, task.id, task.points) for task in lab.task}
        self._places = {task.id: self._comment_cell(book, task.id) for task in lab.task}
        if not self._native:
            self._retire({f"check-{task.id}" for task in lab.task}, {task.id for task in lab.task})

    def enter(self, records: Sequence[Record]) -> None:
        """Write down what came of the records."""
        from nbgrader.api import Comment, Grade

        self._register(records)
        submissions = self._submissions(records)
        sheets = self._sheets(submissions)
        grades = self._existing(Grade, [cell for cell in self._cells.values()], Grade.auto_score, Grade.manual_score)
        comments = self._existing(Comment, [cell for cell in self._places.values() if cell], Comment.auto_comment)
        for record in records:
            submission, sheet = submissions[record.student], sheets[record.student]
            submission.timestamp = _utc(record.submitted)
            if record.due is not None and self._assignment.duedate is not None:
                submission.extension = _utc(record.due) - self._assignment.duedate or None
            results = {task.id: task for task in record.report.tasks} if record.report and record.graded else {}
            total = 0.0
            for task, cell in self._cells.items():
                grade = grades.get((sheet.id, cell)) or Grade(cell_id=cell, notebook_id=sheet.id)
                total += _grade(grade, results.get(task))
                self._db.add(grade)
                place = self._places[task]
                if place:
                    remark = comments.get((sheet.id, place)) or Comment(cell_id=place, notebook_id=sheet.id)
                    remark.auto_comment = _comment(record, results.get(task))
                    self._db.add(remark)
            # More than there is cannot be taken off: nbgrader's feedback would show points below zero.
            penalty = min(record.penalty, total) if record.graded else 0.0
            sheet.late_submission_penalty = penalty or None
        self._db.flush()

    def _grade_cell(self, book: Any, task: str, points: float) -> str:
        name = f"check-{task}"
        if self._native and name not in {cell.name for cell in self._notebook.grade_cells}:
            raise UsageError(
                f"The gradebook knows {self._lab.id} without the task {task}. Lay the course out again (`nox -s "
                "nbgrader`) and run `nbgrader generate_assignment --force`."
            )
        cell = book.update_or_create_grade_cell(name, self._sheet, self._lab.id, max_score=points, cell_type="code")
        return str(cell.id)

    def _comment_cell(self, book: Any, task: str) -> str:
        """Where the comment on a task goes; empty if a notebook of nbgrader's has no place for it."""
        if self._native and task not in {cell.name for cell in self._notebook.solution_cells}:
            return ""
        return str(book.update_or_create_solution_cell(task, self._sheet, self._lab.id).id)

    def _retire(self, grade_cells: set[str], comment_cells: set[str]) -> None:
        """Take cells of tasks that are gone out of the book; what people wrote there stays, worth nothing more."""
        for cell in list(self._notebook.grade_cells):
            if cell.name in grade_cells:
                continue
            cell.max_score = 0.0
            for grade in list(cell.grades):
                grade.auto_score = None
                grade.needs_manual_grade = False
                if grade.manual_score is None and grade.extra_credit is None:
                    self._db.delete(grade)
            self._db.flush()
            self._db.refresh(cell)
            if not cell.grades:
                self._db.delete(cell)
        for cell in list(self._notebook.solution_cells):
            if cell.name in comment_cells or any(remark.manual_comment is not None for remark in cell.comments):
                continue
            for remark in list(cell.comments):
                self._db.delete(remark)
            self._db.flush()
            self._db.refresh(cell)
            self._db.delete(cell)
        self._db.flush()

    def _register(self, records: Sequence[Record]) -> None:
        """Add the students that nbgrader does not know; a name that it has is kept."""
        from nbgrader.api import Student
        from sqlalchemy import select
        from sqlalchemy.orm import load_only

        rows = self._db.scalars(select(Student).options(load_only(Student.id, Student.first_name, Student.last_name)))
        known = {student.id: student for student in rows}
        for record in records:
            student = known.get(record.student) or Student(id=record.student)
            if record.name and not (student.first_name or student.last_name):
                student.first_name, student.last_name = map(_name, record.names)
            known[record.student] = student
            self._db.add(student)
        self._db.flush()

    def _submissions(self, records: Sequence[Record]) -> dict[str, Any]:
        from nbgrader.api import SubmittedAssignment as Submitted
        from nbgrader.api import new_uuid
        from sqlalchemy import select
        from sqlalchemy.orm import load_only

        columns = load_only(Submitted.id, Submitted.student_id, Submitted.timestamp, Submitted.extension)
        rows = self._db.scalars(
            select(Submitted).where(Submitted.assignment_id == self._assignment.id).options(columns)
        )
        found = {row.student_id: row for row in rows}
        for student in {record.student for record in records} - found.keys():
            found[student] = Submitted(id=new_uuid(), assignment_id=self._assignment.id, student_id=student)
            self._db.add(found[student])
        self._db.flush()
        return found

    def _sheets(self, submissions: dict[str, Any]) -> dict[str, Any]:
        from nbgrader.api import SubmittedNotebook, new_uuid
        from sqlalchemy import select
        from sqlalchemy.orm import load_only

        columns = load_only(
            SubmittedNotebook.id, SubmittedNotebook.assignment_id, SubmittedNotebook.late_submission_penalty
        )
        query = select(SubmittedNotebook).where(SubmittedNotebook.notebook_id == self._notebook.id).options(columns)
        rows = {row.assignment_id: row for row in self._db.scalars(query)}
        found = {}
        for student, submission in submissions.items():
            found[student] = rows.get(submission.id) or SubmittedNotebook(
                id=new_uuid(), notebook_id=self._notebook.id, assignment_id=submission.id
            )
            self._db.add(found[student])
        self._db.flush()
        return found

    def _existing(self, model: Any, cells: Sequence[str], *columns: Any) -> dict[tuple[str, str], Any]:
        """(sheet, cell) → the row there is."""
        from sqlalchemy import select
        from sqlalchemy.orm import load_only

        query = select(model).where(model.cell_id.in_(cells))
        query = query.options(load_only(model.id, model.cell_id, model.notebook_id, *columns))
        return {(row.notebook_id, row.cell_id): row for row in self._db.scalars(query)}


def _grade(grade: Any, result: TaskResult | None) -> float:
    """Set the automatic score of a task, and tell what the task counts."""
    score = result.score if result is not None else None
    if grade.manual_score is None:
        grade.needs_manual_grade = score is None
    elif grade.auto_score != score:
        grade.needs_manual_grade = True
    grade.auto_score = score
    counts = grade.manual_score if grade.manual_score is not None else score
    return float(counts or 0.0) + float(grade.extra_credit or 0.0)


def _comment(record: Record, result: TaskResult | None) -> str:
    return comment(record.report, result) if record.report is not None and result is not None else _UNGRADED


def _utc(moment: dt.datetime | None) -> Any:
    """The moment as nbgrader keeps it: UTC without saying so."""
    return moment.astimezone(dt.UTC).replace(tzinfo=None) if moment is not None else None


def _name(part: str) -> str:
    """No comma: nbgrader's export writes CSV without quotes."""
    return part.replace(",", " ")[:_WIDTH]
