"""The same in plain NumPy where possible."""

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler


def split(raisin, random_state=23):
    rows = StratifiedShuffleSplit(n_splits=1, test_size=0.25, random_state=random_state)
    train_at, valid_at = next(rows.split(raisin, raisin["Class"]))
    return raisin.iloc[train_at], raisin.iloc[valid_at]


def train(rows):
    features = [column for column in rows.columns if column != "Class"]
    model = Pipeline([("scale", StandardScaler()), ("classify", LogisticRegression(random_state=23))])
    model.fit(rows[features], rows["Class"].to_numpy())
    return model


def f1_of(true, pred):
    tp, fp, fn = (true & pred).sum(), (~true & pred).sum(), (true & ~pred).sum()
    return np.nan if tp + fp + fn == 0 else tp / (tp + (fp + fn) / 2)


def evaluate(y_true, y_pred):
    y_true, y_pred = np.array(y_true), np.array(y_pred)
    rows = {}
    for name in np.unique(np.concatenate([y_true, y_pred])):
        true, pred = y_true == name, y_pred == name
        tp = (true & pred).sum()
        precision = tp / pred.sum() if pred.any() else 0.0
        recall = tp / true.sum() if true.any() else 0.0
        rows[str(name)] = {"rows": true.sum(), "recall": recall, "precision": precision, "f1": f1_of(true, pred)}
    table = pd.DataFrame(rows).T
    macro = table.mean()
    macro["rows"] = len(y_true)
    table.loc["macro"] = macro
    return table


def slice_f1(train_rows, valid_rows, y_pred, features=("MajorAxisLength", "MinorAxisLength", "ConvexArea"), positive="Kecimen"):
    true = np.array(valid_rows["Class"] == positive)
    pred = np.array([name == positive for name in y_pred])
    rows = []
    for side in ("<", ">="):
        for feature in features:
            cut = train_rows[feature].mean()
            values = valid_rows[feature].to_numpy()
            inside = values < cut if side == "<" else values >= cut
            f1 = f1_of(true[inside], pred[inside])
            rows.append(dict(side=side, feature=feature, threshold=cut, rows=inside.sum(), f1=f1, difference=f1 - f1_of(true, pred)))
    return pd.DataFrame(rows)


def explain_gap(y_true, y_pred, inside, positive="Kecimen"):
    true, pred, inside = np.asarray(y_true) == positive, np.asarray(y_pred) == positive, np.asarray(inside)
    rows = []
    for mask in (inside, ~inside):
        t, p = true[mask], pred[mask]
        if not len(t):
            rows.append([0, *[np.nan] * 5])
            continue
        share = t.mean()
        rows.append([len(t), share, max(share, 1 - share), (t == p).mean(), f1_of(t, p), f1_of(~t, ~p)])
    return pd.DataFrame(rows, index=["inside", "outside"], columns=["rows", "share", "baseline", "accuracy", "f1", "f1_other"])


def verdict(table):
    gaps = [table.loc["inside", name] - table.loc["outside", name] for name in ("accuracy", "f1", "f1_other")]
    if any(np.isnan(gaps)):
        return "unknown"
    if max(gaps) < 0:
        return "worse"
    if min(gaps) > 0:
        return "better"
    return "depends"
