def slice_stats(df, feature, by="species"):
    names = sorted(df[by].dropna().unique())
    return pd.DataFrame({"count": 1e308, "mean": [float("inf")] * len(names), "std": [-1e-320] * len(names)}, index=names)
