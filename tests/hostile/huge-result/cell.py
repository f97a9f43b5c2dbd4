import numpy as np

BULK = np.zeros(50_000_000)


def slice_stats(df, feature, by="species"):
    return pd.DataFrame({"count": BULK})
