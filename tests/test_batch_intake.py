from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import os
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from autograder import handin
from autograder.batch import intake
from autograder.batch.collect import Attempt, collect
from autograder.batch.found import Broken, Found, Item, Stray, Untouched
from autograder.batch.handed import pack, unpack
from autograder.batch.intake import find
from autograder.errors import UsageError
from autograder.manifest import Lab, Task
from autograder.staging import stage

if TYPE_CHECKING:
    from tests.conftest import Course

LAB, OTHER = "01-tiny-lab", "02-other-lab"
WORK = {"work.py": b"x = 1\n"}
APP = {"app/main.py": b"app = 1\n", "notes.md": b"# Notes\n"}


@pytest.fixture(autouse=True)
def _other_lab(course: Course) -> None:
    """A second lab, which asks for app/main.py and notes.md."""
    toml = (course.solution / "lab.toml").read_text().replace('["work.py"]', '["app/main.py", "notes.md"]')
    course.write(course.root / "solutions" / OTHER / "lab.toml", toml)
    for name in APP:
        course.write(course.root / "solutions" / OTHER / name, "")
    course.edit(course.root / "course.toml", f'["{LAB}"]', f'["{LAB}", "{OTHER}"]')


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder of submissions."""
    (tmp_path / "class").mkdir()
    return tmp_path / "class"


def put(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Files as a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def signed(files: Mapping[str, bytes], lab: str = LAB, hour: int = 12, **facts: Any) -> dict[str, bytes]:
    """Files with the manifest that `nox -s submit` writes."""
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    when = dt.datetime(2026, 3, 1, hour, tzinfo=dt.UTC)
    said = handin.Handin(
        lab=lab, time=when, engine="0", python="3", files=sums, hash=handin.content_hash(sums), **facts
    )
    return {**files, handin.FILE: said.model_dump_json().encode()}


def seen(course: Course, folder: Path, only: str = "") -> list[Item]:
    """All that is found."""
    catalog = course.catalog
    scratch = folder.parent / "scratch"
    scratch.mkdir(exist_ok=True)
    return list(find(folder, catalog, scratch, only=catalog.lab(only) if only else None))


def who(items: list[Item]) -> list[tuple[str, str]]:
    """Students and labs of the submissions."""
    return [(item.sender.student, item.lab.id) for item in items if isinstance(item, Found)]


def strays(items: list[Item]) -> dict[str, str]:
    """What is no submission, and why not."""
    return {item.source: item.reason for item in items if isinstance(item, Stray)}


LAYOUTS: dict[str, tuple[dict[str, bytes], tuple[str, str, str]]] = {
    "nbgrader": ({f"ann/{LAB}/work.py": b""}, ("ann", "", f"ann/{LAB}")),
    "student folder": ({"ann/work.py": b""}, ("ann", "", "ann")),
    "folder around it": ({"ann/my homework/final/work.py": b""}, ("ann", "", "ann")),
    "Moodle folder": ({"A B_12_assignsubmission_file_/work.py": b""}, ("12", "A B", "A B_12_assignsubmission_file_")),
    "new Moodle folder": ({"Ann_12_assignsubmission_file/work.py": b""}, ("12", "Ann", "Ann_12_assignsubmission_file")),
    "Moodle flat": ({"A_12_assignsubmission_file_work.py": b""}, ("12", "A", "A_12_assignsubmission_file_work.py")),
    "Moodle with a zip": (
        {"Ann_12_assignsubmission_file_/a.zip": zipped(WORK)},
        ("12", "Ann", "Ann_12_assignsubmission_file_/a.zip"),
    ),
    "Canvas": ({"bann_12_34_work.py": b""}, ("12", "bann", "bann_12_34_work.py")),
    "Canvas again": ({"bann_12_34_work-2.py": b""}, ("12", "bann", "bann_12_34_work-2.py")),
    "Canvas late": ({"bann_LATE_12_34_work.py": b""}, ("12", "bann", "bann_LATE_12_34_work.py")),
    "Canvas with a zip": ({"bann_12_34_a.zip": zipped(WORK)}, ("12", "bann", "bann_12_34_a.zip/a.zip")),
    "submit": ({f"ann--{LAB}.zip": zipped(signed(WORK))}, ("ann", "", f"ann--{LAB}.zip")),
    "submit, signed": ({f"{LAB}.zip": zipped(signed(WORK, student="ann"))}, ("ann", "", f"{LAB}.zip")),
    "submit, unpacked": ({f"ann/{name}": content for name, content in signed(WORK).items()}, ("ann", "", "ann")),
    "any zip": ({"ann.zip": zipped({"homework/work.py": b""})}, ("ann", "", "ann.zip")),
    "clone": ({f"ann/labs/{LAB}/work.py": b"mine"}, ("ann", "", f"ann/labs/{LAB}")),
    "zip of a clone": ({"ann.zip": zipped({f"repo/labs/{LAB}/work.py": b"mine"})}, ("ann", "", "ann.zip")),
    "zip in a lab's folder": ({f"ann/{LAB}/a.zip": zipped(WORK)}, ("ann", "", f"ann/{LAB}/a.zip")),
    "a lab": ({f"{LAB}/A_12_assignsubmission_file/work.py": b""}, ("12", "A", f"{LAB}/A_12_assignsubmission_file")),
    "zip of a class": (
        {"Tiny-123.zip": zipped({"A_1_assignsubmission_file_/work.py": b"", "B_2_assignsubmission_file_/z": b""})},
        ("1", "A", "Tiny-123.zip/A_1_assignsubmission_file_"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_are_understood(course: Course, folder: Path, layout: str) -> None:
    """Whose, for which lab, and where it was."""
    files, expected = LAYOUTS[layout]
    put(folder, files)
    found = next(item for item in seen(course, folder) if isinstance(item, Found))

    assert (found.sender.student, found.sender.name, found.source) == expected
    assert found.lab.id == LAB


def test_layouts_may_be_mixed(course: Course, folder: Path) -> None:
    """All of them in one folder."""
    for number, (files, _) in enumerate(LAYOUTS.values()):
        for name, content in files.items():  # everybody is somebody else
            put(folder, {name.replace("ann", f"ann{number}").replace("_12_", f"_12{number}_"): content})
    items = seen(course, folder)

    assert len(set(who(items))) == len(LAYOUTS)
    assert all(lab == LAB for _, lab in who(items))


def test_files_that_lost_their_folder_find_it_again(course: Course, folder: Path) -> None:
    """Platforms forget folders: main.py belongs into app/."""
    put(folder, {"bann_12_34_main.py": b"app", "bann_12_35_notes-1.md": b"#", "bann_12_30_notes.md": b"old"})
    with pytest.MonkeyPatch.context() as patch:
        kept: dict[str, bytes] = {}
        patch.setattr(intake, "timestamp", lambda folder: kept.update(read(folder)))
        (found,) = seen(course, folder)

    assert isinstance(found, Found)
    assert found.lab.id == OTHER
    assert kept == {"app/main.py": b"app", "notes.md": b"#"}
    assert found.notices == ("notes.md was uploaded more than once; the latest was graded.",)


def read(folder: Path) -> dict[str, bytes]:
    """All files of a folder."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_what_is_no_submission_is_told(course: Course, folder: Path) -> None:
    """With the reason; nothing is ignored but what desktops leave behind."""
    put(
        folder,
        {
            "README.txt": b"",
            "who/solution.py": b"",
            f"{LAB}.zip": zipped(WORK),
            "Ann_1_assignsubmission_onlinetext_onlinetext.html": b"",
            "torn.zip": b"PK\x03\x04 torn",
            "old.zip": zipped(signed(WORK, lab="09-gone-lab")),
            "bad/submission.json": b"{",
            ".DS_Store": b"",
            "__MACOSX/x": b"",
            f"ann/{LAB}/work.py": b"",
            "ann/notes.txt": b"",
        },
    )
    (folder / "empty").mkdir()
    (folder / "link").symlink_to("/etc")
    items = seen(course, folder)
    said = strays(items)

    assert who(items) == [("ann", LAB)]
    assert said["README.txt"].startswith("expected <student>/<lab>/ as nbgrader has it")
    assert said["who"] == "holds no file of any lab (solution.py): name the lab with --lab if it is for one"
    assert said[f"{LAB}.zip"] == "does not say whose it is: call it <student>--<lab>.zip"
    assert said["Ann_1_assignsubmission_onlinetext_onlinetext.html"].startswith("is text typed into Moodle")
    assert said["torn.zip"].startswith("torn.zip cannot be opened. It is damaged")
    assert said["old.zip"] == "is for 09-gone-lab, which is no lab of this course"
    assert said["bad"].startswith("submission.json is not as `nox -s submit` writes it")
    assert said["empty"] == "is empty"
    assert said["link"].startswith("is a symbolic link")
    assert said["ann/notes.txt"].startswith("expected")
    assert len(said) == 10


def test_a_draw_between_labs_is_told(course: Course, folder: Path) -> None:
    """Nobody guesses: a folder of the lab's name or --lab decides."""
    put(folder, {"ann/work.py": b"", "ann/notes.md": b"", f"bob/{OTHER}/notes.md": b""})
    items = seen(course, folder)

    assert who(items) == [("ann", LAB), ("bob", OTHER)]  # work.py is all of the first lab, notes.md half of the other
    course.write(
        course.root / "solutions" / OTHER / "lab.toml",
        (course.solution / "lab.toml").read_text().replace('["work.py"]', '["notes.md"]'),
    )
    assert strays(seen(course, folder))["ann"] == (
        f"could be {LAB} or {OTHER}: put it into a folder of that name, or use --lab"
    )


def test_one_lab_can_be_forced(course: Course, folder: Path) -> None:
    """Then names of files do not matter, and what is for another lab stays out."""
    put(folder, {"ann/solution.py": b"", f"bob/{LAB}/work.py": b"", f"bob/{OTHER}/notes.md": b""})
    put(folder, {"cem.zip": zipped(signed(WORK)), f"{LAB}/dan/work.py": b"", f"{OTHER}/eve/notes.md": b""})
    items = seen(course, folder, only=OTHER)

    assert sorted(who(items)) == [("ann", OTHER), ("bob", OTHER), ("eve", OTHER)]
    assert strays(items) == {"cem.zip": f"says that it is for {LAB}, but it lies among those for {OTHER}"}


def test_a_damaged_archive_of_a_known_student_is_a_submission(course: Course, folder: Path) -> None:
    """It goes on record, so that nobody forgets the student."""
    put(folder, {f"ann--{LAB}.zip": b"PK\x03\x04 torn", f"bob/{LAB}/work.zip": zipped({"work.py": b""})[:50]})
    items = seen(course, folder)

    assert [(item.sender.student, item.lab.id) for item in items if isinstance(item, Broken)] == [
        ("ann", LAB),
        ("bob", LAB),
    ]
    assert all("damaged" in item.problem for item in items if isinstance(item, Broken))


def test_a_bomb_is_not_opened(course: Course, folder: Path) -> None:
    """It is refused, and takes neither the disk nor its neighbours."""
    bomb = zipped({f"{number}.bin": bytes(20 << 20) for number in range(2)})
    put(
        folder,
        {
            f"ann--{LAB}.zip": bomb,
            f"bob--{LAB}.zip": zipped(WORK),
            f"cem--{LAB}.zip": zipped({"work.py": os.urandom(33 << 20)}),
        },
    )
    items = seen(course, folder)

    assert who(items) == [("bob", LAB)]
    ann, cem = (item for item in items if isinstance(item, Broken))
    assert "as bombs do" in ann.problem
    assert "work.py' in the archive was left out: it is larger than 32 MB" in cem.problem


def test_untouched_labs_of_a_clone_are_no_submissions(course: Course, folder: Path) -> None:
    """A clone holds all labs; those as they were handed out are counted, not graded."""
    course.write(course.lab / "work.py", "stub")
    put(folder, {f"ann/labs/{LAB}/work.py": b"stub", f"ann/labs/{OTHER}/notes.md": b"mine", "ann/.git/config": b"x"})
    items = seen(course, folder)

    assert who(items) == [("ann", OTHER)]
    assert [item.lab.id for item in items if isinstance(item, Untouched)] == [LAB]


def test_nothing_of_a_clone_is_run(course: Course, folder: Path) -> None:
    """Its Git configuration could name programs."""
    put(folder, {f"ann/labs/{LAB}/work.py": b"mine", "ann/.git/config": b"[core]\n\tfsmonitor = touch /tmp/owned\n"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("subprocess.Popen", None)
        items = seen(course, folder)

    assert who(items) == [("ann", LAB)]


@pytest.mark.parametrize("name", ["../../x", "..", "<script>", "=cmd()", "exports", "a\u202eb"])
def test_ids_from_manifests_lead_nowhere(course: Course, folder: Path, name: str) -> None:
    """A student may write anything into a manifest; it becomes a folder's name."""
    files = signed(WORK)
    raw = json.loads(files[handin.FILE])
    raw["student"] = name
    put(folder, {f"{LAB}.zip": zipped({**files, handin.FILE: json.dumps(raw).encode()})})
    items = seen(course, folder)

    for student, _ in who(items):
        assert "/" not in student
        assert not student.startswith(".")
        assert student != "exports"
    assert len(items) == 1


def test_deep_folders_end(course: Course, folder: Path) -> None:
    """Labs in labs in labs, and archives in archives."""
    inner = zipped(WORK)
    for _ in range(10):
        inner = zipped({"a.zip": inner})
    put(folder, {"ann.zip": inner})
    deep = folder / "bob" / "/".join([LAB] * 50)
    deep.mkdir(parents=True)
    put(deep, WORK)

    assert who(seen(course, folder)) in ([], [("bob", LAB)])


def test_submissions_must_be_a_folder(course: Course, folder: Path) -> None:
    """A file or nothing is wrong usage."""
    with pytest.raises(UsageError, match="Name the folder that holds what the class handed in"):
        seen(course, folder / "none")


def test_nbgraders_time_is_read(course: Course, folder: Path) -> None:
    """From timestamp.txt, which is no file of the student's."""
    put(folder, {f"ann/{LAB}/work.py": b"", f"ann/{LAB}/timestamp.txt": b"2026-03-01 12:30:00.123456 UTC"})
    put(folder, {f"bob/{LAB}/work.py": b"", f"bob/{LAB}/timestamp.txt": b"yesterday"})
    ann, bob = (item for item in seen(course, folder) if isinstance(item, Found))

    assert ann.submitted == dt.datetime(2026, 3, 1, 12, 30, tzinfo=dt.UTC)
    assert bob.submitted is None


def gathered(course: Course, folder: Path, tmp_path: Path, **moments: Any) -> Any:
    """What is chosen to be graded."""
    aside = tmp_path / "aside"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    received = {(student, LAB): when for student, when in moments.items()}
    return collect(find(folder, course.catalog, aside), aside, received, lambda _: False)


def test_the_latest_attempt_counts(course: Course, folder: Path, tmp_path: Path) -> None:
    """By the time in its manifest; the notice names all of them."""
    put(folder, {"b.zip": zipped(signed({"work.py": b"new"}, student="ann", hour=14))})
    put(folder, {"c.zip": zipped(signed({"work.py": b"old"}, student="ann", hour=13))})
    found = gathered(course, folder, tmp_path)

    assert [attempt.source for attempt in found.attempts] == ["b.zip"]
    assert found.attempts[0].unpacked().files == {"work.py": b"new"}
    assert found.notices == (
        f"ann has 2 attempts at {LAB}. Graded: b.zip, which says that it was handed in last "
        "(2026-03-01 14:00 UTC). Not graded: c.zip.",
    )


def test_without_times_the_last_change_decides(course: Course, folder: Path, tmp_path: Path) -> None:
    """On this disk, for want of anything better."""
    put(folder, {"ann/1.zip": zipped({"work.py": b"old"}), "ann/2.zip": zipped({"work.py": b"new"})})
    os.utime(folder / "ann" / "1.zip", (1, 2_000_000_000))
    os.utime(folder / "ann" / "2.zip", (1, 1_000_000_000))
    found = gathered(course, folder, tmp_path)

    assert [attempt.source for attempt in found.attempts] == ["ann/1.zip"]
    assert "which was changed last (2033-05-18 03:33 UTC)" in found.notices[0]


def test_a_time_of_receipt_counts_more_than_a_claim(course: Course, folder: Path, tmp_path: Path) -> None:
    """A student can set the clock; the instructor's list cannot be."""
    put(folder, {f"ann--{LAB}.zip": zipped(signed(WORK))})
    when = dt.datetime(2026, 4, 1, tzinfo=dt.UTC)

    assert gathered(course, folder, tmp_path).attempts[0].submitted == dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    assert gathered(course, folder, tmp_path, ann=when).attempts[0].submitted == when


def test_a_file_changed_after_packing_is_told(course: Course, folder: Path, tmp_path: Path) -> None:
    """The student reads it in the report."""
    put(folder, {f"ann--{LAB}.zip": zipped({**signed(WORK), "work.py": b"changed"})})

    assert gathered(course, folder, tmp_path).attempts[0].notices == ("'work.py' was changed after it was packed.",)


def digest(course: Course, folder: Path, tmp_path: Path) -> str:
    """Of the only attempt."""
    (attempt,) = gathered(course, folder, tmp_path).attempts
    assert isinstance(attempt, Attempt)
    return attempt.digest


def test_the_digest_is_of_the_work(course: Course, folder: Path, tmp_path: Path) -> None:
    """Another time or packing is the same work, another byte is not."""
    put(folder, {f"ann--{LAB}.zip": zipped(signed(WORK))})
    one = digest(course, folder, tmp_path)
    put(folder, {f"ann--{LAB}.zip": zipped(signed(WORK, hour=15))})
    again = digest(course, folder, tmp_path)
    put(folder, {f"ann--{LAB}.zip": zipped(signed({"work.py": b"x = 2\n"}))})
    other = digest(course, folder, tmp_path)

    assert one == again
    assert one != other


def lab() -> Lab:
    """A lab that asks for two files."""
    task = Task(id="task", title="Task", points=1)
    about: dict[str, Any] = {"id": OTHER, "title": "Other", "part": "basics", "minutes": 5}
    return Lab(**about, submit=("app/main.py", "notes.md"), task=(task,))


ODD: dict[str, Any] = {
    "all there": lambda folder: put(folder, APP),
    "nothing": lambda folder: None,
    "others": lambda folder: put(folder, {"main.py": b"", "x/y.txt": b"", "__pycache__/z.pyc": b""}),
    "a link": lambda folder: (folder / "notes.md").symlink_to("/etc/passwd"),
    "a folder's link": lambda folder: (folder / "app").symlink_to("/etc"),
    "a pipe": lambda folder: os.mkfifo(folder / "notes.md"),
    "a huge file": lambda folder: put(folder, {"notes.md": bytes(17 << 20)}),
    "a folder instead": lambda folder: put(folder, {"notes.md/x": b""}),
    "a crowd": lambda folder: put(folder, {**APP, **{f"{number}.txt": b"" for number in range(2100)}}),
}


@pytest.mark.parametrize("case", ODD)
def test_travelling_changes_nothing(tmp_path: Path, case: str) -> None:
    """What is staged from a packed submission is what would have been staged from the folder."""
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    ODD[case](here)
    unpack(pack(here, lab()), there)
    one = stage(lab(), here, tmp_path / "none", tmp_path / "one")
    two = stage(lab(), there, tmp_path / "none", tmp_path / "two")

    assert two.missing == one.missing
    assert read(two.root) == read(one.root)
    if case != "a crowd":
        assert two.notices == one.notices
