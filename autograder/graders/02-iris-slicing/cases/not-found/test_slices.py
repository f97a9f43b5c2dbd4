def check_no_missing_values(flowers):
    assert flowers.dropna().shape == flowers.shape


def check_species(flowers, reference):
    assert set(reference.index) <= set(flowers["species"])


def check_averages(flowers, reference):
    means = flowers.groupby("species")[list(reference.columns)].mean()
    assert ((means - reference).abs() <= 0.5).all().all()


def check_shares(flowers):
    assert (flowers["species"].value_counts(normalize=True) >= 0.2).all()
