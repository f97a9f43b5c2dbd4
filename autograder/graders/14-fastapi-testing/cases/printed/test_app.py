"""Somebody looks at the output, surely."""


def test_fetch(client):
    print(client.get("/items/42").json())


def test_count(client):
    print(client.get("/items/42?count=5").json() == {"fetch": "Fetched 5 of 42"})


def test_types(client):
    print(client.get("/items/seven").status_code == 422)


def test_paths(client):
    print(client.get("/item/42").status_code == 404)


def test_body(client):
    print(client.post("/items/", json={"name": "Kettle", "tags": "steel", "item_id": 42}).json())


def test_shape(client):
    print(client.get("/items/42").headers)


def test_openapi(client):
    print(client.get("/openapi.json").json())
