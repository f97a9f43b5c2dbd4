def slice_stats(df, feature, by="species"):
    raise NotImplementedError("score: 3")
