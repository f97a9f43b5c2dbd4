"""One table of requests and answers; no name of a test says its task."""

import pytest

KETTLE = {"name": "Kettle No. 5", "tags": ["b", "a", "a"], "item_id": 42}
KEYS = list(KETTLE)
ROWS = [
    *(("GET", f"/items/{n}", None, 200, {"fetch": f"Fetched 1 of {n}"}) for n in (-5, 0, 5, 1234567)),
    *(("GET", f"/items/5?count={n}", None, 200, {"fetch": f"Fetched {n} of 5"}) for n in (-5, 0, 5, 1234567)),
    *(("GET", f"/items/{wrong}", None, 422, None) for wrong in ("x", "2.5")),
    *(("GET", f"/items/5?count={wrong}", None, 422, None) for wrong in ("x", "2.5")),
    *(("POST", f"/x?query={wrong}", {"value": 1}, 422, None) for wrong in ("x", "2.5")),
    *(("GET", path, None, 404, None) for path in ("/", "/item/42", "/items/42/7")),
    ("DELETE", "/items/42", None, 405, None),
    ("GET", "/items/", None, 405, None),
    *(("POST", "/items/", KETTLE | {"tags": tags}, 200, KETTLE | {"tags": tags}) for tags in ("b", [], ["b", "a", "a"])),
    ("POST", "/items/", KETTLE | {"name": "kettle  "}, 200, KETTLE | {"name": "kettle  "}),
    *(("POST", "/items/", {k: KETTLE[k] for k in KEYS if k != key}, 422, None) for key in KEYS),
    *(("POST", "/items/", KETTLE | {key: wrong}, 422, None) for key, wrong in zip(KEYS, (5, [5], "x"), strict=True)),
    ("POST", "/CamelCase?query=4", {"value": -4}, 200, {"path": "CamelCase", "query": 4, "body": {"value": -4}}),
    *(("POST", "/x?query=4", body, 422, None) for body in ({}, {"value": 1.5}, {"value": "x"})),
]


@pytest.mark.parametrize(("method", "url", "body", "status", "answer"), ROWS)
def test_request(client, method, url, body, status, answer):
    response = client.request(method, url, json=body)

    assert response.status_code == status
    if answer is not None:
        assert response.json() == answer
        assert response.headers["content-type"].split(";")[0] == "application/json"


def test_description(client):
    description = client.get("/openapi.json").json()
    fetch = description["paths"]["/items/{item_id}"]["get"]
    schemas = {parameter["name"]: parameter["schema"] for parameter in fetch["parameters"]}

    assert (description["info"]["title"], description["info"]["version"]) == ("Items API", "1.0.0")
    assert description["info"]["description"].strip()
    assert sorted(description["paths"]) == ["/items/", "/items/{item_id}", "/{path}"]
    assert schemas["count"]["default"] == 1
    assert schemas["item_id"]["type"] == "integer"
