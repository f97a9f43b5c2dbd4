"""Only what may be graded gets into a workspace, and what was missing, refused or left out is told."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.errors import InfrastructureError, UsageError
from autograder.manifest import Lab, Task
from autograder.staging import MAX_FILE_MB, Workspace, stage

Stage = Callable[..., Workspace]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What was handed in."""
    (tmp_path / "submission").mkdir()
    return tmp_path / "submission"


@pytest.fixture
def given(tmp_path: Path) -> Path:
    """The lab's own files, with a starter of work.py."""
    (tmp_path / "given" / "data").mkdir(parents=True)
    (tmp_path / "given" / "work.py").write_text("starter")
    (tmp_path / "given" / "README.md").write_text("read me")
    (tmp_path / "given" / "data" / "a.csv").write_text("1,2")
    return tmp_path / "given"


@pytest.fixture
def put(folder: Path, given: Path, tmp_path: Path) -> Stage:
    """Stage the folder for a lab that asks for the files named: ``put("work.py", "app/main.py")``."""

    def put(*submit: str) -> Workspace:
        task = Task(id="task", title="Task", points=1)
        lab = Lab(id="01-tiny-lab", title="Tiny", part="basics", minutes=5, submit=submit or ("work.py",), task=(task,))
        return stage(lab, folder, given, tmp_path / "root")

    return put


def staged(workspace: Workspace) -> dict[str, str]:
    """Every file of a workspace and its text."""
    files = [path for path in sorted(workspace.directory.rglob("*")) if not path.is_dir()]
    return {path.relative_to(workspace.directory).as_posix(): path.read_text() for path in files}


def test_submitted_files_lie_over_given_ones(put: Stage, folder: Path, tmp_path: Path) -> None:
    """The workspace has the lab's own files and what was handed in, in labs/ as in the repository."""
    (folder / "work.py").write_text("work")
    workspace = put()

    assert workspace.directory == tmp_path / "root" / "labs" / "01-tiny-lab"
    assert staged(workspace) == {"work.py": "work", "README.md": "read me", "data/a.csv": "1,2"}
    assert (workspace.missing, workspace.notices) == ((), ())


def test_only_files_that_are_asked_for_are_taken(put: Stage, folder: Path) -> None:
    """What was handed in beyond that is left out and named; the lab's own files are not the student's to change."""
    for name in ("work.py", "helper.py", "README.md"):
        (folder / name).write_text("mine")
    workspace = put()

    assert staged(workspace)["README.md"] == "read me"
    assert "helper.py" not in staged(workspace)
    assert workspace.notices == ("Not part of this lab and left out: helper.py.",)


def test_many_extra_files_are_told_in_short(put: Stage, folder: Path) -> None:
    """Five are named, the others counted; what tools leave behind is not worth a word."""
    (folder / "work.py").write_text("work")
    for name in ("a", "b", "c", "d", "e", "f", "g", "__pycache__/work.pyc", ".ipynb_checkpoints/x", ".git/HEAD"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()

    assert put().notices == ("Not part of this lab and left out: a, b, c, d, e and 2 more.",)


def test_the_starter_does_not_stand_in_for_what_is_missing(put: Stage) -> None:
    """A file that was not handed in is missing, even if the lab gives a starter of it."""
    workspace = put()

    assert "work.py" not in staged(workspace)
    assert workspace.missing == ("work.py",)
    assert workspace.notices == ("work.py is missing from what was handed in.",)


@pytest.mark.parametrize("name", ["Work.py", "solution/work.py", "work (1).py", "works.py"])
def test_a_file_that_may_have_been_meant_is_suggested(put: Stage, folder: Path, name: str) -> None:
    """Another spelling or another folder is offered as a guess."""
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).touch()

    assert f"work.py is missing from what was handed in. Is it {name}?" in put().notices


def test_files_may_lie_in_folders(put: Stage, folder: Path) -> None:
    """A path asked for is looked for there."""
    (folder / "app").mkdir()
    (folder / "app" / "main.py").write_text("app")

    assert staged(put("app/main.py"))["app/main.py"] == "app"


def test_what_is_handed_in_need_not_be_text(put: Stage, folder: Path) -> None:
    """Bytes arrive as they are."""
    (folder / "work.py").write_bytes(b"\xff\x00\r\n")

    assert (put().directory / "work.py").read_bytes() == b"\xff\x00\r\n"


def test_a_link_is_refused(put: Stage, folder: Path, tmp_path: Path) -> None:
    """A link to a file of the grader's is not followed, and the student is told what to do."""
    (tmp_path / "secret").write_text("secret")
    (folder / "work.py").symlink_to(tmp_path / "secret")
    workspace = put()

    assert "work.py" not in staged(workspace)
    assert workspace.missing == ("work.py",)
    assert workspace.notices[0] == (
        "work.py was refused: it is, or lies behind, a symbolic link; hand in the file itself."
    )


def test_a_folder_that_is_a_link_is_refused(put: Stage, folder: Path, tmp_path: Path) -> None:
    """A link anywhere on the way is not followed either."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "main.py").write_text("secret")
    (folder / "app").symlink_to(tmp_path / "elsewhere")

    assert put("app/main.py").missing == ("app/main.py",)


def make_folder(path: Path) -> None:
    """A folder in place of the file."""
    path.mkdir()


def make_pipe(path: Path) -> None:
    """A pipe, on which reading would wait for ever."""
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    """A socket."""
    with socket.socket(socket.AF_UNIX) as sock:
        os.chdir(path.parent)
        sock.bind(path.name)


@pytest.mark.parametrize("make", [make_folder, make_pipe, make_socket])
def test_anything_but_a_regular_file_is_refused(
    put: Stage, folder: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None]
) -> None:
    """A folder, a pipe or a socket is refused at once and told."""
    monkeypatch.chdir(folder)
    make(folder / "work.py")
    workspace = put()

    assert workspace.missing == ("work.py",)
    assert "work.py was refused: it is not a regular file." in workspace.notices


def test_a_huge_file_is_refused(put: Stage, folder: Path) -> None:
    """A file beyond the limit is refused by its size, one at the limit is taken."""
    with (folder / "big.py").open("wb") as file:
        file.truncate((MAX_FILE_MB << 20) + 1)
    with (folder / "fits.py").open("wb") as file:
        file.truncate(MAX_FILE_MB << 20)
    workspace = put("big.py", "fits.py")

    assert workspace.missing == ("big.py",)
    assert workspace.notices == (f"big.py was refused: it is larger than {MAX_FILE_MB} MB.",)


def test_a_submission_must_be_a_folder(put: Stage, folder: Path) -> None:
    """A name that is no folder is the caller's mistake, and the message says what is wanted."""
    folder.rmdir()
    folder.write_text("a file")

    with pytest.raises(UsageError, match=r"is not a folder\. Name the folder that holds work\.py"):
        put()


def test_a_workspace_that_cannot_be_written_is_our_failure(put: Stage, folder: Path, tmp_path: Path) -> None:
    """Nobody is scored for our disk."""
    (folder / "work.py").write_text("work")
    (tmp_path / "root").write_text("in the way")

    with pytest.raises(InfrastructureError, match="cannot be written"):
        put()


def test_a_lab_may_have_no_other_files(put: Stage, folder: Path, given: Path, tmp_path: Path) -> None:
    """Where the lab's folder is not there, what was handed in is all there is."""
    (folder / "work.py").write_text("work")
    given.rename(tmp_path / "away")

    assert staged(put()) == {"work.py": "work"}
