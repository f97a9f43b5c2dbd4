"""Rename the local variables of functions, and nothing that anybody else could know by name."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterator

__all__ = ["rename_locals"]

_SPIES = {"eval", "exec", "globals", "locals", "query", "vars"}
"""Functions that see local variables by their names."""


def rename_locals(source: str) -> str:
    """The same program with other names for what only its functions know.

    Parameters, attributes, imported names and what a nested class, a ``match`` or a function like ``locals`` sees keep
    their names. A name that stands for different things in nested scopes is left alone, too.

    Raises:
        SyntaxError: it is no Python.
    """
    tree = ast.parse(source)
    root = symtable.symtable(source, "", "exec")
    tables = {(table.get_name(), table.get_lineno()): table for table in _functions(root)}
    taken = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for function in _outermost(tree):
        line = min([function.lineno, *(each.lineno for each in function.decorator_list)])
        table = tables.get((function.name, function.lineno)) or tables.get((function.name, line))
        if table is None or _is_watched(function):
            continue
        names = {name: _fresh(name, taken) for name in sorted(_private(table) - _fixed(function))}
        renamer = _Renamer(names)
        function.body = [renamer.visit(statement) for statement in function.body]
    return ast.unparse(tree) + "\n"


def _functions(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        if child.get_type() == "function":
            yield child
        elif child.get_type() == "class":
            yield from _functions(child)


def _outermost(node: ast.AST) -> Iterator[ast.FunctionDef]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef):
            yield child
        elif not isinstance(child, ast.AsyncFunctionDef):
            yield from _outermost(child)


def _private(table: symtable.SymbolTable) -> set[str]:
    """Names that are local variables wherever they occur in a function and the scopes within it."""
    found: set[str] = set()
    known: set[str] = set()
    for scope in _within(table):
        for symbol in scope.get_symbols():
            name = symbol.get_name()
            variable = symbol.is_local() and symbol.is_assigned() and not symbol.is_namespace()
            if scope.get_type() != "function" or symbol.is_parameter() or symbol.is_imported() or symbol.is_global():
                known.add(name)
            elif variable:
                found.add(name)
            elif not symbol.is_free():
                known.add(name)
    return {name for name in found - known if not name.startswith("__")}


def _within(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _within(child)


def _fixed(function: ast.FunctionDef) -> set[str]:
    """Names that a node other than a Name holds."""
    found: set[str] = set()
    for node in ast.walk(function):
        match node:
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                found.add(name)
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                found.update(names)
    return found


def _is_watched(function: ast.FunctionDef) -> bool:
    called = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
    return any(getattr(each, "id", getattr(each, "attr", "")) in _SPIES for each in called)


def _fresh(name: str, taken: set[str]) -> str:
    fresh = f"my_{name.lstrip('_')}"
    while fresh in taken:
        fresh += "_"
    taken.add(fresh)
    return fresh


class _Renamer(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self._names.get(node.id, node.id)
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.ExceptHandler:
        if node.name is not None:
            node.name = self._names.get(node.name, node.name)
        self.generic_visit(node)
        return node
