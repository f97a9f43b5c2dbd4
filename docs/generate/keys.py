"""Tables of keys for TOML and JSON files, made from the models that read and write them."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import griffe

from generate import text

__all__ = ["json_keys", "toml_keys"]

_KINDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "table",
}
_LIMITS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "minLength": "{} characters or more",
    "maxLength": "up to {} characters",
    "minItems": "{} or more",
    "format": "as a {}",
}
_PATTERNS = "_PATTERNS"


def toml_keys(model: str, root: Path, *, skip: tuple[str, ...] = ()) -> str:
    """Every key of a TOML file: a table for its top, and one below a heading for each table within it.

    Args:
        model: full name of the pydantic model that reads it.
        root: the project's root, where the source is.
        skip: keys of the model that the file does not have.

    Raises:
        LookupError: a key has no docstring.
    """
    schema, source = _load(model, root, "validation")
    pieces = [_table(schema, schema, source, skip)]
    inner: dict[str, list[str]] = {}
    for heading, found in _tables(schema, schema, ""):
        inner.setdefault(found["title"], []).append(f"`{heading}`")
    for name, headings in inner.items():
        found = schema["$defs"][name]
        pieces += [f"### {' and '.join(headings)}", _about(source, found), _table(found, schema, source, ())]
    return "\n\n".join(pieces)


def json_keys(model: str, root: Path) -> str:
    """Every object of a JSON file below a heading, the outermost first; then the words that stand for a state.

    Args:
        model: full name of the pydantic model that writes it.
        root: the project's root, where the source is.

    Raises:
        LookupError: an object has no docstring.
    """
    schema, source = _load(model, root, "serialization")
    pieces = []
    for found in (schema, *(found for found in schema.get("$defs", {}).values() if "properties" in found)):
        pieces += [f"### {found['title']}", _about(source, found), _table(found, schema, source, (), need=False)]
    for found in schema.get("$defs", {}).values():
        if "enum" in found:
            rows = [(f"`{value}`", _value_doc(source, found["title"], value)) for value in found["enum"]]
            pieces += [f"### {found['title']}", _about(source, found), text.table(("value", "meaning"), rows)]
    return "\n\n".join(pieces)


def _load(model: str, root: Path, mode: Any) -> tuple[dict[str, Any], griffe.Module]:
    module, _, name = model.rpartition(".")
    loaded = importlib.import_module(module)
    source = griffe.load(module, search_paths=[root], allow_inspection=False)
    assert isinstance(source, griffe.Module)
    schema: dict[str, Any] = getattr(loaded, name).model_json_schema(mode=mode)
    schema["patterns"] = getattr(loaded, _PATTERNS, {})
    schema["linked"] = mode == "serialization"
    return schema, source


def _tables(found: Mapping[str, Any], schema: Mapping[str, Any], above: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The tables within a table, as they are written in TOML."""
    for key, prop in found["properties"].items():
        item = prop.get("items", {})
        inner = _resolve(item or prop, schema)
        if "properties" in inner:
            name = f"{above}{key}"
            yield f"[[{name}]]" if item else f"[{name}]", inner
            yield from _tables(inner, schema, f"{name}.")


def _table(
    found: Mapping[str, Any],
    schema: Mapping[str, Any],
    source: griffe.Module,
    skip: tuple[str, ...],
    *,
    need: bool = True,
) -> str:
    rows = []
    for key, prop in found["properties"].items():
        if key in skip:
            continue
        value = "; ".join([_kind(prop, schema), *_limits(prop, schema)])
        default = "" if not need else "required" if key in found.get("required", ()) else _default(prop)
        about = _doc(source, f"{found['title']}.{key}", required=need)
        rows.append((f"`{key}`", value, default, about))
    if not need:
        return text.table(("key", "value", "meaning"), [(key, value, about) for key, value, _, about in rows])
    return text.table(("key", "value", "if left out", "meaning"), rows)


def _kind(prop: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    inner = _resolve(prop, schema)
    if "anyOf" in inner:
        kinds = [_kind(choice, schema) for choice in inner["anyOf"] if choice.get("type") != "null"]
        empty = len(kinds) < len(inner["anyOf"])
        return " or ".join(kinds) + (" or nothing" if empty and "$ref" not in prop else "")
    if "enum" in inner and "$ref" not in prop:
        return " or ".join(f"`{value}`" for value in inner["enum"])
    if "enum" in inner:
        return f"[{inner['title']}](#{inner['title'].lower()})"
    if inner.get("type") == "array":
        items = inner.get("items", {})
        kind = _kind(items, schema)
        return f"list of {kind}" if kind in _KINDS.values() or kind.startswith("[") else f"list: {kind}"
    if "properties" in inner:
        return f"[{inner['title']}](#{inner['title'].lower()})" if schema["linked"] else "table"
    return _KINDS.get(inner.get("type", ""), "any value")


def _limits(prop: Mapping[str, Any], schema: Mapping[str, Any]) -> list[str]:
    inner = _resolve(prop, schema)
    choices = [choice for choice in inner.get("anyOf", ()) if choice.get("type") != "null"]
    if len(choices) == 1:
        inner = choices[0]
    said = []
    for key, words in _LIMITS.items():
        limit = inner.get(key)
        if limit is not None:
            said.append(words.format(limit if isinstance(limit, str) else f"{limit:g}"))
    for holder in (inner, inner.get("items", {})):
        pattern = holder.get("pattern")
        if pattern:
            words = schema["patterns"].get(pattern, f"must match `{pattern}`")
            said.append(words.removeprefix("must be ").replace("'", "`"))
    return said


def _default(prop: Mapping[str, Any]) -> str:
    default = prop.get("default")
    if default is None or default in ([], {}, "") or isinstance(default, dict):
        return "nothing" if not isinstance(default, dict) or not default else "see below"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _resolve(prop: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = prop.get("$ref")
    if not reference:
        return prop
    found: Mapping[str, Any] = schema["$defs"][reference.rpartition("/")[2]]
    return found


def _about(source: griffe.Module, found: Mapping[str, Any]) -> str:
    return _doc(source, str(found["title"]))


def _value_doc(source: griffe.Module, enum: str, value: str) -> str:
    members = source.members[enum].members
    for name, member in members.items():
        if isinstance(member, griffe.Attribute) and str(member.value).strip("'\"") == value:
            return _doc(source, f"{enum}.{name}", required=False)
    return ""


def _doc(source: griffe.Module, path: str, *, required: bool = True) -> str:
    try:
        docstring = source[path].docstring
    except KeyError:
        docstring = None
    if docstring is None:
        if required:
            raise LookupError(f"{source.path}: {path} needs a docstring: it is the key's line in the reference")
        return ""
    return str(docstring.value).partition("\n\n")[0].replace("``", "`").strip()
