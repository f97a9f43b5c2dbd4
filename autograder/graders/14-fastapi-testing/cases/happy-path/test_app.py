"""What the tutorial shows: three requests that go well."""

from app import app
from fastapi.testclient import TestClient

client = TestClient(app)


def test_fetch_item():
    response = client.get("/items/42")
    assert response.status_code == 200
    assert response.json() == {"fetch": "Fetched 1 of 42"}


def test_count():
    response = client.get("/items/42?count=5")
    assert response.status_code == 200
    assert response.json() == {"fetch": "Fetched 5 of 42"}


def test_body_of_item():
    item = {"name": "Hammer", "tags": ["tool", "steel"], "item_id": 1}
    response = client.post("/items/", json=item)
    assert response.status_code == 200
    assert response.json() == item


def test_body_of_value():
    response = client.post("/shelf?query=1", json={"value": 2})
    assert response.status_code == 200
    assert response.json() == {"path": "shelf", "query": 1, "body": {"value": 2}}
