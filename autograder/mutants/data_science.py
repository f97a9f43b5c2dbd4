"""Mutate Python as beginners in data science do: the wrong statistic, average, column, rows, spread or format."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from autograder.mutants.edits import Edit, next_other
from autograder.mutants.source import Source

__all__ = ["edits", "split_edits"]

_STATISTIC = {
    "mean": "median",
    "median": "mean",
    "min": "max",
    "max": "min",
    "idxmin": "idxmax",
    "idxmax": "idxmin",
    "any": "all",
    "all": "any",
    "std": "var",
    "sum": "mean",
    "count": "size",
    "head": "tail",
    "isna": "notna",
    "notna": "isna",
    "loc": "iloc",
    "nunique": "count",
    "sf": "cdf",
    "precision_score": "recall_score",
    "recall_score": "precision_score",
    "startswith": "endswith",
}
_AVERAGE = {"macro": "micro", "micro": "weighted", "weighted": "macro", "binary": "macro"}
_AXIS = {"columns": "index", "index": "columns"}
_OWN_GROUPS = {**_STATISTIC, **_AVERAGE, **_AXIS}
_SPREAD = ("std", "var")


def edits(source: Source, node: ast.AST) -> Iterator[Edit]:
    """The mutations of one expression."""
    match node:
        case ast.Attribute(attr=name) if name in _STATISTIC and isinstance(node.ctx, ast.Load):
            yield source.replace(node, f"{source.text(node.value)}.{_STATISTIC[name]}", "statistic")
        case ast.Name(id=name) if name in _STATISTIC and isinstance(source.parents.get(node), ast.Call):
            yield source.replace(node, _STATISTIC[name], "statistic")
        case ast.Call(func=ast.Attribute(attr=name)) if name in _SPREAD and not node.args:
            if not any(keyword.arg == "ddof" for keyword in node.keywords):
                ddof = "ddof=1" if source.is_module(node.func.value) else "ddof=0"  # type: ignore[attr-defined]
                yield source.replace(node, f"{source.text(node).rstrip(')')}{ddof})", "ddof")
        case ast.Constant(value=str(text)):
            yield from _string(source, node, text)
        case ast.JoinedStr():
            yield from _format(source, node)


def _string(source: Source, node: ast.Constant, text: str) -> Iterator[Edit]:
    if text in _OWN_GROUPS:
        operator = "average" if text in _AVERAGE else "axis" if text in _AXIS else "statistic"
        yield source.replace(node, repr(_OWN_GROUPS[text]), operator)
    elif text in source.strings:
        other = next_other(text, source.strings)
        if other is not None:
            yield source.replace(node, repr(other), "wrong name")


def _format(source: Source, node: ast.JoinedStr) -> Iterator[Edit]:
    """Another number of decimals, another sign in a text that is computed."""
    text, start = source.text(node), source.start(node)
    unit = source.unit(node)
    for match in re.finditer(r":\.(\d)([f%])\}", text):
        yield Edit(start + match.start(1), start + match.end(1), str(int(match[1]) + 1), "format", unit)
    for match in re.finditer(r" (<=|>=|<|>) ", text):
        other = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}[match[1]]
        yield Edit(start + match.start(1), start + match.end(1), other, "format", unit)


def split_edits(source: Source) -> Iterator[Edit]:
    """Training rows in the place of validation rows, the other way round, and all rows in the place of either."""
    for function in ast.walk(source.tree):
        if isinstance(function, ast.FunctionDef):
            yield from _split(source, function)


def _split(source: Source, function: ast.FunctionDef) -> Iterator[Edit]:
    swaps, everything = _rows(source, function)
    for statement in ast.walk(function):
        if not isinstance(statement, ast.Assign | ast.Expr | ast.Return) or _is_split(statement.value):
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and node.id in swaps and isinstance(node.ctx, ast.Load):
                yield source.replace(node, swaps[node.id], "train and test")
        for names in (swaps, everything):
            edit = _renamed(source, statement, names)
            if edit is not None:
                yield edit


def _rows(source: Source, function: ast.FunctionDef) -> tuple[dict[str, str], dict[str, str]]:
    """Name of some rows → name of the others; name of some rows → all rows."""
    names = {argument.arg for argument in function.args.args}
    names |= {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    swaps: dict[str, str] = {}
    for name in sorted(names):
        for test in ("valid", "test", "val"):
            other = name.replace("train", test)
            if other != name and other in names:
                swaps |= {name: other, other: name}
    everything: dict[str, str] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and _is_split(node.value) and isinstance(node.targets[0], ast.Tuple):
            assert isinstance(node.value, ast.Call)
            for number, target in enumerate(node.targets[0].elts):
                rows = node.value.args[number // 2 : number // 2 + 1]
                if isinstance(target, ast.Name) and rows:
                    everything[target.id] = source.text(rows[0])
    return swaps, {name: rows for name, rows in everything.items() if name != "_"}


def _is_split(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "train_test_split"


def _renamed(source: Source, statement: ast.stmt, names: Mapping[str, str]) -> Edit | None:
    found = [
        node
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and node.id in names and isinstance(node.ctx, ast.Load)
    ]
    if not found:
        return None
    start, text = source.start(statement), source.text(statement)
    for node in sorted(found, key=source.start, reverse=True):
        text = text[: source.start(node) - start] + names[node.id] + text[source.end(node) - start :]
    return source.replace(statement, text, "train and test")
