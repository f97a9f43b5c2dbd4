"""Markdown as text: parts of a file, links in it, cells of a table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from markdown.extensions.toc import slugify

__all__ = ["anchor", "cell", "excerpt", "external_links", "include", "indent", "relink", "sections", "table", "title"]

_CODE = r"^(?P<fence> *`{3,}).*?^(?P=fence)`*[ \t]*$|`[^`\n]+`"
_CODE_OR_LINK = re.compile(rf"{_CODE}|(?P<open>\]\()(?P<target>[^)\s]+)(?P<close>[^)]*\))", re.M | re.S)
_CODE_OR_URL = re.compile(rf"{_CODE}|\]\((?P<link>https?://[^)\s]+)|<(?P<auto>https?://[^>\s]+)>", re.M | re.S)
_CODE_OR_HEADING = re.compile(rf"{_CODE}|^(?P<level>#+) +(?P<heading>.+?) *$", re.M | re.S)
_INCLUDE = re.compile(
    r'^<!-- include (?P<file>[\w./-]+)(?: section "(?P<section>[^"]+)")?'
    r'(?: after "(?P<after>[^"]+)")?(?: before "(?P<before>[^"]+)")? -->$',
    re.M,
)


def title(text: str) -> str:
    """The first heading of the first level.

    Raises:
        LookupError: there is none.
    """
    for level, heading, _, _ in _headings(text):
        if level == 1:
            return heading
    raise LookupError("no heading of the first level (# …)")


def sections(text: str) -> list[tuple[str, str]]:
    """The text cut before each heading of the second level: heading (empty for what comes first), whole piece."""
    cuts = [(heading, start) for level, heading, start, _ in _headings(text) if level == 2]
    ends = [start for _, start in cuts] + [len(text)]
    pieces = [("", text[: ends[0]])]
    pieces += [(heading, text[start:end]) for (heading, start), end in zip(cuts, ends[1:], strict=True)]
    return pieces


def excerpt(text: str, *, section: str | None = None, after: str | None = None, before: str | None = None) -> str:
    """A part of a text: what is below a heading, behind the line that holds ``after``, before the one with ``before``.

    A section of the first level ends at the first heading of the second.

    Raises:
        LookupError: the heading or one of the lines is not there.
    """
    if section is not None:
        found = list(_headings(text))
        for number, (level, heading, _, end) in enumerate(found):
            if heading == section:
                later = found[number + 1 :]
                stop = next((start for other, _, start, _ in later if other <= max(level, 2)), len(text))
                text = text[end:stop]
                break
        else:
            raise LookupError(f"no heading {section!r}")
    for wanted, behind in ((after, True), (before, False)):
        if wanted is None:
            continue
        if wanted not in text:
            raise LookupError(f"no line with {wanted!r}")
        head, _, rest = text.partition(wanted)
        text = rest.partition("\n")[2] if behind else head.rpartition("\n")[0]
    return text.strip("\n")


def include(text: str, root: Path, resolve: Callable[[str], str | None]) -> str:
    """Put in what ``<!-- include FILE section "…" after "…" before "…" -->`` asks for.

    Args:
        text: a page.
        root: what FILE is relative to.
        resolve: new targets for the links of the file, as in :func:`relink`.

    Raises:
        LookupError: the file, or the part of it, is not there.
    """

    def fetch(match: re.Match[str]) -> str:
        path = root / match["file"]
        if not path.is_file():
            raise LookupError(f"no file {match['file']}")
        wanted = match.groupdict()
        part = excerpt(
            path.read_text(encoding="utf-8"),
            section=wanted["section"],
            after=wanted["after"],
            before=wanted["before"],
        )
        return relink(part, resolve)

    return _INCLUDE.sub(fetch, text)


def relink(text: str, resolve: Callable[[str], str | None]) -> str:
    """Give relative links and pictures new targets; one without a target becomes plain text.

    Args:
        text: Markdown.
        resolve: old target → new one, or None. It is not asked about links to other hosts and within the page.
    """
    dead: list[str] = []

    def point(match: re.Match[str]) -> str:
        target = match["target"]
        if target is None or re.match(r"[a-z]+:|#", target):
            return match[0]
        found = resolve(target)
        if found is None:
            dead.append(f"]({target}{match['close']}")
            return match[0]
        return f"]({found}{match['close']}"

    text = _CODE_OR_LINK.sub(point, text)
    for link in dead:
        text = re.sub(rf"!?\[([^\[\]]*){re.escape(link)}", r"\1", text)
    return text


def external_links(text: str) -> Iterator[str]:
    """The addresses on other hosts that a page links to, in order."""
    for match in _CODE_OR_URL.finditer(text):
        address = match["link"] or match["auto"]
        if address:
            yield address


def anchor(heading: str) -> str:
    """The name under which a heading can be linked."""
    return str(slugify(re.sub(r"[`*]", "", heading), "-"))


def indent(text: str, by: str = "    ") -> str:
    """Every line further in, but for empty ones."""
    return "\n".join(f"{by}{line}" if line.strip() else "" for line in text.splitlines())


def cell(text: str) -> str:
    """A text that can stand in a table: one line, no bars."""
    return " ".join(text.split()).replace("|", "\\|")


def table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table; a head that begins with ``>`` makes its column flush right."""
    rule = ["---:" if head.startswith(">") else "---" for head in heads]
    lines = [[head.lstrip(">") for head in heads], rule, *([cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _headings(text: str) -> Iterator[tuple[int, str, int, int]]:
    for match in _CODE_OR_HEADING.finditer(text):
        if match["heading"] is not None:
            yield len(match["level"]), match["heading"], match.start(), match.end()
