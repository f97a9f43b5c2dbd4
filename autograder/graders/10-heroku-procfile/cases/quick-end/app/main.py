"""The API. Start it on your machine with: uvicorn app.main:app --reload"""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from pydantic import BaseModel

from app.model import load_model

MODEL = load_model()


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """What happens when the server starts, and when it stops."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    yield


app = FastAPI(lifespan=lifespan, title="Iris", description="Names the species of an iris.", version="1.0.0")


class Flower(BaseModel):
    """Four measurements in cm."""

    sepal_length: float
    sepal_width: float
    petal_length: float
    petal_width: float


@app.get("/")
def greet() -> dict[str, str]:
    """Say that the app is there."""
    return {"greeting": "Hello World!"}


@app.post("/predict")
def predict(flower: Flower) -> dict[str, str]:
    """Name the species of a flower.

    The answer has two texts. "species" is what MODEL predicts. "id" is a name for this flower, under which somebody
    can report the true species next month: the same measurements have the same id at any time and on any dyno,
    other measurements have another.

    Each prediction writes one line to the log, which holds its id and its species.
    """
    measurements = flower.model_dump()
    number = "_".join(str(value) for value in measurements.values())
    species = MODEL.predict(measurements)
    print(f"prediction id={number} species={species}", flush=True)
    return {"id": number, "species": species}
