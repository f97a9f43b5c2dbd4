def test_no_missing_values(flowers):
    assert (flowers.shape == flowers.dropna().shape, "values are missing")


def test_species(flowers):
    assert len(flowers["species"].unique()) <= len(flowers)


def test_averages(flowers):
    means = flowers.groupby("species").mean()
    assert means is not None


def test_shares(flowers):
    shares = flowers["species"].value_counts(normalize=True)
    assert (shares >= 0).all()
