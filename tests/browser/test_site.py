from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

PHONE = (390, 844)
KINDS = {
    "home": "index.html",
    "lab": "labs/02-iris-slicing.html",
    "chapter": "learn/slicing.html",
    "course": "learn/index.html",
    "teach": "teach/index.html",
    "architecture": "extend/architecture.html",
    "commands": "reference/commands.html",
    "grader": "reference/grader.html",
    "keys": "reference/manifests.html",
}

Look = Callable[..., "Page"]


def test_a_learner_finds_a_lab_a_hint_and_a_word(look: Look, address: str) -> None:
    """Home leads to a lab, its hint unfolds, and search finds "disparity"."""
    page = look(f"{address}/index.html")
    page.get_by_role("link", name=re.compile("Slice Iris")).first.click()
    page.wait_for_url("**/labs/02-iris-slicing.html")
    hint = page.locator("details", has_text="pandas can do the same to every group").first
    before = hint.get_by_text("pandas can do the same").is_visible()
    hint.locator("summary").click()
    after = hint.get_by_text("pandas can do the same").is_visible()
    page.get_by_role("textbox", name="Search").fill("disparity")
    page.locator(".md-search-result__link").first.click()
    page.wait_for_url(re.compile("disparity"))

    assert (before, after) == (False, True)
    assert "disparity" in page.inner_text("article").lower()


def test_search_works_without_a_server(look: Look, folder: Path) -> None:
    """From a folder, too, search finds "disparity"."""
    page = look((folder / "index.html").as_uri())
    page.get_by_role("textbox", name="Search").fill("disparity")
    results = page.locator(".md-search-result__link")
    results.first.wait_for()

    assert results.count() >= 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_keeps_anyone_out(
    look: Look, address: str, faults: Callable[[Page], list[str]], kind: str, scheme: str
) -> None:
    """Axe finds nothing serious, by day and by night, with everything unfolded."""
    page = look(f"{address}/{KINDS[kind]}", scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")

    assert faults(page) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_phone_scrolls_in_one_direction(look: Look, address: str, overflow: Callable[[Page], int], kind: str) -> None:
    """No page is wider than a phone."""
    page = look(f"{address}/{KINDS[kind]}", size=PHONE)

    assert overflow(page) == 0


def test_no_page_at_all_is_wider_than_a_phone(
    look: Look, address: str, folder: Path, overflow: Callable[[Page], int]
) -> None:
    """Every page of the site, those of all labs and chapters included, fits."""
    page = look(f"{address}/index.html", size=PHONE)
    wide = {}
    for path in sorted(folder.rglob("*.html")):
        place = path.relative_to(folder).as_posix()
        page.goto(f"{address}/{place}")
        if overflow(page):
            wide[place] = overflow(page)

    assert wide == {}


def test_diagrams_are_drawn_without_another_host(look: Look, address: str) -> None:
    """Mermaid turns each block into a picture."""
    page = look(f"{address}/extend/architecture.html")
    page.wait_for_function("document.querySelectorAll('div.mermaid').length === 2")
    drawn = page.locator("div.mermaid")

    assert drawn.count() == 2
    assert all(drawn.nth(number).bounding_box()["height"] > 60 for number in range(2))  # type: ignore[index]


def test_every_diagram_of_the_site_can_be_drawn(look: Look, address: str, folder: Path) -> None:
    """No chapter shows a diagram's source, or an error in its place."""
    page = look(f"{address}/index.html")
    broken = []
    for path in sorted(folder.rglob("*.html")):
        if '<pre class="mermaid">' in path.read_text(encoding="utf-8"):
            page.goto(f"{address}/{path.relative_to(folder).as_posix()}")
            sources = page.evaluate(
                "fetch(location.href).then(r => r.text()).then(t => [...new DOMParser().parseFromString(t, 'text/html')"
                ".querySelectorAll('pre.mermaid')].map(each => each.textContent))"
            )
            for source in sources:
                said = page.evaluate("text => mermaid.parse(text).then(() => '', error => error.message)", source)
                broken += [f"{path.name}: {said}"] if said else []

    assert broken == []


def test_paper_is_white_and_shows_the_text_only(look: Look, address: str) -> None:
    """Printed from dark mode, a page is dark on white, without navigation."""
    page = look(f"{address}/labs/02-iris-slicing.html", scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    color = page.evaluate("getComputedStyle(document.body).backgroundColor")

    assert color in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")
    assert not page.locator(".md-sidebar--primary").is_visible()
    assert not page.locator(".md-header").is_visible()
