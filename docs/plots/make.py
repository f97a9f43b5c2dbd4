"""Draw the plots of the course text: python docs/plots/make.py

Each plot is an SVG in docs/assets/plots/, with the same bytes at every call: no date, no random names. Its ground
is transparent and its text a grey that stands out from white and from dark pages alike; its two colours differ for
colour-blind readers, too, and no meaning rests on colour alone. tests/test_learn_plots.py draws the plots anew and
compares. Their numbers come from the data sets as they ship.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict, cross_val_score, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler

ROOT = Path(__file__).resolve().parent.parent.parent
TARGET = ROOT / "docs" / "assets" / "plots"
sys.path.insert(0, str(ROOT))

from autograder import datasets  # noqa: E402

BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#808080"
SEED = 23
STYLE = {
    "svg.hashsalt": "mlops-deployment-labs",
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
    "font.size": 12,
    "text.color": GREY,
    "axes.labelcolor": GREY,
    "axes.edgecolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "lines.linewidth": 2,
    "savefig.transparent": True,
}


def linear() -> Pipeline:
    """The model of the small data sets."""
    return make_pipeline(StandardScaler(), LogisticRegression())


def kfold() -> Figure:
    """Single hold-outs against 10-fold averages, on raisins."""
    raisin = datasets.load("raisin")
    X, y = raisin.drop(columns="Class"), raisin["Class"]
    single = []
    for seed in range(200):
        X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.1, stratify=y, random_state=seed)
        single.append(linear().fit(X_train, y_train).score(X_test, y_test))
    averages = [
        cross_val_score(linear(), X, y, cv=StratifiedKFold(10, shuffle=True, random_state=seed)).mean()
        for seed in range(20)
    ]

    figure, (upper, lower) = _canvas(height=4.4, rows=2)
    bins = (np.arange(63, 88) - 0.5) / 90  # a test set has 90 rows
    for axes, values, colour, title in (
        (upper, single, BLUE, "200 hold-outs of 10 %, one number each"),
        (lower, averages, ORANGE, "20 runs of 10-fold validation, the average of each"),
    ):
        axes.hist(values, bins=bins, color=colour)
        axes.set_title(f"{title}: {min(values):.3f} to {max(values):.3f}", loc="left", fontsize=12)
        axes.set_ylabel("how often")
    lower.set_xlabel("accuracy")
    return figure


def slices() -> Figure:
    """Accuracy on slices of Iris, with 95 % intervals."""
    iris = datasets.load("iris")
    X, y = iris.drop(columns="species"), iris["species"]
    folds = StratifiedKFold(10, shuffle=True, random_state=SEED)
    right = cross_val_predict(linear(), X, y, cv=folds) == y
    width = iris["petal_width"]
    groups = {
        "all flowers": right,
        **{species: right[y == species] for species in ("setosa", "versicolor", "virginica")},
        "petal width < 1.3": right[width < 1.3],
        "1.3 to 1.8": right[(width >= 1.3) & (width < 1.8)],
        "1.8 and above": right[width >= 1.8],
    }

    figure, (axes,) = _canvas(height=3.8)
    names = list(groups)
    for row, hits in enumerate(groups.values()):
        low, high = _wilson(int(hits.sum()), len(hits))
        bad = high < right.mean()
        colour = ORANGE if bad else BLUE
        axes.plot([low, high], [row, row], color=colour, solid_capstyle="butt")
        axes.plot(hits.mean(), row, "D" if bad else "o", color=colour, markersize=9, clip_on=False)
        axes.text(1.03, row, f"{int(hits.sum())} of {len(hits)}", va="center")
    axes.axvline(right.mean(), color=GREY, linestyle=":")
    _rows(axes, names)
    axes.set_xlim(0.6, 1.0)
    axes.set_xlabel("accuracy, with a 95 % interval; dotted: all flowers")
    return figure


def disparities() -> Figure:
    """Error rates of COMPAS as ratios to those of the reference group."""
    compas = datasets.load("compas")
    table = pd.DataFrame({group: _errors(rows) for group, rows in compas.groupby("race")})
    ratios = table.div(table["Caucasian"], axis=0)[["African-American", "Hispanic", "Other"]]

    figure, (axes,) = _canvas(height=3.6)
    axes.axvspan(0.8, 1.25, color=GREY, alpha=0.15, linewidth=0)
    axes.axvline(1, color=GREY, linestyle=":")
    looks = {
        "false positive rate": ("o", BLUE),
        "false negative rate": ("D", ORANGE),
        "false discovery rate": ("s", GREY),
    }
    for shift, (metric, (marker, colour)) in enumerate(looks.items()):
        places = np.arange(len(ratios.columns)) + (shift - 1) * 0.24
        axes.plot(ratios.loc[metric], places, marker, color=colour, markersize=9, label=metric)
        for place, ratio in zip(places, ratios.loc[metric], strict=True):
            axes.annotate(f"{ratio:.2f}", (ratio, place), (10, 0), textcoords="offset points", va="center")
    _rows(axes, list(ratios.columns))
    axes.set_xscale("log")
    axes.set_xticks([0.5, 0.8, 1, 1.25, 2], ["0.5", "0.8", "1", "1.25", "2"])
    axes.minorticks_off()
    axes.set_xlim(0.45, 2.4)
    axes.set_xlabel("ratio to Caucasian defendants; grey band: 0.8 to 1.25")
    figure.legend(loc="outside upper center", ncols=3, frameon=False, handletextpad=0.1, columnspacing=1)
    return figure


def census() -> Figure:
    """F1 of the census model per level of education."""
    raw = datasets.load("census").rename(columns=str.strip)
    text = raw.select_dtypes("object").columns
    people = raw.assign(**{column: raw[column].str.strip() for column in text}).drop_duplicates()
    train, test = train_test_split(people, test_size=0.2, stratify=people["salary"], random_state=SEED)
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    encoder = make_column_transformer((codes, make_column_selector(dtype_include=object)), remainder="passthrough")
    model = make_pipeline(encoder, HistGradientBoostingClassifier(random_state=SEED))
    hidden = ["salary", "fnlgt"]
    model.fit(train.drop(columns=hidden), train["salary"] == ">50K")
    test = test.assign(rich=test["salary"] == ">50K", called=model.predict(test.drop(columns=hidden)))
    order = test.groupby("education")["education-num"].first().sort_values(ascending=False).index

    figure, (axes,) = _canvas(height=6)
    for row, level in enumerate(order):
        rows = test[test["education"] == level]
        score = f1_score(rows["rich"], rows["called"], zero_division=0)
        few = rows["rich"].sum() < 20
        marker, colour = ("D", ORANGE) if few else ("o", BLUE)
        axes.plot(score, row, marker, color=colour, markersize=9, fillstyle="none" if few else "full")
        axes.text(1.03, row, f"{rows['rich'].sum()} of {len(rows)}", va="center")
    axes.axvline(f1_score(test["rich"], test["called"]), color=GREY, linestyle=":")
    _rows(axes, list(order))
    axes.set_xlim(-0.03, 1.0)
    axes.set_xlabel("F1 of >50K; dotted: everyone; hollow: fewer than 20 earn >50K")
    return figure


PLOTS: dict[str, Callable[[], Figure]] = {
    "kfold": kfold,
    "slices": slices,
    "disparities": disparities,
    "census": census,
}


def draw(name: str, folder: Path) -> Path:
    """Draw a plot into a folder and return its file."""
    target = folder / f"{name}.svg"
    with mpl.rc_context(STYLE):
        figure = PLOTS[name]()
        figure.savefig(target, metadata={"Date": None, "Creator": None})
    text = target.read_text(encoding="utf-8")
    target.write_text("".join(f"{line.rstrip()}\n" for line in text.splitlines()), encoding="utf-8")
    return target


def _canvas(height: float, rows: int = 1) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(7.2, height), layout="constrained")
    return figure, list(np.atleast_1d(figure.subplots(rows, 1, sharex=True)))


def _rows(axes: Axes, names: list[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)


def _errors(rows: pd.DataFrame) -> dict[str, float]:
    called, charged = rows["score"] == 1, rows["label_value"] == 1
    return {
        "false positive rate": (called & ~charged).sum() / (~charged).sum(),
        "false negative rate": (~called & charged).sum() / charged.sum(),
        "false discovery rate": (called & ~charged).sum() / called.sum(),
    }


def _wilson(hits: int, rows: int, z: float = 1.96) -> tuple[float, float]:
    """The Wilson score interval of a proportion."""
    share = hits / rows
    middle = (share + z**2 / (2 * rows)) / (1 + z**2 / rows)
    half = z / (1 + z**2 / rows) * (share * (1 - share) / rows + z**2 / (4 * rows**2)) ** 0.5
    return middle - half, middle + half


if __name__ == "__main__":
    TARGET.mkdir(parents=True, exist_ok=True)
    for name in PLOTS:
        print(draw(name, TARGET).relative_to(ROOT))
