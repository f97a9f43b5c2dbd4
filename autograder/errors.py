"""The exceptions of the autograder, as one tree.

::

    AutograderError
    ├── UsageError               the command line or the call is wrong            exit 2
    │   ├── ArchiveError         an archive handed in is damaged, dangerous or no archive
    │   └── LabNotFound          no lab answers to that name
    ├── ManifestError            lab.toml, course.toml or cases.toml has faults   exit 2
    ├── BuildError               a solution cannot be turned into a student view  exit 2
    ├── DatasetError             a data set is missing or not what it should be   exit 3
    ├── InfrastructureError      our side failed; nobody is scored                exit 3
    │   ├── SandboxError         the sandbox could not be started or reached
    │   └── GraderError          a grader module has a bug
    └── StudentError             the student's code raised, hung, died or lied
        ├── StudentMissing       a file or a name that the lab asks for is not there
        ├── StudentTimeout       it did not answer in time
        ├── StudentCrash         its process ended
        └── StudentResult        it returned something that cannot be sent back
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "ArchiveError",
    "AutograderError",
    "BuildError",
    "DatasetError",
    "Frame",
    "GraderError",
    "InfrastructureError",
    "LabNotFound",
    "ManifestError",
    "SandboxError",
    "StudentCrash",
    "StudentError",
    "StudentMissing",
    "StudentResult",
    "StudentTimeout",
    "UsageError",
]


class AutograderError(Exception):
    """Base of everything that the autograder raises on purpose."""


class UsageError(AutograderError):
    """The caller asked for something that cannot be done; the message says what to do instead."""


class ArchiveError(UsageError):
    """An archive that was handed in is damaged, dangerous or no archive; nothing of it was taken."""


class LabNotFound(UsageError):
    """No lab, or more than one, answers to the name given."""


class ManifestError(AutograderError):
    """A configuration file has faults; all of them are listed at once.

    Attributes:
        path: the file at fault.
        problems: one line per fault, each naming the key and the remedy.
    """

    def __init__(self, path: Path | str, problems: Sequence[str]) -> None:
        self.path = path
        self.problems = tuple(problems)
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        super().__init__("\n".join([f"{path}: {count}", *(f"  - {line}" for line in self.problems)]))


class BuildError(AutograderError):
    """A solution cannot be turned into a student view without leaking or losing something."""


class DatasetError(AutograderError):
    """A data set is missing, damaged or cannot be fetched."""


class InfrastructureError(AutograderError):
    """Our side failed: the submission is not scored, and the instructor is told why."""


class SandboxError(InfrastructureError):
    """The sandbox could not be started, or broke for a reason that is not the student's."""


class GraderError(InfrastructureError):
    """A grader module raised something other than a verdict."""


class Frame(NamedTuple):
    """One line of student code in a traceback."""

    where: str
    """File, or file and cell: ``"iris_slicing.ipynb, cell 9"``."""
    line: int
    source: str


class StudentError(AutograderError):
    """The student's code did not give an answer.

    Attributes:
        kind: name of the exception class in the student's process (``"KeyError"``).
        bases: names of that class and its bases, most derived first.
        detail: the exception's own message.
        frames: the student's own lines of the traceback, outermost first.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: str = "",
        bases: Sequence[str] = (),
        detail: str = "",
        frames: Sequence[Frame] = (),
    ) -> None:
        super().__init__(message)
        self.kind = kind or type(self).__name__
        self.bases = tuple(bases) or (self.kind,)
        self.detail = detail
        self.frames = tuple(frames)

    def isa(self, name: str) -> bool:
        """Whether the student's exception is of the class called ``name`` or of a subclass."""
        return name in self.bases


class StudentMissing(StudentError):
    """A file or a name that the lab asks for is not there."""


class StudentTimeout(StudentError):
    """The student's code did not answer in time."""


class StudentCrash(StudentError):
    """The student's process ended before it answered."""


class StudentResult(StudentError):
    """The student's code returned something that cannot travel as plain data."""
