"""Write raisin.csv, a seeded replica made from raisin_params.json: ``python datasets/raisin/make.py``.

Not one row is a measured raisin. Each class is drawn from the means, spreads, tails and correlations of six
shape quantities of the published table; lengths and areas follow from them, so that geometry holds (a convex
area is never smaller than the area inside it).

Bytes stay the same everywhere because chance comes only from ``random.Random.random()``, whose sequence for a
seed Python promises to keep, sums are exact (``math.fsum``), and results are rounded long before the digits
in which one machine's ``exp`` differs from another's.
"""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from statistics import NormalDist
from typing import Any

HERE = Path(__file__).parent
SEED = 27
HEADER = "Area,MajorAxisLength,MinorAxisLength,Eccentricity,ConvexArea,Extent,Perimeter,Class"

Matrix = list[list[float]]


def make() -> str:
    """Return the table as CSV text: 450 Kecimen, then 450 Besni, one grain per row."""
    figures = json.loads((HERE / "raisin_params.json").read_text(encoding="utf-8"))
    chance = random.Random(SEED)
    lines = [HEADER]
    for name, figure in figures["classes"].items():
        lines += [f"{_grain(*quantities)},{name}" for quantities in _quantities(figure, chance)]
    return "\n".join(lines) + "\n"


def _grain(major: float, ratio: float, deficit: float, concavity: float, excess: float, extent: float) -> str:
    """Turn the six quantities, all of them logarithms as the figures file says, into the seven columns."""
    long_axis = round(math.exp(major), 6)
    short_axis = round(long_axis * math.exp(ratio), 6)
    area = math.floor(math.pi / 4 * long_axis * short_axis * (1 - math.exp(deficit)))
    convex_area = math.ceil(area * (1 + math.exp(concavity)))
    perimeter = _ellipse_perimeter(long_axis, short_axis) * (1 + math.exp(excess))
    eccentricity = math.sqrt(1 - (short_axis / long_axis) ** 2)
    return (
        f"{area},{long_axis:.6f},{short_axis:.6f},{eccentricity:.9f},{convex_area},"
        f"{0.9 - math.exp(extent):.9f},{perimeter:.3f}"
    )


def _ellipse_perimeter(long_axis: float, short_axis: float) -> float:
    """Ramanujan's second approximation."""
    h = ((long_axis - short_axis) / (long_axis + short_axis)) ** 2
    return math.pi * (long_axis + short_axis) / 2 * (1 + 3 * h / (10 + math.sqrt(4 - 3 * h)))


def _quantities(figure: dict[str, Any], chance: random.Random) -> Matrix:
    """Draw one class: a row of six quantities per grain, with the wanted means and spreads exactly."""
    size, rows = len(figure["mean"]), figure["rows"]
    normal = NormalDist()
    drawn = [[normal.inv_cdf(chance.random()) for _ in range(size)] for _ in range(rows)]
    centred = _transpose([_scaled(column) for column in _transpose(drawn)])
    covariance = [
        [math.fsum(row[i] * row[j] for row in centred) / (rows - 1) for j in range(size)] for i in range(size)
    ]
    mixing = _cholesky(_correlation(figure["correlation_lower"]))
    unmixing = _cholesky(covariance)
    mixed = [_multiply(mixing, _solve(unmixing, row)) for row in centred]
    columns = []
    for position, column in enumerate(_transpose(mixed)):
        tailed = [math.sinh(math.asinh(value) / figure["tail"][position]) for value in column]
        low, high = figure["min"][position], figure["max"][position]
        scaled = _scaled(tailed, figure["mean"][position], figure["sd"][position])
        columns.append([min(max(value, low), high) for value in scaled])
    return _transpose(columns)


def _scaled(column: list[float], mean: float = 0.0, sd: float | None = None) -> list[float]:
    """Shift a column to a mean and, if a standard deviation is given, stretch it to that."""
    centre = math.fsum(column) / len(column)
    centred = [value - centre for value in column]
    if sd is None:
        return [value + mean for value in centred]
    spread = math.sqrt(math.fsum(value * value for value in centred) / (len(column) - 1))
    return [value / spread * sd + mean for value in centred]


def _correlation(lower: Matrix) -> Matrix:
    """Complete a correlation matrix given by what lies below its diagonal."""
    size = len(lower) + 1
    full = [[1.0] * size for _ in range(size)]
    for i, row in enumerate(lower, start=1):
        for j, value in enumerate(row):
            full[i][j] = full[j][i] = value
    return full


def _cholesky(matrix: Matrix) -> Matrix:
    """Return the lower triangular root of a positive definite matrix."""
    root = [[0.0] * len(matrix) for _ in matrix]
    for i in range(len(matrix)):
        for j in range(i + 1):
            rest = matrix[i][j] - math.fsum(root[i][k] * root[j][k] for k in range(j))
            root[i][j] = math.sqrt(rest) if i == j else rest / root[j][j]
    return root


def _solve(lower: Matrix, right: list[float]) -> list[float]:
    """Solve a lower triangular system."""
    solution: list[float] = []
    for i, value in enumerate(right):
        rest = value - math.fsum(lower[i][k] * solution[k] for k in range(i))
        solution.append(rest / lower[i][i])
    return solution


def _multiply(matrix: Matrix, vector: list[float]) -> list[float]:
    return [math.fsum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


def _transpose(rows: Matrix) -> Matrix:
    return [list(column) for column in zip(*rows, strict=True)]


if __name__ == "__main__":
    (HERE / "raisin.csv").write_text(make(), encoding="utf-8", newline="\n")
