"""Grow raisins that nobody has seen: other names, other noise, another column, rows in any order."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["grow"]

_VARIETIES = ["Sultana", "Corinth", "Flame", "Thompson", "Muscat", "Zante"]


def grow(raisin: pd.DataFrame, rng: np.random.Generator, rows: tuple[int, int], noise: float) -> pd.DataFrame:
    """So many rows of Kecimen and of Besni, drawn again with noise in units of each feature's spread.

    They get the names of two other varieties, are shuffled and labelled by strings; the feature Extent is gone, and
    Softness is new.
    """
    names = rng.permutation(_VARIETIES)[:2]
    beds = []
    for variety, name, size in zip(("Kecimen", "Besni"), names, rows, strict=True):
        bed = raisin[raisin["Class"] == variety].drop(columns=["Class", "Extent"])
        spread = noise * raisin[bed.columns].std().to_numpy()
        bed = bed.sample(size, replace=True, random_state=rng)
        beds.append((bed + rng.normal(0, spread, bed.shape)).assign(Class=name))
    grains = pd.concat(beds, ignore_index=True)
    grains.insert(1, "Softness", rng.normal(5, 1, len(grains)) + (grains["Class"] == names[0]))
    grains.index = pd.Index([f"grain {number}" for number in rng.permutation(len(grains))])
    return grains.iloc[rng.permutation(len(grains))]
