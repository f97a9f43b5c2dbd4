"""A table that was drawn before is not drawn again, and nobody can tell but by the time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from autograder.drawn import drawn


class Made:
    """Draws tables, and counts them."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, rng: np.random.Generator, rows: int, scale: float = 1.0) -> pd.DataFrame:
        self.times += 1
        rng.integers(9, dtype=np.uint32)  # leaves half a number behind
        return pd.DataFrame({"x": rng.normal(0, scale, rows)})


def test_the_same_state_gives_the_same_table_and_goes_on_in_the_same_way() -> None:
    """With and without a memory; it is drawn once."""
    make, plain = Made(), np.random.default_rng(3)
    wanted = [make(plain, 4), make(plain, 4), plain.integers(1000, size=5).tolist()]
    make.times = 0

    for _ in range(2):
        rng = np.random.default_rng(3)
        pd.testing.assert_frame_equal(drawn(rng, make, 4), wanted[0])
        pd.testing.assert_frame_equal(drawn(rng, make, 4), wanted[1])
        assert rng.integers(1000, size=5).tolist() == wanted[2]
    assert make.times == 2


def test_other_questions_are_drawn() -> None:
    """Another state, other arguments, another function."""
    make, other = Made(), Made()
    tables = [
        drawn(np.random.default_rng(1), make, 4),
        drawn(np.random.default_rng(2), make, 4),
        drawn(np.random.default_rng(1), make, 5),
        drawn(np.random.default_rng(1), make, 4, 2.0),
    ]
    drawn(np.random.default_rng(1), other, 4)

    assert len({table.to_json() for table in tables}) == 4
    assert (make.times, other.times) == (4, 1)


def test_a_table_is_the_caller_s_own() -> None:
    """What one check does to it, no other gets to see."""
    make = Made()
    table = drawn(np.random.default_rng(1), make, 2)
    table["x"] *= 99

    assert drawn(np.random.default_rng(1), make, 2).equals(Made()(np.random.default_rng(1), 2))


def test_what_was_drawn_long_ago_is_drawn_again() -> None:
    """A class in which everyone has a seed does not fill the memory."""
    make = Made()
    for seed in range(300):
        drawn(np.random.default_rng(seed), make, 1)
    drawn(np.random.default_rng(299), make, 1)
    drawn(np.random.default_rng(0), make, 1)

    assert make.times == 301
