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


# YOUR CODE HERE
raise NotImplementedError()
