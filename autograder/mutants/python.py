"""Mutate Python as learners mistake it: every edit is a small change of the text, found by the syntax tree."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from autograder.mutants import data_science, statements
from autograder.mutants.edits import Edit
from autograder.mutants.source import UNJUDGED, Source

__all__ = ["edits", "without_magics"]

_BOUNDARY = {ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">"}
_OPPOSITE = {
    ast.Lt: ">=",
    ast.LtE: ">",
    ast.Gt: "<=",
    ast.GtE: "<",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.In: "not in",
    ast.NotIn: "in",
    ast.Is: "is not",
    ast.IsNot: "is",
}
_ARITHMETIC = {
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "/",
    ast.Div: "*",
    ast.Pow: "*",
    ast.FloorDiv: "/",
    ast.Mod: "//",
    ast.BitAnd: "|",
    ast.BitOr: "&",
}
# What only changes a type (float, list, to_numpy, …) is left out: hardly anybody is wrong for want of it.
_WRAPPERS = {"abs", "reversed", "round", "set", "sorted", "str"}
_TYPES = {"item", "to_frame", "to_list", "to_numpy", "tolist"}


def without_magics(text: str) -> str:
    """A notebook cell with its magic lines as comments of the same length."""
    return re.sub(r"(?m)^([ \t]*)[%!]", r"\1#", text)


def edits(text: str) -> Iterator[Edit]:
    """Every mutation of a Python source, wherever it is."""
    try:
        source = Source(without_magics(text))
    except SyntaxError:
        return
    for node in source.nodes():
        yield from _expression(source, node)
        yield from statements.edits(source, node)
        yield from data_science.edits(source, node)
    yield from data_science.split_edits(source)


def _expression(source: Source, node: ast.AST) -> Iterator[Edit]:
    match node:
        case ast.Compare():
            yield from _comparison(source, node)
        case ast.BinOp() if type(node.op) in _ARITHMETIC:
            yield source.between(node.left, node.right, _ARITHMETIC[type(node.op)], "arithmetic")
        case ast.BoolOp():
            by = "or" if isinstance(node.op, ast.And) else "and"
            for left, right in zip(node.values, node.values[1:], strict=False):
                yield source.between(left, right, by, "logic")
        case ast.UnaryOp() if isinstance(node.op, ast.Not | ast.Invert):
            yield source.replace(node, source.text(node.operand), "logic")
        case ast.IfExp():
            yield source.replace(node, f"({source.text(node.body)})", "condition")
            yield source.replace(node, f"({source.text(node.orelse)})", "condition")
        case ast.Constant():
            yield from _constant(source, node)
        case ast.Call():
            yield from _call(source, node)
        case ast.Tuple(elts=[first, second], ctx=ast.Load()):
            yield source.span_edit(first, second, f"{source.text(first)},", "entry dropped")
            yield source.span_edit(first, second, f"{source.text(second)},", "entry dropped")
        case ast.List() | ast.Set() | ast.Tuple() if len(node.elts) > 1 and not _is_target(node):
            yield from source.without_each(node.elts, "entry dropped")
        case ast.Dict() if len(node.keys) > 1 and None not in node.keys:
            pairs = [(key, value) for key, value in zip(node.keys, node.values, strict=True) if key is not None]
            yield from source.without_each(pairs, "entry dropped")


def _comparison(source: Source, node: ast.Compare) -> Iterator[Edit]:
    left = node.left
    for operator, right in zip(node.ops, node.comparators, strict=True):
        if type(operator) in _BOUNDARY:
            yield source.between(left, right, _BOUNDARY[type(operator)], "comparison")
        yield source.between(left, right, _OPPOSITE[type(operator)], "comparison")
        left = right


def _constant(source: Source, node: ast.Constant) -> Iterator[Edit]:
    value = node.value
    if isinstance(value, bool):
        yield source.replace(node, str(not value), "constant")
    elif isinstance(value, int) and value < 1000:  # nobody is wrong by one in max_iter=1000
        yield source.replace(node, str(value + 1), "constant")
    elif isinstance(value, float):
        yield source.replace(node, repr(value / 2 if value else 1.0), "constant")


def _call(source: Source, node: ast.Call) -> Iterator[Edit]:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    first = node.args[0] if node.args else None
    if name in _WRAPPERS and len(node.args) == 1 and not isinstance(first, ast.Starred | ast.GeneratorExp):
        yield source.replace(node, f"({source.text(node.args[0])})", "call dropped")
    if isinstance(node.func, ast.Attribute) and node.func.attr not in _TYPES and not source.is_statement(node):
        owner = node.func.value
        yield from () if source.is_module(owner) else (source.replace(node, source.text(owner), "call dropped"),)
    if len(node.args) > 1 and name not in ("isinstance", "getattr") and not _starred(node.args[:2]):
        left, right = node.args[:2]
        swapped = source.text(right) + source.gap(left, right) + source.text(left)
        yield source.span_edit(left, right, swapped, "arguments swapped")
    for keyword in node.keywords:
        if keyword.arg not in UNJUDGED:
            yield from source.without_argument(node, keyword, "keyword dropped")


def _starred(arguments: list[ast.expr]) -> bool:
    return any(isinstance(argument, ast.Starred) for argument in arguments)


def _is_target(node: ast.List | ast.Set | ast.Tuple) -> bool:
    return not isinstance(node, ast.Set) and isinstance(node.ctx, ast.Store)
