"""Verdicts are summed up for each lab, and shown in a table that fits a terminal."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from autograder.mutants.proof import Proof, Verdict, prove
from autograder.render import verdicts

LAB = "01-tiny-lab"
FULL, LESS = {"double": 3.0, "greet": 1.0}, {"double": 1.0, "greet": 1.0}
LONG = "return " + " + ".join(f"number_{number}" for number in range(20))
DIFF = "\n".join([" def double(x):", f"-    {LONG}", "+    pass", *(f" line {number}" for number in range(20))])


def some(*, problem: str = "") -> Proof:
    """What two mistakes, a valid alternative and three mutants prove."""
    checks = (("test_hidden.py::test_slow", 1.5), ("test_hidden.py::test_quick", 0.1), ("test_visible.py::test_a", 0.2))
    return prove(
        [
            Verdict("labs/", "build", "in step with solutions/", ""),
            Verdict(LAB, "solution", "the reference solution", "", scores=FULL, seconds=2, checks=(*checks, checks[1])),
            Verdict(LAB, "starter", "the untouched starter", "", lost=("double", "greet"), scores=LESS, seconds=1),
            Verdict(LAB, "wrong", "added", "", ("double",), ("double",), LESS, 1),
            Verdict(LAB, "wrong", "noise", problem, ("double",), ("double", "greet"), LESS, 9),
            Verdict(LAB, "right", "summed", "", scores=FULL, seconds=1),
            Verdict(
                LAB, "mutant", "m1", "", lost=("double",), caught_by="test_hidden.py::test_quick", operator="logic"
            ),
            Verdict(LAB, "mutant", "m2", "", lost=("greet",), caught_by="test_visible.py::test_a", operator="constant"),
            Verdict(LAB, "mutant", "m3", "", operator="constant", diff=DIFF),
            Verdict(LAB, "equivalent", "m4", "", operator="constant"),
        ]
    )


def shown(proof: Proof, width: int) -> str:
    """A proof as a terminal of this width shows it."""
    console = Console(file=io.StringIO(), width=width)
    verdicts.show(proof, console, 12.3)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_tasks_and_cases_are_counted() -> None:
    """For each task: mistakes caught, others spared, mutants that it was the first to find."""
    _, lab = some().labs
    double, greet = lab.tasks

    assert (double.aimed, double.caught, double.spared, double.punished, double.mutants) == (2, 2, 2, 0, 1)
    assert (greet.aimed, greet.caught, greet.spared, greet.punished, greet.mutants) == (0, 0, 4, 1, 1)
    assert lab.kinds == {"solution": (1, 1), "starter": (1, 1), "right": (1, 1), "wrong": (2, 2)}


def test_the_score_leaves_equivalent_mutants_out() -> None:
    """Killed of those that were tried."""
    _, lab = some().labs

    assert (lab.killed, len(lab.survivors), lab.equivalent) == (2, 1, 1)
    assert lab.mutation_score == pytest.approx(2 / 3)
    assert lab.operators == {"constant": (1, 2), "logic": (1, 1)}
    assert some().labs[0].mutation_score is None


def test_the_slowest_checks_come_first() -> None:
    """Three of them, and the slowest submission."""
    _, lab = some().labs

    assert [slow.check for slow in lab.slowest_checks][:2] == ["test_hidden.py::test_slow", "test_visible.py::test_a"]
    assert (lab.slowest_case, lab.slowest_case_seconds) == ("noise", 9)


@pytest.mark.parametrize("width", [80, 120])
def test_all_fits_the_terminal(width: int) -> None:
    """No line is longer, and every task has one line of its own."""
    text = shown(some(problem="greet lost points: " + "word " * 60), width)
    lines = text.splitlines()

    assert max(map(len, lines)) <= width
    assert sum("double" in line and "2 of 2" in line for line in lines) == 1
    assert "a mutation score of 66.7%" in text
    assert "1 survived, 1 equivalent" in " ".join(text.split())


def test_a_survivor_is_shown_by_a_short_diff() -> None:
    """Ten lines of it at most."""
    text = shown(some(), 200)

    assert "survived: m3" in text
    assert "+    pass" in text
    assert text.count("line ") == 6
    assert "…" in text


def test_problems_decide_the_last_line() -> None:
    """It says at once whether all is well."""
    good, bad = shown(some(), 100).splitlines()[-1], shown(some(problem="greet lost points"), 100).splitlines()[-1]

    assert good == "6 verdicts, 3 mutants: all as it should be · 12.3 s"
    assert bad == "6 verdicts, 3 mutants: 1 not as it should be · 12.3 s"


def test_what_is_remembered_is_told() -> None:
    """A verdict of an earlier run counts, and is not passed off as one of today."""
    old = replace(Verdict(LAB, "right", "summed", "", scores=FULL, seconds=1), remembered=True)
    proof = prove([old, Verdict(LAB, "right", "added", "", scores=FULL, seconds=1)])

    assert shown(proof, 100).splitlines()[-1] == "2 verdicts, 1 of them remembered: all as it should be · 12.3 s"
    assert json.loads(proof.to_json())["labs"][0]["remembered"] == 1


def test_json_has_the_score_of_each_lab() -> None:
    """It is computed, and reads back without it."""
    text = some().to_json()
    data = json.loads(text)

    assert [lab["mutation_score"] for lab in data["labs"]] == [None, pytest.approx(2 / 3)]
    assert Proof.model_validate(data) == some()
