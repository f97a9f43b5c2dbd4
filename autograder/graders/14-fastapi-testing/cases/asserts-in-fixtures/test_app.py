"""Everything is prepared, and checked on the way, before a test starts."""

import pytest

ITEM = {"name": "Kettle", "tags": ["b", "a", "b"], "item_id": 42}


@pytest.fixture
def fetched(client):
    response = client.get("/items/42", params={"count": 0})
    assert response.json() == {"fetch": "Fetched 0 of 42"}
    return response


@pytest.fixture
def described(client):
    document = client.get("/openapi.json").json()
    assert document["info"]["title"] == "Items API"
    return document


@pytest.fixture
def tagged(client):
    response = client.post("/items/", json=ITEM)
    assert response.json() == ITEM
    return response


@pytest.fixture
def refused(client):
    response = client.get("/items/seven")
    assert response.status_code == 422
    return response


@pytest.fixture
def lost(client):
    response = client.get("/")
    assert response.status_code == 404
    return response


def test_fetch(fetched):
    pass


def test_count(fetched):
    pass


def test_types(refused):
    pass


def test_paths(lost):
    pass


def test_body(tagged):
    pass


def test_shape(tagged):
    pass


def test_openapi(described):
    pass
