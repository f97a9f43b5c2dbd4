"""Only what a function keeps to itself gets another name."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import pytest

from autograder.mutants.renaming import rename_locals


def run(source: str, *args: object) -> Any:
    """What the function ``f`` of a program returns."""
    names: dict[str, Any] = {}
    exec(source, names)
    return names["f"](*args)


def renamed(source: str) -> str:
    """A program with other names."""
    return rename_locals(dedent(source)).strip()


def test_a_local_variable_gets_another_name() -> None:
    """Parameters, attributes, keywords and names of the module keep theirs."""
    source = """
    total = 3

    def f(values, size=2):
        count = len(values)
        rows = dict(count=count, size=size)
        return rows["count"] + total
    """

    assert (
        renamed(source)
        == dedent(
            """
        total = 3

        def f(values, size=2):
            my_count = len(values)
            my_rows = dict(count=my_count, size=size)
            return my_rows['count'] + total
        """
        ).strip()
    )


@pytest.mark.parametrize(
    ("body", "result"),
    [
        ("rows = [x + y for y in range(3)]\n    return rows", [1, 2, 3]),
        ("rows = sum(row for row in (x, 2))\n    row = 5\n    return rows, row", (3, 5)),
        ("def inner(y):\n        return y + step\n    step = 4\n    return inner(x)", 5),
        ("def inner():\n        nonlocal step\n        step += x\n    step = 4\n    inner()\n    return step", 5),
        ("try:\n        1 / 0\n    except ZeroDivisionError as error:\n        return str(error)", "division by zero"),
        ("text = 'a'\n    return f'{text}{text!r:>5}{x}'", "a  'a'1"),
        ("if (size := x + 1) > 1:\n        return size", 2),
        ("for k, (a, *rest) in enumerate([(x, 2, 3)]):\n        pass\n    return k, a, rest", (0, 1, [2, 3])),
        ("with open('/dev/null') as file:\n        text = file.read()\n    return text", ""),
        ("values = [1, 2]\n    values[0], values[1] = values[1], values[0]\n    del values[0]\n    return values", [1]),
        ("my_x = 2\n    y = my_x + x\n    return y", 3),
        ("import math as m\n    root = m.sqrt(x)\n    return root", 1.0),
        ("x = x + 1\n    return x", 2),
        ("key = lambda row: row * step\n    step = 3\n    return key(x)", 3),
    ],
)
def test_the_program_does_the_same(body: str, result: object) -> None:
    """Whatever scopes a function has within it."""
    source = f"def f(x):\n    {body}\n"

    assert run(source, 1) == result
    assert run(rename_locals(source), 1) == result


@pytest.mark.parametrize(
    "body",
    [
        "a = 1\n    return locals()",
        "a = 1\n    return eval('a')",
        "a = 1\n    return df.query('x > @a')",
        "global a\n    a = 1",
        "class A:\n        a = 1\n    return A.a",
        "match df:\n        case [a, *b]:\n            return a",
        "import os\n    return os",
        "def a():\n        return 1\n    return a()",
    ],
)
def test_what_somebody_else_knows_by_name_is_left_alone(body: str) -> None:
    """Names that a function could be asked for keep theirs."""
    source = f"def f(df):\n    {body}\n"

    assert "my_" not in rename_locals(source)


def test_a_name_of_two_meanings_is_left_alone() -> None:
    """A parameter of an inner function is not the variable around it, though both have one name."""
    source = "def f(x):\n    size = x\n    def g(size):\n        return size\n    return g(size)"

    assert "my_" not in rename_locals(source)


def test_methods_and_decorated_functions_count_as_functions() -> None:
    """A function is found by its line, whatever stands above it."""
    source = "import functools\nclass A:\n    @functools.cache\n    def f(self):\n        a = 1\n        return a\n"

    assert "my_a = 1" in rename_locals(source)
