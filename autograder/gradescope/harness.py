"""Grade the one submission that lies in Gradescope's container, and write results.json or nothing at all."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from autograder.catalog import Catalog
from autograder.errors import InfrastructureError, StudentError
from autograder.grading import Request, grade
from autograder.manifest import Lab, preloads
from autograder.records import write_atomically
from autograder.render import gradescope, terminal
from autograder.results import LabReport, Report
from autograder.sandbox.client import Zygote
from autograder.staging import stage
from autograder.submission import Submission

__all__ = ["run"]

_SPY: Final = """\
import os, sys
for path in sys.argv[1:]:
    try:
        os.listdir(path) if os.path.isdir(path) else open(path).close()
    except OSError:
        continue
    print(path)
"""


def run(root: Path, lab_id: str, *, hidden: str = "visible") -> LabReport:
    """Grade ``root/submission`` with the course in ``root/source`` and write ``root/results/results.json``.

    If the submission cannot be graded there is no results.json: Gradescope then says that the autograder failed
    and keeps the score that there was. What went wrong is printed, which only instructors see.

    Args:
        root: the folder that Gradescope calls ``/autograder``.
        lab_id: the lab.
        hidden: when students see the feedback on hidden checks.

    Raises:
        InfrastructureError: the submission could not be graded, or nothing would keep it from the hidden checks.
    """
    target = root / "results" / "results.json"
    target.unlink(missing_ok=True)
    catalog = Catalog(root / "source")
    lab = catalog.lab(lab_id)
    secrets = [catalog.grader_dir(lab_id), target.parent]
    _lock([*secrets, root / "submission_metadata.json"])
    with Zygote(preloads([lab])) as zygote:
        if zygote.level != "kernel":
            sys.stdout.write(f"Isolation is {zygote.level} in this container: {_reasons(zygote)}\n")
            _require_walls(lab, catalog, zygote, secrets)
        report = grade(Request(lab, _submitted(root / "submission", lab)), catalog, zygote)
    sys.stdout.write(terminal.text(Report(labs=(report,))))
    text = gradescope.dumps(report, hidden=hidden)
    try:
        target.parent.mkdir(mode=0o700, exist_ok=True)
        write_atomically(target, text)
    except OSError as error:
        raise InfrastructureError(f"{target} cannot be written: {error}") from None
    return report


def _submitted(folder: Path, lab: Lab) -> Path:
    """Where the files are: a student who has packed the folder instead of the files is understood."""
    inner = [path for path in sorted(folder.iterdir()) if path.is_dir() and not path.is_symlink()]
    if not any((folder / name).exists() for name in lab.submit):
        for path in inner:
            if any((path / name).is_file() for name in lab.submit):
                return path
    return folder


def _lock(paths: Sequence[Path]) -> None:
    """Close what is not for students to every user but this one."""
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            path.chmod(0o700 if path.is_dir() else 0o600)


def _require_walls(lab: Lab, catalog: Catalog, zygote: Zygote, secrets: Sequence[Path]) -> None:
    """Try from inside a sandbox to open what must stay closed.

    Raises:
        InfrastructureError: it opened, or it could not be tried.
    """
    with tempfile.TemporaryDirectory(prefix="autograder-") as name:
        place = Path(name)
        place.chmod(0o755)
        (place / "empty").mkdir()
        (place / "root").mkdir(mode=0o755)
        workspace = stage(lab, place / "empty", catalog.lab_dir(lab.id), place / "root")
        # The same data sets as in earnest: one that others may not read would keep student code from a user of its own.
        data = {name: catalog.dataset_dir(name) for name in lab.datasets}
        submission = Submission(lab, workspace, zygote, data, [catalog.root])
        try:
            spied = submission.run("python", "-c", _SPY, *map(os.fspath, secrets), timeout=60, warm=False)
        except StudentError as error:
            raise InfrastructureError(f"the sandbox cannot be tried: {error}") from None
        finally:
            submission.close()
    if spied.returncode != 0 or spied.stdout.strip():
        raise InfrastructureError(
            f"At level {zygote.level}, student code could open {spied.stdout.strip() or spied.stderr.strip()}. Python, "
            "the lab and its data must be readable for every user of the container, so that student code can run as "
            "one of its own: see setup.sh."
        )


def _reasons(zygote: Zygote) -> str:
    return "; ".join(f"no {level}, {reason}" for level, reason in zygote.reasons.items() if reason)
