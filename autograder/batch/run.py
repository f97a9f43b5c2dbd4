"""Grade a class: collect what was handed in, leave out what is graded already, grade the rest, keep all of it."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from autograder.batch import intake
from autograder.batch.collect import Attempt, Collected, collect
from autograder.batch.folder import held, must_be_apart
from autograder.batch.found import Stray
from autograder.batch.pool import Pools, each
from autograder.batch.worker import Job
from autograder.catalog import Catalog
from autograder.cores import usable_cores
from autograder.fingerprint import Fingerprints, of_facts
from autograder.late import Deadlines
from autograder.manifest import Lab
from autograder.records import Record, read_records, update_record, write_record
from autograder.results import Isolation, LabReport, Report

__all__ = ["ClassResult", "Order", "Watcher", "grade_class"]

_AHEAD: Final = 3
"""Jobs given out per worker, so that none waits for this process."""


class Watcher(Protocol):
    """Who wants to know how far it is."""

    def planned(self, total: int, kept: int) -> None:
        """So many submissions are to be graded; so many others are graded already."""

    def recorded(self, record: Record) -> None:
        """A submission has been graded, or could not be."""


@dataclass(frozen=True)
class Order:
    """What to grade, and how.

    Attributes:
        submissions: folder of what was handed in.
        results: folder of what comes of it.
        only: the lab that everything is for; None: what was handed in tells.
        seed: of the hidden data.
        fresh: whether to grade again what has not changed.
        unsafe: whether student code may run without walls around it.
        deadlines: when work is due, and what lateness costs.
        received: student and lab → when work really came in; counts more than what the work says.
    """

    submissions: Path
    results: Path
    only: Lab | None = None
    seed: int = 0
    fresh: bool = False
    unsafe: bool = False
    deadlines: Deadlines = field(default_factory=Deadlines)
    received: Mapping[tuple[str, str], dt.datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class ClassResult:
    """What came of a class.

    Attributes:
        records: all that the folder of results holds now.
        graded: how many submissions were graded this time.
        kept: how many had not changed.
        strays: what is no submission.
        untouched: labs in clones of the course that are as they were handed out.
        notices: sentences that the instructor should read.
    """

    records: tuple[Record, ...]
    graded: int
    kept: int
    strays: tuple[Stray, ...]
    untouched: int
    notices: tuple[str, ...]


def grade_class(
    order: Order,
    catalog: Catalog,
    watcher: Watcher,
    *,
    workers: int = 0,
    executor: Executor | None = None,
    dask: str = "",
) -> ClassResult:
    """Grade a class. What is graded is kept at once, so that a run that was stopped can be taken up again.

    Args:
        order: what to grade.
        catalog: the course.
        watcher: told how far it is.
        workers: processes that grade, or jobs that ``executor`` does at the same time; 0: one per core.
        executor: grades instead of processes of this machine; any will do.
        dask: address of a Dask scheduler whose workers grade instead.

    Raises:
        UsageError: folders cannot be what they are said to be, or this machine cannot isolate student code.
        InfrastructureError: results cannot be written, or the processes that grade cannot be kept alive.
        KeyboardInterrupt: someone pressed Ctrl-C; what was graded is kept.
    """
    must_be_apart(order.submissions, order.results)
    workers = workers or usable_cores()
    run = _Run(order, catalog)
    with held(order.results) as aside:
        before = {(record.student, record.lab): record for record in read_records(order.results)}
        items = intake.find(order.submissions, catalog, aside, only=order.only)
        collected = collect(items, aside, order.received, lambda attempt: run.is_known(before, attempt))
        new = [attempt for attempt in collected.attempts if not run.is_known(before, attempt)]
        missing = {attempt.of for attempt in new}
        old = [attempt for attempt in collected.attempts if attempt.of not in missing]
        kept = [run.renewed(before[attempt.of], attempt) for attempt in old]
        watcher.planned(len(new), len(kept))
        graded = []
        with run.executors(new, workers, executor, dask) as (fresh, window):
            for record in run.graded(new, fresh, window):
                watcher.recorded(record)
                graded.append(record)
    records = {(record.student, record.lab): record for record in (*before.values(), *kept, *graded)}
    return ClassResult(
        records=tuple(records[of] for of in sorted(records)),
        graded=len(graded),
        kept=len(kept),
        strays=collected.strays,
        untouched=collected.untouched,
        notices=(*collected.notices, *_notices(order, collected, list(records))),
    )


class _Run:
    def __init__(self, order: Order, catalog: Catalog) -> None:
        self._order = order
        self._catalog = catalog
        self._prints = Fingerprints(catalog)

    def is_known(self, before: Mapping[tuple[str, str], Record], attempt: Attempt) -> bool:
        """Whether just this has been graded before. What our side failed at is tried again."""
        record = before.get(attempt.of)
        if record is None or self._order.fresh or attempt.problem or record.key != self._key(attempt):
            return False
        safe = self._order.unsafe or (record.report is not None and record.report.isolation is not Isolation.PROCESS)
        return record.graded and safe

    def renewed(self, record: Record, attempt: Attempt) -> Record:
        """The record with today's dates and penalty."""
        new = self._record(attempt, report=record.report)
        if new != record:
            update_record(self._order.results, new)
        return new

    @contextlib.contextmanager
    def executors(
        self, attempts: Sequence[Attempt], workers: int, executor: Executor | None, dask: str
    ) -> Iterator[tuple[Callable[[str], Executor], int]]:
        """What makes executors, and how many jobs to give out at a time."""
        if executor is not None:
            yield lambda _: executor, _AHEAD * workers
        elif dask:
            from autograder.batch.cluster import connect

            labs = {attempt.lab.id: self._prints.lab(attempt.lab) for attempt in attempts}
            with connect(dask, str(self._catalog.root), labs) as (cluster, size):
                yield lambda _: cluster, _AHEAD * size
        else:
            with Pools(min(workers, len(attempts)), str(self._catalog.root), unsafe=self._order.unsafe) as pools:
                first = next((attempt.lab.id for attempt in attempts if not attempt.problem), None)
                if first is not None:
                    pools.begin(first)
                    _page()  # here there is nothing else to do until workers are ready
                yield pools.fresh, _AHEAD * workers

    def graded(self, attempts: Sequence[Attempt], fresh: Callable[[str], Executor], window: int) -> Iterator[Record]:
        """Grade and keep, each as it is done."""
        for attempt in attempts:
            if attempt.problem:
                yield self._keep(self._record(attempt, problem=attempt.problem), {})
        sound = [attempt for attempt in attempts if not attempt.problem]
        jobs = (self._job(number, attempt) for number, attempt in enumerate(sound))
        for job, done in each(jobs, fresh, window):
            attempt, problem = sound[job.number], done.problem
            if not problem:
                report = LabReport.model_validate_json(done.report)
                try:
                    page = _page(report)
                except Exception as error:  # one page that cannot be made must not stop the class
                    problem = f"The report cannot be shown: {type(error).__name__}: {error}"
            if problem:
                yield self._keep(self._record(attempt, problem=problem), {})
            else:
                yield self._keep(self._record(attempt, report=report), {"report.html": page})

    def _job(self, number: int, attempt: Attempt) -> Job:
        return Job(
            number=number,
            root=str(self._catalog.root),
            lab=attempt.lab.id,
            fingerprint=self._prints.lab(attempt.lab),
            seed=self._order.seed,
            handed=attempt.unpacked(),
            notices=attempt.notices,
            unsafe=self._order.unsafe,
        )

    def _key(self, attempt: Attempt) -> str:
        facts = [self._prints.lab(attempt.lab), attempt.digest, self._order.seed]
        return of_facts(facts)

    def _record(self, attempt: Attempt, *, report: LabReport | None = None, problem: str = "") -> Record:
        student, lab = attempt.of
        deadlines, submitted = self._order.deadlines, attempt.submitted
        return Record(
            student=student,
            name=attempt.sender.name,
            lab=lab,
            key=self._key(attempt),
            source=attempt.source,
            submitted=submitted,
            due=deadlines.due_for(student, lab),
            penalty=deadlines.penalty(student, lab, report.points, submitted) if report is not None else 0.0,
            problem=problem,
            report=report,
        )

    def _keep(self, record: Record, pages: dict[str, str]) -> Record:
        write_record(self._order.results, record, pages)
        return record


def _page(*reports: LabReport) -> str:
    """Reports as HTML; what that needs is imported and compiled at the first."""
    from autograder.render import html

    return html.page(Report(labs=reports))


def _notices(order: Order, collected: Collected, recorded: Sequence[tuple[str, str]]) -> Iterator[str]:
    """What else the instructor should know."""
    present = {attempt.of for attempt in collected.attempts}
    for what, moments in (("an extension", order.deadlines.extensions), ("a time of receipt", order.received)):
        for student, lab in sorted(set(moments) - present):
            yield f"There is {what} for {student} and {lab}, but no such submission: is the id right?"
    for student, lab in sorted(set(recorded) - present) if order.only is None else ():
        where = f"{student}/{lab} in {order.results}"
        yield f"{where} has no submission any more and still counts: remove the folder if it should not."
    for attempt in collected.attempts:
        if attempt.submitted is None and order.deadlines.due_for(*attempt.of) is not None:
            late = " and is marked LATE by Canvas" if attempt.sender.late else ""
            yield f"{attempt.source} does not say when it was handed in{late}: no penalty. --received FILE gives times."
