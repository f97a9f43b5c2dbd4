from __future__ import annotations

import datetime as dt
import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from autograder import handin, submit
from autograder.archives import extract
from autograder.errors import UsageError
from autograder.submit import Examination

if TYPE_CHECKING:
    from tests.conftest import Course, Said

LAB = "01-tiny-lab"
NOW = dt.datetime(2026, 3, 1, 12, 30, 15, 999, dt.UTC)
FILES = {"work.py": b"def double(x):\n    return 2 * x\n", "app/main.py": b""}


@pytest.fixture
def examine(course: Course, request: pytest.FixtureRequest) -> Callable[..., Examination]:
    """Examine a work of the miniature lab: its files, or those of the solution where a value is ``...``."""

    def run(**files: str) -> Examination:
        course.forget_graders()
        folder = course.hand_in({name.replace("__", "."): text for name, text in files.items()})
        catalog = course.catalog
        return submit.examine(catalog.lab(LAB), folder, catalog, request.getfixturevalue("zygote"))

    return run


def test_a_sound_work_is_sound(examine: Callable[..., Examination], course: Course) -> None:
    """Everything is there and runs, and the visible checks pass."""
    found = examine(work__py=(course.solution / "work.py").read_text())

    assert found.sound
    assert found.passed[0] == found.passed[1] > 0
    assert found.files == {"work.py": (course.solution / "work.py").read_bytes()}


def test_hidden_checks_do_not_take_part(examine: Callable[..., Examination], course: Course) -> None:
    """What students hand in with is what students have."""
    found = examine(work__py=(course.solution / "work.py").read_text())

    assert found.report.checks_hidden == 0


def test_a_low_score_is_no_fault(examine: Callable[..., Examination]) -> None:
    """Wrong answers may be handed in."""
    found = examine(work__py="def double(x):\n    return 3 * x\n\ndef greet(name):\n    return name\n")

    assert found.sound
    assert found.passed[0] < found.passed[1]


def test_a_missing_file_is_told(examine: Callable[..., Examination]) -> None:
    """The sentence names it, and one that may be meant."""
    found = examine(work_py__txt="x")

    assert not found.sound
    assert found.missing[0].startswith("work.py is missing")


def test_python_that_cannot_be_read_is_told(examine: Callable[..., Examination]) -> None:
    """A syntax error is found, with its line."""
    found = examine(work__py="def double(x):\n    return 2 *\n")

    assert found.broken == ("work.py, line 2, is no Python: invalid syntax.",)


def test_a_nul_in_python_is_told(examine: Callable[..., Examination]) -> None:
    """A file that is no text at all ends in a sentence, too."""
    found = examine(work__py="x = 1\0")

    assert len(found.broken) == 1
    assert found.broken[0].startswith("work.py")


def notebook(*sources: str) -> str:
    """A notebook of code cells."""
    cells = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": s} for s in sources
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4})


@pytest.fixture
def notebook_lab(course: Course) -> Course:
    """The miniature lab, which asks for a notebook, too."""
    course.edit(course.solution / "lab.toml", '["work.py"]', '["work.py", "more.ipynb"]')
    course.write(course.solution / "more.ipynb", notebook("x = 1"))
    return course


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (notebook("x = 1", "1 / 0"), "more.ipynb, cell 2 did not run to its end: "),
        (notebook("x ="), "more.ipynb, cell 1 did not run to its end: "),
        ("{}", "more.ipynb does not load: "),
        ("no notebook", "more.ipynb does not load: "),
    ],
)
def test_a_notebook_that_fails_is_told(
    notebook_lab: Course, examine: Callable[..., Examination], content: str, said: str
) -> None:
    """Each cell that raises is named, and a file that is no notebook as well."""
    found = examine(work__py=(notebook_lab.solution / "work.py").read_text(), more__ipynb=content)

    assert len(found.broken) == 1
    assert found.broken[0].startswith(said)


def test_a_stub_is_no_fault(notebook_lab: Course, examine: Callable[..., Examination]) -> None:
    """A cell that says NotImplementedError is work to come, not work that fails."""
    found = examine(
        work__py=(notebook_lab.solution / "work.py").read_text(), more__ipynb=notebook("raise NotImplementedError()")
    )

    assert found.sound


def test_the_archive_is_deterministic(course: Course) -> None:
    """The same files and time give the same bytes, in whatever order they come."""
    lab = course.catalog.lab(LAB)
    about = submit.manifest(lab, FILES, student=None, now=NOW)
    other = submit.manifest(lab, dict(reversed(FILES.items())), student=None, now=NOW)

    assert submit.archived(about, FILES) == submit.archived(other, dict(reversed(FILES.items())))


def test_only_the_time_tells_two_archives_apart(course: Course) -> None:
    """Packed again, the fingerprint is the same."""
    lab = course.catalog.lab(LAB)
    first = submit.manifest(lab, FILES, student=None, now=NOW)
    second = submit.manifest(lab, FILES, student=None, now=NOW + dt.timedelta(days=1))

    assert first.hash == second.hash
    assert first.model_copy(update={"time": second.time}) == second


def test_what_was_packed_comes_out(course: Course, tmp_path: Path) -> None:
    """Archive → extract → the same files, and a manifest that fits them."""
    about = submit.manifest(course.catalog.lab(LAB), FILES, student="s1", now=NOW)
    (tmp_path / "a.zip").write_bytes(submit.archived(about, FILES))
    names = extract(tmp_path / "a.zip", tmp_path / "out")
    digests = {name: hashlib.sha256((tmp_path / "out" / name).read_bytes()).hexdigest() for name in names}
    read = handin.read(tmp_path / "out")

    assert names == ("app/main.py", "submission.json", "work.py")
    assert read == about
    assert read.time.isoformat() == "2026-03-01T12:30:15+00:00"
    assert handin.differences(read, digests) == ()
    assert handin.content_hash({name: digests[name] for name in FILES}) == read.hash


def test_the_manifest_can_be_read_without_tools(course: Course) -> None:
    """It stands first and is stored as it is."""
    about = submit.manifest(course.catalog.lab(LAB), FILES, student=None, now=NOW)
    content = submit.archived(about, FILES)

    assert b'"lab": "01-tiny-lab"' in content
    assert content.index(b"submission.json") < 40


@pytest.mark.parametrize(("student", "name"), [(None, f"{LAB}.zip"), ("s123456", f"s123456--{LAB}.zip")])
def test_the_name_says_lab_and_student(course: Course, student: str | None, name: str) -> None:
    """So that files of a class can lie in one folder."""
    about = submit.manifest(course.catalog.lab(LAB), FILES, student=student, now=NOW)

    assert submit.archive_name(about) == name


@pytest.mark.parametrize("student", ["../x", "a/b", "", ".", "a\nb", "x" * 101])
def test_an_id_that_cannot_be_one_is_refused(course: Course, student: str) -> None:
    """It becomes part of a file's name."""
    with pytest.raises(UsageError, match="--student"):
        submit.manifest(course.catalog.lab(LAB), FILES, student=student, now=NOW)


def test_nothing_cannot_be_packed(course: Course) -> None:
    """Not even by force."""
    with pytest.raises(UsageError, match=r"nothing to pack: none of work\.py"):
        submit.manifest(course.catalog.lab(LAB), {}, student=None, now=NOW)


def test_the_command_packs(course: Course, command: Callable[..., Said]) -> None:
    """It says what it did and what to do next."""
    course.write(course.lab / "work.py", (course.solution / "work.py").read_bytes())
    said = command("submit", "tiny", "--student", "s1")

    assert said.code == 0
    assert "visible checks pass. Hidden checks follow when it is graded." in said.out
    assert f"Packed handin/s1--{LAB}.zip: work.py." in said.out
    assert "Next: upload this file" in said.out
    with zipfile.ZipFile(course.root / "handin" / f"s1--{LAB}.zip") as archive:
        assert archive.namelist() == ["submission.json", "work.py"]


def test_the_command_packs_again(course: Course, command: Callable[..., Said], tmp_path: Path) -> None:
    """An older archive is replaced, wherever it lies, and a low score is only a warning."""
    first, second = (command("submit", "01", "--to", tmp_path / "to") for _ in range(2))

    assert f"Packed {tmp_path}/to/{LAB}.zip" in first.out
    assert f"Replaced {tmp_path}/to/{LAB}.zip" in second.out
    assert "! 0 of " in first.out
    assert [path.name for path in (tmp_path / "to").iterdir()] == [f"{LAB}.zip"]


def test_the_command_does_not_pack_what_fails(course: Course, command: Callable[..., Said]) -> None:
    """A broken file keeps it from packing; ``--force`` does not mind."""
    course.write(course.lab / "work.py", "def double(x:\n")
    refused = command("submit", "01")
    forced = command("submit", "01", "--force")

    assert refused.code == 1
    assert "! work.py, line 1, is no Python" in refused.out
    assert "Not packed. Put that right" in refused.out
    assert forced.code == 0
    assert f"Packed handin/{LAB}.zip" in forced.out


def test_the_command_needs_a_place(course: Course, command: Callable[..., Said], tmp_path: Path) -> None:
    """A folder that cannot be written to is wrong usage."""
    (tmp_path / "file").touch()
    said = command("submit", "01", "--to", tmp_path / "file")

    assert said.code == 2
    assert "cannot be written" in said.err
