"""The architecture and its decisions, made from pyproject.toml, the modules' first lines and docs/decisions/."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

from generate import text

__all__ = ["decisions", "function", "layer_diagram", "layers", "modules"]


def layers(pyproject: Path) -> list[list[str]]:
    """The autograder's layers, top first, each with its modules, as import-linter enforces them."""
    settings = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    contract = next(c for c in settings["tool"]["importlinter"]["contracts"] if c["type"] == "layers")
    return [re.findall(r"\w+", layer) for layer in contract["layers"]]


def layer_diagram(root: Path) -> str:
    """The layers as a Mermaid diagram: whoever stands higher may import from below."""
    all_layers = layers(root / "pyproject.toml")
    rows = [[name for name in layer if _path(root, name) and name != "__main__"] for layer in all_layers]
    rows = [row for row in rows if row]
    lines = [
        "flowchart TB",
        "    accTitle: The layers of the autograder",
        f"    accDescr: From top to bottom {'; '.join(', '.join(row) for row in rows)}. Each imports only from below.",
    ]
    lines += [f'    l{number}["{_wrapped(row)}"]' for number, row in enumerate(rows)]
    lines.append("    " + " --> ".join(f"l{number}" for number in range(len(rows))))
    return "\n".join(["```mermaid", *lines, "```"])


def modules(root: Path) -> str:
    """Every module of the autograder, layer by layer, with its one job."""
    rows = []
    for layer in layers(root / "pyproject.toml"):
        for name in sorted(layer):
            path = _path(root, name)
            if path:
                about = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
                shown = f"`{name}/`" if path.name == "__init__.py" else f"`{name}`"
                rows.append((shown, about.partition("\n\n")[0].replace("``", "`")))
    return text.table(("module", "its one job"), rows)


def decisions(folder: Path) -> list[tuple[str, str]]:
    """File name and title of every decision, in order; none if there is no folder."""
    found = sorted(path for path in folder.glob("*.md") if path.name not in ("index.md", "README.md"))
    return [(path.name, text.title(path.read_text(encoding="utf-8"))) for path in found]


def function(path: Path, name: str) -> str:
    """A function of a Python file as it stands there, as a block of code; names of the file are its title.

    Raises:
        LookupError: the file, or a function of that name in it, is not there.
    """
    if not path.is_file():
        raise LookupError(f"no file {path}")
    content = path.read_text(encoding="utf-8")
    for node in ast.parse(content).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            lines = content.splitlines()[first - 1 : node.end_lineno]
            return "\n".join([f'```python title="{path.parent.name}/{path.name}"', *lines, "```"])
    raise LookupError(f"{path} has no function {name}")


def _path(root: Path, name: str) -> Path | None:
    folder = root / "autograder"
    return next((path for path in (folder / f"{name}.py", folder / name / "__init__.py") if path.is_file()), None)


def _wrapped(names: list[str], wide: int = 4) -> str:
    lines = [" · ".join(names[start : start + wide]) for start in range(0, len(names), wide)]
    return "<br/>".join(lines)
