import itertools

import numpy as np

names = ["setosa", "versicolor", "virginica"]
columns = ["count", "mean", "std"]
STRANGE = itertools.cycle(
    [
        pd.DataFrame([[1, 2, 3]] * 6, index=names * 2, columns=columns),
        pd.DataFrame([[1] * 6] * 3, index=names, columns=columns * 2),
        pd.DataFrame([[[1], {2: 3}, None]] * 3, index=names, columns=columns),
        pd.DataFrame([[1j, "x", b"y"]] * 3, index=names, columns=columns),
        pd.DataFrame([[object(), object, print]] * 3, index=names, columns=columns),
        pd.DataFrame(columns=columns),
        pd.DataFrame([[1, 2, 3]] * 3, index=pd.MultiIndex.from_product([names, [1]]), columns=columns),
        pd.DataFrame([[1, 2, 3]] * 3, index=[None, float("nan"), pd.NaT], columns=columns),
        pd.DataFrame([[1, 2, 3]] * 3, index=pd.IntervalIndex.from_breaks([0, 1, 2, 3]), columns=columns),
        pd.DataFrame([[pd.Timestamp(0), pd.NaT, pd.Timedelta(1)]] * 3, index=names, columns=columns),
        pd.DataFrame([[np.zeros(3), pd.Series([1]), pd.DataFrame()]] * 3, index=names, columns=columns),
        pd.DataFrame([[1, 2, 3]] * 3, index=names, columns=pd.MultiIndex.from_product([["a"], columns])),
        pd.DataFrame({c: pd.Categorical(["a"] * 3) for c in columns}, index=names),
        pd.DataFrame({c: pd.arrays.SparseArray([1.0] * 3) for c in columns}, index=names),
        pd.DataFrame([["1" * 5000, "nan", "inf"]] * 3, index=names, columns=columns),
        pd.DataFrame([[10**400, -(10**400), True]] * 3, index=names, columns=columns, dtype=object),
    ]
)


def slice_stats(df, feature, by="species"):
    return next(STRANGE)


def numeric_slices(df, feature, cut="mean"):
    return next(MASKS)


def slice_metrics(y_true, y_pred, slices, metric):
    return next(STRANGE)


def worst_slice(df, features, min_size=10, random_state=23):
    return next(WORST)


MASKS = itertools.cycle(
    [
        {f"{f} < {m:.2f}": value, f"{f} >= {m:.2f}": value}
        for f, m in (("sepal_length", 5.84), ("stem_length", 40))
        for value in (
            pd.Series([True]), pd.Series([None] * 150), np.ones(150, bool), True, pd.DataFrame([[True]]), pd.Series(dtype=bool),
            pd.Series([True] * 150, index=["x"] * 150), pd.Series(pd.array([True, None] * 75, "boolean")), "mask", object(),
        )
    ]
    + [{}, {None: None}, {1: pd.Series([True])}, {("a", "b"): 1}, pd.Series({"a": 1}), {frozenset(): object()}]
)
WORST = itertools.cycle(
    [
        {"name": name, "size": value, "metric": value, "difference": value}
        for name in ("x", None, 3, ["a"], object())
        for value in (None, "7", [1], 1j, float("inf"), object(), pd.Series([1, 2]), pd.DataFrame(), 10**400)
    ]
)
