from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from autograder import handin
from autograder.errors import ArchiveError
from autograder.handin import Handin, content_hash

FILES = {"work.py": "1" * 64, "app/main.py": "2" * 64}


def written(**changes: Any) -> bytes:
    """A manifest as it stands in an archive, with changes."""
    about = {
        "version": 1,
        "lab": "01-tiny-lab",
        "student": "s123456",
        "time": "2026-03-01T12:00:00Z",
        "engine": "0.3.0",
        "python": "3.12.1",
        "files": FILES,
    }
    about |= {"hash": content_hash(about["files"])} | changes
    return json.dumps(about).encode()


def test_a_manifest_reads_back() -> None:
    """What was written comes back, in types."""
    found = handin.parse(written())

    assert found.lab == "01-tiny-lab"
    assert found.student == "s123456"
    assert found.time == dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    assert found.files == FILES
    assert handin.parse(found.model_dump_json().encode()) == found


def test_it_is_frozen() -> None:
    """A manifest is a fact."""
    with pytest.raises(ValidationError):
        handin.parse(written()).lab = "02-other"  # type: ignore[misc]


def test_a_student_may_be_nameless() -> None:
    """Who hands in through a system that knows the student needs no id in the file."""
    assert handin.parse(written(student=None)).student is None


def test_times_are_in_utc() -> None:
    """A time of any zone is read as the same moment in UTC."""
    found = handin.parse(written(time="2026-03-01T01:30:00+02:00"))

    assert found.time.isoformat() == "2026-02-28T23:30:00+00:00"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"lab": "../x"}, "lab: must be two digits"),
        ({"lab": None}, "lab: "),
        ({"student": "../../etc"}, "student: must be a plain name without slashes"),
        ({"student": "a\\b"}, "student: must be a plain name"),
        ({"student": ".ssh"}, "student: must be a plain name"),
        ({"student": "a\x00b"}, "student: must be a plain name"),
        ({"student": " a"}, "student: must be a plain name"),
        ({"student": "x" * 101}, "student: "),
        ({"student": ""}, "student: "),
        ({"time": "2026-03-01T12:00:00"}, "time: needs a time zone"),
        ({"time": "soon"}, "time: "),
        ({"time": "0001-01-01T00:00:00+14:00"}, "time: is no time that a clock can show"),
        ({"files": {}}, "files: "),
        ({"files": {"work.py": "abc"}}, "files.work.py: "),
        ({"files": {str(number): "1" * 64 for number in range(2001)}}, "files: "),
        ({"hash": "0" * 64}, "hash is not that of the files listed"),
        ({"version": 2}, "version 2 is not known here, only 1"),
    ],
)
def test_faults_are_told(changes: dict[str, Any], said: str) -> None:
    """A fault names its key and what is wrong; the sentence can be printed anywhere."""
    with pytest.raises(ArchiveError) as refused:
        handin.parse(written(**changes))

    assert f"- {said}" in str(refused.value)
    assert all(line.isprintable() for line in str(refused.value).split("\n"))
    assert len(str(refused.value)) < 4000


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"lab": 1e999}'])
def test_what_is_no_manifest_is_refused(content: bytes) -> None:
    """Broken, binary and endlessly nested files end in the same error."""
    with pytest.raises(ArchiveError, match="is not as `nox -s submit` writes it"):
        handin.parse(content)


def test_a_large_file_is_refused() -> None:
    """Nobody's manifest has 256 KB."""
    with pytest.raises(ArchiveError, match="larger than 256 KB"):
        handin.parse(b" " * (256 * 1024 + 1))


@given(st.binary(max_size=200) | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(str).map(str.encode))
def test_any_bytes_are_survived(content: bytes) -> None:
    """Whatever is in the file, it is a manifest or an ArchiveError."""
    with pytest.raises(ArchiveError):
        handin.parse(content)


@given(st.dictionaries(st.sampled_from(sorted(Handin.model_fields)), st.none() | st.integers() | st.text()))
def test_any_values_are_survived(changes: dict[str, Any]) -> None:
    """Values of any kind in the right keys are read or refused."""
    try:
        found = handin.parse(written(**changes))
    except ArchiveError:
        return

    assert found.hash == content_hash(found.files)


def test_a_folder_without_a_manifest_has_none(tmp_path: Path) -> None:
    """An archive that was packed by hand is no error."""
    assert handin.read(tmp_path) is None


def test_a_manifest_is_read_from_a_folder(tmp_path: Path) -> None:
    """It lies at the top."""
    (tmp_path / "submission.json").write_bytes(written())

    assert handin.read(tmp_path) == handin.parse(written())


@pytest.mark.parametrize("kind", ["link", "folder", "pipe", "huge"])
def test_a_manifest_that_is_no_plain_file_is_refused(tmp_path: Path, kind: str) -> None:
    """Links are not followed, pipes are not waited for, and nothing huge is read."""
    path = tmp_path / "submission.json"
    match kind:
        case "link":
            path.symlink_to("/etc/passwd")
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "huge":
            path.touch()
            os.truncate(path, 1 << 40)

    with pytest.raises(ArchiveError, match=r"submission\.json"):
        handin.read(tmp_path)


def test_the_hash_knows_names_and_contents() -> None:
    """The order does not matter; everything else does."""
    assert content_hash(FILES) == content_hash(dict(reversed(FILES.items())))
    assert len({content_hash(f) for f in (FILES, {"work.py": "1" * 64}, {"work.py": "2" * 64}, {"b": "1" * 64})}) == 4


def test_differences_are_told() -> None:
    """Files that are missing or changed are named; further ones are nobody's business here."""
    found = handin.parse(written())

    assert handin.differences(found, {**FILES, "more.txt": "3" * 64}) == ()
    assert handin.differences(found, {"work.py": "9" * 64}) == (
        "'work.py' was changed after it was packed.",
        "'app/main.py' is listed in submission.json, but it is not in the archive.",
    )
