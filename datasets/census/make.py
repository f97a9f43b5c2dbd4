"""Write census.csv, a seeded replica made from census_params.json: ``python datasets/census/make.py``.

Not one row is a person's answer. People are drawn column by column from counts of the published table, each
column given a few of those before it, and the salary from a log-odds model. The faults of the raw file are
kept: a space after every comma, ``?`` for missing, a few rows twice.

Bytes stay the same everywhere because chance comes only from ``random.Random.random()``, whose sequence for a
seed Python promises to keep, choices are made on integer counts, and sums are exact (``math.fsum``).
"""

from __future__ import annotations

import json
import math
import random
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SEED = 1994
DUPLICATES = 24
COLUMNS = [
    "age",
    "workclass",
    "fnlgt",
    "education",
    "education-num",
    "marital-status",
    "occupation",
    "relationship",
    "race",
    "sex",
    "capital-gain",
    "capital-loss",
    "hours-per-week",
    "native-country",
    "salary",
]

AGE_BANDS = [17, 20, 23, 26, 29, 33, 37, 42, 47, 52, 57, 62, 67]
AGE_GROUPS = [17, 20, 25, 35, 45, 60]
SCHOOL = ["Preschool", "1st-4th", "5th-6th", "7th-8th", "9th", "10th", "11th", "12th"]
EDUCATION_LEVEL = dict.fromkeys(SCHOOL, "school") | {
    "HS-grad": "hs",
    "Some-college": "college",
    "Assoc-voc": "college",
    "Assoc-acdm": "college",
    "Bachelors": "bachelor",
    "Masters": "higher",
    "Prof-school": "higher",
    "Doctorate": "higher",
}
OCCUPATION_GROUP = {
    "Exec-managerial": "office",
    "Prof-specialty": "office",
    "Tech-support": "office",
    "Sales": "office",
    "Adm-clerical": "clerk",
    "Transport-moving": "field",
    "Farming-fishing": "field",
    "?": "none",
}
"""Occupations that share their working hours; all others count as manual."""
RACE_GROUP = {"Black": "Black", "Asian-Pac-Islander": "Asian"}

MAIN = [
    "age_band",
    "education",
    "family",
    "occupation",
    "workclass",
    "hours_bin",
    "sex",
    "race",
    "native-country",
]
MARRIED_WITH = ["age_band", "education", "occupation", "hours_bin", "sex", "workclass"]
PAIRS = [
    *(("married", column) for column in MARRIED_WITH),
    ("education_level", "occupation"),
    ("age_group", "education_level"),
    ("hours_context", "workclass"),
]
"""Terms of the salary model: of one column, and of two together."""

Person = dict[str, Any]
Chance = Callable[[], float]


def make() -> str:
    """Return the table as CSV text: 32,561 people, with the separators and faults of the published file."""
    figures = json.loads((HERE / "census_params.json").read_text(encoding="utf-8"))
    tables = {table["child"]: _Table(table) for table in figures["tables"]}
    chance = random.Random(SEED).random
    lines = [_line(_person(tables, figures, chance)) for _ in range(figures["rows"] - DUPLICATES)]
    for _ in range(DUPLICATES):
        lines.insert(int(chance() * len(lines)), lines[int(chance() * len(lines))])
    return "\n".join([", ".join(COLUMNS), *lines]) + "\n"


class _Table:
    """Counts of one column's values, for each combination of the columns it depends on."""

    def __init__(self, table: dict[str, Any]) -> None:
        self.parents: list[str] = table["parents"]
        self.values: list[Any] = table["values"]
        self.totals = {key: list(accumulate(counts)) for key, counts in table["counts"].items()}
        pooled = [0] * len(self.values)
        for counts in table["counts"].values():
            for position, count in enumerate(counts):
                pooled[position] += count
        self.pooled = list(accumulate(pooled))

    def draw(self, person: Person, chance: Chance) -> Any:
        key = "|".join([str(person[parent]) for parent in self.parents])
        return self.values[_pick(self.totals.get(key, self.pooled), chance)]


def _pick(totals: Sequence[int], chance: Chance) -> int:
    """Draw a position with the odds of the counts whose running totals are given."""
    return bisect_right(totals, int(chance() * totals[-1]))


def _person(tables: dict[str, _Table], figures: dict[str, Any], chance: Chance) -> Person:
    p: Person = {}
    p["sex"], p["race"] = tables["sex_race"].draw(p, chance).split("/")
    p["race_group"] = RACE_GROUP.get(p["race"], "rest")
    p["age"] = tables["age"].draw(p, chance)
    p["age_band"], p["age_group"] = _band("a", AGE_BANDS, p["age"]), _band("g", AGE_GROUPS, p["age"])

    p["family"] = tables["family"].draw(p, chance)
    p["marital-status"], p["relationship"] = p["family"].split("/")
    p["married"] = "m" if p["marital-status"] in ("Married-civ-spouse", "Married-AF-spouse") else "s"
    p["family_group"] = "child" if p["relationship"] == "Own-child" else p["married"]

    p["education"] = tables["education"].draw(p, chance)
    p["education-num"] = figures["education-num"][p["education"]]
    level = p["education_level"] = EDUCATION_LEVEL[p["education"]]
    p["native-country"] = tables["native-country"].draw(p, chance)

    p["workclass"] = tables["workclass"].draw(p, chance)
    schooling = p["education"] if level in ("college", "higher") else level
    private = p["workclass"] == "Private"
    p["job_context"] = f"P/{schooling}/{p['married']}" if private else f"{p['workclass']}/{level}"
    p["occupation"] = tables["occupation"].draw(p, chance)
    own_boss = p["workclass"].startswith("Self")
    p["hours_context"] = "self" if own_boss else OCCUPATION_GROUP.get(p["occupation"], "manual")
    p["hours_bin"] = tables["hours_bin"].draw(p, chance)
    p["hours-per-week"] = tables["hours-per-week"].draw(p, chance)

    odds = _log_odds(p, figures["salary"])
    p["salary"] = ">50K" if chance() < 1 / (1 + math.exp(-odds)) else "<=50K"
    p["capital"] = tables["capital"].draw(p, chance)
    for kind in ("gain", "loss"):
        some = p["capital"] == kind
        p[f"capital-{kind}"] = _amount(figures[f"capital-{kind}"][p["salary"]], chance) if some else 0
    p["fnlgt"] = _weight(figures["fnlgt"], p["race"], chance)
    return p


def _band(prefix: str, edges: list[int], value: int) -> str:
    return f"{prefix}{edges[bisect_right(edges, value) - 1]}"


def _log_odds(person: Person, salary: dict[str, Any]) -> float:
    terms = salary["log_odds"]
    main = [terms.get(f"{column}={person[column]}", 0.0) for column in MAIN]
    pairs = [terms.get(f"{person[one]}:{two}={person[two]}", 0.0) for one, two in PAIRS]
    return math.fsum([salary["intercept"], *main, *pairs])


def _amount(spec: dict[str, Any], chance: Chance) -> int:
    """Draw one of the frequent amounts, or any amount inside one of the bins for the rare ones."""
    bins = [(amount, amount + 1) for amount in spec["amounts"]]
    bins += [(low, high) for low, high, _ in spec["other_bins"]]
    counts = [*spec["counts"], *(count for _, _, count in spec["other_bins"])]
    low, high = bins[_pick(list(accumulate(counts)), chance)]
    return int(low + int(chance() * (high - low)))


def _weight(spec: dict[str, Any], race: str, chance: Chance) -> int:
    """Draw a sampling weight between the known quantiles, on a logarithmic scale."""
    quantiles, knots, u = spec["quantile"], spec["knots"][race], chance()
    left = bisect_right(quantiles, u) - 1
    share = (u - quantiles[left]) / (quantiles[left + 1] - quantiles[left])
    low, high = math.log(knots[left]), math.log(knots[left + 1])
    return int(math.exp(low + share * (high - low)))


def _line(person: Person) -> str:
    return ", ".join([str(person[column]) for column in COLUMNS])


if __name__ == "__main__":
    (HERE / "census.csv").write_text(make(), encoding="utf-8", newline="\n")
