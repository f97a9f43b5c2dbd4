"""The standard library's way: classes with a setUp, subtests, and names of methods that say the task."""

import unittest

from app import app
from starlette.testclient import TestClient


class ItemsApi(unittest.TestCase):
    def setUp(self):
        self.client = TestClient(app)
        self.item = {"name": "SCREWS m4 ", "tags": ["y", "x", "y"], "item_id": 8}

    def get(self, url):
        response = self.client.get(url)
        self.assertEqual(200, response.status_code)
        self.assertTrue(response.headers["content-type"].startswith("application/json"))
        return response.json()

    def post(self, url, body):
        response = self.client.post(url, json=body)
        self.assertEqual(200, response.status_code)
        self.assertTrue(response.headers["content-type"].startswith("application/json"))
        return response.json()

    def test_fetch(self):
        for item_id in (0, 8, -8, 888888888):
            self.assertEqual({"fetch": f"Fetched 1 of {item_id}"}, self.get(f"/items/{item_id}"))

    def test_count(self):
        for count in (0, 3, -3, 333333333):
            self.assertEqual({"fetch": f"Fetched {count} of 8"}, self.get(f"/items/8?count={count}"))

    def test_types(self):
        for url in ("/items/eight", "/items/8.5", "/items/8?count=three", "/items/8?count=3.5"):
            self.assertEqual(422, self.client.get(url).status_code, url)
        self.assertEqual(422, self.client.post("/a?query=b", json={"value": 1}).status_code)

    def test_paths(self):
        for url in ("/", "/item/8", "/items/8/9"):
            self.assertEqual(404, self.client.get(url).status_code, url)
        self.assertEqual(405, self.client.delete("/items/8").status_code)
        self.assertEqual(405, self.client.get("/items/").status_code)

    def test_body(self):
        for tags in ("x", [], ["y", "x", "y"]):
            self.item["tags"] = tags
            self.assertEqual(self.item, self.post("/items/", self.item))
        expected = {"path": "Top Shelf", "query": 1, "body": {"value": 2}}
        self.assertEqual(expected, self.post("/Top Shelf?query=1", {"value": 2}))

    def test_body_refused(self):
        for key, wrong in (("name", 1), ("tags", [1]), ("item_id", "one")):
            self.assertEqual(422, self.client.post("/items/", json={**self.item, key: wrong}).status_code, key)
            less = {name: value for name, value in self.item.items() if name != key}
            self.assertEqual(422, self.client.post("/items/", json=less).status_code, key)
        for body in ({}, {"value": 0.5}):
            self.assertEqual(422, self.client.post("/a?query=1", json=body).status_code)

    def test_openapi(self):
        document = self.get("/openapi.json")
        self.assertEqual("Items API", document["info"]["title"])
        self.assertEqual("1.0.0", document["info"]["version"])
        self.assertTrue(document["info"]["description"])
        self.assertEqual({"/items/", "/items/{item_id}", "/{path}"}, set(document["paths"]))
        for parameter in document["paths"]["/items/{item_id}"]["get"]["parameters"]:
            self.assertEqual("integer", parameter["schema"]["type"])
            self.assertEqual(parameter["name"] == "count", "default" in parameter["schema"])
