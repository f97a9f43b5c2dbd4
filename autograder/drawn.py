"""Draw a table from random numbers once for all submissions that are to get the same one."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, Final, TypeVarTuple

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    _Ts = TypeVarTuple("_Ts")

__all__ = ["drawn"]

_MOST_KEPT: Final = 256
_kept: dict[Hashable, tuple[pd.DataFrame, Any]] = {}
"""What was drawn by what from which state → the table, and the state afterwards."""


def drawn(
    rng: np.random.Generator,
    make: Callable[[np.random.Generator, *_Ts], pd.DataFrame],
    *args: *_Ts,
) -> pd.DataFrame:
    """What ``make(rng, *args)`` returns. Drawn before or now, ``rng`` goes on in the same way afterwards.

    Args:
        rng: random numbers. The same state gives the same table.
        make: a function whose result depends on nothing but its arguments.
        *args: for it, hashable.

    Returns:
        A table of the caller's own.
    """
    key = make, args, repr(rng.bit_generator.state)
    if key not in _kept:
        table = make(rng, *args)
        for oldest in [*_kept][: len(_kept) + 1 - _MOST_KEPT]:
            del _kept[oldest]
        _kept[key] = table, rng.bit_generator.state
    table, rng.bit_generator.state = _kept[key]
    return table.copy()
