from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from autograder.render import render
from autograder.results import Report

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).parents[2]
PHONE = (390, 844)
REPORTS = sorted(path.parent.name for path in (ROOT / "tests" / "reports").glob("*/report.json"))
CLASS = {
    "ada": ("2 * x", 'f"Hello, {name}!"'),
    "ben": ("2 + x", 'f"Hello, {name}!"'),
    "cai": ("undefined", "name"),
    "<img src=x onerror=alert(1)>": ("2 * x", "None"),
}

Look = Callable[..., "Page"]
Faults = Callable[["Page"], list[str]]
Overflow = Callable[["Page"], int]


@pytest.fixture
def report(tmp_path: Path) -> Callable[[str], str]:
    """The page of a stored report."""

    def make(name: str) -> str:
        stored = (ROOT / "tests" / "reports" / name / "report.json").read_text(encoding="utf-8")
        path = tmp_path / f"{name}.html"
        path.write_text(render(Report.model_validate_json(stored), "html"), encoding="utf-8")
        return path.as_uri()

    return make


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class of four, graded by the command line."""
    course = tmp_path_factory.mktemp("class") / "course"
    shutil.copytree(ROOT / "tests" / "golden" / "tiny-course", course)
    stub = (course / "solutions" / "01-tiny-lab" / "work.py").read_text(encoding="utf-8")
    for student, (double, greet) in CLASS.items():
        folder = course / "submissions" / student / "01-tiny-lab"
        folder.mkdir(parents=True)
        work = stub.replace("2 * x", double).replace('f"Hello, {name}!"', greet)
        (folder / "work.py").write_text(work, encoding="utf-8")
    for command in (["build"], ["grade-class", "submissions", "--to", "results", "--jobs", "1"]):
        done = subprocess.run(
            [sys.executable, "-m", "autograder", *command],
            cwd=course,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return course / "results"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", REPORTS)
def test_a_report_keeps_nobody_out(
    look: Look, report: Callable[[str], str], faults: Faults, name: str, scheme: str
) -> None:
    """Axe finds nothing serious in a report, with everything unfolded."""
    page = look(report(name), scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")

    assert faults(page) == []


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_fits_a_phone(look: Look, report: Callable[[str], str], overflow: Overflow, name: str) -> None:
    """Nothing is cut off and nothing scrolls sideways."""
    page = look(report(name), size=PHONE)

    assert overflow(page) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_a_class_keeps_nobody_out(look: Look, results: Path, faults: Faults, scheme: str) -> None:
    """Axe finds nothing serious in the dashboard."""
    page = look((results / "index.html").as_uri(), scheme=scheme)

    assert faults(page) == []


def test_the_page_of_a_class_fits_a_phone(look: Look, results: Path, overflow: Overflow) -> None:
    """The table scrolls by itself, the page does not."""
    page = look((results / "index.html").as_uri(), size=PHONE)

    assert overflow(page) == 0


def test_the_page_of_a_class_leads_to_reports(look: Look, results: Path) -> None:
    """A score is a link to the student's report; a name that is markup stays text."""
    page = look((results / "index.html").as_uri())
    shown = page.inner_text("body")
    page.locator("a[href*='ada']").first.click()

    assert "<img src=x" in shown
    assert "Double and greet" in page.inner_text("h1, h2")
