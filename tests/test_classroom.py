"""The workflow for GitHub Classroom: sound YAML, and a step that hands over the points that were reached."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from autograder.catalog import Catalog
from autograder.classroom import workflow


@pytest.fixture
def written(repository: Path) -> dict[Any, Any]:
    """The workflow for two labs, parsed."""
    catalog = Catalog(repository)
    parsed = yaml.safe_load(workflow([catalog.lab("02-iris-slicing"), catalog.lab("03-compas-bias")], fail_under=60))
    assert isinstance(parsed, dict)
    return parsed


def steps(written: dict[Any, Any]) -> dict[str, dict[str, Any]]:
    """Name of a step, or what it uses, → the step."""
    (job,) = written["jobs"].values()
    return {step.get("name") or step["uses"].partition("@")[0]: step for step in job["steps"]}


def test_classroom_finds_its_job(written: dict[Any, Any]) -> None:
    """The job has the name and the permissions that GitHub Classroom's reporter needs, and spares its own bot."""
    job = written["jobs"]["run-autograding-tests"]

    assert written[True].keys() == {"push", "workflow_dispatch", "repository_dispatch"}  # YAML reads `on` as true
    assert written["permissions"] == {"checks": "write", "actions": "read", "contents": "read"}
    assert "name" not in job
    assert job["if"] == "github.actor != 'github-classroom[bot]'"


def test_the_reporter_gets_the_result_of_the_step(written: dict[Any, Any]) -> None:
    """Runner, variable and step id agree, and a run without a result reports nothing."""
    grade, report = steps(written)["Grade"], steps(written)["Report the points"]

    runner = report["with"]["runners"]
    assert grade["id"] == runner
    assert report["env"] == {f"{runner.upper()}_RESULTS": f"${{{{ steps.{runner}.outputs.result }}}}"}
    assert f"steps.{runner}.outputs.result != ''" in report["if"]
    assert grade["env"] == {"LABS": "02-iris-slicing 03-compas-bias", "FAIL_UNDER": "60"}


def test_actions_of_others_are_pinned(written: dict[Any, Any], repository: Path) -> None:
    """GitHub's own actions are those of our CI, by commit."""
    ours = (repository / ".github" / "workflows" / "ci.yml").read_text()
    used = [step["uses"] for step in steps(written).values() if step.get("uses", "").startswith("actions/")]

    assert len(used) == 2
    assert [action for action in used if not re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", action)] == []
    assert [action for action in used if f"uses: {action}" not in ours] == []


def grade(
    written: dict[Any, Any], folder: Path, repository: Path, **env: str
) -> tuple[int, str, dict[str, Any] | None]:
    """Run the step as GitHub does in a repository: exit code, log, and the result that it hands over."""
    script, target = folder / "script.py", folder / "github-output"
    script.write_text(steps(written)["Grade"]["run"])
    environment = {**os.environ, "GITHUB_OUTPUT": str(target), "PYTHONPATH": str(repository), **env}
    done = subprocess.run(
        [sys.executable, script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if not target.exists():
        return done.returncode, done.stdout, None
    key, _, value = target.read_text().strip().partition("=")
    assert key == "result"
    return done.returncode, done.stdout, json.loads(base64.b64decode(value))


@pytest.fixture
def student(course: Any) -> Path:
    """A student's repository of the tiny course, with half of the work done."""
    root: Path = course.root
    course.write(course.lab / "lab.toml", (course.solution / "lab.toml").read_text())
    course.write(course.lab / "work.py", "def double(x):\n    return 2 * x\n\ndef greet(name):\n    return None\n")
    return root


def test_points_reach_the_dashboard(written: dict[Any, Any], student: Path, repository: Path) -> None:
    """The log shows the feedback; the result has the points of each task, in part if need be."""
    code, log, result = grade(written, student, repository, LABS="01-tiny-lab", FAIL_UNDER="80")

    assert code == 0
    assert "3 / 4" in log
    assert result is not None
    assert (result["max_score"], result["status"]) == (4, "fail")
    assert [(test["name"], test["status"], test["score"], test["max_score"]) for test in result["tests"]] == [
        ("01-tiny-lab: 1. Double a number", "pass", 3, 3),
        ("01-tiny-lab: 2. Greet someone", "fail", 0, 1),
    ]


def test_enough_points_pass(written: dict[Any, Any], student: Path, repository: Path) -> None:
    """A run that reaches the share asked for is marked as passed."""
    _, _, result = grade(written, student, repository, LABS="01-tiny-lab", FAIL_UNDER="75")

    assert result is not None
    assert result["status"] == "pass"


def test_a_failure_of_ours_hands_over_nothing(written: dict[Any, Any], student: Path, repository: Path) -> None:
    """What could not be graded gives neither few points nor many."""
    hidden = student / "autograder" / "graders" / "01-tiny-lab" / "test_hidden.py"
    hidden.write_text("raise RuntimeError('a bug of ours')\n")

    code, _, result = grade(written, student, repository, LABS="01-tiny-lab", FAIL_UNDER="0")

    assert code == 3
    assert result is None


def test_the_command_writes_the_workflow(command: Callable[..., Any], tmp_path: Path) -> None:
    """``classroom`` shows the workflow, or writes it where it is told to."""
    shown = command("classroom")
    target = tmp_path / ".github" / "workflows" / "classroom.yml"

    said = command("classroom", "--to", target, "--fail-under", "50")

    assert "LABS: 01-tiny-lab" in shown.out
    assert said.code == 0
    assert 'FAIL_UNDER: "50"' in target.read_text()
