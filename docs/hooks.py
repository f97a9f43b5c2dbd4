"""The hook of MkDocs: hands it the pages that docs/generate/ makes, and fills what pages ask for.

A page asks by a comment on a line of its own: ``<!-- generate NAME -->``, ``<!-- include README.md … -->`` or
``<!-- function FILE NAME -->``.
In a student edition, which has no solutions/, the pages for instructors and authors are left out; so is what stands
between ``<!-- authors: begin -->`` and ``end``, and other links to those pages become plain text.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from generate import commands, keys, labs, links, source, text
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from autograder.catalog import Catalog
from autograder.errors import AutograderError

_FOR_AUTHORS = (
    "teach/",
    "extend/",
    "decisions/",
    "reference/manifests.md",
    "reference/cases.md",
    "reference/grader.md",
)
_ASKED = re.compile(r"^<!-- generate ([\w-]+) -->$", re.M)
_AUTHORS = re.compile(r"^<!-- authors: begin -->\n(.*?)^<!-- authors: end -->$", re.M | re.S)
_FUNCTION = re.compile(r"^<!-- function (?P<file>[\w./-]+) (?P<name>\w+) -->$", re.M)
_SEARCH = 'data-md-component="search"'
_WIDE = re.compile(r'<pre class="mermaid"><code>(?:flowchart LR|sequenceDiagram).*?</pre>', re.S)
_SCROLLING = r'<div class="wide-diagram" role="region" aria-label="Diagram" tabindex="0">\g<0></div>'
_MERMAID = "assets/vendor/mermaid.tiny.js"
_WATCHED = ("README.md", "CONTRIBUTING.md", "autograder", "course.toml", "datasets", "labs", "noxfile.py", "solutions")
_README_LINKS = {"CONTRIBUTING.md": "extend/index.md", "docs/": "index.md"}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Complete the navigation: titles of parts, their labs, data sets and decisions."""
    with _blamed("course.toml"):
        catalog = Catalog(_root(config))
        config.nav = list(_completed(config.nav or [], catalog, Path(config.docs_dir)))
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made, and leave out those that are not for this edition."""
    root = _root(config)
    with _blamed("the pages of labs and data sets"):
        catalog = Catalog(root)
        if catalog.for_students:
            for file in [file for file in files if file.src_uri.startswith(_FOR_AUTHORS)]:
                files.remove(file)
        made = labs.pages(catalog, [chapter for _, chapter in _chapters(config)])
        made["learn/index.md"] = labs.course_page(catalog, _by_part(config))
        if not catalog.for_students:
            made["decisions/index.md"] = _decisions(Path(config.docs_dir))
        for path, content in made.items():
            files.append(_file(path, content, config))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill what a page asks for; in a student edition, cut links to pages that it does not have."""
    root = _root(config)
    up = posixpath.relpath(".", posixpath.dirname(page.file.src_uri) or ".") + "/"
    makers: dict[str, Callable[[], str]] = {
        "lab-cards": lambda: labs.cards(Catalog(root)),
        "commands": lambda: commands.commands(root / "noxfile.py"),
        "lab-keys": lambda: keys.toml_keys("autograder.manifest.Lab", root, skip=("id",)),
        "course-keys": lambda: keys.toml_keys("autograder.manifest.Course", root),
        "case-keys": lambda: keys.toml_keys("autograder.cases._Cases", root),
        "report-keys": lambda: keys.json_keys("autograder.results.Report", root),
        "layers": lambda: source.layer_diagram(root),
        "modules": lambda: source.modules(root),
        "links": lambda: links.table_of_links(*_texts(files), up),
    }

    def make(match: re.Match[str]) -> str:
        if match[1] not in makers:
            raise LookupError(f"nothing is called {match[1]!r}, only {', '.join(makers)}")
        return makers[match[1]]()

    with _blamed(page.file.src_uri):
        places = {target: up + place for target, place in _README_LINKS.items()}
        for_students = Catalog(root).for_students
        markdown = _AUTHORS.sub("" if for_students else r"\g<1>", markdown)
        markdown = text.include(markdown, root, places.get)
        markdown = _FUNCTION.sub(lambda found: source.function(root / found["file"], found["name"]), markdown)
        markdown = _ASKED.sub(make, markdown)
        return text.relink(markdown, partial(_present, page.file.src_uri, for_students))


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Bring Mermaid to the pages that draw with it, and read what docstrings write for another tool."""
    html = re.sub(r":(?:class|func|meth|mod|attr):(?=<code>)", "", html)
    if '<pre class="mermaid">' in html:
        address = posixpath.relpath(_MERMAID, posixpath.dirname(page.url) or ".")
        html = f'<script src="{address}"></script>\n{_WIDE.sub(_SCROLLING, html)}'
    return html


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Name the search to screen readers, which the theme leaves out."""
    return output.replace('data-md-component="search" role="dialog"', f'{_SEARCH} role="dialog" aria-label="Search"')


def on_serve(server: Any, config: MkDocsConfig, builder: Any) -> Any:
    """Build again when anything changes that pages are made from."""
    for name in _WATCHED:
        if (_root(config) / name).exists():
            server.watch(str(_root(config) / name))
    return server


class _blamed:
    """Turn what is wrong with a source into an error that names it."""

    def __init__(self, where: str) -> None:
        self._where = where

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        """Blame ``where``."""
        if isinstance(error, LookupError | AutograderError):
            raise PluginError(f"{self._where}: {error.args[0] if error.args else error}") from error


def _root(config: MkDocsConfig) -> Path:
    return Path(config.config_file_path).resolve().parent


def _file(path: str, content: str | Path, config: MkDocsConfig) -> File:
    file = File(path, None, config.site_dir, config.use_directory_urls)
    if isinstance(content, Path):
        file.abs_src_path = str(content)
    else:
        file.content_string = content
    return file


def _completed(nav: list[Any], catalog: Catalog, docs: Path) -> Iterator[Any]:
    """The navigation as written, with what course.toml, datasets/ and docs/decisions/ add to it."""
    parts = {part.id: part for part in catalog.course.part}
    for entry in nav:
        if entry == "datasets":
            names = sorted(path.parent.name for path in (catalog.root / "datasets").glob("*/README.md"))
            yield {"Data sets": [f"datasets/{name}.md" for name in names]}
        elif entry == "decisions":
            names = [name for name, _ in source.decisions(docs / "decisions")]
            yield {"Decisions": ["decisions/index.md", *(f"decisions/{name}" for name in names)]}
        elif isinstance(entry, str):
            if not (catalog.for_students and entry.startswith(_FOR_AUTHORS)):
                yield entry
        else:
            ((title, below),) = entry.items()
            if isinstance(below, str):
                yield entry
                continue
            inner = list(_completed(below, catalog, docs))
            if title == "Learn":
                inner = list(_with_unknown_parts(inner, below, catalog))
            if title in parts:
                inner += _labs(parts.pop(title).id, catalog)
                title = next(part.title for part in catalog.course.part if part.id == title)
            if inner and not (catalog.for_students and title in ("Teach", "Extend")):
                yield {title: inner}


def _with_unknown_parts(inner: list[Any], written: list[Any], catalog: Catalog) -> Iterator[Any]:
    """The sections of parts, and those of parts that have labs but no section of their own yet."""
    named = {title for entry in written if isinstance(entry, dict) for title in entry}
    yield from (entry for entry in inner if not (isinstance(entry, dict) and "Data sets" in entry))
    for part in catalog.course.part:
        if part.id not in named and part.labs:
            yield {part.title: _labs(part.id, catalog)}
    yield from (entry for entry in inner if isinstance(entry, dict) and "Data sets" in entry)


def _labs(part: str, catalog: Catalog) -> list[Any]:
    listed = next(found.labs for found in catalog.course.part if found.id == part)
    return [{f"Lab {lab[:2]}: {catalog.lab(lab).title}": f"labs/{lab}.md"} for lab in listed]


def _chapters(config: MkDocsConfig) -> Iterator[tuple[str, labs.Chapter]]:
    """The chapters in the order of the navigation, each with the title of its section."""

    def walk(entries: list[Any], section: str) -> Iterator[tuple[str, labs.Chapter]]:
        for entry in entries:
            if isinstance(entry, dict):
                for title, below in entry.items():
                    yield from walk(below, title) if isinstance(below, list) else ()
            elif entry.startswith("learn/") and entry != "learn/index.md":
                path = Path(config.docs_dir) / entry
                if path.is_file():
                    content = path.read_text(encoding="utf-8")
                    found = dict.fromkeys(re.findall(r"\]\(\.\./labs/([\w-]+)\.md", content))
                    yield section, labs.Chapter(entry, text.title(content), tuple(found))

    yield from walk(config.nav or [], "")


def _by_part(config: MkDocsConfig) -> dict[str, list[labs.Chapter]]:
    grouped: dict[str, list[labs.Chapter]] = {}
    for section, chapter in _chapters(config):
        grouped.setdefault(section, []).append(chapter)
    return grouped


def _decisions(docs: Path) -> str:
    found = source.decisions(docs / "decisions")
    lines = [f"- [{title}]({name})" for name, title in found] or ["None has been written down yet."]
    intro = "Why things are as they are. Each page is one decision: what it settles, what else there was, what follows."
    return "\n".join(["# Decisions", "", intro, "", *lines, ""])


def _present(page: str, for_students: bool, target: str) -> str | None:
    """The target as it is, or None if this edition lacks it."""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page), target.partition("#")[0]))
    return None if for_students and path.startswith(_FOR_AUTHORS) else target


def _texts(files: Files) -> tuple[dict[str, str], dict[str, str]]:
    """Every page's Markdown and title."""
    found = {file.src_uri: file.content_string for file in files.documentation_pages()}
    titles = {path: text.title(content) for path, content in found.items()}
    return found, titles
