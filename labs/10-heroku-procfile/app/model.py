"""The model: a flower belongs to the species whose mean flower is nearest. There is nothing to do in this file."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path

MODEL_FILE = Path(__file__).parent.parent / "model.json"
FEATURES = ("sepal_length", "sepal_width", "petal_length", "petal_width")


class Model:
    """Names species."""

    def __init__(self, means: Mapping[str, Mapping[str, float]]) -> None:
        self.means = {species: [float(mean[name]) for name in FEATURES] for species, mean in means.items()}

    def predict(self, flower: Mapping[str, float]) -> str:
        """The species of a flower, given as its four measurements in cm."""
        values = [float(flower[name]) for name in FEATURES]
        return min(self.means, key=lambda species: math.dist(values, self.means[species]))


def load_model(path: Path = MODEL_FILE) -> Model:
    """The model that ships with the app.

    Raises:
        FileNotFoundError: model.json is not there.
        ValueError: it is not JSON, or holds no model.
    """
    try:
        return Model(json.loads(path.read_text(encoding="utf-8"))["means"])
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{path.name} holds no model: {error!r}") from None
