"""A task graded by itself gets what it gets among all: a check finds what it builds on, whichever others run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograder.catalog import Catalog
from autograder.grading import Request, grade
from autograder.manifest import preloads
from autograder.sandbox.client import Zygote

CATALOG = Catalog()


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    """One that has imported what the labs ask for."""
    with Zygote(preloads(CATALOG.labs())) as zygote:
        yield zygote


@pytest.mark.filterwarnings("ignore")  # graders may warn; in this process that would be an error
@pytest.mark.parametrize(
    ("lab_id", "task"),
    [pytest.param(lab.id, task.id, id=f"{lab.id}-{task.id}") for lab in CATALOG.labs() for task in lab.task],
)
def test_the_reference_solution_gets_full_marks(zygote: Zygote, lab_id: str, task: str) -> None:
    """Also for each of its tasks alone."""
    lab = CATALOG.lab(lab_id)

    report = grade(Request(lab, CATALOG.solution_dir(lab_id), [task]), CATALOG, zygote)

    assert (report.problem, [found.id for found in report.tasks]) == ("", [task])
    assert report.score == report.points, report.tasks
