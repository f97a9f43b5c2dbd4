"""What the tests in a browser share: Chromium, the built site behind a server of its own, and axe.

They are run by ``nox -s browser`` alone, which needs Playwright and Chromium; see pyproject.toml, extra ``browser``.
"""

from __future__ import annotations

import functools
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
PICTURES = ROOT / "build" / "browser"
DESK, PHONE = (1280, 900), (390, 844)
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave this folder to those who name it."""
    named = any(HERE.is_relative_to(p) or p.is_relative_to(HERE) for p in _named(config) if p != HERE.parent)
    return None if named else True


def _named(config: pytest.Config) -> list[Path]:
    arguments = [str(argument).partition("::")[0] for argument in config.invocation_params.args]
    folder = config.invocation_params.dir
    return [folder / name for name in arguments if not name.startswith("-") and "browser" in name]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Chromium as the system has it: nothing is downloaded."""
    from playwright.sync_api import sync_playwright

    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        pytest.fail("There is no Chromium here: install your system's package for it (Debian: chromium).")
    # /dev/shm is small in containers, and root may not have the browser's own sandbox.
    arguments = ["--disable-dev-shm-usage", *(["--no-sandbox"] if os.getuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly."""
    target = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(target)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return target


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def address(folder: Path) -> Iterator[str]:
    """Where the site is served."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def look(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Page]]:
    """Open a page: ``look(url, size=PHONE, scheme="dark")``.

    At the end a picture is kept in build/browser/, and the page must have asked no other host for anything, and have
    had no error of its own.
    """
    opened: list[tuple[Page, list[str], list[str]]] = []

    def open_page(url: str, size: tuple[int, int] = DESK, scheme: str = "light") -> Page:
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)  # type: ignore[arg-type]
        page = context.new_page()
        asked: list[str] = []
        errors: list[str] = []
        page.on("request", lambda sent: asked.append(sent.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.goto(url)
        opened.append((page, asked, errors))
        return page

    yield open_page
    PICTURES.mkdir(parents=True, exist_ok=True)
    for number, (page, asked, errors) in enumerate(opened):
        name = re.sub(r"[^\w-]+", "-", request.node.name).strip("-")
        page.screenshot(path=str(PICTURES / f"{name}-{number}.png"))
        home = page.url.partition("://")[0]
        local = ("file://", "data:", "blob:", "http://127.0.0.1:")
        page.context.close()

        assert [url for url in asked if not url.startswith(local)] == [], home
        assert errors == []


@pytest.fixture(scope="session")
def faults() -> Callable[[Page], list[str]]:
    """What axe finds on a page that is serious or worse, a line each."""
    axe = (HERE / "axe.min.js").read_text(encoding="utf-8")

    def examine(page: Page) -> list[str]:
        # Colours that are still fading are neither the old nor the new ones.
        page.add_style_tag(content="*, ::before, ::after { transition: none !important; animation: none !important; }")
        page.evaluate(axe)
        found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{fault['impact']}: {fault['id']}: {node['target']}: {node['failureSummary']}"
            for fault in found["violations"]
            if fault["impact"] in ("serious", "critical")
            for node in fault["nodes"]
        ]

    return examine


@pytest.fixture(scope="session")
def overflow() -> Callable[[Page], int]:
    """By how many pixels a page is wider than its window."""

    def measure(page: Page) -> int:
        script = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        return int(page.evaluate(script))

    return measure
