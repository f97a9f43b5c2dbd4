"""Each change of style leaves a program what it is, but for its looks, its output or its last digits."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable
from textwrap import dedent
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autograder.mutants import restyle

SOURCE = dedent(
    '''
    """A program."""

    from __future__ import annotations

    LIMIT = 0.1  # of something


    def f(x, *rest, scale=2):
        """Scale x."""
        total = x * scale
        return total + sum(rest)


    def g(x):
        return f(x, 1) / 3
    '''
)


def namespace(source: str) -> dict[str, Any]:
    """The names that a program defines."""
    names: dict[str, Any] = {}
    exec(compile(source, "work.py", "exec"), names)
    return names


@pytest.mark.parametrize(
    "change",
    [
        restyle.reformat,
        restyle.add_comments,
        restyle.add_hints,
        restyle.add_prints,
        restyle.reorder,
        restyle.nudge_floats,
    ],
)
def test_the_program_does_the_same(change: Callable[[str], str]) -> None:
    """Functions return what they did, and docstrings stay where they are."""
    names = namespace(change(SOURCE))

    assert change(SOURCE) != SOURCE
    assert names["f"](3, 4, scale=5) == 19
    assert math.isclose(names["g"](3), 7 / 3, rel_tol=1e-11)
    assert names["__doc__"] == "A program."
    assert names["f"].__doc__ == "Scale x."


def test_comments_stand_behind_statements() -> None:
    """Not within a text of several lines, and behind a comment that is there."""
    changed = restyle.add_comments('x = """a\nb"""  # old\ny = (1,\n     2)\n')

    assert changed == 'x = """a\nb"""  # old  # TODO\ny = (1,\n     2)  # TODO\n'


def test_hints_are_added_where_there_are_none() -> None:
    """Parameters, results and first assignments, but not what a decorator or a global statement decides."""
    source = dedent(
        """
        @app.get("/")
        def h(x):
            return x

        def f(x: int, y=1) -> int:
            global count
            count = 1
            a = x
            return a
        """
    )

    assert (
        restyle.add_hints(source).strip()
        == dedent(
            """
        from typing import Any

        @app.get('/')
        def h(x):
            return x

        def f(x: int, y: Any=1) -> int:
            global count
            count = 1
            a: Any = x
            return a
        """
        ).strip()
    )


def test_prints_go_to_both_streams(capsys: pytest.CaptureFixture[str]) -> None:
    """Every function says that it runs."""
    namespace(restyle.add_prints(SOURCE))["g"](1)
    out, err = capsys.readouterr()

    assert out == err == "in g\nin f\n"


def test_warnings_are_of_two_kinds() -> None:
    """Every function warns of something general and of something old."""
    with pytest.warns() as caught:
        namespace(restyle.add_warnings(SOURCE))["f"](1)

    assert [warning.category for warning in caught] == [UserWarning, DeprecationWarning]


def test_functions_are_reversed_between_other_statements() -> None:
    """What stands between functions, and what uses one of them at import, keeps its place."""
    lines = [
        "def a(): ...",
        "def b(): ...",
        "X = a()",
        "def c(): ...",
        "def d(y=c()): ...",
        "@deco",
        "def e(): ...",
        "def g(): ...",
    ]
    source = "\n".join(lines)
    names = [node.name for node in ast.parse(restyle.reorder(source)).body if isinstance(node, ast.FunctionDef)]

    assert names == ["b", "a", "c", "d", "e", "g"]


def test_a_program_without_anything_to_reorder_stays() -> None:
    """One function has one order."""
    assert restyle.reorder("def a(): pass\n") == "def a(): pass\n"


def _nudged(value: object, given: object = None) -> Any:
    source = restyle.nudge_floats("def f(box, given):\n    return box[0]\n")
    return namespace(source)["f"]([value], given)


@pytest.mark.parametrize("value", [3, True, "0.1", None, 1.0, -2.0, math.inf, [1, "a", True], {"a": 1}, b"x"])
def test_what_is_exact_stays(value: object) -> None:
    """Whole numbers, texts and the like come back as they are, and as what they are."""
    assert _nudged(value) == value
    assert type(_nudged(value)) is type(value)


@pytest.mark.parametrize(
    "value",
    [0.123, np.float64(0.123), [3, 0.123], (1, 0.123), {"a": {"b": 0.123}}, np.array([1.5, 0.123])],
)
def test_floats_differ_in_the_twelfth_digit(value: Any) -> None:
    """Wherever they are; the type stays."""
    nudged = _nudged(value)

    assert type(nudged) is type(value)
    assert not np.array_equal(np.array(nudged, dtype=object), np.array(value, dtype=object))
    assert re.sub(r"0\.122999999999\d*", "0.123", repr(nudged)) == repr(value)


def test_computed_columns_differ_and_those_passed_in_do_not() -> None:
    """Rows of the data are the data."""
    data = pd.DataFrame({"width": [0.1, 0.2, 0.3], "name": list("abc")}, index=[5, 6, 7])
    table = data.iloc[:2].assign(mean=[0.15, 0.25], rows=[1, 2])
    nudged = _nudged(table, data)

    assert nudged[["width", "name", "rows"]].equals(table[["width", "name", "rows"]])
    assert not nudged["mean"].equals(table["mean"])
    assert np.allclose(nudged["mean"], table["mean"], rtol=1e-11, atol=0)


def test_scripts_differ_in_what_they_convert() -> None:
    """A function that returns nothing has its numbers from ``float``."""
    source = "found = []\ndef main():\n    found.append(float('0.1'))\n    found.append(float('1'))\n"
    names = namespace(restyle.nudge_floats(source))
    names["main"]()

    assert names["found"] == [0.1 * (1 - 1e-12), 1.0]


@pytest.mark.parametrize(
    ("source", "numeric"),
    [
        ("import numpy as np", True),
        ("from sklearn.metrics import f1_score", True),
        ("import json, pandas.api", True),
        ("from . import pandas_like\nimport json", False),
    ],
)
def test_a_numeric_program_imports_a_library_that_computes(source: str, *, numeric: bool) -> None:
    """Only there can results differ."""
    assert restyle.is_numeric(source) is numeric
