"""Write a YAML, TOML, Markdown or line-by-line file in another way that means the same."""

from __future__ import annotations

import json
import re
import textwrap
import tomllib
from collections.abc import Callable
from typing import Any

import yaml  # type: ignore[import-untyped]

__all__ = [
    "comment_toml",
    "comment_yaml",
    "dump_toml",
    "dump_yaml",
    "flow_yaml",
    "reflow",
    "reverse_lines",
    "space_lines",
    "space_procfile",
    "with_section",
]


def comment_yaml(text: str) -> str:
    """The same YAML with one comment at its top, one at its end, and no others."""
    return _if_same(yaml.safe_load, text, _comment(text))


def comment_toml(text: str) -> str:
    """The same TOML with one comment at its top, one at its end, and no others."""
    return _if_same(tomllib.loads, text, _comment(text))


def dump_yaml(text: str) -> str:
    """The same YAML with the keys of every mapping in reverse order, and wider indents."""
    data = yaml.safe_load(text)
    return str(yaml.safe_dump(_reversed(data), sort_keys=False, indent=4)) if _has_plain_keys(data) else text


def flow_yaml(text: str) -> str:
    """The same YAML in braces and brackets, as JSON has it."""
    data = yaml.safe_load(text)
    return f"---\n{yaml.safe_dump(data, default_flow_style=True, width=60)}" if _has_plain_keys(data) else text


def dump_toml(text: str, *, dotted: bool = False) -> str:
    """The same TOML with tables and keys in reverse order, lists over several lines, and comments.

    Args:
        text: the file.
        dotted: whether each key names its table instead of standing below its heading.

    Returns:
        The text as it is if it has more than tables of plain values.
    """
    data: dict[str, Any] = _reversed(tomllib.loads(text))
    lines = [f"{key} = {_toml(value)}" for key, value in data.items() if not isinstance(value, dict)]
    for table, values in data.items():
        if isinstance(values, dict):
            lines += [] if dotted else ["", f"  [ {table} ]  # mine"]
            lines += [f"{f'{table}.' if dotted else ''}{key}={_toml(value)}" for key, value in values.items()]
    return _if_same(tomllib.loads, text, "\n".join(lines) + "\n")


def reflow(text: str) -> str:
    """The same Markdown without comments, in shorter lines, with ``*`` for bullets, narrow tables and wider gaps."""
    head, body = _front_matter(text)
    body = re.sub(r"(?m)^<!--.*?-->\n", "", body)
    blocks = re.split(r"\n[ \t]*\n", body)
    fenced = False
    for index, block in enumerate(blocks):
        inside, fenced = fenced, fenced ^ (block.count("```") % 2 == 1)
        if not inside and "```" not in block:
            blocks[index] = _reflowed(block)
    return head + "\n\n\n".join(blocks).rstrip("\n") + "\n\n"


def with_section(text: str) -> str:
    """The Markdown with one more section at its end."""
    return f"{text.rstrip()}\n\n## Acknowledgements\n\nThank you to everybody who read a draft.\n"


def space_procfile(text: str) -> str:
    """The same process types in reverse order without comments, each with more space behind its colon."""
    lines = [line.replace(": ", ":   ", 1) + " " for line in reversed(_lines(text))]
    return "\n\n".join(lines)


def space_lines(text: str) -> str:
    """The same lines without comments, with empty lines between them and none at the end."""
    return "\n\n".join(_lines(text))


def reverse_lines(text: str) -> str:
    """The same lines without comments, in reverse order, unless a later one takes back what an earlier one said."""
    lines = _lines(text)
    return text if any(line.startswith("!") for line in lines) else "\n".join(reversed(lines)) + "\n"


def _comment(text: str) -> str:
    kept = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    return "\n".join(["# Mine", *kept, "# End", ""])


def _if_same(load: Callable[[str], object], text: str, changed: str) -> str:
    """What was made of a text if it means the same; otherwise the text."""
    try:
        return changed if load(changed) == load(text) else text
    except ValueError:
        return text


def _has_plain_keys(data: object) -> bool:
    """Whether all keys are texts: ``on`` is one to GitHub, but true to YAML 1.1."""
    if isinstance(data, dict):
        return all(isinstance(key, str) and _has_plain_keys(value) for key, value in data.items())
    return all(map(_has_plain_keys, data)) if isinstance(data, list) else True


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _reversed(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _reversed(value) for key, value in reversed(data.items())}
    return data


def _toml(value: object) -> str:
    if isinstance(value, list):
        return "[\n" + "".join(f"    {_toml(each)},\n" for each in value) + "]"
    if isinstance(value, str) and "'" not in value:
        return f"'{value}'"
    return json.dumps(value, ensure_ascii=False)


def _front_matter(text: str) -> tuple[str, str]:
    found = re.match(r"---\n.*?\n---\n", text, re.DOTALL)
    return (found[0], text[found.end() :]) if found else ("", text)


def _reflowed(block: str) -> str:
    lines = block.strip("\n").split("\n")
    if all(line.lstrip().startswith("|") for line in lines):
        rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
        return "\n".join(f"|{'|'.join(row)}|" for row in rows)
    if any(re.match(r"\s*([-*+] |\d+\. |#|>|\||<!--|    )", line) for line in lines):
        return re.sub(r"(?m)^(\s*)- ", r"\1* ", block)
    return textwrap.fill(" ".join(lines), 60, break_long_words=False, break_on_hyphens=False)
