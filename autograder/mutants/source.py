"""A Python source with its syntax tree: where each node stands in the text, and what surrounds it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import cached_property

from autograder.mutants.edits import Edit

__all__ = ["UNJUDGED", "Source"]

UNJUDGED = {"color", "dpi", "encoding", "figsize", "labelrotation", "layout", "linewidth"}
"""Keywords that no check looks at: text is UTF-8 where graders run, and the looks of a figure are a matter of taste."""
_LOOKS = {"close", "set_xlim", "set_ylim", "tick_params", "tight_layout"}

_Node = ast.expr | ast.stmt | ast.keyword | tuple[ast.expr, ast.expr]


class Source:
    """A text and its tree."""

    def __init__(self, text: str) -> None:
        """Parse a text.

        Raises:
            SyntaxError: it is no Python.
        """
        self._text = text
        self.tree = ast.parse(text)
        self._lines: list[tuple[int, bytes]] = []
        at = 0
        for line in text.splitlines(keepends=True):
            self._lines.append((at, line.encode("utf-8")))
            at += len(line)
        self.parents = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}
        self._modules = {
            (alias.asname or alias.name).partition(".")[0]
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Import)
            for alias in node.names
        } | {"np", "pd", "plt", "stats", "json", "math", "joblib", "yaml"}

    def nodes(self) -> Iterator[ast.AST]:
        """Every node in which a mistake changes what the program does."""
        return self._below(self.tree)

    def _below(self, node: ast.AST) -> Iterator[ast.AST]:
        for name, value in ast.iter_fields(node):
            for child in value if isinstance(value, list) else [value]:
                if not isinstance(child, ast.AST) or self._is_idle(node, name, child):
                    continue
                yield child
                if not isinstance(child, ast.JoinedStr):  # its parts have no reliable place before Python 3.12
                    yield from self._below(child)

    @staticmethod
    def _is_idle(node: ast.AST, name: str, child: ast.AST) -> bool:
        """Imports, annotations, docstrings, and the words of errors, assertions and printed lines."""
        if isinstance(child, ast.Import | ast.ImportFrom) or name in ("annotation", "returns"):
            return True
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            return True
        if isinstance(node, ast.Raise) or (isinstance(node, ast.Assert) and name == "msg"):
            return True
        if isinstance(child, ast.keyword) and child.arg in UNJUDGED:
            return True
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Call):
            method = child.value.func
            if isinstance(method, ast.Attribute) and method.attr in _LOOKS:
                return True
        is_print = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
        return is_print and name == "args"

    def start(self, node: _Node) -> int:
        """Where a node begins, in characters."""
        first = node[0] if isinstance(node, tuple) else node
        return self._at(first.lineno, first.col_offset)

    def end(self, node: _Node) -> int:
        """Where a node ends."""
        last = node[1] if isinstance(node, tuple) else node
        assert last.end_lineno is not None
        assert last.end_col_offset is not None
        return self._at(last.end_lineno, last.end_col_offset)

    def text(self, node: _Node) -> str:
        """A node as it is written."""
        return self._text[self.start(node) : self.end(node)]

    def gap(self, left: _Node, right: _Node) -> str:
        """What stands between two nodes."""
        return self._text[self.end(left) : self.start(right)]

    def is_module(self, node: ast.expr) -> bool:
        """Whether a name stands for an imported module."""
        return isinstance(node, ast.Name) and node.id in self._modules

    def is_statement(self, node: ast.expr) -> bool:
        """Whether an expression is a statement of its own."""
        return isinstance(self.parents.get(node), ast.Expr)

    def unit(self, node: ast.AST) -> str:
        """The outermost function or class that a node is in, or the name that its statement sets."""
        outermost = "top level"
        while node in self.parents:
            node = self.parents[node]
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                outermost = node.name
        return outermost

    def replace(self, node: _Node, by: str, operator: str) -> Edit:
        """Put a text in the place of a node."""
        return self.span_edit(node, node, by, operator)

    def between(self, left: _Node, right: _Node, by: str, operator: str) -> Edit:
        """Put an operator in the place of the one between two nodes."""
        gap = self.gap(left, right)
        bare = gap.strip("() \t\n\\")
        start = self.end(left) + gap.find(bare)
        return Edit(start, start + len(bare), by, operator, self.unit(_first(left)))

    def span_edit(self, left: _Node, right: _Node, by: str, operator: str) -> Edit:
        """Put a text in the place of all from one node to another."""
        return Edit(self.start(left), self.end(right), by, operator, self.unit(_first(left)))

    def without_each(self, nodes: Sequence[_Node], operator: str) -> Iterator[Edit]:
        """Leave out one of several nodes that commas separate."""
        for number, node in enumerate(nodes):
            unit = self.unit(_first(node))
            if number + 1 < len(nodes):
                yield Edit(self.start(node), self.start(nodes[number + 1]), "", operator, unit)
            else:
                yield Edit(self.end(nodes[number - 1]), self.end(node), "", operator, unit)

    def without_argument(self, call: ast.Call, argument: ast.keyword, operator: str) -> Iterator[Edit]:
        """Leave out an argument of a call, with its comma."""
        arguments: list[_Node] = sorted([*call.args, *call.keywords], key=self.start)
        if len(arguments) > 1:
            yield list(self.without_each(arguments, operator))[arguments.index(argument)]
        else:
            yield Edit(self.start(argument), self.end(argument), "", operator, self.unit(call))

    @cached_property
    def strings(self) -> tuple[str, ...]:
        """The short strings of the source that could name something, in order."""
        found = [node.value for node in self.nodes() if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        return tuple(dict.fromkeys(text for text in found if re.fullmatch(r"(?!__)[^\n]{1,30}", text)))

    def _at(self, line: int, column: int) -> int:
        start, data = self._lines[line - 1]
        return start + len(data[:column].decode("utf-8"))


def _first(node: _Node) -> ast.AST:
    return node[0] if isinstance(node, tuple) else node
