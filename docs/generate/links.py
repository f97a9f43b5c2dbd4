"""The page of all addresses on other hosts, so that someone can look after them."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from generate import text

__all__ = ["by_host", "table_of_links"]


def by_host(pages: Mapping[str, str]) -> dict[str, dict[str, list[str]]]:
    """Host → address → the pages that link to it, all sorted.

    Args:
        pages: place in docs/ → Markdown.
    """
    found: dict[str, dict[str, list[str]]] = {}
    for path, markdown in sorted(pages.items()):
        for address in dict.fromkeys(text.external_links(markdown)):
            found.setdefault(urlsplit(address).netloc, {}).setdefault(address, []).append(path)
    return {host: dict(sorted(found[host].items())) for host in sorted(found)}


def table_of_links(pages: Mapping[str, str], titles: Mapping[str, str], up: str = "../") -> str:
    """The links for a page that lies ``up`` from docs/, with links to the pages that use them.

    Args:
        pages: place in docs/ → Markdown.
        titles: place in docs/ → title.
        up: from the page to docs/.
    """
    hosts = by_host(pages)
    rows = [
        (f"<{address}>", ", ".join(f"[{titles[path]}]({up}{path})" for path in users))
        for found in hosts.values()
        for address, users in found.items()
    ]
    count = f"{len(rows)} addresses on {len(hosts)} hosts."
    return f"{count}\n\n{text.table(('address', 'linked from'), rows)}"
