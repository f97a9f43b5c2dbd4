"""Read a model card as a reader sees it: front matter, sections, sentences and tables with what introduces them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

__all__ = ["SECTIONS", "Card", "CardError", "Passage", "Table", "read_card"]

SECTIONS = {
    "Model Details": r"model (details|description|overview|information)|about (the|this) model",
    "Intended Use": r"\b(uses?|users?)\b",
    "Metrics": r"metric|evaluation|performance|results?\b|quantitative",
    "Data": r"\bdata(sets?)?\b",
    "Bias": r"\bbias|fairness|ethic",
    "Caveats": r"caveat|limitation|recommendation|risks?\b|known (issues|problems)",
}
"""Name of a section → what its heading contains, in any case."""

_MAX_CARD = 100_000
_MAX_FRONT = 20_000
_FRONT = re.compile(r"\A\s*---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_END_OF_SENTENCE = re.compile(
    r"(?<!\b[A-Z]\.)(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bal\.)(?<!\bvs\.)(?<!\bcf\.)(?<=[.!?])\s+(?=[A-Z(\[\"'≥<>])"
)


class CardError(Exception):
    """The card cannot be read; the text says why, for its author."""


@dataclass(frozen=True)
class Passage:
    """A sentence, with what a reader has in mind on reaching it.

    Attributes:
        text: the sentence without markup.
        before: the texts that introduce it, the nearest first: the sentence before, the list item above, the
            paragraph before the list, the headings.
        headings: the headings above it, the innermost last.
    """

    text: str
    before: tuple[str, ...]
    headings: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table as rows of plain cells, its header first; ``before`` and ``headings`` as for a passage."""

    rows: tuple[tuple[str, ...], ...]
    before: tuple[str, ...]
    headings: tuple[str, ...]


@dataclass(frozen=True)
class Card:
    """A model card.

    Attributes:
        meta: the front matter.
        passages, tables: the text, in order.
        links: where the links of the text lead.
    """

    meta: dict[Any, Any]
    passages: tuple[Passage, ...]
    tables: tuple[Table, ...]
    links: tuple[str, ...]

    def section(self, name: str) -> str:
        """All text under headings that stand for a section of :data:`SECTIONS`, tables and headings included."""
        passages = [passage for passage in self.passages if stands_for(name, passage.headings)]
        texts = list(dict.fromkeys(heading for passage in passages for heading in passage.headings))
        texts += [passage.text for passage in passages]
        for table in self.tables:
            if stands_for(name, table.headings):
                texts += [" | ".join(row) for row in table.rows]
        return "\n".join(texts)

    @property
    def text(self) -> str:
        """All text, without the front matter."""
        rows = [" | ".join(row) for table in self.tables for row in table.rows]
        return "\n".join([*(passage.text for passage in self.passages), *rows])


def stands_for(name: str, headings: tuple[str, ...]) -> bool:
    """Whether one of these headings is one of that section."""
    return any(re.search(SECTIONS[name], heading, re.IGNORECASE) for heading in headings)


def read_card(source: str) -> Card:
    """Read a model card; a front matter that cannot be read is empty.

    Raises:
        CardError: the card is too long.
    """
    if len(source) > _MAX_CARD:
        raise CardError(f"The card has {len(source):,} characters. Expected a few pages, at most {_MAX_CARD:,}.")
    front = _FRONT.search(source)
    try:
        meta = _safe_yaml(front[1]) if front else {}
    except CardError:
        meta = {}
    body = source[front.end() :] if front else source
    passages, tables, links = _read_body(body)
    return Card(meta, tuple(passages), tuple(tables), tuple(links))


def _safe_yaml(text: str) -> dict[Any, Any]:
    """Parse YAML that is small, flat and without aliases, so that it cannot blow up."""
    if len(text) > _MAX_FRONT:
        raise CardError("The front matter is too long.")
    depth = 0
    try:
        for event in yaml.parse(text, yaml.SafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, yaml.AliasEvent) or depth > 20:
                raise CardError("The front matter has aliases, or is nested too deeply.")
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, TypeError, OverflowError, RecursionError, AttributeError) as error:
        raise CardError(f"The front matter is no YAML: {error}") from None
    return data if isinstance(data, dict) else {}


def _read_body(source: str) -> tuple[list[Passage], list[Table], list[str]]:
    tokens = MarkdownIt("commonmark").enable("table").parse(source)
    title = _title(tokens)
    passages: list[Passage] = []
    tables: list[Table] = []
    links: list[str] = []
    headings: list[tuple[int, str]] = []
    items: list[str] = []  # for each open list: what introduces it; for each open item: its own first text
    last = ""  # the paragraph before
    number = 0
    while number < len(tokens):
        token = tokens[number]
        match token.type:
            case "heading_open":
                level, text = int(token.tag[1]), _plain(tokens[number + 1], links)
                headings = [(depth, name) for depth, name in headings if depth < level]
                if number != title:
                    headings.append((level, text))
                last = ""
            case "bullet_list_open" | "ordered_list_open":
                items.append(last)
            case "list_item_open":
                items.append("")
            case "bullet_list_close" | "ordered_list_close" | "list_item_close":
                items.pop()
                last = ""
            case "paragraph_open":
                text = _plain(tokens[number + 1], links)
                names = tuple(name for _, name in headings)
                leading = [last] if last.endswith(":") else []
                around = (*reversed([item for item in items if item]), *leading, *reversed(names))
                passages += _sentences(text, around, names)
                if items and not items[-1]:
                    items[-1] = text
                last = text
            case "table_open":
                end = next(n for n in range(number, len(tokens)) if tokens[n].type == "table_close")
                rows = tuple(_rows(tokens[number:end], links))
                names = tuple(name for _, name in headings)
                tables.append(Table(rows, (*([last] if last else []), *reversed(names)), names))
                number = end
        number += 1
    return passages, tables, links


def _title(tokens: list[Token]) -> int:
    """The position of the heading that is the title of the whole card, -1 if there is none."""
    first = [n for n, token in enumerate(tokens) if token.type == "heading_open" and token.tag == "h1"]
    any_heading = [n for n, token in enumerate(tokens) if token.type == "heading_open"]
    return first[0] if len(first) == 1 and first == any_heading[:1] else -1


def _sentences(text: str, before: tuple[str, ...], headings: tuple[str, ...]) -> Iterator[Passage]:
    previous: tuple[str, ...] = ()
    for sentence in _END_OF_SENTENCE.split(text):
        if sentence.strip():
            yield Passage(sentence.strip(), (*previous, *before), headings)
            previous = (sentence.strip(),)


def _rows(tokens: list[Token], links: list[str]) -> Iterator[tuple[str, ...]]:
    row: list[str] = []
    for token in tokens:
        if token.type == "tr_open":
            row = []
        elif token.type == "inline":
            row.append(_plain(token, links))
        elif token.type == "tr_close":
            yield tuple(row)


def _plain(token: Token, links: list[str]) -> str:
    """The text of an inline token as it is read on the page; where its links lead is added to ``links``."""
    parts: list[str] = []
    for child in token.children or ():
        if child.type in ("text", "code_inline", "text_special"):
            parts.append(child.content)
        elif child.type in ("softbreak", "hardbreak") or child.content.startswith("<br"):
            parts.append(" ")
        elif child.type == "link_open":
            links.append(str(child.attrs.get("href", "")))
    return re.sub(r"\s+", " ", "".join(parts)).strip()
