"""The autograder for Gradescope, run as Gradescope runs it: in a folder laid out like its /autograder."""

from __future__ import annotations

import functools
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.catalog import Catalog
from autograder.errors import InfrastructureError, UsageError
from autograder.gradescope import bundle, harness
from autograder.render import gradescope
from autograder.results import LabReport, Report
from autograder.sandbox.client import Zygote

LAB = "02-iris-slicing"
HIDDEN_TEST = f"autograder/graders/{LAB}/test_hidden.py"


@pytest.fixture
def learner(repository: Path) -> LabReport:
    """The report of a learner who is half-way, with visible and hidden findings."""
    return Report.model_validate_json((repository / "tests" / "reports" / "learner" / "report.json").read_bytes()).labs[
        0
    ]


@pytest.fixture(scope="session")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip for lab 02."""
    catalog = Catalog(Path(__file__).parents[1])
    return bundle(catalog, catalog.lab(LAB), tmp_path_factory.mktemp("zip") / "to" / "lab.zip")


class Container:
    """A folder that looks like /autograder, with the zip unpacked in ``source/``."""

    def __init__(self, root: Path, packed: Path) -> None:
        self.root = root
        self.results = root / "results" / "results.json"
        for name in ("source", "submission", "results"):
            (root / name).mkdir(parents=True)
        with zipfile.ZipFile(packed) as archive:
            archive.extractall(root / "source")
        shutil.copy(root / "source" / "run_autograder", root)
        (root / "run_autograder").chmod(0o755)
        (root / "submission_metadata.json").write_text(json.dumps({"id": 1, "users": [{"email": "ada@uni.edu"}]}))

    def run(self) -> subprocess.CompletedProcess[str]:
        """What Gradescope does with a submission."""
        environment = {
            "PATH": os.environ["PATH"],
            "AUTOGRADER_ROOT": str(self.root),
            "AUTOGRADER_PYTHON": sys.executable,
        }
        command = [str(self.root / "run_autograder")]
        return subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def container(packed: Path, tmp_path: Path) -> Container:
    """A fresh container."""
    return Container(tmp_path / "autograder", packed)


def test_a_submission_gets_its_results(container: Container, repository: Path) -> None:
    """Half of the work, packed as a folder, gives half of the points, task by task, with feedback and in range."""
    inner = container.root / "submission" / "my homework"
    inner.mkdir()
    shutil.copy(repository / "solutions" / LAB / "iris_slicing.ipynb", inner)
    shutil.copy(repository / "labs" / LAB / "test_slices.py", inner)

    done = container.run()

    assert done.returncode == 0, done.stderr
    results = json.loads(container.results.read_text())
    assert results["score"] == 10
    assert results["stdout_visibility"] == "hidden"
    assert [(test["name"], test["score"], test["max_score"], test["status"]) for test in results["tests"]] == [
        ("1. Describe each class", 3, 3, "passed"),
        ("2. Cut a numeric feature into slices", 2, 2, "passed"),
        ("3. Compare each slice with the whole", 3, 3, "passed"),
        ("4. Find the gap", 2, 2, "passed"),
        ("5. Test your slices", 0, 2, "failed"),
    ]
    assert {test["visibility"] for test in results["tests"]} == {"visible"}
    assert all(test["output"] and test["output_format"] == "text" for test in results["tests"])
    assert "Your own tests are still to come" in results["tests"][4]["output"]
    assert "Describe each class" in done.stdout


def test_a_failure_of_ours_is_no_score(container: Container, repository: Path) -> None:
    """Where a grader has a bug there is no results.json, not even an old one, and the instructor reads why."""
    container.results.write_text('{"score": 12}')
    with (container.root / "source" / HIDDEN_TEST).open("a") as file:
        file.write("\nraise RuntimeError('a bug of ours')\n")

    done = container.run()

    assert done.returncode == 3
    assert not container.results.exists()
    assert "a bug of ours" in done.stderr


def test_the_zip_holds_what_grades_and_nothing_else(packed: Path) -> None:
    """Scripts at the root and executable, one lab with hidden checks and data; no solution, no known mistake."""
    with zipfile.ZipFile(packed) as archive:
        modes = {info.filename: info.external_attr >> 16 for info in archive.infolist()}
        text = {name: archive.read(name).decode(errors="replace") for name in modes}
    solved = 'return df.groupby(by)[feature].agg(["count", "mean", "std"])'

    assert stat.S_IMODE(modes["setup.sh"]) == stat.S_IMODE(modes["run_autograder"]) == 0o755
    assert {"requirements.txt", HIDDEN_TEST, f"labs/{LAB}/lab.toml", "datasets/iris/iris.csv"} <= modes.keys()
    assert {name.split("/")[1] for name in modes if name.startswith(("labs/", "solutions/"))} == {LAB}
    assert {name.split("/")[2] for name in modes if name.startswith("autograder/graders/")} == {LAB}
    assert [name for name in modes if "cases" in name.split("/") or name.endswith("cases.toml")] == []
    assert [name for name in modes if solved in text[name]] == []
    assert stat.S_IMODE(packed.stat().st_mode) == 0o600


def test_scripts_are_sound(packed: Path, tmp_path: Path) -> None:
    """Bash can read both scripts."""
    with zipfile.ZipFile(packed) as archive:
        for name in ("setup.sh", "run_autograder"):
            done = subprocess.run(["bash", "-n", archive.extract(name, tmp_path)], capture_output=True, check=False)

            assert done.returncode == 0, done.stderr


def test_the_same_course_gives_the_same_zip(repository: Path, tmp_path: Path) -> None:
    """Packing twice makes the same bytes."""
    catalog = Catalog(repository)

    first, second = (bundle(catalog, catalog.lab(LAB), tmp_path / name) for name in ("1.zip", "2.zip"))

    assert first.read_bytes() == second.read_bytes()


def test_a_lab_that_needs_others_stands_alone(repository: Path, tmp_path: Path) -> None:
    """In the zip, a lab that requires another one is a sound course of one."""
    catalog = Catalog(repository)
    lab = catalog.lab("03-compas-bias")
    assert lab.requires

    with zipfile.ZipFile(bundle(catalog, lab, tmp_path / "lab.zip")) as archive:
        archive.extractall(tmp_path / "source")

    alone = Catalog(tmp_path / "source")
    assert alone.for_students
    assert alone.lab(lab.id).task == lab.task
    assert alone.course.title == catalog.course.title


def test_feedback_on_hidden_checks_can_wait(learner: LabReport) -> None:
    """Asked to, hidden findings stand in tests of their own that students see later; points stay where they were."""
    now, later = gradescope.results(learner), gradescope.results(learner, hidden="after_published")

    points = [(test["name"], test["score"]) for test in now["tests"]]
    assert points == [(test["name"], test["score"]) for test in later["tests"] if "score" in test]
    secret = [check for task in learner.tasks for check in task.checks if check.hidden and check.message]
    shown = "\n".join(test["output"] for test in later["tests"] if test["visibility"] == "visible")
    kept = "\n".join(test["output"] for test in later["tests"] if test["visibility"] == "after_published")
    assert secret
    assert [check.title for check in secret if check.title in "".join(test["output"] for test in now["tests"])]
    assert [check.title for check in secret if f"✗ {check.title}" in shown] == []
    assert "(hidden check" in kept
    assert sum(test.get("max_score", 0) for test in later["tests"]) == learner.points


def test_a_report_without_a_score_has_no_results(repository: Path) -> None:
    """What could not be graded cannot be written as results at all."""
    failed = Report.model_validate_json((repository / "tests" / "reports" / "our-failure" / "report.json").read_bytes())

    with pytest.raises(InfrastructureError, match="could not be graded"):
        gradescope.results(next(lab for lab in failed.labs if lab.score is None))


def test_an_unknown_visibility_is_explained(learner: LabReport, course: Any, tmp_path: Path) -> None:
    """Gradescope's words are listed to whoever uses another."""
    with pytest.raises(UsageError, match="after_published"):
        gradescope.results(learner, hidden="secret")
    with pytest.raises(UsageError, match="after_published"):
        bundle(course.catalog, course.catalog.labs()[0], tmp_path / "lab.zip", hidden="secret")


def test_a_student_edition_makes_no_autograder(course: Any, tmp_path: Path) -> None:
    """Without hidden checks there is nothing to grade with."""
    lab = course.catalog.labs()[0]
    shutil.copytree(course.solution, course.lab)
    shutil.rmtree(course.root / "solutions")

    with pytest.raises(UsageError, match="student edition"):
        bundle(course.catalog, lab, tmp_path / "lab.zip")


@pytest.fixture
def weak(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container that allows nothing but plain processes."""
    monkeypatch.setattr(harness, "Zygote", functools.partial(Zygote, level="process"))


@pytest.mark.usefixtures("weak")
def test_weak_walls_never_show_the_hidden_checks(course: Any, tmp_path: Path) -> None:
    """In the weakest container, a submission that looks for hidden checks either finds none or is not graded."""
    root = tmp_path / "autograder"
    for name in ("submission", "results"):
        (root / name).mkdir(parents=True)
    shutil.copytree(course.root, root / "source")
    (root / "source" / "labs" / course.lab.name).mkdir()
    hidden = root / "source" / "autograder" / "graders" / course.lab.name / "test_hidden.py"
    spy = f"def double(x):\n    return open({str(hidden)!r}).read()\n\ndef greet(name):\n    return double(1)\n"
    (root / "submission" / "work.py").write_text(spy)
    course.forget_graders()

    try:
        report = harness.run(root, course.lab.name)
    except InfrastructureError as error:
        told = str(error)
        assert "could open" in told
        assert not (root / "results" / "results.json").exists()
    else:
        told = report.model_dump_json()
        assert "PermissionError" in told
    assert "def test_" not in told


@pytest.mark.usefixtures("weak")
def test_walls_that_do_not_hold_are_noticed(course: Any) -> None:
    """A folder that every user may read is open to student code of the lowest level, and the harness sees it."""
    course.write(course.lab / "work.py", "")
    with tempfile.TemporaryDirectory(dir="/tmp") as name, harness.Zygote() as zygote:
        secret = Path(name)
        secret.chmod(0o755)
        lab = course.catalog.labs()[0]

        with pytest.raises(InfrastructureError, match=f"student code could open {secret}"):
            harness._require_walls(lab, course.catalog, zygote, [secret])


def test_the_command_packs_a_lab(
    command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, repository: Path
) -> None:
    """``gradescope 02`` writes the zip beside you and says what to do with it."""
    here = Path.cwd()
    monkeypatch.setattr("autograder.catalog.find_root", lambda start=None: repository)

    said = command("gradescope", "02")

    assert said.code == 0
    assert "worth 12 points" in said.out
    assert "keep it from students" in said.out
    assert zipfile.is_zipfile(here / f"{LAB}-gradescope.zip")
