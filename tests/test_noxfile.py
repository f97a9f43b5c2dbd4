from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

FAKE = """\
import os, sys
print("called:", *sys.argv[1:])
print("in:", os.getcwd())
sys.exit(int(sys.argv[-1]) if sys.argv[-1].isdigit() else 0)
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with this noxfile and an autograder that tells how it was called and exits as told."""
    shutil.copy(ROOT / "noxfile.py", tmp_path)
    (tmp_path / "autograder").mkdir()
    (tmp_path / "autograder" / "__init__.py").touch()
    (tmp_path / "autograder" / "__main__.py").write_text(FAKE)
    return tmp_path


def nox(folder: Path, *args: str, ci: bool = False) -> subprocess.CompletedProcess[str]:
    """Run nox there as a learner would, or as a CI machine."""
    environment = {key: value for key, value in os.environ.items() if key not in ("CI", "FORCE_COLOR")}
    environment |= {"PYTHONPATH": str(folder), "NO_COLOR": "1"} | ({"CI": "true"} if ci else {})
    command = [sys.executable, "-m", "nox", "-f", str(folder / "noxfile.py"), *args]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def sessions() -> dict[str, str]:
    """Session → the line that ``nox -l`` shows for it."""
    listed = nox(ROOT, "--list").stdout.splitlines()
    entries = [line[2:].split(" -> ", 1) for line in listed if line.startswith(("* ", "- "))]
    return {entry[0]: entry[1] if len(entry) == 2 else "" for entry in entries}


def test_the_menu_is_complete() -> None:
    """``nox -l`` lists every session of the README, each with a sentence."""
    menu = sessions()

    assert set(menu) == {
        "grade",
        "watch",
        "submit",
        "release",
        "solutions",
        "verify",
        "build",
        "grade-class",
        "gradebook",
        "export",
        "nbgrader",
        "gradescope",
        "classroom",
        "tests",
        "bench",
        "fuzz",
        "lint",
        "docs",
        "browser",
        "serve",
        "datasets",
        "doctor",
    }
    assert [name for name, line in menu.items() if not line or not line.endswith(".")] == []


def test_every_session_that_the_papers_name_exists() -> None:
    """README, CONTRIBUTING and CI call no session that is not there."""
    named = set()
    for name in ("README.md", "CONTRIBUTING.md", "docs/index.md", ".ci/run", ".github/workflows/ci.yml"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for call in re.findall(r"(?m)(?:`|\$ |run: |^)nox -s ([a-z ]+)", text):
            named |= set(call.split())

    assert {"grade", "verify"} <= named
    assert named - set(sessions()) == set()


def test_nox_alone_grades(checkout: Path) -> None:
    """Without arguments, nox grades everything."""
    done = nox(checkout)

    assert done.stdout.splitlines()[0] == "called: grade"


def test_arguments_reach_the_command(checkout: Path) -> None:
    """What follows the two dashes goes to the command as it is."""
    done = nox(checkout, "-s", "grade", "--", "iris", "--task", "slice-stats", "--submission", "my work")

    assert done.stdout.splitlines()[0] == "called: grade iris --task slice-stats --submission my work"


@pytest.mark.parametrize("session", ["grade", "solutions", "verify", "build", "doctor"])
@pytest.mark.parametrize("code", [0, 1, 2, 3])
def test_exit_codes_pass_through(checkout: Path, session: str, code: int) -> None:
    """A script can tell a low score, wrong usage and a broken machine apart."""
    done = nox(checkout, "-s", session, "--", str(code))

    assert done.returncode == code


def test_feedback_stands_alone(checkout: Path) -> None:
    """A learner sees the feedback and no headings of nox around it."""
    done = nox(checkout, "-s", "grade")

    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 2


def test_a_ci_log_has_headings(checkout: Path) -> None:
    """Where nobody watches, nox says which session is running."""
    done = nox(checkout, "-s", "grade", "verify", ci=True)

    assert "Running session verify" in done.stderr
    assert [line for line in done.stdout.splitlines() if "called" in line] == [
        "called: grade",
        "called: verify",
    ]


def test_a_low_score_lets_the_next_session_run(checkout: Path) -> None:
    """Exit code 1 of one session does not hide what the next would say."""
    done = nox(checkout, "-s", "grade", "verify", "--", "1")

    assert [line for line in done.stdout.splitlines() if "called" in line] == [
        "called: grade 1",
        "called: verify 1",
    ]
    assert done.returncode == 1


def test_a_broken_machine_ends_nox(checkout: Path) -> None:
    """After an infrastructure error there is no point in going on."""
    done = nox(checkout, "-s", "grade", "verify", "--", "3")

    assert "called: verify 3" not in done.stdout
    assert done.returncode == 3


def test_paths_count_from_where_nox_was_called(checkout: Path) -> None:
    """``--submission .`` means the folder the learner is in."""
    inside = checkout / "labs"
    inside.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    command = [sys.executable, "-m", "nox", "-f", "../noxfile.py", "-s", "grade"]
    done = subprocess.run(command, cwd=inside, env=environment, capture_output=True, text=True, check=False)

    assert f"in: {inside}" in done.stdout


def test_nothing_is_installed(checkout: Path) -> None:
    """Sessions run in the environment nox was started from: no virtual environment appears."""
    nox(checkout, "-s", "grade")

    assert not (checkout / ".nox").exists()
