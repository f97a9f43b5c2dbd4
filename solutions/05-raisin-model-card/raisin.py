"""Tell Kecimen raisins from Besni, measure the model, and find out what its slices really say.

README.md states what each function gets and gives back. `python raisin.py` prints the figures for your model card.
"""

import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, precision_recall_fscore_support
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SLICED = ("MajorAxisLength", "MinorAxisLength", "ConvexArea")


def split(raisin, random_state=23):
    """Return training and validation rows: 75 % and 25 %, stratified by Class, rows and columns as they are."""
    ### BEGIN SOLUTION
    train_rows, valid_rows = train_test_split(
        raisin, test_size=0.25, stratify=raisin["Class"], random_state=random_state
    )
    return train_rows, valid_rows
    ### END SOLUTION


def train(rows):
    """Return a fitted Pipeline, StandardScaler then LogisticRegression, that learns Class from all other columns."""
    ### BEGIN SOLUTION
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    return model.fit(rows.drop(columns="Class"), rows["Class"])
    ### END SOLUTION


def evaluate(y_true, y_pred):
    """Return a DataFrame with precision, recall, f1 and rows, one row per class and one called "macro".

    The classes are those that are true or predicted somewhere. What divides by zero is 0.0.
    """
    ### BEGIN SOLUTION
    classes = sorted({*y_true, *y_pred})
    scores = precision_recall_fscore_support(y_true, y_pred, labels=classes, zero_division=0.0)
    table = pd.DataFrame(dict(zip(["precision", "recall", "f1", "rows"], scores, strict=True)), index=classes)
    table.loc["macro"] = table.mean()
    table.loc["macro", "rows"] = len(y_true)
    return table.astype({"rows": int})
    ### END SOLUTION


def slice_f1(train_rows, valid_rows, y_pred, features=SLICED, positive="Kecimen"):
    """Return the F1 of one class on both sides of each feature's mean, next to its F1 on all validation rows.

    Args:
        train_rows: rows that give the thresholds, the mean of each feature.
        valid_rows: rows to slice, with their true Class.
        y_pred: the predictions for valid_rows, in the same order.
        features: what to slice by.
        positive: the class whose F1 it is.

    Returns:
        A DataFrame with two rows per feature, side ">=" and side "<", and the columns feature, side, threshold,
        rows, f1 and difference. f1 is NaN where it is undefined: nothing there is positive, nor predicted so.
    """
    ### BEGIN SOLUTION
    is_true = (valid_rows["Class"] == positive).to_numpy()
    is_pred = pd.Series(y_pred).to_numpy() == positive
    overall = f1_score(is_true, is_pred, zero_division=float("nan"))

    found = []
    for feature in features:
        threshold = train_rows[feature].mean()
        above = (valid_rows[feature] >= threshold).to_numpy()
        for side, inside in ((">=", above), ("<", ~above)):
            nothing = not (is_true[inside].any() or is_pred[inside].any())
            f1 = float("nan") if nothing else f1_score(is_true[inside], is_pred[inside])
            found.append((feature, side, threshold, int(inside.sum()), f1, f1 - overall))
    return pd.DataFrame(found, columns=["feature", "side", "threshold", "rows", "f1", "difference"])
    ### END SOLUTION


def explain_gap(y_true, y_pred, inside, positive="Kecimen"):
    """Return what lies behind an F1: a DataFrame with the rows "inside" and "outside" of a slice.

    Args:
        y_true: the true classes.
        y_pred: the predictions, in the same order.
        inside: the slice, a Boolean mask in the same order.
        positive: the class that `f1` is about.

    Returns:
        The columns rows, share (of the positive class), baseline (accuracy of always naming the more frequent of
        positive and the rest), accuracy, f1, and f1_other (with the rest as the positive class). Everything but
        `rows` is NaN where there are no rows; an F1 is also NaN where it is undefined, as in slice_f1.
    """
    ### BEGIN SOLUTION
    data = pd.DataFrame({"true": list(y_true), "pred": list(y_pred)}) == positive
    mask = pd.Series(list(inside), dtype=bool)
    table = {}
    for name, part in (("inside", data[mask]), ("outside", data[~mask])):
        share = part["true"].mean()
        table[name] = {
            "rows": len(part),
            "share": share,
            "baseline": max(share, 1 - share),
            "accuracy": accuracy_score(part["true"], part["pred"]) if len(part) else float("nan"),
            "f1": _f1(part),
            "f1_other": _f1(~part),
        }
    return pd.DataFrame.from_dict(table, orient="index")


def _f1(part):
    hits = (part["true"] & part["pred"]).sum()
    total = part["true"].sum() + part["pred"].sum()
    return 2 * hits / total if total else float("nan")
    ### END SOLUTION


def verdict(table):
    """Return in one word what the table of explain_gap says about the slice.

    "worse" if accuracy, f1 and f1_other are all smaller inside than outside, "better" if all three are larger,
    "unknown" if one of these six numbers is NaN, otherwise "depends": on the metric, or on what you call positive.
    """
    ### BEGIN SOLUTION
    metrics = table[["accuracy", "f1", "f1_other"]]
    if metrics.isna().to_numpy().any():
        return "unknown"
    gaps = metrics.loc["inside"] - metrics.loc["outside"]
    if (gaps < 0).all():
        return "worse"
    return "better" if (gaps > 0).all() else "depends"
    ### END SOLUTION


def main():
    """Print every figure that the model card needs."""
    raisin = pd.read_csv("../../datasets/raisin/raisin.csv")
    train_rows, valid_rows = split(raisin)
    y_pred = train(train_rows).predict(valid_rows.drop(columns="Class"))
    print(evaluate(valid_rows["Class"], y_pred).round(3), end="\n\n")
    print(slice_f1(train_rows, valid_rows, y_pred).round(3), end="\n\n")
    for feature in SLICED:
        large = valid_rows[feature] >= train_rows[feature].mean()
        table = explain_gap(valid_rows["Class"], y_pred, large)
        print(f"{feature} at or above its mean: {verdict(table)}", table.round(3), sep="\n", end="\n\n")


if __name__ == "__main__":
    main()
