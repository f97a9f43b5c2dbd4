"""Write fake.csv, the table of the DVC labs: ``python datasets/fake/make.py``."""

from __future__ import annotations

from pathlib import Path

FEATURE = (3, 4, 5, 7, 8, 1, 9, 10, 2, 2, 3, 4, 1, 0, 8, 10, 7, 6, 5)
LABEL = (0, 0, 0, 1, 1, 0, 1, 1, 0, 0, 0, 1, 0, 1, 1, 0, 1, 1, 0)


def make() -> str:
    """Return the table as CSV text: 19 rows of an invented feature and label."""
    rows = [f"{feature},{label}" for feature, label in zip(FEATURE, LABEL, strict=True)]
    return "\n".join(["feature,label", *rows]) + "\n"


if __name__ == "__main__":
    Path(__file__).with_name("fake.csv").write_text(make(), encoding="utf-8", newline="\n")
