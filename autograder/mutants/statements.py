"""Mutate whole statements: one is missing, a condition never holds, an error goes unnoticed."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autograder.mutants.edits import Edit
from autograder.mutants.source import Source

__all__ = ["edits"]


def edits(source: Source, node: ast.AST) -> Iterator[Edit]:
    """The mutations of one statement."""
    match node:
        case ast.Raise():
            yield source.replace(node, "pass", "exception")
            if isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name):
                other = "TypeError" if node.exc.func.id != "TypeError" else "ValueError"
                yield source.replace(node.exc.func, other, "exception")
        case ast.Expr(value=ast.Call()) | ast.AugAssign() | ast.Delete() | ast.Assert() | ast.Continue() | ast.Break():
            yield source.replace(node, "pass", "statement removed")
        case ast.Assign() if _changes_something(source, node):
            yield source.replace(node, "pass", "statement removed")
        case ast.If():
            yield from _if(source, node)
        case ast.ExceptHandler():
            if not (len(node.body) == 1 and isinstance(node.body[0], ast.Pass)):
                yield source.span_edit(node.body[0], node.body[-1], "pass", "exception")
        case ast.FunctionDef() if node.name.startswith("test_"):
            first = _after_docstring(node)
            if first is not None:
                yield source.span_edit(first, node.body[-1], "pass", "test emptied")


def _if(source: Source, node: ast.If) -> Iterator[Edit]:
    only_raises = len(node.body) == 1 and isinstance(node.body[0], ast.Raise)
    if not only_raises:  # an error that nobody raises is a mutation of the error
        yield source.replace(node.test, "False", "condition")
    if node.orelse or not only_raises:
        yield source.replace(node.test, "True", "condition")
    elif not isinstance(node.test, ast.Compare | ast.BoolOp | ast.UnaryOp):
        yield source.replace(node.test, f"not ({source.text(node.test)})", "condition")


def _changes_something(source: Source, node: ast.Assign) -> bool:
    """Whether a program without this assignment still has all its names."""
    target = node.targets[0]
    if isinstance(target, ast.Subscript | ast.Attribute):
        return True
    if not isinstance(target, ast.Name):
        return False
    scope: ast.AST = node
    while scope in source.parents and not isinstance(scope, ast.FunctionDef):
        scope = source.parents[scope]
    if not isinstance(scope, ast.FunctionDef):
        return False
    arguments = {argument.arg for argument in (*scope.args.args, *scope.args.kwonlyargs)}
    earlier = {
        each.id
        for each in ast.walk(scope)
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store) and each.lineno < node.lineno
    }
    return target.id in arguments | earlier


def _after_docstring(node: ast.FunctionDef) -> ast.stmt | None:
    body = [each for each in node.body if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))]
    return body[0] if len(body) > 1 else None
