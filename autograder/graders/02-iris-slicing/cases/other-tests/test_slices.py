import pytest

CLASSES = ["setosa", "versicolor", "virginica"]
FEATURES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]


def test_nothing_is_missing(flowers):
    assert not flowers.isna().any(axis=None)


@pytest.mark.parametrize("name", CLASSES)
def test_share(flowers, name):
    assert (flowers.species == name).mean() >= 0.2


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("feature", FEATURES)
def test_average(flowers, reference, name, feature):
    average = flowers.loc[flowers.species == name, feature].mean()

    assert average == pytest.approx(reference.loc[name, feature], abs=0.5)
