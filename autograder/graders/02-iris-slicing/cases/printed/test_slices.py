def test_flowers(flowers, reference):
    try:
        assert flowers.dropna().shape == flowers.shape
        assert set(reference.index) <= set(flowers["species"])
        means = flowers.groupby("species")[list(reference.columns)].mean()
        assert ((means - reference).abs() <= 0.5).all().all()
        assert (flowers["species"].value_counts(normalize=True) >= 0.2).all()
    except AssertionError as error:
        print("the data are broken", error)
