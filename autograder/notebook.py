"""Check a task from inside its notebook, on the functions as they are defined now.

::

    from autograder.notebook import check
    check("slice-stats")

Runs the visible checks of that task in the learner's own kernel, on the learner's own machine: nothing is isolated
here, and nothing hidden takes part. What the checks need besides the notebook (other files, the learner's tests)
is read from the lab's folder as it was saved last.

With ``points=True`` the value of the cell is a number, which nbgrader takes for partial credit. Grades that count do
not come from there: code that runs in this kernel can change whatever decides in it.
"""

from __future__ import annotations

import contextlib
import copy
import inspect
import linecache
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, overload

from autograder.catalog import Catalog, find_root
from autograder.errors import AutograderError, Frame, InfrastructureError, StudentError, StudentMissing, UsageError
from autograder.manifest import Lab, preloads
from autograder.results import LabReport, Report

__all__ = ["check"]


class _Feedback:
    """What a notebook shows for a report: the page in a browser, the text anywhere else."""

    def __init__(self, report: Report) -> None:
        self.report = report

    def _repr_html_(self) -> str:
        from autograder.render import html

        return html.fragment(self.report)

    def __repr__(self) -> str:
        from autograder.render import terminal

        return terminal.text(self.report)


@overload
def check(task: str) -> _Feedback: ...


@overload
def check(task: str, *, points: Literal[True]) -> float: ...


def check(task: str, *, points: bool = False) -> _Feedback | float:
    """Run the visible checks of ``task`` and show the feedback; a wrong answer never stops the notebook.

    Args:
        task: id of the task, as in ``check("slice-stats")``.
        points: show the feedback and return the points that the visible checks give, for test cells of nbgrader.

    Raises:
        UsageError: this is no folder of a lab, or the lab has no such task.
        InfrastructureError: points were asked for, and there are none because the task could not be graded.
    """
    catalog, lab = _where()
    report = _examine(catalog, lab, task, _namespace())
    feedback = _Feedback(Report(labs=(report,)))
    if not points:
        return feedback
    if report.score is None:
        # nbgrader takes an exception for 0, and gives full marks for a cell that shows anything but a number.
        raise InfrastructureError(f"This could not be graded, which is not your fault: {report.problem}")
    _show(feedback)
    return report.score


def _where() -> tuple[Catalog, Lab]:
    folder = Path.cwd().resolve()
    catalog = Catalog(find_root(folder))
    for place in (folder, *folder.parents):
        # In labs/, or wherever JupyterHub has put it.
        if place.name in catalog.ids:
            return catalog, catalog.lab(place.name)
    raise UsageError(f"{folder} is not a lab's folder. Open the notebook where it lies, in labs/.")


def _show(feedback: _Feedback) -> None:
    """Show it beside the value of the cell."""
    if "ipykernel" in sys.modules:
        from IPython.display import display

        display(feedback)  # type: ignore[no-untyped-call]
    else:
        print(feedback)


def _namespace() -> dict[str, Any]:
    """Where the learner's names are: the kernel's namespace, or the caller's."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is not None:
        return dict(shell.user_ns)
    caller = inspect.stack()[2].frame
    return dict(caller.f_globals)


def _examine(catalog: Catalog, lab: Lab, task: str, namespace: Mapping[str, Any]) -> LabReport:
    from autograder import grading
    from autograder.sandbox.client import Zygote

    # Elsewhere than in labs/, the lab's other files lie around the notebook and name their data as it does.
    given = None if Path.cwd().resolve().is_relative_to(catalog.root) else Path.cwd()
    request = grading.Request(lab, Path.cwd(), tasks=[task], given=given, visible_only=True)
    live = {file: _Live(namespace) for file in lab.submit if file.endswith(".ipynb")}
    with Zygote(preloads([lab]), eager=False) as zygote:
        return grading.grade(request, catalog, zygote, live=live)


class _Live:
    """The learner's names, called right here with copies of the arguments."""

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._namespace = namespace

    def get(self, name: str) -> Any:
        """The value of a name."""
        if name not in self._namespace:
            raise StudentMissing(f"{name} is not defined yet. Run the cell that defines it.", kind="NameError")
        return self._namespace[name]

    def call(self, name: str, args: Any, kwargs: Any) -> tuple[Any, tuple[Any, ...]]:
        """The result of a call, and the arguments as they are afterwards."""
        function = self.get(name)
        args, kwargs = copy.deepcopy(args), copy.deepcopy(kwargs)
        with _as_student(name):
            return function(*args, **kwargs), args


@contextlib.contextmanager
def _as_student(name: str) -> Iterator[None]:
    """Turn what the learner's code raises into what a sandbox would have reported."""
    try:
        yield
    except AutograderError:
        raise
    except Exception as error:
        kinds = [kind.__name__ for kind in type(error).__mro__ if kind is not object]
        detail = str(error)
        message = f"{name} raised {kinds[0]}{f': {detail}' if detail else ''}"
        frames = _frames(error)
        raise StudentError(message, kind=kinds[0], bases=kinds, detail=detail, frames=frames) from None


def _frames(error: BaseException) -> list[Frame]:
    found = []
    trace = error.__traceback__
    while trace is not None:
        file, line = trace.tb_frame.f_code.co_filename, trace.tb_lineno
        # IPython gives each cell a file name of its own: a temporary file, or <ipython-input-…>.
        if "ipykernel" in file or file.startswith("<ipython"):
            found.append(Frame("this notebook", line, linecache.getline(file, line).strip()))
        trace = trace.tb_next
    return found
