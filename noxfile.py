"""`nox` grades your labs. `nox -s NAME` runs one of these sessions; what follows `--` goes to its command.

Every session runs in the environment that nox was started from, so nothing is installed twice and a second
call starts at once. A session of the autograder ends with the autograder's exit code: 0 graded, 1 below
--fail-under, 2 wrong usage, 3 infrastructure error.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys

import nox

nox.needs_version = ">=2024.4.15"
nox.options.sessions = ["grade"]
nox.options.error_on_external_run = False

_MKDOCS = {"NO_MKDOCS_2_WARNING": "1"}
"""The theme announces its end of life in May 2027 on every build; the maintainers know."""

# Feedback is what a learner came for. Nox's headings would stand above and below it; a CI log needs them.
logging.getLogger("nox").setLevel(logging.INFO if os.environ.get("CI") else logging.WARNING)


@nox.session(venv_backend="none")
def grade(session: nox.Session) -> None:
    """Grade your work: all labs, or `-- 02`, `-- iris --task slice-stats`, `-- iris --hints`."""
    _autograder(session, "grade")


@nox.session(venv_backend="none")
def submit(session: nox.Session) -> None:
    """Pack your work on a lab into one archive to hand in: `-- 02`; add `--student ID` if your course asks for it."""
    _autograder(session, "submit")


@nox.session(venv_backend="none")
def watch(session: nox.Session) -> None:
    """Grade a lab again whenever you save: `-- 02`."""
    _autograder(session, "watch")


@nox.session(venv_backend="none")
def solutions(session: nox.Session) -> None:
    """Instructors: grade the reference solutions, which must get full marks."""
    _autograder(session, "solutions")


@nox.session(venv_backend="none")
def verify(session: nox.Session) -> None:
    """Authors: prove the graders by solutions, mistakes and mutants; `-- 02 --all-mutants`, `-- --repeat 20`."""
    _autograder(session, "verify")


@nox.session(venv_backend="none")
def build(session: nox.Session) -> None:
    """Authors: make labs/ from solutions/; `-- --check` only tells whether they are in step."""
    _autograder(session, "build")


@nox.session(venv_backend="none")
def release(session: nox.Session) -> None:
    """Instructors: make the student edition, without solutions and hidden checks: `-- --to DIR` or `-- --zip FILE`."""
    _autograder(session, "release")


@nox.session(venv_backend="none", name="grade-class")
def grade_class(session: nox.Session) -> None:
    """Instructors: grade what a class handed in: `-- submissions/ --to results/`."""
    _autograder(session, "grade-class")


@nox.session(venv_backend="none")
def gradebook(session: nox.Session) -> None:
    """Instructors: store grades in nbgrader's gradebook: `-- results/`, `-- results/ --db postgresql://…`."""
    _autograder(session, "gradebook")


@nox.session(venv_backend="none")
def export(session: nox.Session) -> None:
    """Instructors: write grades as CSV, for Canvas, Moodle or Gradescope: `-- results/ --format canvas`."""
    _autograder(session, "export")


@nox.session(venv_backend="none")
def nbgrader(session: nox.Session) -> None:
    """Instructors: lay out a course for nbgrader: `-- --to DIR`."""
    _autograder(session, "nbgrader")


@nox.session(venv_backend="none")
def gradescope(session: nox.Session) -> None:
    """Instructors: pack a lab as an autograder for Gradescope: `-- 02 --to FILE.zip`."""
    _autograder(session, "gradescope")


@nox.session(venv_backend="none")
def classroom(session: nox.Session) -> None:
    """Instructors: write the workflow for GitHub Classroom: `-- --to .github/workflows/classroom.yml`."""
    _autograder(session, "classroom")


@nox.session(venv_backend="none")
def tests(session: nox.Session) -> None:
    """Test the autograder; `-- tests/test_build.py -x` for a part."""
    # Two at a time, a file in one piece: checks of the sandbox measure time and should not crowd a machine.
    chosen = session.posargs or ["-n", "2", "--dist", "loadfile"]
    session.run(sys.executable, "-m", "pytest", *chosen)


@nox.session(venv_backend="none")
def bench(session: nox.Session) -> None:
    """Measure the autograder beside other graders: `-- class --size 19`, `-- first-feedback`, `-- --summary`."""
    session.run(sys.executable, "-m", "benchmarks", *session.posargs)


@nox.session(venv_backend="none")
def fuzz(session: nox.Session) -> None:
    """Throw random bytes at all that reads a student's; `-- --seconds 600`. Needs `pip install atheris`."""
    chosen = session.posargs or ["--seconds", "60"]
    for target in ("decode", "decode_skeleton", "load_notebook", "run_notebook"):
        session.run(sys.executable, "tests/fuzz/coverage_guided.py", target, *chosen)


@nox.session(venv_backend="none")
def lint(session: nox.Session) -> None:
    """Check style, formatting, types and the architecture's layers."""
    session.run(sys.executable, "-m", "ruff", "check")
    session.run(sys.executable, "-m", "ruff", "format", "--check")
    session.run(sys.executable, "-m", "mypy")
    # The contracts are in pyproject.toml; import-linter has no `python -m`.
    session.run(sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-logo")


@nox.session(venv_backend="none")
def docs(session: nox.Session) -> None:
    """Build the documentation into site/; a broken link is an error."""
    session.run(sys.executable, "-m", "mkdocs", "build", "--strict", *session.posargs, env=_MKDOCS)


@nox.session(venv_backend="none")
def browser(session: nox.Session) -> None:
    """Look at the documentation and the reports in Chromium; pictures are left in build/browser/."""
    session.run(sys.executable, "-m", "pytest", *(session.posargs or ["tests/browser"]))


@nox.session(venv_backend="none")
def serve(session: nox.Session) -> None:
    """Read the documentation at http://127.0.0.1:8000 while you write it."""
    session.run(sys.executable, "-m", "mkdocs", "serve", *session.posargs, env=_MKDOCS)


@nox.session(venv_backend="none")
def datasets(session: nox.Session) -> None:
    """Swap data sets: `-- raisin --real` fetches the published table, `-- raisin` brings back the shipped one."""
    _autograder(session, "datasets")


@nox.session(venv_backend="none")
def doctor(session: nox.Session) -> None:
    """Tell what this machine can do: Python, packages, and how well student code can be isolated."""
    _autograder(session, "doctor")


def _autograder(session: nox.Session, command: str) -> None:
    """Run one of the autograder's commands in the folder that nox was called from, and end as it ended.

    Nox itself ends with 0 or 1. So exit code 1 is left to nox, which goes on with the next session; any
    other code ends nox at once and is handed on, because a script must be able to tell a low score from a
    broken machine.
    """
    argv = [sys.executable, "-m", "autograder", command, *session.posargs]
    with subprocess.Popen(argv, cwd=session.invoked_from) as process:
        while True:
            try:
                code = process.wait()
                break
            except KeyboardInterrupt:
                # Ctrl-C reached the autograder as well; wait until it has put its sandboxes away.
                continue
    if code == 1:
        session.error("see above (exit code 1)")
    if code:
        sys.exit(code if code > 0 else 128 - code)
