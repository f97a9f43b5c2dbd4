"""Items, by a factory, with refusals in words of our own."""
# ruff: noqa: D103

import contextlib

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, StrictInt, StrictStr
from starlette.exceptions import HTTPException


class Payload(BaseModel):
    number: int = Field(alias="value")


class Record(BaseModel):
    id: StrictInt = Field(alias="item_id")
    labels: list[StrictStr] | StrictStr = Field(alias="tags")
    title: StrictStr = Field(alias="name")


class Service:
    def fetch(self, item_id: int, count: int = 1):
        return {"fetch": " ".join(["Fetched", str(count), "of", str(item_id)])}

    async def save(self, record: Record):
        return JSONResponse(
            {"item_id": record.id, "tags": record.labels, "name": record.title},
            media_type="application/json; charset=utf-8",
        )

    async def repeat(self, path: str, payload: Payload, query: int):
        return {"body": {"value": payload.number}, "path": path, "query": query}


async def refuse(request: Request, error: RequestValidationError):
    fields = [str(each["loc"][-1]) for each in error.errors()]
    return JSONResponse({"title": "Not valid", "fields": fields}, 422, media_type="application/problem+json")


async def explain(request: Request, error: HTTPException):
    return JSONResponse({"title": "No", "path": request.url.path}, error.status_code, error.headers)


@contextlib.asynccontextmanager
async def lifespan(app: FastAPI):
    yield


def make():
    made = FastAPI(
        title="Items API",
        version="1.0.0",
        description="Items come and go.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        openapi_tags=[{"name": "stock"}],
    )
    service = Service()
    made.add_api_route("/items/", service.save, methods=["POST"], tags=["stock"])
    made.add_api_route("/items/{item_id}", service.fetch, methods=["GET"], tags=["stock"])
    made.add_api_route("/{path}", service.repeat, methods=["POST"])
    made.add_exception_handler(RequestValidationError, refuse)
    made.add_exception_handler(HTTPException, explain)

    @made.middleware("http")
    async def stamp(request, call_next):
        response = await call_next(request)
        response.headers["x-served-by"] = "factory"
        return response

    return made


app = make()
