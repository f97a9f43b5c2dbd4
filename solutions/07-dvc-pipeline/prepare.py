"""Stage 1, prepare: fake.csv → X.csv and y.csv."""

from __future__ import annotations

import pandas as pd
from sklearn.preprocessing import MinMaxScaler


def main() -> None:
    """Scale the feature to 0 … 1, and write features and labels to files of their own.

    Reads fake.csv (columns feature and label). Writes X.csv with the single column ``feature``, scaled by
    MinMaxScaler, and y.csv with the single column ``label``: the same rows in the same order, no index.
    """
    ### BEGIN SOLUTION
    data = pd.read_csv("fake.csv")
    scaled = MinMaxScaler().fit_transform(data[["feature"]])
    pd.DataFrame(scaled, columns=["feature"]).to_csv("X.csv", index=False)
    data[["label"]].to_csv("y.csv", index=False)
    ### END SOLUTION


if __name__ == "__main__":
    main()
