"""The step of ``nbgrader autograde`` that grades a submission in the sandbox instead of running it in a kernel."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from nbgrader.preprocessors import NbGraderPreprocessor
from pydantic import ValidationError
from traitlets import Unicode

from autograder.errors import InfrastructureError
from autograder.render import html, terminal
from autograder.results import LabReport, Report, TaskResult

__all__ = ["GradeInSandbox"]


class GradeInSandbox(NbGraderPreprocessor):  # type: ignore[misc]
    """Grade the files that lie around a notebook, and write points and feedback into its test cells.

    The grader runs as a program of its own, so that it works in formgrader's server as it does in a terminal. Cells
    keep no other outputs: nothing of the notebook is run here.
    """

    repository = Unicode(help="Folder of the course's repository.").tag(config=True)
    course = Unicode(help="Folder of nbgrader's course.").tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Fill in the test cells of a notebook.

        Raises:
            InfrastructureError: the submission could not be graded; nbgrader then leaves it ungraded.
        """
        lab = resources["nbgrader"]["assignment"]
        report = self._grade(lab, Path(resources["metadata"]["path"]).absolute())
        tasks = {f"check-{task.id}": task for task in report.tasks}
        for cell in nb.cells:
            about = cell.metadata.get("nbgrader", {})
            if about.get("grade") and not about.get("solution"):
                if about["grade_id"] not in tasks:
                    raise InfrastructureError(f"{lab} has no task for the test cell {about['grade_id']}.")
                task = tasks.pop(about["grade_id"])
                cell.outputs = _outputs(report, task)
                cell.execution_count = None
        if tasks:
            raise InfrastructureError(f"The notebook has lost its test cells {', '.join(tasks)}: put them back.")
        return nb, resources

    def _grade(self, lab: str, folder: Path) -> LabReport:
        with tempfile.TemporaryDirectory(prefix="autograder-") as scratch:
            target = Path(scratch) / "report.json"
            given = Path(self.course) / "source" / lab
            command = [sys.executable, "-m", "autograder.nbcourse", lab, str(folder), str(given), str(target)]
            done = subprocess.run(command, cwd=self.repository, capture_output=True, text=True, check=False)
            self.log.debug("%s", done.stderr)
            try:
                report = Report.model_validate_json(target.read_bytes()).labs[0]
            except (OSError, ValidationError, IndexError):
                raise InfrastructureError(f"The grader failed: {done.stderr.strip()[-2000:]}") from None
        if report.score is None:
            raise InfrastructureError(f"{lab} could not be graded: {report.problem}")
        return report


def _outputs(report: LabReport, task: TaskResult) -> list[Any]:
    """Feedback for people, and then the number that nbgrader takes for the points."""
    from nbformat.v4 import new_output

    shown = Report(labs=(report.model_copy(update={"tasks": (task,), "points": task.points, "score": task.score}),))
    feedback = {"text/html": html.fragment(shown), "text/plain": terminal.text(shown)}
    return [
        new_output("display_data", data=feedback),
        new_output("execute_result", data={"text/plain": repr(float(task.score))}, execution_count=None),
    ]
