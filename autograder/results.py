"""Frozen facts about a graded submission: what was checked, what came of it, what it is worth."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, computed_field, model_validator

__all__ = [
    "SCHEMA_VERSION",
    "CheckResult",
    "CheckStatus",
    "Isolation",
    "LabReport",
    "Location",
    "Outcome",
    "Report",
    "TaskResult",
    "TaskState",
    "json_schema",
]

SCHEMA_VERSION: Final = "1.0"
"""Version of the JSON form: the minor part grows with new optional keys, the major part with all else."""


class CheckStatus(StrEnum):
    """What became of one check."""

    PASSED = "passed"
    FAILED = "failed"
    """The answer was wrong."""
    ERROR = "error"
    """The student's code raised, hung, died or returned what cannot be read."""
    SKIPPED = "skipped"
    """A check that this one depends on did not pass."""


class TaskState(StrEnum):
    """How far a task has come."""

    FULL = "full"
    PARTIAL = "partial"
    NONE = "none"
    NOT_STARTED = "not started"


class Outcome(StrEnum):
    """Whether the report carries a score at all."""

    GRADED = "graded"
    INFRASTRUCTURE_ERROR = "infrastructure_error"
    """Our side failed. There is no score: neither a zero nor a pass."""


class Isolation(StrEnum):
    """What stood between student code and this machine while it was graded."""

    KERNEL = "kernel"
    """Namespaces, Landlock, seccomp, an unprivileged user and limits."""
    LANDLOCK = "landlock"
    """Landlock and limits, no namespaces."""
    PROCESS = "process"
    """A plain subprocess with limits."""
    NONE = "none"
    """The learner's own kernel (``autograder.notebook.check``)."""


class _Fact(BaseModel):
    # Unknown keys are skipped, so that a report reads back: its JSON form also holds what is computed.
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, use_attribute_docstrings=True)


def _encodable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


_Points = Annotated[float, Field(ge=0)]
_Text = Annotated[str, AfterValidator(_encodable)]
"""Any text. Half a surrogate pair, which no encoding can carry, becomes the six characters ``\\udc80``."""


class Location(_Fact):
    """A line of the student's own code."""

    where: _Text
    """``"iris_slicing.ipynb, cell 9"`` or ``"test_slices.py"``."""
    line: int
    source: _Text


class CheckResult(_Fact):
    """One check: a claim about the student's work, and whether it held."""

    id: _Text
    """pytest's name of the check, unique within the lab: ``"test_hidden.py::test_spread"``."""
    task: _Text
    title: _Text
    hidden: bool
    weight: Annotated[float, Field(gt=0)] = 1.0
    status: CheckStatus
    not_started: bool = False
    """The work is still the starter's: ``NotImplementedError``, or a file or name not there yet."""
    message: _Text = ""
    """Feedback for the student; empty when the check passed."""
    called: _Text = ""
    """The last call into student code, shortened: ``'slice_stats(df, "petal_width")'``."""
    returned: _Text = ""
    """What that call returned, shortened."""
    locations: tuple[Location, ...] = ()
    """The student's own lines of the traceback, outermost first."""
    output: _Text = ""
    """What student code printed during the check, capped."""
    seconds: Annotated[float, Field(ge=0)] = 0.0


class TaskResult(_Fact):
    """One task of a lab with its points and its checks."""

    id: _Text
    title: _Text
    number: int
    """Position in the lab, from 1."""
    points: _Points
    """What the task can give."""
    score: _Points
    """What it gave, rounded to hundredths; equal to ``points`` only if every check passed."""
    state: TaskState
    checks: tuple[CheckResult, ...]


class LabReport(_Fact):
    """One submission to one lab, graded, or the reason why it could not be."""

    lab: _Text
    title: _Text
    outcome: Outcome
    isolation: Isolation
    tasks: tuple[TaskResult, ...] = ()
    points: _Points
    """What the tasks selected can give."""
    score: _Points | None = None
    """What they gave; ``None`` exactly when ``outcome`` is ``infrastructure_error``."""
    notices: tuple[_Text, ...] = ()
    """Sentences for the student: missing and extra files, cells that failed to run, what was cut."""
    problem: _Text = ""
    """For the instructor: what went wrong on our side."""
    hints: dict[str, tuple[_Text, ...]] = {}
    """Task id → hints from HINTS.md, in order; filled only when hints were asked for."""
    hidden_elsewhere: Annotated[int, Field(ge=0)] = 0
    """Hidden checks of these tasks that are not at hand here and that an instructor will run. If there are any, the
    score is that of the visible checks alone."""
    started: _Text
    """ISO 8601, UTC."""
    seconds: Annotated[float, Field(ge=0)]
    engine: _Text
    """Version of the autograder."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def checks_total(self) -> int:
        """How many checks ran or were skipped."""
        return sum(len(task.checks) for task in self.tasks)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def checks_hidden(self) -> int:
        """How many of them are hidden."""
        return sum(check.hidden for task in self.tasks for check in task.checks)

    @property
    def slowest_check_s(self) -> float:
        """Seconds of the check that took longest."""
        return max((check.seconds for task in self.tasks for check in task.checks), default=0.0)

    @property
    def full_marks(self) -> bool:
        """Whether every point on offer was reached."""
        graded = self.outcome is Outcome.GRADED and bool(self.tasks)
        return graded and all(task.state is TaskState.FULL for task in self.tasks)

    @model_validator(mode="after")
    def _score_goes_with_outcome(self) -> LabReport:
        if (self.score is None) != (self.outcome is Outcome.INFRASTRUCTURE_ERROR):
            raise ValueError("a report has a score exactly if the submission was graded")
        return self


class Report(_Fact):
    """One call of the grader: one or more labs."""

    schema_version: Literal["1.0"] = SCHEMA_VERSION
    labs: tuple[LabReport, ...]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def points(self) -> float:
        """What the labs can give together."""
        return round(sum(lab.points for lab in self.labs), 2)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def score(self) -> float | None:
        """What they gave together; ``None`` if any lab could not be graded."""
        scores = [lab.score for lab in self.labs]
        if any(score is None for score in scores):
            return None
        return round(sum(score for score in scores if score is not None), 2)


def json_schema() -> dict[str, object]:
    """The JSON Schema of :class:`Report` in the form that is written."""
    schema = Report.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
