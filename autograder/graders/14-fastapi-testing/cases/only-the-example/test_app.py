"""Tests for the items API in app.py. Run them in this folder: pytest

README.md holds the contract, and nothing else is promised. The fixture ``client`` sends requests to the app.
The name of a test says which task it belongs to:

1. test_fetch_…     an item is fetched
2. test_count_…     the count, by default and on request
3. test_types_…     wrong types are refused
4. test_paths_…     wrong paths and methods are refused
5. test_body_…      bodies come back, and are checked
6. test_shape_…     the shape of every answer
7. test_openapi_…   the API's own description
"""

import pytest


def test_fetch_succeeds(client):
    """An example of a test: item 42 can be fetched."""
    response = client.get("/items/42")

    assert response.status_code == 200
