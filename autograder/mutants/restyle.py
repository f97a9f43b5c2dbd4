"""Change the style of Python code but not what it does: layout, hints, prints, warnings, rounding, order."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Callable, Iterator

__all__ = [
    "add_comments",
    "add_hints",
    "add_prints",
    "add_warnings",
    "is_numeric",
    "nudge_floats",
    "reformat",
    "reorder",
]

_NUMERIC = {"numpy", "pandas", "scipy", "sklearn"}
_NUDGE = """
def _nudge(value, given, step=1):
    import numpy as np
    import pandas as pd

    if isinstance(value, (float, np.floating)):
        exact = not np.isfinite(value) or value == round(value)
        return value if exact else type(value)(value * (1 - step * 1e-12))
    if isinstance(value, np.ndarray) and value.ndim and value.dtype.kind == "f":
        numbers = [_nudge(number, (), place % 2) for place, number in enumerate(value.ravel())]
        return np.array(numbers, dtype=value.dtype).reshape(value.shape)
    if type(value) is pd.Series and value.dtype.kind == "f":
        return pd.Series(_nudge(value.to_numpy(), ()), index=value.index, name=value.name)
    if type(value) is pd.DataFrame and value.columns.is_unique:
        known = [frame for frame in given if isinstance(frame, pd.DataFrame)]
        fresh = [
            name
            for name in value
            if value[name].dtype.kind == "f"
            and not any(name in frame and value[name].isin(frame[name]).all() for frame in known)
        ]
        changed = value.copy()
        for name in fresh:
            changed[name] = _nudge(value[name], ())
        return changed
    if type(value) in (list, tuple):
        return type(value)(_nudge(each, given, place % 2) for place, each in enumerate(value))
    if type(value) is dict:
        return {key: _nudge(each, given) for key, each in value.items()}
    return value
"""
"""Numbers in a result become smaller by 1e-12 of themselves, every other one in an array; whole numbers, and columns
that were passed in, stay as they are."""


def reformat(source: str) -> str:
    """The code as Python's own parser would write it, without comments."""
    return ast.unparse(ast.parse(source)) + "\n"


def add_comments(source: str) -> str:
    """The code with a comment behind every statement."""
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NEWLINE and token.line.strip():
            row = token.start[0] - 1
            lines[row] = f"{lines[row][: token.start[1]]}  # TODO{lines[row][token.start[1] :]}"
    return "\n".join(lines) + "\n"


def add_hints(source: str) -> str:
    """The code with a type hint at each parameter, result and first assignment of a function that has none."""
    tree = ast.parse(source)
    hinted = [_hint(function) for function in _functions(tree) if _is_plain(function)]
    return _with_import(tree, "from typing import Any") if any(hinted) else source


def add_prints(source: str) -> str:
    """The code with every function saying on stdout and stderr that it runs."""
    lines = 'print("in {0}")\nprint("in {0}", file=__import__("sys").stderr)'
    return _at_start(source, lambda function: ast.parse(lines.format(function.name)).body)


def add_warnings(source: str) -> str:
    """The code with every function warning of two things."""
    lines = '__import__("warnings").warn("{0} is slow")\n__import__("warnings").warn("{0} is old", DeprecationWarning)'
    return _at_start(source, lambda function: ast.parse(lines.format(function.name)).body)


def nudge_floats(source: str) -> str:
    """The code with results that differ in the twelfth digit, as those of another library or order would.

    What a function returns is changed, and in a function that returns nothing what it converts by ``float``.
    """
    tree = ast.parse(source)
    if not any(_nudged(function) for function in _functions(tree)):
        return source
    _insert(tree, ast.parse(_NUDGE).body)
    return _written(tree)


def reorder(source: str) -> str:
    """The code with each run of functions, one below the other, in reverse order."""
    tree = ast.parse(source)
    runs: list[list[ast.stmt]] = []
    for statement in tree.body:
        if runs and all(isinstance(each, ast.FunctionDef) and _is_plain(each) for each in (runs[-1][-1], statement)):
            runs[-1].append(statement)
        else:
            runs.append([statement])
    names = {run.name for run in tree.body if isinstance(run, ast.FunctionDef)}
    if not any(len(run) > 1 and not _read_at_import(run, names) for run in runs):
        return source
    tree.body = [each for run in runs for each in (run if _read_at_import(run, names) else reversed(run))]
    return _written(tree)


def is_numeric(source: str) -> bool:
    """Whether the code imports a library that computes."""
    imported = {
        name.partition(".")[0]
        for node in ast.walk(ast.parse(source))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    return bool(imported & _NUMERIC)


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def _is_plain(function: ast.FunctionDef) -> bool:
    """Whether no decorator reads its signature or its place; marks of pytest do neither."""
    return all(ast.unparse(decorator).startswith("pytest.mark.") for decorator in function.decorator_list)


def _hint(function: ast.FunctionDef) -> bool:
    every = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    bare = [argument for argument in every if argument.annotation is None and argument.arg not in ("self", "cls")]
    for argument in bare:
        argument.annotation = ast.Name("Any", ast.Load())
    if function.returns is None:
        function.returns = ast.Name("Any", ast.Load())
    outer = {name for node in ast.walk(function) if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}
    for index, statement in enumerate(function.body):
        match statement:
            case ast.Assign(targets=[ast.Name(id=name) as target], value=value) if name not in outer:
                function.body[index] = ast.AnnAssign(target, ast.Name("Any", ast.Load()), value, simple=1)
    return True


def _with_import(tree: ast.Module, line: str) -> str:
    _insert(tree, ast.parse(line).body)
    return _written(tree)


def _insert(tree: ast.Module, statements: list[ast.stmt]) -> None:
    """Put statements as far up as they may stand: below the docstring and what comes from the future."""
    place = int(ast.get_docstring(tree) is not None)
    for index, statement in enumerate(tree.body):
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            place = index + 1
    tree.body[place:place] = statements


def _at_start(source: str, lines: Callable[[ast.FunctionDef], list[ast.stmt]]) -> str:
    tree = ast.parse(source)
    for function in list(_functions(tree)):
        place = int(ast.get_docstring(function) is not None)
        function.body[place:place] = lines(function)
    return _written(tree)


def _nudged(function: ast.FunctionDef) -> bool:
    returned = False
    for node in list(_own(function)):
        if isinstance(node, ast.Return) and node.value is not None:
            node.value = _call([node.value, _given(function)])
            returned = True
    if returned:
        return True
    floats = _Floats()
    function.body = [floats.visit(statement) for statement in function.body]
    return floats.found


class _Floats(ast.NodeTransformer):
    """Changes what ``float`` gives."""

    found = False

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        if not isinstance(node.func, ast.Name) or node.func.id != "float":
            return node
        self.found = True
        return _call([node, ast.Tuple([], ast.Load())])


def _call(arguments: list[ast.expr]) -> ast.Call:
    return ast.Call(ast.Name("_nudge", ast.Load()), arguments, [])


def _own(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """Everything in a function but what lies in functions and classes within it."""
    inner = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if not isinstance(node, inner):
            yield node
            waiting += ast.iter_child_nodes(node)


def _given(function: ast.FunctionDef) -> ast.Tuple:
    arguments = [*function.args.posonlyargs, *function.args.args]
    return ast.Tuple([ast.Name(argument.arg, ast.Load()) for argument in arguments], ast.Load())


def _read_at_import(run: list[ast.stmt], names: set[str]) -> bool:
    """Whether a signature or a decorator of a run uses one of the functions that would change places."""
    outside = [
        part
        for each in run
        if isinstance(each, ast.FunctionDef)
        for part in (*each.decorator_list, *each.args.defaults, *(d for d in each.args.kw_defaults if d is not None))
    ]
    return any(isinstance(node, ast.Name) and node.id in names for part in outside for node in ast.walk(part))


def _written(tree: ast.Module) -> str:
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"
