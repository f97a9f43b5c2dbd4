"""Tests for the slices of a data set of flowers. Run them in this folder: pytest test_slices.py

The fixture ``flowers`` is the data set under test, ``reference`` holds the averages of sound data;
conftest.py shows both. Data are sound if

1. no value is missing: the shape stays the same when rows with missing values are dropped,
2. every species of ``reference`` is present,
3. the average of each measurement in each species lies within 0.5 cm of ``reference``,
4. each species of ``reference`` has at least 20 % of the rows.

Nothing else is promised: there may be any number of rows, in any order.
"""


def test_columns_are_the_expected_ones(flowers, reference):
    """An example of a test: the data set has a column for each measurement, and the species."""
    missing = {*reference.columns, "species"} - set(flowers.columns)

    assert not missing, f"columns {sorted(missing)} are missing"


### BEGIN SOLUTION
LARGEST_DRIFT = 0.5  # cm
SMALLEST_SHARE = 0.20


def test_no_value_is_missing(flowers):
    """Dropping rows with missing values drops none."""
    assert flowers.dropna().shape == flowers.shape


def test_every_species_is_present(flowers, reference):
    """Each species that the model knows occurs in the data."""
    absent = set(reference.index) - set(flowers["species"])

    assert not absent, f"{sorted(absent)} do not occur"


def test_averages_of_each_species_stay_in_range(flowers, reference):
    """No measurement of any species has drifted away from its reference."""
    averages = flowers.groupby("species")[list(reference.columns)].mean()

    drift = (averages - reference).abs().max(axis="columns")

    assert drift.max() <= LARGEST_DRIFT, f"{drift.idxmax()} is off by {drift.max():.2f} cm"


def test_no_species_is_starved(flowers, reference):
    """Each species has a fair share of the rows."""
    shares = flowers["species"].value_counts(normalize=True)

    for species in reference.index:
        assert shares.get(species, 0) >= SMALLEST_SHARE, f"too few {species}"


### END SOLUTION
