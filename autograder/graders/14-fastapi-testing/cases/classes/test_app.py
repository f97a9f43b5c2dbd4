"""Classes instead of prefixes, a client of its own, and the words of the tasks in the names of the classes."""

import pytest
from app import app
from fastapi.testclient import TestClient

client = TestClient(app)


def refused(method: str, url: str, **request) -> bool:
    return client.request(method, url, **request).status_code == 422


class TestFetch:
    def test_status(self):
        assert client.get("/items/1").is_success
        assert client.get("/items/1").status_code == 200

    @pytest.mark.parametrize("item_id", [-1, 0, 1, 999_999_999])
    def test_text(self, item_id):
        assert client.get(f"/items/{item_id}").json()["fetch"] == "Fetched 1 of " + str(item_id)


class TestCount:
    def test_left_out(self):
        assert client.get("/items/5").json()["fetch"].startswith("Fetched 1 ")

    @pytest.mark.parametrize("count", [-999_999_999, -1, 0, 1, 2, 999_999_999])
    def test_given(self, count):
        assert client.get(f"/items/5?count={count}").json()["fetch"] == f"Fetched {count} of 5"


class TestTypes:
    @pytest.mark.parametrize("wrong", ["abc", "0.5", "-2.5", "1e3x", "äöü"])
    def test_integers(self, wrong):
        assert refused("GET", f"/items/{wrong}")
        assert refused("GET", "/items/1", params={"count": wrong})
        assert refused("POST", "/a", params={"query": wrong}, json={"value": 1})


class TestPaths:
    def test_not_found(self):
        for path in ("/", "/item/42", "/items/42/7", "/a/b/c"):
            assert client.get(path).status_code == 404, path

    def test_not_allowed(self):
        for method, path in (("DELETE", "/items/42"), ("PUT", "/items/42"), ("GET", "/items/"), ("DELETE", "/items/")):
            assert client.request(method, path).status_code == 405, (method, path)


class TestBody:
    GOOD = {"name": "Müller & Söhne ", "tags": ["z", "a", "z"], "item_id": 0}

    def test_items_return(self):
        for tags in ("one", "", [], ["one"], ["z", "a", "z"]):
            sent = {**self.GOOD, "tags": tags}
            assert client.post("/items/", json=sent).json() == sent

    @pytest.mark.parametrize("key", list(GOOD))
    @pytest.mark.parametrize("wrong", [None, 1.5, {"a": 1}, [1]])
    def test_items_wrong(self, key, wrong):
        assert refused("POST", "/items/", json={**self.GOOD, key: wrong})

    def test_items_word(self):
        assert refused("POST", "/items/", json={**self.GOOD, "item_id": "abc"})

    @pytest.mark.parametrize("key", list(GOOD))
    def test_items_incomplete(self, key):
        sent = dict(self.GOOD)
        del sent[key]
        assert refused("POST", "/items/", json=sent)

    def test_name_is_text(self):
        assert refused("POST", "/items/", json={**self.GOOD, "name": 7})

    def test_values_return(self):
        assert client.post("/Ab c?query=-7", json={"value": 0}).json() == {
            "body": {"value": 0},
            "query": -7,
            "path": "Ab c",
        }

    def test_values_wrong(self):
        for body in ({}, {"value": None}, {"value": 2.5}, {"value": "two"}, [1]):
            assert refused("POST", "/a?query=1", json=body)
        assert refused("POST", "/a?query=1")
        assert refused("POST", "/a", json={"value": 1})


class TestShape:
    def test_keys_and_types(self):
        item = {"name": "a", "tags": "b", "item_id": 3}
        fetched, tagged, echoed = (
            client.get("/items/3"),
            client.post("/items/", json=item),
            client.post("/a?query=1", json={"value": 2}),
        )
        assert set(fetched.json()) == {"fetch"}
        assert set(tagged.json()) == {"name", "tags", "item_id"}
        assert set(echoed.json()) == {"path", "query", "body"}
        assert type(echoed.json()["query"]) is int
        assert type(tagged.json()["item_id"]) is int
        assert echoed.json()["body"] == {"value": 2}
        for response in (fetched, tagged, echoed):
            assert response.status_code == 200
            assert "json" in response.headers["Content-Type"]


class TestOpenapi:
    @pytest.fixture
    def document(self):
        response = client.get("/openapi.json")
        return response.json() if response.status_code == 200 else {"info": {}, "paths": {}}

    def test_info(self, document):
        assert document["info"].get("title") == "Items API"
        assert document["info"].get("version") == "1.0.0"
        assert len(document["info"].get("description", "")) > 0

    def test_paths(self, document):
        assert set(document["paths"]) == {"/items/{item_id}", "/items/", "/{path}"}
        assert "get" in document["paths"]["/items/{item_id}"]
        assert "post" in document["paths"]["/items/"]
        assert "post" in document["paths"]["/{path}"]

    def test_parameters(self, document):
        for parameter in document["paths"]["/items/{item_id}"]["get"]["parameters"]:
            assert parameter["schema"]["type"] == "integer"
            if parameter["name"] == "count":
                assert parameter["schema"]["default"] == 1
