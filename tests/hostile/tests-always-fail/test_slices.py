def test_everything():
    assert False, "found it"
