"""Mutate YAML and TOML: an entry missing, a number altered, another entry's text, a list emptied."""

from __future__ import annotations

import json
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import yaml  # type: ignore[import-untyped]

from autograder.mutants.edits import Edit, alter_number, next_other

__all__ = ["toml_edits", "yaml_edits"]


@dataclass(frozen=True)
class _Scalar:
    start: int
    end: int
    value: str
    tag: str
    role: str
    unit: str


def yaml_edits(text: str) -> Iterator[Edit]:
    """Every mutation of a YAML text; nothing if it is none."""
    try:
        root = yaml.compose(text)
    except yaml.YAMLError:
        return
    scalars: list[_Scalar] = []
    yield from _yaml(text, root, (), scalars)
    pools: dict[str, list[str]] = defaultdict(list)
    for scalar in scalars:
        pools[scalar.role].append(scalar.value)
    for scalar in scalars:
        kind = scalar.tag.rpartition(":")[2]
        if kind in ("int", "float"):
            yield Edit(scalar.start, scalar.end, alter_number(scalar.value), "number altered", scalar.unit)
        elif kind == "bool":
            by = "true" if scalar.value.lower() in ("false", "no", "off") else "false"
            yield Edit(scalar.start, scalar.end, by, "constant", scalar.unit)
        elif kind == "str" and (other := next_other(scalar.value, pools[scalar.role])):
            yield Edit(scalar.start, scalar.end, other, "wrong name", scalar.unit)


def _yaml(text: str, node: yaml.Node, path: tuple[str, ...], scalars: list[_Scalar]) -> Iterator[Edit]:
    unit = ".".join(path[:2]) or "top level"
    if isinstance(node, yaml.ScalarNode):
        if node.style in (None, "'", '"'):
            role = path[-1] if path else ""
            scalars.append(_Scalar(node.start_mark.index, node.end_mark.index, str(node.value), node.tag, role, unit))
        return
    if isinstance(node, yaml.MappingNode):
        starts = [key.start_mark.index for key, _ in node.value]
        ends = [_end(text, value) for _, value in node.value]
        children = [(value, (*path, str(key.value))) for key, value in node.value]
    else:
        starts = [_dash(text, item) if not node.flow_style else item.start_mark.index for item in node.value]
        ends = [_end(text, item) for item in node.value]
        children = [(item, path) for item in node.value]
    items = isinstance(node, yaml.SequenceNode) and all(isinstance(item, yaml.ScalarNode) for item in node.value)
    for edit in _dropped(text, starts, ends, [".".join(place[:2]) for _, place in children], bool(node.flow_style)):
        yield replace(edit, operator="item removed") if items else edit
    for child, place in children:
        yield from _yaml(text, child, place, scalars)


def _dropped(text: str, starts: Sequence[int], ends: Sequence[int], units: Sequence[str], flow: bool) -> Iterator[Edit]:
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        if number + 1 < len(starts):
            following = starts[number + 1]
            stop = following if flow or text[:start].rpartition("\n")[2].strip() else _line(text, following)
        else:
            stop = end if flow else min(text.find("\n", end) + 1 or len(text), len(text))
        if flow and number and number + 1 == len(starts):
            start = ends[number - 1]
        elif not flow and not text[:start].rpartition("\n")[2].strip():
            start = _line(text, start)
        yield Edit(start, min(stop, _comment(text, start, stop)), "", "entry removed", units[number])


def _comment(text: str, start: int, stop: int) -> int:
    """Where the first line that is only a comment begins, for it belongs to what follows."""
    match = re.search(r"(?m)^[ \t]*#", text[start:stop])
    return start + match.start() if match and match.start() else stop


def _end(text: str, node: yaml.Node) -> int:
    """The end of a node without the white space and comments behind it."""
    while not isinstance(node, yaml.ScalarNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(node, yaml.MappingNode) else last
    end = int(node.end_mark.index)
    return end - (len(text[:end]) - len(text[:end].rstrip()))


def _dash(text: str, item: yaml.Node) -> int:
    return text.rindex("-", 0, item.start_mark.index)


def _line(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def toml_edits(text: str) -> Iterator[Edit]:
    """Every mutation of the plain ``key = value`` lines of a TOML text."""
    entries = list(_toml_entries(text))
    texts = [part for *_, value in entries for part in ([value] if isinstance(value, str) else _strings(value))]
    for unit, start, end, value in entries:
        at = start + re.match(r"[^=]*=\s*", text[start:end]).end()  # type: ignore[union-attr]
        yield Edit(start, end + 1, "", "entry removed", unit)
        yield from (Edit(at, end, by, operator, unit) for by, operator in _toml_values(text[at:end], value, texts))


def _toml_entries(text: str) -> Iterator[tuple[str, int, int, object]]:
    table, start, at = "", 0, 0
    pending = ""
    for line in text.splitlines(keepends=True):
        if not pending and (heading := re.match(r"\[\[?([^\]]+)\]\]?", line)):
            table = heading[1]
        elif pending or re.match(r"[\w-]+\s*=", line):
            start = start if pending else at
            pending += line
            try:
                ((key, value),) = tomllib.loads(pending).items()
            except tomllib.TOMLDecodeError:
                pass
            else:
                yield f"{table}.{key}".lstrip("."), start, start + len(pending.rstrip()), value
                pending = ""
        at += len(line)


def _toml_values(written: str, value: object, texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    match value:
        case bool():
            yield str(not value).lower(), "constant"
        case int() | float():
            yield alter_number(written), "number altered"
        case str():
            other = next_other(value, texts)
            if other is not None:
                yield json.dumps(other, ensure_ascii=False), "wrong name"
        case list():
            if value:
                yield "[]", "list emptied"
            for number in range(len(value) if len(value) > 1 else 0):
                yield _toml_list([*value[:number], *value[number + 1 :]]), "entry removed"
            strays = [text for text in dict.fromkeys(texts) if text not in value]
            if strays and all(isinstance(part, str) for part in value):
                yield _toml_list([*value, strays[len(value) % len(strays)]]), "entry added"


def _toml_list(values: Sequence[object]) -> str:
    return f"[{', '.join(json.dumps(value, ensure_ascii=False) for value in values)}]"


def _strings(value: object) -> list[str]:
    return [part for part in value if isinstance(part, str)] if isinstance(value, list) else []
