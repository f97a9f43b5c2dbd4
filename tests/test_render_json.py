from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from autograder.errors import UsageError
from autograder.render import FORMATS, render
from autograder.render.json import dumps, schema
from autograder.results import Report

ROOT = Path(__file__).parents[1]
SCHEMA = ROOT / "docs" / "reference" / "report.schema.json"
CASES = sorted((ROOT / "tests" / "reports").glob("*/report.json"))


def _read(path: Path) -> Report:
    return Report.model_validate_json(path.read_bytes())


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.parent.name)
def test_json_reads_back(path: Path) -> None:
    """A report written as JSON is the same report when it is read."""
    report = _read(path)

    assert Report.model_validate_json(dumps(report)) == report
    assert dumps(report) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.parent.name)
def test_json_obeys_the_published_schema(path: Path) -> None:
    """Whoever reads reports by the schema can read all of them."""
    published = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(published)

    jsonschema.validate(json.loads(dumps(_read(path))), published)


def test_published_schema_is_in_step() -> None:
    """docs/reference/report.schema.json is what the code says; `python -m autograder schema` prints it anew."""
    assert SCHEMA.read_text(encoding="utf-8") == schema()


def test_json_has_what_is_computed() -> None:
    """Totals and counts are there for readers that do not compute them."""
    written = json.loads(dumps(_read(ROOT / "tests" / "reports" / "learner" / "report.json")))

    assert written["schema_version"] == "1.0"
    assert (written["score"], written["points"]) == (7.5, 12)
    assert (written["labs"][0]["checks_total"], written["labs"][0]["checks_hidden"]) == (17, 12)


def test_report_without_a_score_says_null() -> None:
    """Our own failure is neither a zero nor a missing key."""
    written = json.loads(dumps(_read(ROOT / "tests" / "reports" / "our-failure" / "report.json")))

    assert written["score"] is None
    assert written["labs"][0]["score"] is None


def test_control_characters_are_escaped() -> None:
    """A JSON report printed in a terminal does nothing to it."""
    text = dumps(_read(ROOT / "tests" / "reports" / "hostile" / "report.json"))

    assert "\x1b" not in text
    assert "\\u001b[31m" in text
    assert not any(0x7F <= ord(char) <= 0x9F for char in text)
    assert "\u202e" not in text


def test_formats_are_named_in_the_error() -> None:
    """A slip in the format's name is answered with the names."""
    report = Report(labs=())

    assert sorted(FORMATS) == ["html", "json", "terminal"]
    with pytest.raises(UsageError, match=r"no format 'xml': choose one of html, json, terminal"):
        render(report, "xml")


@pytest.mark.parametrize("format", ["html", "json", "terminal"])
def test_report_without_labs_can_be_rendered(format: str) -> None:
    """Nothing to grade is no reason to crash."""
    assert render(Report(labs=()), format).strip()


def test_rendering_does_not_load_the_grader() -> None:
    """A report can be shown where nothing can be graded: faces import facts only."""
    code = "import sys, autograder.render; print([n for n in sys.modules if n.startswith('autograder.')])"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert "autograder.sandbox" not in loaded.stdout
    assert "autograder.grading" not in loaded.stdout
