"""Every request, and nothing but its status."""

import pytest

ITEM = {"name": "Kettle", "tags": ["steel"], "item_id": 42}


@pytest.mark.parametrize("item_id", [0, -3, 123456789])
def test_fetch(client, item_id):
    assert client.get(f"/items/{item_id}").status_code == 200


@pytest.mark.parametrize("count", [0, -2, 123456789])
def test_count(client, count):
    assert client.get(f"/items/7?count={count}").status_code == 200


@pytest.mark.parametrize("path", ["/items/seven", "/items/1.5", "/items/7?count=seven", "/items/7?count=1.5"])
def test_types(client, path):
    assert client.get(path).status_code == 422


def test_types_of_query(client):
    assert client.post("/till?query=seven", json={"value": 5}).status_code == 422


@pytest.mark.parametrize("path", ["/", "/item/42", "/items/42/7"])
def test_paths(client, path):
    assert client.get(path).status_code == 404


def test_paths_and_methods(client):
    assert client.delete("/items/42").status_code == 405
    assert client.get("/items/").status_code == 405


@pytest.mark.parametrize("tags", ["steel", [], ["a", "b"]])
def test_body(client, tags):
    assert client.post("/items/", json=ITEM | {"tags": tags}).status_code == 200


@pytest.mark.parametrize("item", [{}, {"name": "Kettle"}, ITEM | {"name": 5}, ITEM | {"item_id": "seven"}])
def test_body_wrong(client, item):
    assert client.post("/items/", json=item).status_code == 422


def test_shape(client):
    assert client.post("/till?query=3", json={"value": 5}).status_code == 200


def test_openapi(client):
    assert client.get("/openapi.json").status_code == 200
