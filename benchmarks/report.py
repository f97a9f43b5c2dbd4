"""What was measured, as lines, as JSON and as the page docs/teach/benchmarks.md. Pure but for the files at the end."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

__all__ = ["Goal", "Row", "machine", "page", "ratio", "read", "show", "write"]

TITLES = {
    "first-feedback": "First feedback",
    "class": "A class, beside other graders",
    "endless": "The same class with a submission that never ends",
    "throughput": "Submissions per second",
    "memory": "Memory and processor time",
    "resume": "A class in which nothing has changed",
    "warm-start": "A sandbox, from request to first result",
    "verify": "Proving the graders of a lab",
}


@dataclass(frozen=True)
class Row:
    """Something that was measured, once or more often.

    Attributes:
        name: what.
        unit: of the values.
        values: one per run.
        ratio: of the median to that of what it is compared with.
    """

    name: str
    unit: str
    values: tuple[float, ...]
    ratio: float | None = None

    @property
    def median(self) -> float:
        """The value in the middle."""
        return statistics.median(self.values)


@dataclass(frozen=True)
class Goal:
    """A ratio that should not be passed, or should be reached."""

    name: str
    found: float | None
    wanted: float
    at_most: bool

    @property
    def met(self) -> bool:
        """Whether it was."""
        if self.found is None:
            return False
        return self.found <= self.wanted if self.at_most else self.found >= self.wanted

    def __str__(self) -> str:
        found = "not measured" if self.found is None else f"{self.found:.2f}"
        return f"{'met' if self.met else 'NOT MET'}: {self.name} (found {found}, wanted {self.wanted:g})"


def ratio(values: Sequence[float], base: Sequence[float]) -> float:
    """How many times the median of ``base`` the median of ``values`` is."""
    return statistics.median(values) / statistics.median(base)


def show(row: Row) -> str:
    """A line: median, minimum, maximum, ratio."""
    spread = f"  min {_number(min(row.values))}  max {_number(max(row.values))}" if len(row.values) > 1 else ""
    times = f"  = {row.ratio:.2f} ×" if row.ratio is not None else ""
    return f"  {row.name:58} {_number(row.median):>8} {row.unit}{spread}{times}"


def machine() -> dict[str, Any]:
    """Where and when it was measured, and how busy the machine was before."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "date": dt.date.today().isoformat(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "cores": cores,
        "load_before": round(os.getloadavg()[0], 2),
    }


def write(folder: Path, name: str, about: dict[str, Any], found: Any) -> Path:
    """Keep what a measure found; its file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    facts = {
        "measure": name,
        "machine": about,
        "rows": [asdict(row) for row in found.rows],
        "goals": [asdict(goal) for goal in found.goals],
        "notes": found.notes,
    }
    path.write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def read(folder: Path) -> list[dict[str, Any]]:
    """What each measure found last, in the order of the page."""
    return [
        json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        for name in TITLES
        if (folder / f"{name}.json").is_file()
    ]


def page(results: Sequence[dict[str, Any]]) -> str:
    """The page of the documentation."""
    lines = ["# Benchmarks", "", INTRODUCTION, ""]
    for result in results:
        about = result["machine"]
        lines += [f"## {TITLES[result['measure']]}", "", *_table(result["rows"]), ""]
        lines += [f"- {Goal(**goal)}" for goal in result["goals"]]
        lines += [f"- {note}" for note in result["notes"]]
        if result["goals"] or result["notes"]:
            lines.append("")
        lines += [f"Measured on {about['date']}: {_where(about)}", ""]
    return "\n".join(lines)


INTRODUCTION = """\
<!-- Written by `nox -s bench -- --summary`. Do not edit: measure again. -->

`nox -s bench` measures this autograder, and beside it, on the same work in the same run, nbgrader (`autograde`),
otter-grader (`otter run`) and plain `pytest`, one process for each submission without any isolation, as the naive way.
The work is a small assignment on slices of Iris with eight checks, written for each of them in its own form, and the
submissions of twenty students: ten right, five wrong, three that raise, one unfinished, one endless. All graders must
give the same scores.

The floor is the least that a class can cost on the machine: one process has everything imported and forks for each
submission, and the fork runs cells and checks. Nothing protects anyone there, nothing ends what never ends, and nobody
is told anything; so it is no grader, and what a grader does comes on top.

Read the ratios. Seconds are those of one machine on one day, and of whatever else ran on it; graders that are compared
took turns in one run, several rounds of it. Of a value that was measured more than once the median is shown, with
minimum and maximum."""


def _table(rows: Sequence[dict[str, Any]]) -> list[str]:
    lines = ["| | median | min | max | ratio |", "|---|---:|---:|---:|---:|"]
    for fields in rows:
        row = Row(**{**fields, "values": tuple(fields["values"])})
        several = len(row.values) > 1
        low, high = (_number(min(row.values)), _number(max(row.values))) if several else ("", "")
        times = f"{row.ratio:.2f} ×" if row.ratio is not None else ""
        name = row.name.replace("|", "\\|")
        lines.append(f"| {name} | {_number(row.median)} {row.unit} | {low} | {high} | {times} |")
    return lines


def _where(about: dict[str, Any]) -> str:
    load = f"load {about['load_before']} when it began"
    return f"Python {about['python']}, {about['system']}, {about['cores']} cores; {load}."


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"
