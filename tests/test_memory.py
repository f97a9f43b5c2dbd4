"""A lab that has not changed is not graded again; anything else is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from autograder import memory as module
from autograder.grading import Request
from autograder.memory import Memory, Remembered
from autograder.results import Isolation, LabReport, Outcome

if TYPE_CHECKING:
    from tests.conftest import LAB, Course
else:
    LAB = "01-tiny-lab"

Command = Callable[..., Any]
DONE = "def double(x):\n    return 2 * x\n\ndef greet(name):\n    return f'Hello, {name}!'\n"


def request(course: Course, **changes: Any) -> Request:
    """What is graded: the work in labs/."""
    return Request(course.catalog.lab(LAB), course.lab, **changes)


def report(outcome: Outcome = Outcome.GRADED) -> LabReport:
    """A report that no grader has written."""
    return LabReport(
        lab=LAB,
        title="Forged",
        outcome=outcome,
        isolation=Isolation.KERNEL,
        points=4,
        score=4 if outcome is Outcome.GRADED else None,
        started="2026-03-01T12:00:00+00:00",
        seconds=1,
        engine="0",
    )


def recalled(course: Course, **changes: Any) -> Remembered | None:
    """What a new process would recall."""
    return Memory(course.catalog).recall(request(course, **changes))


@pytest.fixture
def kept(course: Course) -> Course:
    """A course in which the report on the work in labs/ is remembered."""
    course.write(course.lab / "work.py", DONE)
    course.write(course.lab / "lab.toml", (course.solution / "lab.toml").read_text())
    course.write(course.root / "datasets" / "iris" / "iris.csv", "a,b\n")
    Memory(course.catalog).keep(request(course), report())
    return course


# ---- by the command


def test_an_unchanged_lab_is_not_graded_again(command: Command, course: Course) -> None:
    """The second call shows the same report and says of when it is; --fresh grades."""
    first, second, third = command("grade"), command("grade"), command("grade", "--fresh")

    assert "has changed since" not in first.out + third.out
    assert "Nothing has changed since" in second.out
    assert second.raw.startswith(first.raw)


def test_json_is_the_same_again(command: Command) -> None:
    """What a program reads stays one JSON document; the sentence goes to stderr."""
    first, second = command("grade", "--format", "json"), command("grade", "--format", "json")

    assert json.loads(second.raw) == json.loads(first.raw)
    assert "Nothing has changed since" in second.err


def test_only_what_has_changed_is_graded(command: Command, course: Course) -> None:
    """Of two labs, the one that was worked on."""
    for folder in ("solutions", "autograder/graders", "labs"):
        for path in list((course.root / folder / LAB).iterdir()):
            course.write(course.root / folder / "02-other-lab" / path.name, path.read_text())
    course.edit(course.root / "course.toml", f'"{LAB}"', f'"{LAB}", "02-other-lab"')
    command("grade")
    course.write(course.root / "labs" / "02-other-lab" / "work.py", DONE)
    said = command("grade")

    assert f"In {LAB} nothing has changed since" in said.out
    assert "4 / 8" in said.out


def test_a_page_that_is_gone_is_written_again(command: Command, course: Course) -> None:
    """The page that the terminal names is there, and shows the report."""
    command("grade")
    page = course.root / ".grades" / f"{LAB}.html"
    before = page.read_text()
    page.write_text("another")
    command("grade")

    assert page.read_text() == before


def test_fail_under_holds_for_a_remembered_report(command: Command) -> None:
    """The exit code is that of the report, whenever it was written."""
    codes = [command("grade", "--fail-under", "50").code for _ in range(2)]

    assert codes == [1, 1]


def test_remembering_needs_none_of_the_heavy_libraries(kept: Course) -> None:
    """Neither pytest nor pandas nor scikit-learn nor Jinja is imported to tell that nothing has changed."""
    Memory(kept.catalog).keep(request(kept, tasks=None), report())
    code = (
        "import sys\nfrom autograder import cli\nsys.argv = ['autograder', 'grade', '--format', 'json']\n"
        "try:\n    cli.main()\nfinally:\n"
        "    print(sorted({'numpy', 'pandas', 'pytest', 'sklearn', 'jinja2'} & set(sys.modules)), file=sys.stderr)\n"
    )
    repository = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=kept.root,
        env={**os.environ, "PYTHONPATH": str(repository)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(done.stdout)["labs"][0]["title"] == "Forged"
    assert done.stderr.splitlines()[-1] == "[]"


# ---- what counts as a change


def test_the_same_request_is_recalled(kept: Course) -> None:
    """Nothing has changed, so the report is there."""
    found = recalled(kept)

    assert found is not None
    assert found.report == report()


@pytest.mark.parametrize(
    "file",
    [
        f"labs/{LAB}/work.py",
        f"labs/{LAB}/given.csv",
        f"labs/{LAB}/notes.txt",
        f"autograder/graders/{LAB}/test_hidden.py",
        f"autograder/graders/{LAB}/inside/new.py",
    ],
)
def test_a_changed_file_is_a_change(kept: Course, file: str) -> None:
    """The work, files beside it and the graders: each may change the report."""
    path = kept.root / file
    before = path.read_text() if path.exists() else ""
    kept.write(path, f"{before}\n# changed\n")

    assert recalled(kept) is None


def test_other_points_are_a_change(kept: Course) -> None:
    """What lab.toml says counts, not how it is written."""
    manifest = kept.solution / "lab.toml"
    kept.write(manifest, "# Points are to be had.\n" + manifest.read_text())
    same = recalled(kept)
    kept.edit(manifest, "points = 3", "points = 5")

    assert same is not None
    assert recalled(kept) is None


def test_a_changed_data_set_is_a_change(kept: Course) -> None:
    """The lab's data decide on the report, too."""
    kept.edit(kept.solution / "lab.toml", "minutes = 5", 'minutes = 5\ndatasets = ["iris"]')
    Memory(kept.catalog).keep(request(kept), report())
    before = recalled(kept)
    kept.write(kept.root / "datasets" / "iris" / "iris.csv", "a,b\n1,2\n")

    assert before is not None
    assert recalled(kept) is None


@pytest.mark.parametrize("changes", [{"tasks": ["double"]}, {"seed": 1}, {"hints": True}, {"visible_only": True}])
def test_another_request_is_a_change(kept: Course, changes: dict[str, Any]) -> None:
    """Other tasks, other hidden data, with hints: another report."""
    assert recalled(kept, **changes) is None


def test_changed_hints_are_a_change_for_who_asks_for_them(kept: Course) -> None:
    """HINTS.md decides only on a report that shows it."""
    Memory(kept.catalog).keep(request(kept, hints=True), report())
    before = recalled(kept, hints=True)
    kept.edit(kept.solution / "HINTS.md", "What is twice two?", "What is twice three?")

    assert before is not None
    assert recalled(kept, hints=True) is None


def test_another_engine_is_a_change(kept: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an update everything is graded again."""
    monkeypatch.setattr("autograder.fingerprint.engine", lambda: "another")

    assert recalled(kept) is None


def test_cases_that_prove_graders_are_no_change(kept: Course) -> None:
    """cases.toml has no say in a report."""
    kept.write(kept.grader / "cases.toml", "")

    assert recalled(kept) is not None


def test_a_link_is_not_what_it_leads_to(kept: Course, tmp_path: Path) -> None:
    """A link is refused by the grader, so a file and a link to the same content are not the same."""
    work = kept.lab / "work.py"
    work.rename(tmp_path / "work.py")
    work.symlink_to(tmp_path / "work.py")

    assert recalled(kept) is None


# ---- what is not remembered


def test_our_own_failures_are_never_remembered(kept: Course) -> None:
    """The next call tries again, and an older report does not come back."""
    Memory(kept.catalog).keep(request(kept), report(Outcome.INFRASTRUCTURE_ERROR))

    assert recalled(kept) is None


def test_a_report_on_slow_code_is_not_remembered(course: Course) -> None:
    """It may have been the machine: a check that took as long as it may is tried again."""
    course.limit(check_s=0.3)
    work = "import time\n\ndef double(x):\n    time.sleep(60)\n\ndef greet(name):\n    return f'Hello, {name}!'\n"
    course.write(course.lab / "work.py", work)
    graded = course.grade(folder=course.lab)
    Memory(course.catalog).keep(request(course), graded)

    assert graded.score == 1
    assert recalled(course) is None


@pytest.mark.parametrize("content", ["", "{}", "[]", "\xff", '{"key": 1}'])
def test_a_damaged_memory_is_none(kept: Course, content: str) -> None:
    """Whatever lies there instead, the lab is graded."""
    (kept.root / ".grades" / f".{LAB}.last.json").write_bytes(content.encode("latin-1"))

    assert recalled(kept) is None


def test_where_nothing_can_be_written_nothing_is_remembered(kept: Course) -> None:
    """It costs time and no more."""
    file = kept.root / ".grades" / f".{LAB}.last.json"
    file.unlink()
    file.mkdir()
    Memory(kept.catalog).keep(request(kept), report())

    assert recalled(kept) is None


def test_a_key_that_cannot_be_had_remembers_nothing(kept: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """A submission that is no folder is for the grader to complain about."""
    monkeypatch.setattr(module, "stage", lambda *_: (_ for _ in ()).throw(OSError("no room")))
    Memory(kept.catalog).keep(request(kept), report())

    assert recalled(kept) is None
