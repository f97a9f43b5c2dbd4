from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.errors import LabNotFound, ManifestError
from autograder.late import Deadlines, penalty, read_extensions, read_received
from autograder.manifest import LatePolicy, load_course

LAB = "01-tiny-lab"
DUE = dt.datetime(2026, 3, 1, 23, 59, tzinfo=dt.timezone(dt.timedelta(hours=1)))
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)

policies = st.builds(
    LatePolicy,
    grace_minutes=st.floats(0, 10080),
    per_day=st.floats(0, 100),
    at_most=st.floats(0, 100),
    closes_after_days=st.none() | st.floats(0, 366),
)
points = st.integers(10, 100000).map(lambda cents: cents / 100)
lateness = st.timedeltas(-DAY * 400, DAY * 400)


def find(name: str) -> str:
    """A course with one lab."""
    if name not in (LAB, "01"):
        raise LabNotFound(name)
    return LAB


@given(points, lateness, policies)
def test_a_penalty_is_between_nothing_and_everything(points: float, late: dt.timedelta, policy: LatePolicy) -> None:
    """Nobody is paid for being early, and nobody loses more than there is."""
    lost = penalty(points, late, policy)

    assert 0 <= lost <= points
    assert lost == round(lost, 2)


@given(points, lateness, lateness, policies)
def test_later_never_costs_less(points: float, one: dt.timedelta, other: dt.timedelta, policy: LatePolicy) -> None:
    """A penalty grows with time."""
    early, late = sorted([one, other])

    assert penalty(points, early, policy) <= penalty(points, late, policy)


@given(points, policies)
def test_in_time_costs_nothing(points: float, policy: LatePolicy) -> None:
    """The last moment counts as in time."""
    assert penalty(points, dt.timedelta(0), policy) == 0


@pytest.mark.parametrize(
    ("late", "lost"),
    [
        (10 * dt.timedelta(minutes=1), 0),
        (15 * dt.timedelta(minutes=1), 0),
        (16 * dt.timedelta(minutes=1), 1.2),
        (DAY, 1.2),
        (DAY + HOUR, 2.4),
        (5 * DAY, 4.8),
        (7 * DAY, 4.8),
        (7 * DAY + HOUR, 12),
    ],
)
def test_begun_days_count_after_the_grace(late: dt.timedelta, lost: float) -> None:
    """A tenth a day, at most four tenths, a quarter of an hour's grace, closed after a week."""
    policy = LatePolicy(grace_minutes=15, per_day=10, at_most=40, closes_after_days=7)

    assert penalty(12, late, policy) == lost


def test_halves_are_rounded_up_as_they_are_written() -> None:
    """0.5 % of 1.1 points is 0.0055, not 0.00549…"""
    assert penalty(1.1, HOUR, LatePolicy(per_day=0.5)) == 0.01


def test_an_extension_moves_the_date_of_one_student() -> None:
    """The others keep theirs, and what has no date or no time is not late."""
    deadlines = Deadlines({LAB: DUE}, LatePolicy(per_day=50), {("ann", LAB): DUE + 2 * DAY})
    when = DUE + DAY

    assert deadlines.due_for("ann", LAB) == DUE + 2 * DAY
    assert deadlines.penalty("ann", LAB, 4, when) == 0
    assert deadlines.penalty("bob", LAB, 4, when) == 2
    assert deadlines.penalty("bob", LAB, 4, None) == 0
    assert deadlines.penalty("bob", "02-other-lab", 4, when) == 0


def test_time_zones_are_minded() -> None:
    """22:58 UTC is a minute before 23:59 in Berlin."""
    deadlines = Deadlines({LAB: DUE}, LatePolicy(per_day=50))

    assert deadlines.penalty("ann", LAB, 4, dt.datetime(2026, 3, 1, 22, 58, tzinfo=dt.UTC)) == 0
    assert deadlines.penalty("ann", LAB, 4, dt.datetime(2026, 3, 1, 23, 0, tzinfo=dt.UTC)) == 2


@pytest.mark.parametrize("separator", [",", ";"])
def test_extensions_are_read(tmp_path: Path, separator: str) -> None:
    """As spreadsheets write them: with a byte-order mark, empty lines, and semicolons in half of Europe."""
    lines = [
        "student,lab,until,why",
        "ann,01,2026-03-05T12:00:00+01:00,ill",
        ",,,",
        " bob ,01-tiny-lab,2026-03-04T12:00Z,",
    ]
    path = tmp_path / "extensions.csv"
    path.write_text("\ufeff" + "\n".join(lines).replace(",", separator), encoding="utf-8")
    found = read_extensions(path, {LAB: DUE}, find)

    assert set(found) == {("ann", LAB), ("bob", LAB)}
    assert found["bob", LAB] == dt.datetime(2026, 3, 4, 12, tzinfo=dt.UTC)


def test_all_faults_of_extensions_are_told_at_once(tmp_path: Path) -> None:
    """Each with its line and the remedy."""
    path = tmp_path / "extensions.csv"
    path.write_text(
        "student,lab,until\n"
        "ann,01,2026-03-05\n"
        "bob,09,2026-03-05T12:00Z\n"
        ",01,2026-03-05T12:00Z\n"
        "cem,01,2026-02-01T12:00Z\n"
        "dan,01,2026-03-05T12:00Z\n"
        "dan,01,2026-03-06T12:00Z\n"
    )
    with pytest.raises(ManifestError) as caught:
        read_extensions(path, {LAB: DUE}, find)

    assert caught.value.problems == (
        "line 2: until must be a date and time with time zone, such as 2026-03-01T23:59:00+01:00",
        "line 3: no lab is called '09': correct the name",
        "line 4: names no student: add the id or remove the line",
        "line 5: until is before the due date 2026-03-01T23:59:00+01:00: give a later one",
        "line 7: dan and 01-tiny-lab stand in an earlier line, too: keep one",
    )


def test_an_extension_needs_a_date_to_extend(tmp_path: Path) -> None:
    """Otherwise someone has forgotten the due date."""
    path = tmp_path / "extensions.csv"
    path.write_text("student,lab,until\nann,01,2026-03-05T12:00Z\n")

    with pytest.raises(ManifestError, match=r"01-tiny-lab has no due date in course\.toml: add it under \[due\]"):
        read_extensions(path, {}, find)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"who,lab,received\n", "line 1: needs the columns student,lab,received; student is not there"),
        (b"", "line 1: needs the columns student,lab,received; student, lab, received is not there"),
        (b"\xff\xfe", "cannot be read as text in UTF-8"),
    ],
)
def test_a_table_must_be_one(tmp_path: Path, content: bytes, fault: str) -> None:
    """What it lacks is told."""
    path = tmp_path / "received.csv"
    path.write_bytes(content)
    with pytest.raises(ManifestError) as caught:
        read_received(path, find)

    assert caught.value.problems[0].startswith(fault)


def test_a_missing_table_is_told(tmp_path: Path) -> None:
    """With its name."""
    with pytest.raises(ManifestError, match=r"received\.csv"):
        read_received(tmp_path / "received.csv", find)


COURSE = """
title = "Tiny"
[[part]]
id = "basics"
title = "Basics"
labs = ["01-tiny-lab"]
"""


def test_a_course_has_due_dates_and_a_rule(tmp_path: Path) -> None:
    """Both may be left out; then nothing is late."""
    path = tmp_path / "course.toml"
    path.write_text(COURSE)
    plain = load_course(path)
    path.write_text(f"{COURSE}[due]\n01-tiny-lab = 2026-03-01T23:59:00+01:00\n[late]\nper_day = 10\n")
    course = load_course(path)

    assert (plain.due, plain.late) == ({}, LatePolicy())
    assert course.due[LAB] == DUE
    assert course.late == LatePolicy(per_day=10)


def test_all_faults_of_due_dates_are_told_at_once(tmp_path: Path) -> None:
    """Dates without zone, unknown labs, keys and numbers that cannot be."""
    path = tmp_path / "course.toml"
    path.write_text(
        f"{COURSE}[due]\n01-tiny-lab = 2026-03-01T23:59:00\n02-other = 2026-03-01T23:59:00Z\n"
        "[late]\nper_day = 101\nper_week = 3\n"
    )
    with pytest.raises(ManifestError) as caught:
        load_course(path)
    text = "\n".join(caught.value.problems)

    assert "due.01-tiny-lab: must be a date and time with time zone, such as 2026-03-01T23:59:00+01:00" in text
    assert "due.02-other: no part lists that lab: correct the id or remove the line" in text
    assert "late.per_day: Input should be less than or equal to 100" in text
    assert "late.per_week: unknown key: remove it or correct its spelling" in text
    assert len(caught.value.problems) == 4
