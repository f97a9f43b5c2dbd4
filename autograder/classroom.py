"""Write the workflow with which GitHub Classroom grades every push to a student's repository.

It belongs into ``.github/workflows/classroom.yml`` of the template repository, beside the student edition. It runs the
visible checks with the student's own copy of the grader, in the student's own repository: feedback, and points for the
dashboard, but nothing that a student could not change. Points that count come from ``nox -s grade-class`` on clones of
the repositories, with the hidden checks.
"""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import indent
from typing import Final

from autograder.manifest import Lab

__all__ = ["workflow"]

_SCRIPT: Final = """\
# Grade once, show the feedback, and hand the points to the reporter in the form that it reads.
import base64
import json
import os
import subprocess
import sys

sys.path.insert(0, os.getcwd())
from autograder.render import render
from autograder.results import Report

options = ["--format", "json", "--fail-under", os.environ["FAIL_UNDER"]]
command = [sys.executable, "-m", "autograder", "grade", *os.environ["LABS"].split(), *options]
done = subprocess.run(command, stdout=subprocess.PIPE)
if done.returncode not in (0, 1):
    sys.exit(done.returncode)  # not graded: no points, neither few nor many
report = Report.model_validate_json(done.stdout)
print(render(report, "terminal"), flush=True)
tests = [
    {
        "name": f"{lab.lab}: {task.number}. {task.title}",
        "status": "pass" if task.score == task.points else "fail",
        "score": task.score,
        "max_score": task.points,
        "message": f"{task.score:g} of {task.points:g} points; the step above tells why",
    }
    for lab in report.labs
    for task in lab.tasks
]
status = "fail" if done.returncode else "pass"
result = json.dumps({"version": 3, "status": status, "max_score": report.points, "tests": tests})
with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as file:
    file.write(f"result={base64.b64encode(result.encode()).decode()}\\n")
"""

_WORKFLOW: Final = """\
# Grades every push: feedback is in the log of the step "Grade", points are on the dashboard of GitHub Classroom.
# These are the visible checks. Your instructor runs hidden ones, too, on a fresh copy of the grader.
# Written by `nox -s classroom`; change it there.
name: Autograding Tests

on:
  push:
  workflow_dispatch:
  repository_dispatch:

# The reporter attaches the points to this run.
permissions:
  checks: write
  actions: read
  contents: read

concurrency:
  group: ${{{{ github.workflow }}}}-${{{{ github.ref }}}}
  cancel-in-progress: true

jobs:
  # GitHub Classroom looks for a job of this name.
  run-autograding-tests:
    runs-on: ubuntu-24.04
    timeout-minutes: 30
    if: github.actor != 'github-classroom[bot]'
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false

      - uses: actions/setup-python@0b93645e9fea7318ecaed2b359559ac225c90a2b # v5.3.0
        with:
          python-version: "3.12"
          cache: pip
          cache-dependency-path: requirements.txt

      - name: Install
        run: pip install -r requirements.txt

      - name: Allow user namespaces
        # With them the grader can wall your code off completely, as your instructor's does.
        run: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0

      - name: Grade
        id: labs
        shell: python
        env:
          LABS: {labs}
          FAIL_UNDER: "{fail_under:g}"
        run: |
{script}
      - name: Report the points
        # A run that could not be graded has no result, and reports none.
        if: ${{{{ !cancelled() && steps.labs.outputs.result != '' }}}}
        uses: classroom-resources/autograding-grading-reporter@v1
        env:
          LABS_RESULTS: ${{{{ steps.labs.outputs.result }}}}
        with:
          runners: labs
"""


def workflow(labs: Sequence[Lab], *, fail_under: float = 100) -> str:
    """The workflow as YAML.

    Args:
        labs: what to grade.
        fail_under: a run that reaches fewer per cent of the points is marked as failed; the points count anyway.
    """
    script = indent(_SCRIPT, " " * 10)
    return _WORKFLOW.format(labs=" ".join(lab.id for lab in labs), fail_under=fail_under, script=script)
