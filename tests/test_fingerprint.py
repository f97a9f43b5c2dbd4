"""A grade is kept as long as nothing that it depends on has changed."""

from __future__ import annotations

import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from autograder import fingerprint
from autograder.fingerprint import Fingerprints

if TYPE_CHECKING:
    from tests.conftest import Course


def test_another_version_of_a_package_is_another_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Grades depend on what is installed."""
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))
    old, new = tmp_path / "pandas-2.3.3.dist-info", tmp_path / "pandas-2.3.4.dist-info"
    old.mkdir()
    before = fingerprint.engine()
    (tmp_path / "pandas").mkdir()
    same = fingerprint.engine()
    old.rename(new)

    assert same == before
    assert fingerprint.engine() != before


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        ("autograder/graders/01-tiny-lab/test_hidden.py", True),
        ("autograder/graders/01-tiny-lab/cases.toml", False),
        ("autograder/graders/01-tiny-lab/cases/loop/work.py", False),
        ("labs/01-tiny-lab/given.csv", True),
        ("labs/01-tiny-lab/work.py", False),
    ],
)
def test_what_has_a_say_in_a_grade(course: Course, file: str, changes: bool) -> None:
    """Checks and given files have; the learner's own files count with the work, and proofs of graders not at all."""
    lab = course.catalog.labs()[0]
    before = Fingerprints(course.catalog).lab(lab)
    course.write(course.root / file, "# changed\n")

    assert (Fingerprints(course.catalog).lab(lab) != before) is changes
