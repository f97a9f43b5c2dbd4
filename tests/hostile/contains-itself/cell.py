def slice_stats(df, feature, by="species"):
    values = []
    values.append(values)
    return values
