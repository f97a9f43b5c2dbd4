"""The commands as people type them: what they print, what they write, and the exit code they end with."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

if TYPE_CHECKING:
    from tests.conftest import Course

Command = Callable[..., Any]
HALF = "def double(x):\n    return 2 + x\n\ndef greet(name):\n    return f'Hello, {name}!'\n"


@pytest.fixture
def second_lab(course: Course) -> None:
    """Another lab in the course."""
    for folder in ("solutions", "autograder/graders"):
        for path in list((course.root / folder / "01-tiny-lab").iterdir()):
            course.write(course.root / folder / "02-other-lab" / path.name, path.read_text())
    course.edit(course.root / "course.toml", '"01-tiny-lab"', '"01-tiny-lab", "02-other-lab"')


# ---- grade


def test_the_untouched_labs_are_graded(command: Command, course: Course) -> None:
    """Without a name every lab is; the reports are kept as pages."""
    said = command("grade")

    assert said.code == 0
    assert "Double and greet" in said.out
    assert "not started" in said.out
    pages = sorted(path.name for path in (course.root / ".grades").glob("[!.]*"))
    assert pages == ["01-tiny-lab.html", "01-tiny-lab.json"]


@pytest.mark.parametrize("name", ["01", "1", "tiny", "tiny-lab", "01-tiny-lab", "labs/01-tiny-lab/"])
def test_a_lab_is_found_by_what_people_call_it(command: Command, name: str) -> None:
    """Number, word, id or path."""
    said = command("grade", name, "--format", "json")

    assert (said.code, json.loads(said.raw)["labs"][0]["lab"]) == (0, "01-tiny-lab")


def test_an_unknown_lab_is_met_with_a_guess(command: Command) -> None:
    """The message says which lab may have been meant, and names them all."""
    said = command("grade", "tinny")

    assert said.code == 2
    assert "No lab is called 'tinny'. Did you mean 01-tiny-lab?" in said.err


def test_files_from_elsewhere_are_graded(command: Command, course: Course) -> None:
    """--submission takes the files of any folder."""
    said = command("grade", "01", "--submission", course.hand_in({"work.py": HALF}), "--format", "json")

    assert json.loads(said.raw)["score"] == 2


def test_one_task_is_graded(command: Command, course: Course) -> None:
    """--task picks tasks, and may be repeated."""
    folder = course.hand_in({"work.py": HALF})
    one = json.loads(command("grade", "01", "--submission", folder, "--task", "greet", "--format", "json").raw)
    both = command("grade", "01", "--submission", folder, "--task", "greet", "--task", "double", "--format", "json")

    assert (one["score"], one["points"]) == (1, 1)
    assert json.loads(both.raw)["points"] == 4


def test_an_unknown_task_is_met_with_those_there_are(command: Command) -> None:
    """Exit code 2, and the list."""
    said = command("grade", "01", "--task", "gret")

    assert said.code == 2
    assert "01-tiny-lab has no task gret. Its tasks: double, greet." in said.err


@pytest.mark.usefixtures("second_lab")
@pytest.mark.parametrize("option", ["--task", "--submission"])
def test_options_for_one_lab_need_one_lab(command: Command, option: str) -> None:
    """With several labs it would be unclear which is meant."""
    said = command("grade", option, ".")

    assert said.code == 2
    assert f"{option} needs exactly one lab" in said.err


def test_json_is_the_published_schema_s(command: Command, course: Course, repository: Path) -> None:
    """What goes to standard output is nothing but a report that validates."""
    said = command("grade", "01", "--submission", course.hand_in({"work.py": HALF}), "--format", "json", "--hints")
    schema = json.loads((repository / "docs/reference/report.schema.json").read_text())

    assert jsonschema.validate(json.loads(said.raw), schema) is None


def test_the_schema_is_printed(command: Command, repository: Path) -> None:
    """As it is published."""
    said = command("schema")

    assert (said.code, said.raw) == (0, (repository / "docs/reference/report.schema.json").read_text())


def test_a_report_is_written_to_a_file(command: Command, course: Course) -> None:
    """--output takes any format, makes the folder and says where."""
    said = command("grade", "01", "--format", "html", "--output", "out/report.html")

    assert (said.code, said.out) == (0, "Report written to out/report.html.")
    assert (course.root / "out" / "report.html").read_text().startswith("<!doctype html>")


def test_a_file_that_cannot_be_written_is_told(command: Command) -> None:
    """With the advice to choose another one."""
    said = command("grade", "01", "--output", "course.toml/report.txt")

    assert said.code == 2
    assert "course.toml/report.txt cannot be written" in said.err
    assert "Choose another --output." in said.err


def test_an_unknown_format_is_met_with_those_there_are(command: Command) -> None:
    """Before anything is graded."""
    said = command("grade", "01", "--format", "pdf")

    assert said.code == 2
    assert "There is no format 'pdf': choose one of" in said.err


@pytest.mark.parametrize(("per_cent", "code"), [("0", 0), ("50", 0), ("50.1", 1), ("100", 1)])
def test_too_few_points_end_with_1(command: Command, course: Course, per_cent: str, code: int) -> None:
    """--fail-under compares with the share of the points; the share itself is enough."""
    folder = course.hand_in({"work.py": HALF})

    assert command("grade", "01", "--submission", folder, "--fail-under", per_cent).code == code


def test_hints_are_shown_when_asked_for(command: Command) -> None:
    """And not before."""
    assert "What is twice two?" not in command("grade", "01").out
    assert "What is twice two?" in command("grade", "01", "--hints").out


def test_a_seed_decides_the_hidden_data(command: Command, course: Course) -> None:
    """The same seed gives the same report."""
    course.edit(course.grader / "test_hidden.py", '"A number was not doubled."', 'f"{number} was not doubled."')
    folder = course.hand_in({"work.py": HALF})
    said = [
        json.loads(command("grade", "01", "--submission", folder, "--format", "json", "--seed", seed).raw)
        for seed in ("1", "1", "2")
    ]
    messages = [report["labs"][0]["tasks"][0]["checks"][1]["message"] for report in said]

    assert messages[0] == messages[1] != messages[2]


def test_our_own_failure_ends_with_3(command: Command, course: Course) -> None:
    """A grader with a bug is told, and is no low score even with --fail-under."""
    course.edit(course.grader / "test_hidden.py", "number = int", "number = undefined or int")
    said = command("grade", "01", "--submission", course.solution, "--fail-under", "100")

    assert said.code == 3
    assert "Our side failed" in said.err
    assert "NameError" in said.out


def test_faults_of_a_manifest_end_with_2(command: Command, course: Course) -> None:
    """All of them are listed."""
    course.edit(course.solution / "lab.toml", "minutes = 5", "minutes = 0\ncolour = 'red'")
    said = command("grade", "01")

    assert said.code == 2
    assert "2 problems" in said.err
    assert "colour: unknown key" in said.err


def test_stopping_by_hand_ends_with_130(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C leaves no traceback."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("autograder.grading.grade", stop)
    said = command("grade", "01")

    assert said.code == 130
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    "argv", [["garde"], ["grade", "--tsk", "x"], ["grade", "--fail-under", "120"], ["grade", "--seed", "-1"]]
)
def test_wrong_usage_ends_with_2(command: Command, argv: list[str]) -> None:
    """With a word on what is wrong, and no traceback."""
    said = command(*argv)

    assert said.code == 2
    assert said.err
    assert "Traceback" not in said.err


def test_help_is_there(command: Command) -> None:
    """For the whole and for each command."""
    commands = ("grade", "solutions", "verify", "build", "datasets", "doctor", "schema")

    assert all(name in command("--help").out for name in commands)
    assert [command(name, "--help").code for name in commands] == [0] * len(commands)


# ---- as a program


@pytest.mark.usefixtures("command")
@pytest.mark.parametrize(
    ("argv", "code"), [(["grade", "01", "--fail-under", "1"], 1), (["solutions"], 0), (["grade", "nothing"], 2)]
)
def test_it_runs_as_a_program(course: Course, argv: list[str], code: int) -> None:
    """The exit code arrives at the shell."""
    done = subprocess.run([sys.executable, "-m", "autograder", *argv], cwd=course.root, capture_output=True, text=True)

    assert (done.returncode, "Traceback" in done.stderr) == (code, False)


def test_the_command_line_starts_quickly() -> None:
    """Nothing that grading needs is imported before it is needed."""
    code = "import sys, autograder.cli; print(*(name for name in ('pandas', 'pytest', 'numpy') if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == ""
