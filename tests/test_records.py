from __future__ import annotations

import datetime as dt
import os
import stat
from pathlib import Path

import pytest
from pydantic import ValidationError

from autograder.errors import InfrastructureError, UsageError
from autograder.records import Record, folder_of, read_records, update_record, write_record
from autograder.records.analysis import analyse
from autograder.results import CheckResult, CheckStatus, Isolation, LabReport, Outcome, TaskResult, TaskState

LAB = "01-tiny-lab"


def check(
    name: str, status: CheckStatus, *, task: str = "double", weight: float = 1, started: bool = True
) -> CheckResult:
    """A check of that name."""
    return CheckResult(
        id=f"test_hidden.py::{name}",
        task=task,
        title=name,
        hidden=True,
        weight=weight,
        status=status,
        not_started=not started,
    )


def report(score: float | None, *checks: CheckResult, points: float = 4) -> LabReport:
    """A report with one task; without a score, our side failed."""
    state = TaskState.FULL if score == points else TaskState.PARTIAL if score else TaskState.NONE
    task = TaskResult(
        id="double", title="Double", number=1, points=points, score=score or 0, state=state, checks=checks
    )
    return LabReport(
        lab=LAB,
        title="Tiny",
        outcome=Outcome.INFRASTRUCTURE_ERROR if score is None else Outcome.GRADED,
        isolation=Isolation.KERNEL,
        tasks=() if score is None else (task,),
        points=points,
        score=score,
        problem="the disk is full" if score is None else "",
        started="2026-03-01T12:00:00+00:00",
        seconds=1,
        engine="0.1.0",
    )


def record(student: str = "ann", lab: str = LAB, **facts: object) -> Record:
    """A record of four points."""
    return Record.model_validate({"student": student, "lab": lab, "key": "k", "report": report(4.0), **facts})


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    """With its report, sorted by student and lab."""
    when = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    ann = record(name="Ann", source="ann.zip", submitted=when, due=when, penalty=0.5)
    bob = record("bob", report=None, problem="It is damaged.")
    write_record(tmp_path, bob, {})
    write_record(tmp_path, ann, {"report.html": "<p>"})

    assert read_records(tmp_path) == (ann, bob)
    assert (folder_of(tmp_path, "ann", LAB) / "report.html").read_text() == "<p>"


def test_a_record_tells_its_score_after_the_penalty() -> None:
    """Never below zero; and none where there is none."""
    assert record(penalty=1.25).score == 2.75
    assert record(penalty=9).score == 0
    assert record(report=report(None)).score is None
    assert record(report=None, problem="torn").score is None


def test_a_record_tells_why_there_is_no_score() -> None:
    """Whoever could not do it."""
    assert record().reason == ""
    assert record(report=report(None)).reason == "the disk is full"
    assert record(report=None, problem="torn").reason == "torn"
    assert [record().graded, record(report=report(None)).graded, record(report=None).graded] == [True, False, False]


@pytest.mark.parametrize("student", ["", "a/b", "../x", ".", "..", ".ann", "a\x00b", "x" * 101])
def test_a_student_is_a_plain_name(student: str) -> None:
    """Which makes a folder and leads nowhere else."""
    with pytest.raises(ValidationError):
        record(student)


def test_times_need_a_zone() -> None:
    """Otherwise nobody knows when it was."""
    with pytest.raises(ValidationError, match="need a time zone"):
        record(submitted=dt.datetime(2026, 3, 1))


@pytest.mark.parametrize("spoil", ["", "{", '{"version": 1}', "\x00\x00", "[]"])
@pytest.mark.parametrize("file", ["record.json", "report.json"])
def test_a_torn_file_is_no_record(tmp_path: Path, file: str, spoil: str) -> None:
    """It is left out, and the rest is read."""
    for student in ("ann", "bob"):
        write_record(tmp_path, record(student), {})
    (folder_of(tmp_path, "ann", LAB) / file).write_text(spoil)

    assert [found.student for found in read_records(tmp_path)] == ["bob"]


def test_a_record_without_its_report_is_none(tmp_path: Path) -> None:
    """The grade would be gone."""
    write_record(tmp_path, record(), {})
    (folder_of(tmp_path, "ann", LAB) / "report.json").unlink()

    assert read_records(tmp_path) == ()


def test_a_record_of_another_version_is_none(tmp_path: Path) -> None:
    """It is graded again instead."""
    write_record(tmp_path, record(version=99), {})

    assert read_records(tmp_path) == ()


def test_a_copied_folder_is_nobody(tmp_path: Path) -> None:
    """A student must not count twice because someone kept a copy."""
    write_record(tmp_path, record(), {})
    (tmp_path / "ann").rename(tmp_path / "ann (copy)")

    assert read_records(tmp_path) == ()


def test_a_crash_leaves_the_old_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whenever writing ends, what can be read is whole; and the next writing cleans up."""
    write_record(tmp_path, record(penalty=1), {"report.html": "old"})
    folder = folder_of(tmp_path, "ann", LAB)
    replace, count = os.replace, [0]
    for end in range(3):
        count[0] = 0

        def crash(source: str, target: Path, end: int = end) -> None:
            count[0] += 1
            if count[0] > end:
                os.close(os.open(f"{folder}/.x.part", os.O_CREAT))
                raise KeyboardInterrupt
            replace(source, target)

        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", crash)
            with pytest.raises(KeyboardInterrupt):
                write_record(tmp_path, record(penalty=2), {"report.html": "new"})
        assert read_records(tmp_path) == ()
    write_record(tmp_path, record(penalty=2), {"report.html": "new"})

    assert read_records(tmp_path)[0].penalty == 2
    assert sorted(path.name for path in folder.iterdir()) == ["record.json", "report.html", "report.json"]


def test_a_report_that_is_gone_leaves_no_page(tmp_path: Path) -> None:
    """Yesterday's feedback must not stand beside today's problem."""
    write_record(tmp_path, record(), {"report.html": "old"})
    write_record(tmp_path, record(report=None, problem="torn"), {})

    assert [path.name for path in folder_of(tmp_path, "ann", LAB).iterdir()] == ["record.json"]


def test_another_penalty_leaves_the_report_alone(tmp_path: Path) -> None:
    """Only the record is replaced."""
    write_record(tmp_path, record(), {"report.html": "page"})
    before = (folder_of(tmp_path, "ann", LAB) / "report.json").stat()
    update_record(tmp_path, record(penalty=1))

    assert read_records(tmp_path)[0].score == 3
    assert (folder_of(tmp_path, "ann", LAB) / "report.json").stat() == before
    assert (folder_of(tmp_path, "ann", LAB) / "report.html").exists()


def test_only_the_owner_reads_records(tmp_path: Path) -> None:
    """Folders 0700, files 0600."""
    results = tmp_path / "results"
    write_record(results, record(), {"report.html": "page"})
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (results, *results.rglob("*")) if path.is_dir()}
    files = {stat.S_IMODE(path.stat().st_mode) for path in results.rglob("*") if path.is_file()}

    assert (modes, files) == ({0o700}, {0o600})


def test_a_folder_that_cannot_be_written_is_our_failure(tmp_path: Path) -> None:
    """With the folder and the remedy."""
    (tmp_path / "ann").write_text("a file")
    with pytest.raises(InfrastructureError, match=r"ann/01-tiny-lab cannot be written: .*\. Make room or choose"):
        write_record(tmp_path, record(), {})


def test_no_folder_no_records(tmp_path: Path) -> None:
    """Asking for them is wrong usage."""
    with pytest.raises(UsageError, match="is not a folder of results"):
        read_records(tmp_path / "none")


PASS, FAIL, ERROR = CheckStatus.PASSED, CheckStatus.FAILED, CheckStatus.ERROR


def a_class(*students: tuple[float, CheckStatus, CheckStatus]) -> list[Record]:
    """Students by score, and what came of two checks of the same weight."""
    return [
        record(f"s{number}", report=report(score, check("easy", easy), check("hard", hard)))
        for number, (score, easy, hard) in enumerate(students)
    ]


def test_scores_are_counted_in_tenths() -> None:
    """Full marks are in the last one."""
    (lab,) = analyse(a_class((4, PASS, PASS), (2, PASS, FAIL), (2, FAIL, PASS), (0, FAIL, FAIL)))

    assert lab.spread is not None
    assert lab.spread.bins == (1, 0, 0, 0, 0, 2, 0, 0, 0, 1)
    assert (lab.spread.mean, lab.spread.median, lab.spread.full, lab.spread.none) == (2, 2, 1, 1)
    assert lab.spread.deviation == 1.63
    assert lab.tasks[0].spread == lab.spread


def test_work_without_a_score_counts_nowhere() -> None:
    """But it is told how much there is."""
    records = [
        *a_class((4, PASS, PASS)),
        record("bob", report=report(None)),
        record("cem", report=None, problem="torn"),
    ]
    (lab,) = analyse(records)

    assert lab.ungraded == 2
    assert lab.spread is not None
    assert lab.spread.count == 1
    assert lab.spread.deviation == 0
    assert all(facts.count == 1 for facts in lab.checks)


def test_a_lab_that_nobody_could_be_graded_for_is_listed() -> None:
    """Without figures."""
    (lab,) = analyse([record("bob", report=report(None))])

    assert (lab.ungraded, lab.spread, lab.tasks, lab.checks) == (1, None, (), ())


def test_checks_tell_how_many_fail_and_how() -> None:
    """The most common reason comes first."""
    easy, hard = analyse(a_class((4, PASS, PASS), (2, PASS, FAIL), (2, PASS, ERROR), (0, FAIL, ERROR)))[0].checks

    assert (easy.failure_rate, hard.failure_rate) == (0.25, 0.75)
    assert hard.statuses == (("error", 2), ("failed", 1))


def test_not_started_is_no_failure() -> None:
    """It has a name of its own."""
    records = [record(report=report(0.0, check("easy", ERROR, started=False)))]

    assert analyse(records)[0].checks[0].statuses == (("not started", 1),)


def test_discrimination_is_the_correlation_with_the_rest() -> None:
    """A check is not compared with itself, and the sign says whether it tells the right thing."""
    together = analyse(a_class((4, PASS, PASS), (4, PASS, PASS), (0, FAIL, FAIL)))[0].checks
    against = analyse(a_class((2, PASS, FAIL), (2, FAIL, PASS)))[0].checks
    constant = analyse(a_class((4, PASS, PASS), (2, PASS, FAIL)))[0].checks

    assert [facts.discrimination for facts in together] == [1, 1]
    assert [facts.discrimination for facts in against] == [-1, -1]
    assert [facts.discrimination for facts in constant] == [None, None]


def test_labs_come_in_order() -> None:
    """However the records come."""
    records = [record(lab="02-b"), record(lab="01-a"), record("bob", lab="02-b", penalty=1)]

    assert [(lab.lab, lab.late) for lab in analyse(records)] == [("01-a", 0), ("02-b", 1)]


def test_nothing_says_nothing() -> None:
    """An empty class has no labs."""
    assert analyse([]) == ()
