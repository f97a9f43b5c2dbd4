"""What came of holding graders against submissions: one verdict each, and their sum for each lab."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

__all__ = ["KINDS", "LabProof", "Proof", "SlowCheck", "Survivor", "TaskProof", "Verdict", "prove"]

KINDS: Final = ("build", "solution", "starter", "right", "variant", "wrong", "repeat", "mutant", "equivalent", "floor")
_JUDGED = ("build", "solution", "starter", "right", "variant", "wrong", "repeat")
_SLOWEST = 3


@dataclass(frozen=True)
class Verdict:
    """What came of holding a lab's graders against one submission.

    Attributes:
        lab: id of the lab.
        kind: one of :data:`KINDS`.
        case: the submission, in words.
        problem: what is not as it should be; empty if all is.
        fails: ids of the tasks that should lose points.
        lost: ids of those that did; of a mutant, of the first one.
        scores: task id → score.
        seconds: how long grading took.
        caught_by: of a mutant, the check that found it; empty if none did.
        operator: of a mutant, the kind of mistake.
        diff: of a mutant that no check found, its lines.
        checks: of the solution, the checks and their seconds.
        key: hash of what it depends on; empty if another try could end in another way.
        remembered: whether it comes from an earlier run.
    """

    lab: str
    kind: str
    case: str
    problem: str
    fails: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    scores: dict[str, float] | None = None
    seconds: float = 0.0
    caught_by: str = ""
    operator: str = ""
    diff: str = ""
    checks: tuple[tuple[str, float], ...] = ()
    key: str = ""
    remembered: bool = False


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class TaskProof(_Fact):
    """How well the checks of one task tell right from wrong."""

    task: str
    aimed: int
    """Known mistakes that must lose points here."""
    caught: int
    """Those of them that did."""
    spared: int
    """Submissions that must lose nothing here: other mistakes, valid alternatives, the solution."""
    punished: int
    """Those of them that lost points all the same."""
    mutants: int
    """Mutants that a check of this task was the first to find."""


class SlowCheck(_Fact):
    """A check and how long it takes on the reference solution."""

    check: str
    seconds: float


class Survivor(_Fact):
    """A mutant that got full marks."""

    case: str
    operator: str
    diff: str


class LabProof(_Fact):
    """What is known of the graders of one lab, or of the build."""

    lab: str
    kinds: dict[str, tuple[int, int]]
    """Kind of submission → verdicts as they should be, verdicts."""
    tasks: tuple[TaskProof, ...]
    problems: tuple[str, ...]
    killed: int
    survivors: tuple[Survivor, ...]
    equivalent: int
    operators: dict[str, tuple[int, int]]
    """Kind of mistake → mutants killed, mutants."""
    slowest_checks: tuple[SlowCheck, ...]
    slowest_case: str
    slowest_case_seconds: float
    seconds: float
    """Of all submissions together, one after the other, when they were graded."""
    remembered: int = 0
    """Verdicts of earlier runs."""

    @property
    def mutation_score(self) -> float | None:
        """The share of mutants that were killed, 0 to 1; None if there were none."""
        tried = self.killed + len(self.survivors)
        return self.killed / tried if tried else None


class Proof(_Fact):
    """One run of verify."""

    schema_version: Literal["1.0"] = "1.0"
    labs: tuple[LabProof, ...]

    @property
    def problems(self) -> int:
        """How much is not as it should be."""
        return sum(len(lab.problems) for lab in self.labs)

    def to_json(self) -> str:
        """As JSON, with each lab's mutation score."""
        data = self.model_dump(mode="json")
        for row, lab in zip(data["labs"], self.labs, strict=True):
            row["mutation_score"] = lab.mutation_score
        return f"{json.dumps(data, indent=2, ensure_ascii=False)}\n"


def prove(verdicts: Iterable[Verdict]) -> Proof:
    """Sum verdicts up, lab by lab, in the order of their first verdicts."""
    labs: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        labs.setdefault(verdict.lab, []).append(verdict)
    return Proof(labs=tuple(_lab(lab, rows) for lab, rows in labs.items()))


def _lab(lab: str, rows: Sequence[Verdict]) -> LabProof:
    mutants = [row for row in rows if row.kind == "mutant" and not row.problem]
    killed = [row for row in mutants if row.caught_by]
    solution = next((row for row in rows if row.kind == "solution"), None)
    slowest = max(rows, key=lambda row: row.seconds)
    by_speed = sorted(solution.checks if solution else (), key=lambda check: -check[1])
    return LabProof(
        lab=lab,
        kinds={
            kind: (sum(not row.problem for row in these), len(these))
            for kind in _JUDGED
            if (these := [row for row in rows if row.kind == kind])
        },
        tasks=tuple(_task(task, rows, killed) for task in (solution.scores or {} if solution else {})),
        problems=tuple(f"{row.kind}, {row.case}: {row.problem}" for row in rows if row.problem),
        killed=len(killed),
        survivors=tuple(
            Survivor(case=row.case, operator=row.operator, diff=row.diff) for row in mutants if not row.caught_by
        ),
        equivalent=sum(row.kind == "equivalent" for row in rows),
        operators={
            operator: (
                sum(row.operator == operator for row in killed),
                sum(row.operator == operator for row in mutants),
            )
            for operator in sorted({row.operator for row in mutants})
        },
        slowest_checks=tuple(SlowCheck(check=name, seconds=seconds) for name, seconds in by_speed[:_SLOWEST]),
        slowest_case=slowest.case,
        slowest_case_seconds=slowest.seconds,
        seconds=round(sum(row.seconds for row in rows), 1),
        remembered=sum(row.remembered for row in rows),
    )


def _task(task: str, rows: Sequence[Verdict], killed: Sequence[Verdict]) -> TaskProof:
    judged = [row for row in rows if row.kind in _JUDGED and row.kind != "starter" and row.scores]
    aimed = [row for row in judged if task in row.fails]
    spared = [row for row in judged if task not in row.fails]
    return TaskProof(
        task=task,
        aimed=len(aimed),
        caught=sum(task in row.lost for row in aimed),
        spared=len(spared),
        punished=sum(task in row.lost for row in spared),
        mutants=sum(row.lost[:1] == (task,) for row in killed),
    )
