"""``check`` calls the functions that are defined where it is called, and shows feedback instead of raising."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from autograder import notebook
from autograder.catalog import Catalog
from autograder.errors import GraderError, InfrastructureError, UsageError
from autograder.notebook import check
from autograder.results import CheckStatus, Isolation, TaskState


@pytest.fixture(autouse=True)
def _in_the_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Catalog().lab_dir("02-iris-slicing"))


def slice_stats(df: pd.DataFrame, feature: str, by: str = "species") -> pd.DataFrame:
    """A right answer, defined where check is called."""
    return df.groupby(by)[feature].agg(["count", "mean", "std"])


def test_functions_of_the_caller_are_checked() -> None:
    """A function that is right here gets full marks, on visible checks only."""
    lab = check("slice-stats").report.labs[0]

    assert lab.tasks[0].state is TaskState.FULL
    assert lab.isolation is Isolation.NONE
    assert lab.checks_hidden == 0


def test_wrong_answers_are_told_not_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong function yields feedback that says what was called and what came back."""
    monkeypatch.setitem(globals(), "slice_stats", lambda df, feature, by="species": {"setosa": 1})

    first = check("slice-stats").report.labs[0].tasks[0].checks[0]

    assert first.status is CheckStatus.FAILED
    assert first.called.startswith('slice_stats(df, "petal_width")')
    assert first.returned == "{'setosa': 1}"


def test_an_exception_of_the_learner_is_feedback(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the learner's code raises is reported with its kind and its words."""

    def broken(df: pd.DataFrame, feature: str, by: str = "species") -> pd.DataFrame:
        raise KeyError("petal")

    monkeypatch.setitem(globals(), "slice_stats", broken)

    first = check("slice-stats").report.labs[0].tasks[0].checks[0]

    assert first.status is CheckStatus.ERROR
    assert "KeyError: 'petal'" in first.message


def test_a_name_that_is_not_defined_is_explained() -> None:
    """A function whose cell has not run is asked for by name."""
    first = check("numeric-slices").report.labs[0].tasks[0].checks[0]

    assert first.status is CheckStatus.ERROR
    assert "numeric_slices is not defined yet" in first.message


def test_arguments_are_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that changes its argument does not change what the next check calls it with."""
    sizes = []

    def greedy(df: pd.DataFrame, feature: str, by: str = "species") -> pd.DataFrame:
        sizes.append(len(df))
        df.drop(df.index, inplace=True)
        return pd.DataFrame()

    monkeypatch.setitem(globals(), "slice_stats", greedy)
    lab = check("slice-stats").report.labs[0]

    assert lab.tasks[0].state is not TaskState.FULL
    assert set(sizes) == {150}


def test_an_unknown_task_is_named_with_the_known_ones() -> None:
    """A misspelt task is answered by the list of tasks."""
    with pytest.raises(UsageError, match="slice-stats"):
        check("slice-stat")


def test_outside_a_lab_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder that is no lab's, check says where the notebook belongs."""
    monkeypatch.chdir(Path(notebook.__file__).parent)

    with pytest.raises(UsageError, match="labs/"):
        check("slice-stats")


def test_feedback_is_shown_in_both_forms() -> None:
    """Jupyter gets HTML, anything else gets text, both with the points."""
    feedback = check("slice-stats")

    assert "3 / 3" in repr(feedback)
    assert "Describe each class" in feedback._repr_html_()


def test_points_are_a_number(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """With ``points=True`` the value is what the visible checks give, and the feedback is shown beside it."""
    full = check("slice-stats", points=True)
    monkeypatch.setitem(globals(), "slice_stats", lambda df, feature, by="species": {"setosa": 1})
    none = check("slice-stats", points=True)

    assert (full, none) == (3.0, 0.0)
    assert isinstance(full, float)
    assert "3 / 3" in capsys.readouterr().out


def test_points_that_cannot_be_had_are_an_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where our side fails there is no number, neither 0 nor full marks."""

    def broken(*_: object, **__: object) -> None:
        raise GraderError("a bug of ours")

    monkeypatch.setattr("autograder.grading.stage", broken)

    with pytest.raises(InfrastructureError, match="a bug of ours"):
        check("slice-stats", points=True)


def test_a_lab_is_known_by_its_folders_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where JupyterHub puts an assignment, checks work as they do in labs/."""
    shutil.copytree(Path.cwd(), tmp_path / "home" / "02-iris-slicing")
    monkeypatch.chdir(tmp_path / "home" / "02-iris-slicing")

    lab = check("slice-stats").report.labs[0]

    assert lab.tasks[0].state is TaskState.FULL
    assert lab.notices == ()
