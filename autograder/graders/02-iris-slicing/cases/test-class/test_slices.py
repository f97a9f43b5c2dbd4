class TestFlowers:
    def test_slices(self, flowers, reference):
        assert len(flowers.dropna()) == len(flowers)
        total = len(flowers)
        for name, wanted in reference.iterrows():
            part = flowers[flowers["species"] == name]
            assert not part.empty, f"no {name}"
            assert len(part) / total >= 0.2
            for feature, value in wanted.items():
                assert value - 0.5 <= part[feature].mean() <= value + 0.5
