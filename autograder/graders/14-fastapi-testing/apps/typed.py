"""Items, with the types of the standard library."""
# ruff: noqa: B008, D103

from dataclasses import dataclass
from typing import NewType

from fastapi import Depends, FastAPI, status

ItemId = NewType("ItemId", int)

app = FastAPI(
    title="Items API",
    version="1.0.0",
    description="Items, typed.",
    separate_input_output_schemas=False,
    responses={418: {"description": "Never."}},
)


@dataclass
class Article:
    name: str
    tags: str | list[str]
    item_id: ItemId


@dataclass
class Amount:
    value: int


@dataclass
class Said:
    query: int
    path: str
    body: Amount


@dataclass
class Found:
    fetch: str


@dataclass
class Wish:
    item_id: ItemId
    count: int = 1

    def __str__(self) -> str:
        return f"{self.count} of {self.item_id}"


def wish(item_id: ItemId, count: int = 1) -> Wish:
    return Wish(item_id, count)


@app.post("/items/", operation_id="add", status_code=status.HTTP_200_OK)
async def add(article: Article) -> Article:
    return Article(name=article.name, tags=article.tags, item_id=article.item_id)


@app.get("/items/{item_id}", operation_id="find")
async def find(wish: Wish = Depends(wish)) -> Found:
    return Found(fetch=f"Fetched {wish}")


@app.post("/{path}", operation_id="say")
def say(path: str, amount: Amount, query: int) -> Said:
    return Said(query=query, path=path, body=amount)
