"""Hold graders against all that is known of them, in several processes, all labs in turns."""

from __future__ import annotations

import contextlib
import functools
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from dataclasses import replace
from itertools import chain
from multiprocessing import get_context

from autograder import build
from autograder.catalog import Catalog
from autograder.errors import BuildError, ManifestError
from autograder.manifest import Lab
from autograder.mutants import Mutant
from autograder.mutants.proof import Verdict
from autograder.sandbox.client import Zygote
from autograder.verify.judge import begin, judge
from autograder.verify.memory import Memory
from autograder.verify.plan import Job, Plan, in_turns, plan

__all__ = ["verify"]

_PATIENCE = 5
_GRACE_S = 2.0


def verify(
    catalog: Catalog,
    labs: Sequence[Lab],
    *,
    workers: int = 2,
    seed: int = 0,
    mutants: int | None = None,
    repeat: int = 1,
    fresh: bool = False,
    planned: Callable[[int], None] = lambda _: None,
) -> Iterator[Verdict]:
    """Hold the graders of ``labs`` against everything that is known of them.

    Args:
        catalog: the course.
        labs: whom to verify.
        workers: processes that grade side by side.
        seed: of the hidden data.
        mutants: the most mutants for each lab; all of them if None.
        repeat: how often to grade the solution and each wrong case, each time with other hidden data and another
            order of sets.
        fresh: whether to judge again what was as it should be and has not changed since.
        planned: told how many verdicts there will be.

    Yields:
        A verdict for each submission, as it comes.

    Raises:
        ManifestError: a cases.toml has faults; with those of all labs.
        BuildError: a solution cannot be turned into a starter.
        SandboxError: no submission can be run here.
    """
    plans = _plans(catalog, labs, seed, mutants)
    again = [
        [replace(job, kind="repeat", seed=seed + turn) for each in plans for job in _repeated(each)]
        for turn in range(1, repeat)
    ]
    planned(1 + sum(_size(each) for each in plans) + sum(map(len, again)))
    yield _in_step(catalog)
    with Zygote() as zygote:
        level = zygote.level
    memory = Memory(catalog, level)
    prepare = functools.partial(begin, catalog.root, level, fresh)
    with _pool(workers, prepare, 0) as pool:
        yield from _kept(memory, labs, _once(pool, plans, workers))
    for turn, jobs in enumerate(again, 1):
        with _pool(workers, prepare, turn) as pool:
            yield from _kept(memory, labs, (verdict for _, verdict in _each(pool, jobs, workers)))


def _kept(memory: Memory, labs: Sequence[Lab], verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
    """The verdicts; what is new and may be remembered is."""
    of = {lab.id: lab for lab in labs}
    for verdict in verdicts:
        if verdict.key and not verdict.remembered:
            with contextlib.suppress(OSError):  # then the next run takes longer
                memory.keep(of[verdict.lab], verdict)
        yield verdict


def _plans(catalog: Catalog, labs: Sequence[Lab], seed: int, most: int | None) -> list[Plan]:
    plans, problems = [], []
    for lab in labs:
        try:
            plans.append(plan(catalog, lab, seed=seed, most=most))
        except ManifestError as error:
            problems += [f"{lab.id}: {problem}" for problem in error.problems]
    if problems:
        raise ManifestError(catalog.root / "autograder" / "graders", problems)
    return plans


def _size(each: Plan) -> int:
    return 1 + len(each.known) + len(each.mutants) + len(each.equivalents) + bool(each.mutants)


def _repeated(each: Plan) -> list[Job]:
    return [each.solution, *(job for job in each.known if job.kind == "wrong")]


def _in_step(catalog: Catalog) -> Verdict:
    try:
        stale = build.check(catalog.root)
    except BuildError as error:
        stale = [str(error)]
    problem = f"labs/ is not in step with solutions/ (nox -s build): {'; '.join(stale)}" if stale else ""
    return Verdict("labs/", "build", "in step with solutions/", problem)


@contextlib.contextmanager
def _pool(workers: int, prepare: Callable[[int], None], turn: int) -> Iterator[Executor]:
    """Processes that judge; in each turn strings hash in another way, in graders and in student code."""
    before = os.environ.get("PYTHONHASHSEED")
    os.environ["PYTHONHASHSEED"] = str(turn)
    try:
        # Spawned, not forked: a worker must not inherit this process's sockets and threads.
        with ProcessPoolExecutor(workers, get_context("spawn"), prepare, (turn,)) as pool:
            yield pool
    finally:
        if before is None:
            del os.environ["PYTHONHASHSEED"]
        else:
            os.environ["PYTHONHASHSEED"] = before


def _once(pool: Executor, plans: Sequence[Plan], workers: int) -> Iterator[Verdict]:
    hunts = {each.lab.id: _Hunt(each) for each in plans}
    # All labs mixed: while one waits for its servers, another computes.
    mixed = in_turns([(chain(each.known, hunts[each.lab.id].jobs()), _size(each)) for each in plans])
    for job, verdict in _each(pool, chain((each.solution for each in plans), mixed), workers):
        if job.kind == "solution":
            hunts[job.lab.id].begin(verdict)
        elif isinstance(job.case, Mutant):
            hunts[job.lab.id].note(job.case, verdict)
        yield verdict
    for hunt in hunts.values():
        yield from hunt.end()


def _each(pool: Executor, jobs: Iterable[Job | None], workers: int) -> Iterator[tuple[Job, Verdict]]:
    """Judge the jobs. One is taken only when there is somebody free, so that it may depend on verdicts.

    None in the place of a job: the next one depends on a verdict that is still to come.
    """
    running: dict[Future[Verdict], Job] = {}
    for job in jobs:
        if job is not None:
            running[pool.submit(judge, job)] = job
        if job is None or len(running) > workers:
            yield from _finished(running)
    while running:
        yield from _finished(running)


def _finished(running: dict[Future[Verdict], Job]) -> Iterator[tuple[Job, Verdict]]:
    done = wait(running, return_when=FIRST_COMPLETED).done
    for future in [future for future in running if future in done]:
        yield running.pop(future), future.result()


class _Hunt:
    """The search for mutants of one lab that no check finds.

    Where a mutant was found, the next one of the same function will be found as well, most likely: those tasks are
    tried first. Only a mutant that they do not find is held against all others.
    """

    def __init__(self, each: Plan) -> None:
        self._plan = each
        self._begun = self._sound = False
        self._killed = self._tried = 0
        self._found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self._check_s = 0.0

    def begin(self, solution: Verdict) -> None:
        """Take the verdict on the solution as the yardstick."""
        self._begun, self._sound = True, not solution.problem
        slowest = max((seconds for _, seconds in solution.checks), default=0.0)
        self._check_s = min(self._plan.lab.limits.check_s, _PATIENCE * slowest + _GRACE_S)

    def jobs(self) -> Iterator[Job | None]:
        """A job for each mutant; None until it has begun, and nothing if the solution itself is no yardstick."""
        while not self._begun:
            yield None
        for mutant in self._plan.mutants if self._sound else ():
            lab = self._plan.lab
            yield Job(lab, "mutant", mutant, self._plan.solution.seed, self._likely(mutant), self._check_s)

    def note(self, mutant: Mutant, verdict: Verdict) -> None:
        """Learn from a verdict."""
        self._tried += not verdict.problem
        self._killed += bool(verdict.caught_by)
        self._found[mutant.file, mutant.unit].update(verdict.lost[:1])

    def end(self) -> Iterator[Verdict]:
        """Verdicts on equivalent mutants, and on the floor."""
        lab, floor = self._plan.lab.id, self._plan.floor
        for mutant in self._plan.equivalents:
            yield Verdict(lab, "equivalent", mutant.name, "", operator=mutant.operator)
        if self._plan.mutants:
            problem = ""
            if not self._sound:
                problem = "no mutants were tried, for the reference solution is not in order"
            elif self._killed < floor * self._tried:
                score = self._killed / self._tried
                problem = f"{score:.1%} of the mutants are found, the floor is {floor:.1%}"
            yield Verdict(lab, "floor", "mutation score", problem)

    def _likely(self, mutant: Mutant) -> tuple[str, ...]:
        found = self._found[mutant.file, mutant.unit]
        if found:
            return tuple(task for task, _ in found.most_common(2))
        words = set(_words(mutant.unit))
        return tuple(task.id for task in self._plan.lab.task if words.issuperset(_words(task.id)))


def _words(name: str) -> list[str]:
    return name.lower().replace("_", "-").replace(" ", "-").split("-")
