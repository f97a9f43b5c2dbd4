"""The tests that run in CI, before anything is deployed. Run them with: python -m pytest tests"""

from app.main import app
from fastapi.testclient import TestClient


def test_greeting() -> None:
    """The app says hello."""
    response = TestClient(app).get("/")

    assert response.json() == {"greeting": "Hello World!"}
