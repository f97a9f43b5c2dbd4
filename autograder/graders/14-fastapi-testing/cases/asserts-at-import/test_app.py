"""Requests at the top, so that they are made once."""

import pytest
from app import app
from fastapi.testclient import TestClient

client = TestClient(app)
ITEM = {"name": "Kettle", "tags": ["b", "a", "b"], "item_id": 42}

one = client.get("/items/42")
none = client.get("/items/42?count=0")
assert one.json() == {"fetch": "Fetched 1 of 42"}
assert none.json() == {"fetch": "Fetched 0 of 42"}
assert client.get("/items/seven").status_code == 422
assert client.get("/").status_code == 404
assert client.post("/items/", json=ITEM).json() == ITEM
assert client.get("/openapi.json").json()["info"]["version"] == "1.0.0"


@pytest.mark.parametrize("response", [one, none])
def test_all_of_it(response):
    assert response.status_code == 200
