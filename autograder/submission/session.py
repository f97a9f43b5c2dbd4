"""Keep student code loaded: one sandbox, one worker, a budget of time, and a fresh start after a crash."""

from __future__ import annotations

import contextlib
import difflib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from autograder.errors import StudentCrash, StudentError, StudentMissing, StudentResult, StudentTimeout
from autograder.manifest import Limits
from autograder.sandbox.box import Sandbox
from autograder.sandbox.client import Zygote
from autograder.sandbox.confine import Cell
from autograder.sandbox.link import Worker
from autograder.sandbox.wire import Handle
from autograder.submission.answers import as_error, as_faults, as_names, crash
from autograder.submission.remote import Remote, pickle_arguments
from autograder.wording import call_text, value_text

__all__ = ["Budget", "CellFault", "Live", "Session", "Transcript"]

_MAX_STUCK_CELLS: Final = 4


class Live(Protocol):
    """A notebook's names in this very process (see ``notebook``)."""

    def get(self, name: str) -> Any:
        """The value of a name."""

    def call(self, name: str, args: Any, kwargs: Any) -> tuple[Any, tuple[Any, ...]]:
        """The result of a call, and the arguments as they are afterwards."""


@dataclass(frozen=True)
class Transcript:
    """What went between grader and student code during one check."""

    called: str
    returned: str
    output: str


@dataclass(frozen=True)
class CellFault:
    """A notebook cell that did not run to its end."""

    cell: int
    kind: str
    text: str
    stuck: bool
    """It hung or ended its process, and is left out from now on."""


class Budget:
    """Seconds of student code that are left for the lab and for the check."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lab = limits.wall_s
        self._check = limits.check_s
        self._running_since: float | None = None

    def renew(self) -> None:
        """A new check starts."""
        self._check = self._limits.check_s

    def seconds(self, wanted: float | None = None) -> float:
        """How long the next call may take.

        Raises:
            StudentTimeout: nothing is left for the lab.
        """
        running = 0.0 if self._running_since is None else time.monotonic() - self._running_since
        if self._lab - running <= 0:
            raise StudentTimeout(f"The time for the whole lab ({self._limits.wall_s:g} s) is used up.")
        return max(0.1, min(self._check if wanted is None else wanted, self._lab - running))

    @contextlib.contextmanager
    def spend(self, wanted: float | None = None) -> Iterator[float]:
        """Seconds that the block may take; what it took is gone."""
        seconds = self.seconds(wanted)
        self._running_since = start = time.monotonic()
        try:
            yield seconds
        finally:
            self._running_since = None
            used = time.monotonic() - start
            self._lab -= used
            self._check -= used


class Session:
    """Student code of one submission, loaded and ready to be called."""

    def __init__(self, zygote: Zygote, cell: Cell, budget: Budget, live: Mapping[str, Live]) -> None:
        self.budget = budget
        self.faults: dict[str, tuple[CellFault, ...]] = {}
        self._zygote = zygote
        self._cell = cell
        self._live = live
        self._sandbox: Sandbox | None = None
        self._worker: Worker | None = None
        self._generation = 0
        self._loaded: set[str] = set()
        self._broken: dict[str, StudentError] = {}
        self._called = self._returned = ""
        self._printed: list[str] = []

    def begin(self) -> None:
        """A new check starts."""
        self.budget.renew()
        self._called = self._returned = ""
        self._printed = []
        self._take_output()
        self._printed = []

    def transcript(self) -> Transcript:
        """What happened since :meth:`begin`."""
        self._take_output()
        return Transcript(self._called, self._returned, "".join(self._printed))

    def note(self, *, called: str | None = None, returned: str | None = None, printed: str = "") -> None:
        """Add to the transcript."""
        self._called = self._called if called is None else called
        self._returned = self._returned if returned is None else returned
        self._printed.append(printed)

    def close(self) -> None:
        """End all student code."""
        if self._worker is not None:
            self._worker.close()
        if self._sandbox is not None:
            self._sandbox.close()

    def restart(self) -> None:
        """End everything that runs in the sandbox; files stay, and what was loaded is loaded again when needed."""
        if self._worker is not None:
            self._take_output()
            self._worker.close()
        if self._sandbox is not None and self._sandbox.alive:
            with contextlib.suppress(StudentError):
                self._sandbox.reset()

    @property
    def untouched(self) -> bool:
        """Whether there has been no sandbox yet: the workspace is as it was staged."""
        return self._sandbox is None

    def sandbox(self) -> Sandbox:
        """The sandbox, a fresh one if the last one has ended."""
        if self._sandbox is None or not self._sandbox.alive:
            if self._sandbox is not None:
                self._sandbox.close()
            self._sandbox = self._zygote.open(self._cell)
        return self._sandbox

    @contextlib.contextmanager
    def sandbox_apart(self) -> Iterator[Sandbox]:
        """A sandbox that no student code has been in, where sandboxes share no files; the usual one elsewhere."""
        if self._zygote.level != "kernel":
            yield self.sandbox()
            return
        with self._zygote.open(self._cell) as sandbox:
            yield sandbox

    def load(self, file: str) -> Worker | None:
        """Have ``file`` loaded; the worker that holds it, None if it lives in this process.

        Raises:
            StudentError: it cannot be loaded; the same again at each further try.
        """
        if file in self._live:
            return None
        if file in self._broken:
            raise self._broken[file]
        worker = self._alive()
        if file not in self._loaded:
            try:
                worker = self._load(file)
            except StudentError as error:
                self._broken[file] = error
                raise
            finally:
                self.budget.renew()  # whichever check comes first must not pay for all of them
            self._loaded.add(file)
        return worker

    def get(self, file: str, target: Remote | None, name: str) -> Any:
        """The value of a name in a file, or an attribute of an object."""
        worker = self.load(file)
        if worker is None:
            return self._live[file].get(name)
        with self.budget.spend() as seconds:
            answer = worker.ask({"op": "get", **self._target(file, target), "name": name}, seconds)
        return self.value(file, answer)

    def call(self, file: str, target: Remote | None, name: str | None, args: Any, kwargs: Any) -> Any:
        """The result of a call."""
        return self._call(file, target, name, args, kwargs, keep=False)

    def call_and_return_args(self, file: str, name: str, args: Any, kwargs: Any) -> tuple[Any, tuple[Any, ...]]:
        """The result of a call, and the arguments as they are afterwards."""
        pair = self._call(file, None, name, args, kwargs, keep=True)
        return pair[0], tuple(pair[1])

    def value(self, file: str, answer: Mapping[str, Any], what: str = "") -> Any:
        """The value of a worker's answer, or the exception that it describes."""
        if "ok" in answer:
            return self._adopt(file, answer["ok"])
        if "missing" in answer:
            raise self._missing(file, str(answer["missing"])[:200], as_names(answer.get("has")))
        if "unsendable" in answer:
            raise StudentResult(
                f"{what}returned something that cannot be sent back: {str(answer['unsendable'])[:500]}."
            )
        raise as_error(answer.get("error"), what)

    def _call(self, file: str, target: Remote | None, name: str | None, args: Any, kwargs: Any, *, keep: bool) -> Any:
        worker = self.load(file)
        shown = name or (target.type if target is not None else file)
        self.note(called=call_text(shown, args, kwargs), returned="")
        if worker is None:
            result, after = self._live[file].call(shown, args, kwargs)
            self.note(returned=value_text(result))
            return (result, after) if keep else result
        data = pickle_arguments(args, kwargs, self._number)
        request = {"op": "call", **self._target(file, target), "name": name, "data": data, "keep": keep}
        try:
            with self.budget.spend() as seconds:
                answer = worker.ask(request, seconds)
        finally:
            self._printed.append(worker.output.take())
        result = self.value(file, answer, what=f"{shown} ")
        if keep and not (isinstance(result, list) and len(result) == 2 and isinstance(result[1], list)):
            raise crash()
        self.note(returned=value_text(result[0] if keep else result))
        return result

    def _alive(self) -> Worker:
        if self._worker is None or not self._worker.alive:
            if self._worker is not None:
                self.restart()
            self._worker = self.sandbox().worker()
            self._generation += 1
            self._loaded.clear()
        return self._worker

    def _load(self, file: str) -> Worker:
        """Load a file; a cell that hangs or ends the process is left out, and the others run."""
        stuck = {fault.cell: fault for fault in self.faults.get(file, ()) if fault.stuck}
        while True:
            worker = self._alive()
            reached: list[int] = []

            def cell(event: dict[str, Any], reached: list[int] = reached) -> float:
                reached.append(event["cell"])
                return self.budget.seconds()

            try:
                with self.budget.spend() as seconds:
                    answer = worker.ask({"op": "load", "file": file, "skip": sorted(stuck)}, seconds, cell)
            except (StudentTimeout, StudentCrash) as error:
                self._printed.append(worker.output.take())
                if not reached or reached[-1] in stuck or len(stuck) >= _MAX_STUCK_CELLS:
                    raise type(error)(f"{file} cannot be loaded. {error}", kind=error.kind) from None
                stuck[reached[-1]] = CellFault(reached[-1], error.kind, str(error), stuck=True)
                self.faults[file] = tuple(stuck.values())
                self.budget.renew()  # the cells that are left have as much time as the one that used it up
                continue
            raised = [
                CellFault(
                    fault.cell, fault.kind, f"{fault.kind}: {fault.detail}" if fault.detail else fault.kind, stuck=False
                )
                for fault in as_faults(self._loaded_value(file, answer))
            ]
            self.faults[file] = tuple(sorted([*raised, *stuck.values()], key=lambda fault: fault.cell))
            return worker

    def _loaded_value(self, file: str, answer: Mapping[str, Any]) -> Any:
        try:
            return self.value(file, answer, what=f"{file} ")
        except StudentError as error:
            if error.kind != "NotANotebook":
                raise
            text = (
                f"{file} is not a Jupyter notebook ({error.detail}). Open it in Jupyter, repair it and save it again."
            )
            raise StudentError(text, kind=error.kind, detail=error.detail) from None

    def _take_output(self) -> None:
        if self._worker is not None and self._worker.alive:
            self._printed.append(self._worker.output.take())

    def _target(self, file: str, target: Remote | None) -> dict[str, Any]:
        return {"file": file, "handle": None if target is None else self._number(target)}

    def _number(self, target: Remote) -> int:
        if target.generation != self._generation:
            raise StudentCrash(f"The {target.type} is gone: the process that held it has ended.")
        return target.number

    def _adopt(self, file: str, value: Any) -> Any:
        """Handles become remote objects, wherever they are in plain containers."""
        if isinstance(value, Handle):
            return Remote(self, file, value.id, self._generation, value.type, value.text)
        if isinstance(value, list | tuple):
            return type(value)(self._adopt(file, part) for part in value)
        if isinstance(value, dict):
            return {key: self._adopt(file, part) for key, part in value.items()}
        return value

    def _missing(self, file: str, name: str, has: list[str]) -> StudentMissing:
        near = difflib.get_close_matches(name, has, n=1)
        text = f"{file} defines no {name}."
        if near:
            text += f" Did you mean {near[0]} to be it?"
        for fault in self.faults.get(file, ())[:1]:
            text += f" Cell {fault.cell} did not run to its end, which may be why: {fault.text}"
        return StudentMissing(text, kind="NameError")
