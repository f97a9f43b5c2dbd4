from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest

from autograder.catalog import Catalog
from autograder.hints import load_hints

if TYPE_CHECKING:
    from tests.conftest import Course

ROOT = Path(__file__).parents[1]
LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "srcset", "link": "href"}
FETCHED = {"stylesheet", "icon", "preload", "preconnect", "dns-prefetch", "modulepreload"}


@pytest.fixture(scope="session", autouse=True)
def generators() -> Iterator[None]:
    """The modules that make pages can be imported, as MkDocs' hook does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "docs"))
        yield


class Html(HTMLParser):
    """What a page holds: its anchors, its links, and what it loads from where."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.folded: list[str] = []
        self.text = text
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag says."""
        found = {name: value or "" for name, value in attrs}
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if LOADS.get(tag) in found and (tag != "link" or FETCHED & set(found.get("rel", "").split())):
            self.loads.append(found[LOADS[tag]])
        if tag == "details":
            self.folded.append("open" if "open" in found else "folded")


def build(project: Path, target: Path) -> dict[str, Html]:
    """Build a project's site strictly: place → page."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(target)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(project)}
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    # The error page is served at any address, so it may speak of the server's root.
    files = [path for path in target.rglob("*.html") if path.name != "404.html"]
    return {path.relative_to(target).as_posix(): Html(path.read_text(encoding="utf-8")) for path in sorted(files)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the site is built."""
    return tmp_path_factory.mktemp("site")


@pytest.fixture(scope="module")
def site(folder: Path) -> dict[str, Html]:
    """The site of this checkout."""
    return build(ROOT, folder)


def dead_links(site: dict[str, Html], folder: Path) -> list[str]:
    """Links within the site that lead to no file, or to no anchor in it."""
    dead = []
    for place, page in site.items():
        for link in [*page.links, *page.loads]:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            path = (folder / place).parent / unquote(parts.path) if parts.path else folder / place
            target = path.resolve()
            anchors = site[known].anchors if (known := os.path.relpath(target, folder)) in site else None
            lost = parts.fragment and anchors is not None and unquote(parts.fragment) not in anchors
            if not target.is_file() or lost:
                dead.append(f"{place}: {link}")
    return dead


# ---- the whole site


def test_every_link_and_anchor_within_the_site_leads_somewhere(site: dict[str, Html], folder: Path) -> None:
    """Pages that are made are checked like pages that are written."""
    assert len(site) > 30
    assert dead_links(site, folder) == []


def test_nothing_is_loaded_from_another_host(site: dict[str, Html], folder: Path) -> None:
    """No script, style, font or picture comes from elsewhere."""
    foreign = [f"{place}: {load}" for place, page in site.items() for load in page.loads if urlsplit(load).netloc]
    styles = [path for path in folder.rglob("*.css") if re.search(r"url\([\"']?(https?:)?//", path.read_text())]

    assert foreign == []
    assert styles == []


def test_the_site_is_small_enough_to_carry_around(site: dict[str, Html], folder: Path) -> None:
    """The whole of it, diagrams and search included, stays below 15 MB."""
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 15e6


def test_only_pages_with_diagrams_load_mermaid(site: dict[str, Html]) -> None:
    """It is the largest file of the site."""
    loading = {place for place, page in site.items() if any("mermaid" in load for load in page.loads)}

    assert "extend/architecture.html" in loading
    assert not {"index.html", "reference/commands.html"} & loading


def test_external_links_are_listed_in_one_place(site: dict[str, Html]) -> None:
    """Every address that a chapter, lab or data set links to is on the page of links."""
    listed = set(site["reference/links.html"].links)
    linked = {
        link
        for place, page in site.items()
        for link in page.links
        if place.startswith(("learn/", "labs/", "datasets/", "teach/")) and urlsplit(link).scheme.startswith("http")
    }

    assert len(linked) > 20
    assert linked - listed == set()


def test_the_vendored_scripts_say_their_licence() -> None:
    """Each script of somebody else's has its licence beside it."""
    folder = ROOT / "docs" / "assets" / "vendor"
    scripts = {path.name.split(".")[0] for path in folder.glob("*.js")}
    licences = {path.name.split(".")[0] for path in folder.glob("*.LICENSE.txt")}

    assert scripts == licences == {"iframe-worker", "mermaid"}


# ---- labs


def test_every_lab_has_a_page_a_card_and_its_hints(site: dict[str, Html]) -> None:
    """Pages follow course.toml; each hint of a lab is folded away by itself."""
    catalog = Catalog(ROOT)
    for lab in catalog.labs():
        hints = load_hints(catalog.solution_dir(lab.id) / "HINTS.md", lab)

        assert f"labs/{lab.id}.html" in site["index.html"].links, lab.id
        assert site[f"labs/{lab.id}.html"].folded == ["folded"] * sum(map(len, hints.values())), lab.id


def test_every_chapter_is_in_the_course_at_a_glance(site: dict[str, Html]) -> None:
    """No chapter is left out, and each lab that a chapter names links back to it."""
    overview = site["learn/index.html"]
    for path in (ROOT / "docs" / "learn").glob("*.md"):
        assert f"{path.stem}.html" in overview.links, path.name
        for lab in re.findall(r"\]\(\.\./labs/([\w-]+)\.md", path.read_text(encoding="utf-8")):
            assert f"../learn/{path.stem}.html" in site[f"labs/{lab}.html"].links


def test_a_new_lab_needs_no_change_of_the_site(course: Course) -> None:
    """Its folder and its line in course.toml make the page, with points from lab.toml and hints below their task."""
    from generate import labs

    page = str(labs.pages(course.catalog, [])["labs/01-tiny-lab.md"])

    assert page.startswith("# Double and greet\n\n5 minutes · 4 points in 2 tasks · no lab before it\n")
    assert "| [1. Double a number](#1-double-a-number) | `double` | 1 | 3 |" in page
    assert '## 1. Double a number\n\n??? tip "Hint 1 of 1"\n\n    What is twice two?\n\n## 2. Greet someone' in page
    assert "**[01 · Double and greet](labs/01-tiny-lab.md)**" in labs.cards(course.catalog)


def test_pictures_and_links_of_a_readme_come_along(course: Course) -> None:
    """Pictures are copied, data sets have pages, other labs too, and files of the lab are named."""
    from generate import labs

    (course.root / "datasets" / "coins").mkdir(parents=True)
    course.write(course.root / "datasets" / "coins" / "README.md", "# Coins\n")
    course.write(course.solution / "img" / "two.svg", "<svg/>")
    links = "See ![two](img/two.svg), [coins](../../datasets/coins/README.md#head) and [the file](work.py).\n"
    course.edit(course.solution / "README.md", "## 1.", f"{links}\n## 1.")
    pages = labs.pages(course.catalog, [])

    expected = "See ![two](01-tiny-lab/img/two.svg), [coins](../datasets/coins.md#head) and the file."
    assert expected in str(pages["labs/01-tiny-lab.md"])
    assert pages["labs/01-tiny-lab/img/two.svg"] == course.solution / "img" / "two.svg"
    assert pages["datasets/coins.md"] == "# Coins\n"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("## 2. Greet someone", "## 2. Greet", 'lacks "## 2. Greet someone"'),
        ("## 1. Double", "[more](elsewhere.md)\n\n## 1. Double", "the link to elsewhere.md leads nowhere"),
    ],
)
def test_a_readme_that_does_not_fit_is_an_error(course: Course, old: str, new: str, problem: str) -> None:
    """A heading that is no task, or a link to nothing, stops the build and names the file."""
    from generate import labs

    course.edit(course.solution / "README.md", old, new)

    with pytest.raises(LookupError, match=re.escape(problem)):
        labs.pages(course.catalog, [])


# ---- the reference


def test_every_command_and_option_is_in_the_reference() -> None:
    """The page is made from the command line."""
    from generate import commands

    page = commands.commands(ROOT / "noxfile.py")
    for name, options in commands.options().items():
        section = page.partition(f"### {name}\n")[2].partition("\n### ")[0]

        assert section, name
        assert [option for option in options if not re.search(rf"{option}[ ,`]", section)] == []
    assert "`nox -s docs`" in page
    assert "nox -s grade -- [LAB]... [OPTIONS]" in page


def test_every_key_of_the_manifests_is_explained() -> None:
    """Tables name type, limits and default of each key; a key without a docstring is an error."""
    from generate import keys

    lab = keys.toml_keys("autograder.manifest.Lab", ROOT, skip=("id",))
    row = next(line for line in lab.splitlines() if line.startswith("| `check_s`"))

    assert row == ("| `check_s` | number; more than 0; at most 3600 | `10` | Seconds of student code for one check. |")
    assert "### `[limits]`" in lab
    assert "### `[[task]]`" in lab
    assert "| `title` | text; 3 characters or more; up to 100 characters | required |" in lab
    with pytest.raises(LookupError, match="needs a docstring"):
        keys.toml_keys("autograder.results.Report", ROOT)


def test_the_shipped_manifests_use_only_keys_of_the_reference() -> None:
    """What real labs say is explained on the page."""
    from generate import keys

    page = keys.toml_keys("autograder.manifest.Lab", ROOT, skip=("id",))
    used = {
        key for path in ROOT.glob("solutions/*/lab.toml") for key in tomllib.loads(path.read_text(encoding="utf-8"))
    }

    assert [key for key in used if f"| `{key}` |" not in page] == []


def test_exit_codes_are_those_of_the_command_line() -> None:
    """The page and the program agree."""
    from autograder.cli import _common as cli

    page = (ROOT / "docs" / "reference" / "exit-codes.md").read_text(encoding="utf-8")
    codes = [int(code) for code in re.findall(r"^\| (\d+) \|", page, re.M)]

    assert codes == [cli.GRADED, cli.BELOW, cli.USAGE, cli.INFRASTRUCTURE, 130]


def test_the_diagram_shows_the_layers_that_lint_enforces() -> None:
    """Every module that is there has its box."""
    from generate import source

    diagram, modules = source.layer_diagram(ROOT), source.modules(ROOT)
    enforced = {name for layer in source.layers(ROOT / "pyproject.toml") for name in layer}
    there = {path.stem for path in (ROOT / "autograder").glob("*.py")}
    there |= {path.parent.name for path in (ROOT / "autograder").glob("*/__init__.py")}
    there &= enforced - {"__main__"}

    assert len(there) > 30
    assert [name for name in there if not re.search(rf"\b{name}\b", diagram)] == []
    assert [name for name in there if not re.search(rf"\| `{name}/?` \| \S", modules)] == []


# ---- what a page can ask for


def test_parts_of_a_file_are_included(tmp_path: Path) -> None:
    """A section, what comes after a line, what comes before one; links get new targets, and dead ones become text."""
    from generate import text

    (tmp_path / "a.md").write_text(
        "# A\n\nfirst\n\n<!-- mark -->\n[one](b.md) [two](c.md)\n\n## B\n\n```\n# no heading\n```\n\nlast\n\n# C\n"
    )
    whole = text.include('<!-- include a.md section "B" -->', tmp_path, lambda target: None)
    tail = text.include('<!-- include a.md section "A" after "mark" -->', tmp_path, {"b.md": "x.md"}.get)
    head = text.include('<!-- include a.md section "A" before "mark" -->', tmp_path, {}.get)

    assert whole == "```\n# no heading\n```\n\nlast"
    assert tail == "[one](x.md) two"
    assert head == "first"


@pytest.mark.parametrize("asked", ["b.md", 'a.md section "C"', 'a.md after "nothing"'])
def test_what_is_not_there_cannot_be_included(tmp_path: Path, asked: str) -> None:
    """A renamed heading stops the build instead of leaving a hole."""
    from generate import text

    (tmp_path / "a.md").write_text("# A\n")

    with pytest.raises(LookupError, match="no "):
        text.include(f"<!-- include {asked} -->", tmp_path, {}.get)


# ---- the student edition


def test_a_student_edition_builds_and_leaves_instructors_pages_out(tmp_path: Path) -> None:
    """Without solutions and graders the site is whole: every link leads somewhere, nothing is for authors."""
    from autograder.release.contents import contents

    project = tmp_path / "project"
    for name, file in contents(Catalog(ROOT)).items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_bytes(file.content)
    site = build(project, tmp_path / "site")

    assert dead_links(site, tmp_path / "site") == []
    assert [place for place in site if place.startswith(("teach/", "extend/", "decisions/"))] == []
    assert {f"labs/{lab}.html" for lab in Catalog(ROOT).ids} <= set(site)
    assert not [place for place, page in site.items() if "Teach and extend" in page.text]
