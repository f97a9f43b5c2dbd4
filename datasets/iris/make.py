"""Write iris.csv from the copy of Fisher's table in scikit-learn: ``python datasets/iris/make.py``."""

from __future__ import annotations

from pathlib import Path

HEADER = "sepal_length,sepal_width,petal_length,petal_width,species"


def make() -> str:
    """Return the table as CSV text: 150 flowers, lengths with the one decimal they were measured to."""
    from sklearn.datasets import load_iris

    iris = load_iris()
    lines = [HEADER]
    for lengths, species in zip(iris.data, iris.target, strict=True):
        lines.append(",".join([*(f"{length:.1f}" for length in lengths), str(iris.target_names[species])]))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    Path(__file__).with_name("iris.csv").write_text(make(), encoding="utf-8", newline="\n")
