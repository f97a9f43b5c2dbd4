from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from autograder.batch.layouts import Named, canvas, moodle, packed, safe_id
from autograder.records import Record

LABS = ("01-tiny-lab", "02-other-lab")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Jane Doe_123456_assignsubmission_file_", Named("moodle", "123456", "Jane Doe", "")),
        ("Jane Doe_123456_assignsubmission_file", Named("moodle", "123456", "Jane Doe", "")),
        ("Group 1-Jane Doe_7_assignsubmission_file_", Named("moodle", "7", "Group 1-Jane Doe", "")),
        ("Participant_99_assignsubmission_file_hw.ipynb", Named("moodle", "99", "Participant", "hw.ipynb")),
        ("Ana_Maria_7_assignsubmission_file_a_b_1_c.py", Named("moodle", "7", "Ana_Maria", "a_b_1_c.py")),
        (
            "Jane Doe_7_assignsubmission_onlinetext_onlinetext.html",
            Named("moodle", "7", "Jane Doe", "onlinetext.html", is_file=False),
        ),
    ],
)
def test_moodles_names_are_read(text: str, named: Named) -> None:
    """Folders and flat files, old and new, with groups and without names."""
    assert moodle(text) == named


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("doejane_12345_678910_hw.ipynb", Named("canvas", "12345", "doejane", "hw.ipynb", attachment=678910)),
        ("doejane_LATE_12345_678_hw-1.py", Named("canvas", "12345", "doejane", "hw-1.py", late=True, attachment=678)),
        ("doejane_late_12345_678_my_1_2_x.py", Named("canvas", "12345", "doejane", "my_1_2_x.py", True, 678)),
        ("doe_jane_12345_678_a.zip", Named("canvas", "12345", "doe_jane", "a.zip", attachment=678)),
        ("anon_b7Xq2_678910_hw.py", Named("canvas", "b7Xq2", "", "hw.py", attachment=678910)),
    ],
)
def test_canvas_names_are_read(text: str, named: Named) -> None:
    """Late or not, with underscores, anonymous."""
    assert canvas(text) == named


@pytest.mark.parametrize("text", ["jdoe", "iris_slicing.ipynb", "02-iris-slicing", "a_1", "jdoe--01-tiny-lab.zip", ""])
def test_other_names_are_neither(text: str) -> None:
    """Nothing is read into them."""
    assert moodle(text) is None
    assert canvas(text) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("jdoe--01-tiny-lab.zip", ("jdoe", "01-tiny-lab")),
        ("a--b--02-other-lab.tar.gz", ("a--b", "02-other-lab")),
        ("01-tiny-lab.zip", ("", "01-tiny-lab")),
        ("jdoe.tgz", ("jdoe", "")),
        ("jdoe--09-none.zip", ("jdoe--09-none", "")),
        ("--01-tiny-lab.zip", ("--01-tiny-lab", "")),
    ],
)
def test_archives_say_whose_and_for_what(text: str, found: tuple[str, str]) -> None:
    """As far as their names do."""
    assert packed(text, LABS) == found


@pytest.mark.parametrize("plain", ["jdoe", "Jane Doe", "<script>", "=cmd()", "s123", "Nguyễn", "a..b", "-rf"])
def test_a_plain_id_stays(plain: str) -> None:
    """However odd it looks: it can be a folder's name."""
    assert safe_id(plain) == plain


@pytest.mark.parametrize(
    "bad", ["../../x", "..", ".", "", "a/b", "a\x00b", "a\u202eb", "exports", "index.html", "a\\b"]
)
def test_a_bad_id_becomes_another(bad: str) -> None:
    """It leads nowhere, and nobody else gets it."""
    assert re.fullmatch(r"[^/\\\x00.][^/\\\x00]*-[0-9a-f]{8}", safe_id(bad))


@given(st.text(max_size=300))
def test_any_id_fits_a_record(raw: str) -> None:
    """And a file system."""
    found = safe_id(raw)

    TypeAdapter(Record.model_fields["student"].annotation).validate_python(found)
    Record(student=found, lab="01-a", key="k")
    assert len(found.encode()) <= 200


@given(st.text(max_size=20), st.text(max_size=20))
def test_different_ids_stay_different(one: str, other: str) -> None:
    """As far as they look different."""
    if safe_id(one) == safe_id(other):
        import unicodedata

        assert unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)
