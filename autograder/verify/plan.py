"""What a lab's graders are to be held against: its known submissions, and mutants of its solution."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

from autograder import build, cases
from autograder.cases import Case, Equivalent
from autograder.catalog import Catalog
from autograder.errors import ManifestError
from autograder.manifest import Lab
from autograder.mutants import Mutant, mutants, sample, variants

__all__ = ["Job", "Plan", "in_turns", "plan"]


@dataclass(frozen=True)
class Job:
    """One submission to hold graders against.

    Attributes:
        lab: the lab.
        kind: ``solution``, ``starter``, ``right``, ``variant``, ``wrong``, ``repeat`` or ``mutant``.
        case: the submission.
        seed: of the hidden data.
        likely: of a mutant, the tasks that are likely to find it; those are tried first.
        check_s: of a mutant, the seconds that one check may take.
    """

    lab: Lab
    kind: str
    case: Case
    seed: int = 0
    likely: tuple[str, ...] = ()
    check_s: float = 0.0


@dataclass(frozen=True)
class Plan:
    """All that the graders of one lab are to be held against.

    Attributes:
        solution: the reference solution.
        known: submissions whose verdict is known beforehand.
        mutants: those to be tried.
        equivalents: those that the author has found to be no mistakes.
        floor: the share of the mutants that must be found.
    """

    lab: Lab
    solution: Job
    known: tuple[Job, ...]
    mutants: tuple[Mutant, ...]
    equivalents: tuple[Mutant, ...]
    floor: float


def plan(catalog: Catalog, lab: Lab, *, seed: int = 0, most: int | None = None) -> Plan:
    """Plan one lab.

    Args:
        catalog: the course.
        lab: the lab.
        seed: of the hidden data.
        most: the most mutants to try; all if None.

    Raises:
        ManifestError: cases.toml has faults, or lists an equivalent mutant that there is not.
        BuildError: the solution cannot be turned into a starter.
    """
    exemplar, path = catalog.solution_dir(lab.id), catalog.grader_dir(lab.id) / "cases.toml"
    listed = cases.load_cases(path, lab, exemplar)
    standard = cases.load_standard(path)
    generated = mutants(lab, exemplar) if most != 0 else ()
    equivalents = _equivalents(path, standard.equivalents, generated) if most != 0 else ()
    tried = [mutant for mutant in generated if mutant not in equivalents]
    return Plan(
        lab=lab,
        solution=Job(lab, "solution", Case("the reference solution", (), {}), seed),
        known=(
            Job(lab, "starter", Case("the untouched starter", (), build.student_view(exemplar)), seed),
            *(Job(lab, "wrong" if case.fails else "right", case, seed) for case in listed),
            *(Job(lab, "variant", case, seed) for case in variants(lab, exemplar)),
        ),
        mutants=tuple(tried) if most is None else sample(tried, most),
        equivalents=equivalents,
        floor=standard.mutation_score,
    )


def in_turns(queues: Sequence[tuple[Iterable[Job | None], int]]) -> Iterator[Job | None]:
    """Take jobs from several queues so that all of them end at about the same time.

    Args:
        queues: each with the number of its jobs. Of none is more than one job taken ahead.
    """

    def spread(jobs: Iterable[Job | None], size: int) -> Iterator[tuple[float, Job | None]]:
        return ((number / size, job) for number, job in enumerate(jobs))

    return (job for _, job in heapq.merge(*(spread(*queue) for queue in queues), key=itemgetter(0)))


def _equivalents(path: Path, listed: Sequence[Equivalent], generated: Sequence[Mutant]) -> tuple[Mutant, ...]:
    found, problems = [], []
    for number, entry in enumerate(listed, 1):
        matches = [mutant for mutant in generated if _is(entry, mutant)]
        if len(matches) == entry.times:
            found += matches
            continue
        told = f"equivalent.{number}: {entry.file} has {len(matches) or 'no'} mutants that put {entry.by!r}"
        units = ", ".join(mutant.unit for mutant in matches)
        remedy = f"say where ({units}), or how many times" if matches else "remove the entry"
        problems.append(f"{told} in the place of {entry.replace!r}: {remedy}")
    if problems:
        raise ManifestError(path, problems)
    return tuple(found)


def _is(entry: Equivalent, mutant: Mutant) -> bool:
    same_place = entry.file == mutant.file and entry.where in ("", mutant.unit)
    return same_place and (_lines(entry.replace), _lines(entry.by)) == (mutant.replace, mutant.by)


def _lines(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().splitlines())
