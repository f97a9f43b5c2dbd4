"""Each test says the opposite, and expects to fail: when it passes, pytest calls that a failure."""

import pytest

pytestmark = pytest.mark.xfail(strict=True)


def test_fetch(client):
    assert client.get("/items/42").json() != {"fetch": "Fetched 1 of 42"}


def test_count(client):
    assert client.get("/items/42?count=0").json() != {"fetch": "Fetched 0 of 42"}


def test_types(client):
    assert client.get("/items/seven").status_code != 422


def test_paths(client):
    assert client.get("/").status_code != 404


def test_body(client):
    item = {"name": "Kettle", "tags": "steel", "item_id": 42}
    assert client.post("/items/", json=item).json() != item


def test_shape(client):
    assert client.post("/till?query=3", json={"value": 5}).json()["query"] != 3


def test_openapi(client):
    assert client.get("/openapi.json").json()["info"]["version"] != "1.0.0"
