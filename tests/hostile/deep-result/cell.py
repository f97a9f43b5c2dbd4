def slice_stats(df, feature, by="species"):
    values = []
    for _ in range(1000):
        values = [values]
    return values
