import numpy as np

EMPTY = pd.DataFrame()


def slice_stats(df, feature, by="species"):
    return [np.zeros(0)] * 500_000
