from pathlib import Path

import pandas as pd

flowers = pd.read_csv(Path(__file__).parent / "../../datasets/iris/iris.csv")


def test_no_missing_values():
    assert flowers.dropna().shape == flowers.shape


def test_species(reference):
    assert set(reference.index) <= set(flowers["species"])


def test_averages(reference):
    means = flowers.groupby("species")[list(reference.columns)].mean()
    assert ((means - reference).abs() <= 0.5).all().all()


def test_shares():
    assert (flowers["species"].value_counts(normalize=True) >= 0.2).all()
