"""Write compas.csv by expanding the counts in compas_counts.csv: ``python datasets/compas/make.py``.

The table has only categorical columns, so counting each combination loses nothing but the order of the rows
and their running number. Rows are shuffled, or the first thousands would be of one group, and numbered anew.
Only ``random.Random.random()`` is used: Python promises that its sequence for a seed never changes.
"""

from __future__ import annotations

import csv
import random
from pathlib import Path

HERE = Path(__file__).parent
SEED = 7214
OUTCOMES = {"tn": ("0.0", "0"), "fp": ("1.0", "0"), "fn": ("0.0", "1"), "tp": ("1.0", "1")}
"""Score (the prediction) and label_value (what happened) behind each column of counts."""


def make() -> str:
    """Return the table as CSV text: 7,214 defendants, one per row."""
    people = []
    with (HERE / "compas_counts.csv").open(encoding="utf-8", newline="") as stream:
        for group in csv.DictReader(stream):
            for outcome, (score, label) in OUTCOMES.items():
                person = [score, label, group["race"], group["sex"], group["age_cat"]]
                people += [",".join(person)] * int(group[outcome])
    chance = random.Random(SEED)
    shuffled = [person for _, person in sorted((chance.random(), person) for person in people)]
    lines = ["entity_id,score,label_value,race,sex,age_cat"]
    lines += [f"{number},{person}" for number, person in enumerate(shuffled, start=1)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (HERE / "compas.csv").write_text(make(), encoding="utf-8", newline="\n")
