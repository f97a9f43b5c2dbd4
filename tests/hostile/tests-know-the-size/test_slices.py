def test_size(flowers):
    assert len(flowers) == 150
