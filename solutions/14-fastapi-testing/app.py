"""The items API of a small warehouse. README.md says what it promises; nothing in this file is yours to change."""

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI(title="Items API", description="Fetch and tag the items of a small warehouse.", version="1.0.0")


class TaggedItem(BaseModel):
    """An item and what it is filed under."""

    name: str
    tags: str | list[str]
    item_id: int


class Value(BaseModel):
    """A number to send along."""

    value: int


@app.get("/items/{item_id}")
async def fetch_item(item_id: int, count: int = 1) -> dict[str, str]:
    """Fetch some pieces of one item."""
    return {"fetch": f"Fetched {count} of {item_id}"}


@app.post("/items/")
async def tag_item(item: TaggedItem) -> TaggedItem:
    """Take an item with its tags, and confirm it."""
    return item


@app.post("/{path}")
async def echo(path: str, query: int, body: Value) -> dict[str, str | int | Value]:
    """Say what arrived in the path, the query and the body."""
    return {"path": path, "query": query, "body": body}
