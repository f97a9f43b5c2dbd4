"""Items, by routers."""
# ruff: noqa: D103, UP032

from typing import Annotated, Any

from fastapi import APIRouter, Body, FastAPI, Path, Query
from pydantic import BaseModel, ConfigDict


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    item_id: int
    tags: list[str] | str
    name: str


class Fetched(BaseModel):
    fetch: str


class Number(BaseModel):
    value: Annotated[int, Body()]


class Echoed(BaseModel):
    body: Number
    query: int
    path: str


items = APIRouter(prefix="/items", tags=["items"])


@items.get("/{item_id}", response_model=Fetched, name="one")
def read(
    item_id: Annotated[int, Path(description="Which item.")],
    count: Annotated[int, Query(description="How many.")] = 1,
) -> Any:
    return {"fetch": "Fetched {} of {}".format(count, item_id)}


@items.post("/", response_model=Thing)
def keep(thing: Thing) -> Any:
    return thing.model_dump()


rest = APIRouter()


@rest.post("/{path}", response_model=Echoed)
def mirror(path: str, query: Annotated[int, Query()], number: Number) -> Any:
    return Echoed(body=number, query=query, path=path)


app = FastAPI(
    version="1.0.0",
    title="Items API",
    summary="Items.",
    description="## Items\n\nWhat lies where.",
    contact={"name": "The warehouse"},
)
app.include_router(items)
app.include_router(rest)
