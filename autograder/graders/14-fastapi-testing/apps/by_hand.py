"""Items, without FastAPI: every request is read and answered by hand."""
# ruff: noqa: D103

import json
import re

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route


class Refusal(Exception):
    pass


def integer(text):
    if text is None or not re.fullmatch(r"-?[0-9]+", text):
        raise Refusal("an integer was expected")
    return int(text)


async def document(request):
    try:
        content = json.loads(await request.body())
    except ValueError:
        raise Refusal("a JSON document was expected") from None
    if not isinstance(content, dict):
        raise Refusal("a JSON object was expected")
    return content


def whole(content, key):
    if type(content.get(key)) is not int:
        raise Refusal(f"{key} must be an integer")
    return content[key]


def text(content, key):
    if type(content.get(key)) is not str:
        raise Refusal(f"{key} must be a text")
    return content[key]


def texts(content, key):
    value = content.get(key)
    if type(value) is list and all(type(each) is str for each in value):
        return value
    return text(content, key)


def answer(content):
    return Response(json.dumps(content, indent=2), media_type="application/json")


def refuse(request, error):
    return PlainTextResponse(f"Refused: {error}.", 422)


async def fetch(request: Request):
    item_id = integer(request.path_params["item_id"])
    count = integer(request.query_params.get("count", "1"))
    return answer({"fetch": f"Fetched {count} of {item_id}"})


async def tag(request: Request):
    content = await document(request)
    item_id, tags, name = whole(content, "item_id"), texts(content, "tags"), text(content, "name")
    return answer({"tags": tags, "name": name, "item_id": item_id})


async def echo(request: Request):
    query = integer(request.query_params.get("query"))
    content = await document(request)
    return answer({"query": query, "body": {"value": whole(content, "value")}, "path": request.path_params["path"]})


def parameter(name, place, **more):
    return {"in": place, "name": name, "required": True, "schema": {"type": "integer"}} | more


def body(**properties):
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {"required": True, "content": {"application/json": {"schema": schema}}}


ONE = {"type": "integer"}
TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}
FINE = {"200": {"description": "Fine."}}
DESCRIPTION = {
    "openapi": "3.1.0",
    "info": {"version": "1.0.0", "title": "Items API", "description": "Items, made by hand."},
    "paths": {
        "/{path}": {
            "post": {
                "parameters": [
                    parameter("query", "query"),
                    parameter("path", "path", schema=TEXT),
                ],
                "requestBody": body(value=ONE),
                "responses": FINE,
            }
        },
        "/items/": {
            "post": {
                "requestBody": body(name=TEXT, item_id=ONE, tags={"oneOf": [TEXTS, TEXT]}),
                "responses": FINE,
            }
        },
        "/items/{item_id}": {
            "get": {
                "parameters": [
                    parameter("count", "query", required=False, schema={"type": "integer", "default": 1}),
                    parameter("item_id", "path"),
                ],
                "responses": FINE,
            }
        },
    },
}


async def describe(request: Request):
    return answer(DESCRIPTION)


app = Starlette(
    routes=[
        Route("/openapi.json", describe),
        Route("/items/", tag, methods=["POST"]),
        Route("/items/{item_id}", fetch),
        Route("/{path}", echo, methods=["POST"]),
    ],
    exception_handlers={Refusal: refuse},
)
