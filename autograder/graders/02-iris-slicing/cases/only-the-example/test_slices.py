def test_columns_are_the_expected_ones(flowers, reference):
    missing = {*reference.columns, "species"} - set(flowers.columns)

    assert not missing, f"columns {sorted(missing)} are missing"
