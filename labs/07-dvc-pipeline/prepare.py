"""Stage 1, prepare: fake.csv → X.csv and y.csv."""

from __future__ import annotations

import pandas as pd
from sklearn.preprocessing import MinMaxScaler


def main() -> None:
    """Scale the feature to 0 … 1, and write features and labels to files of their own.

    Reads fake.csv (columns feature and label). Writes X.csv with the single column ``feature``, scaled by
    MinMaxScaler, and y.csv with the single column ``label``: the same rows in the same order, no index.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


if __name__ == "__main__":
    main()
