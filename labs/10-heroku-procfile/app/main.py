"""The API. Start it on your machine with: uvicorn app.main:app --reload"""

from __future__ import annotations

from fastapi import FastAPI
from pydantic import BaseModel

from app.model import load_model

MODEL = load_model()

app = FastAPI(title="Iris", description="Names the species of an iris.", version="1.0.0")


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
    # YOUR CODE HERE
    raise NotImplementedError()
