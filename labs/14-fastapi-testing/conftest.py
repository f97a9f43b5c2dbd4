"""The fixture of test_app.py: a client of the app under test."""

from collections.abc import Iterator

import pytest
from app import app
from fastapi.testclient import TestClient


@pytest.fixture(scope="session")
def client() -> Iterator[TestClient]:
    """Send requests to the app: ``client.get("/items/42")``, ``client.post("/items/", json={...})``.

    There is no server and no network; the app answers in this very process.
    """
    with TestClient(app) as client:
        yield client
