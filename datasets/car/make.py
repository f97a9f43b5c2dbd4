"""Write car.csv by asking the model in car_dex.json about every car: ``python datasets/car/make.py``.

Car Evaluation was never a sample. An expert system decided about each combination of six attributes, so its
decision tables give the whole data set, in the published order.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def make() -> str:
    """Return the table as CSV text: all 1,728 combinations and the model's verdict on each."""
    model = json.loads((HERE / "car_dex.json").read_text(encoding="utf-8"))
    attributes = model["attributes"]
    lines = [",".join([*attributes, model["class"]])]
    for buying, maint, doors, persons, lug_boot, safety in itertools.product(*attributes.values()):
        comfort = _decide(model, "COMFORT", doors, persons, lug_boot)
        price, tech = _decide(model, "PRICE", buying, maint), _decide(model, "TECH", comfort, safety)
        verdict = _decide(model, "CAR", price, tech)
        lines.append(",".join([buying, maint, doors, persons, lug_boot, safety, verdict]))
    return "\n".join(lines) + "\n"


def _decide(model: dict[str, Any], concept: str, *inputs: str) -> str:
    """Look one concept up in its decision table; the last input is a position in the innermost list."""
    axis = model[concept]["by"][-1]
    values = model["attributes"].get(axis) or model[axis]["values"]
    table = model[concept]["table"]
    for value in inputs[:-1]:
        table = table[value]
    return str(table[values.index(inputs[-1])])


if __name__ == "__main__":
    (HERE / "car.csv").write_text(make(), encoding="utf-8", newline="\n")
