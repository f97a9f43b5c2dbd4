from __future__ import annotations

import base64
import datetime as dt
import hashlib
import io
import re
import stat
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from autograder.batch.publish import publish
from autograder.records import Record
from autograder.records.analysis import analyse
from autograder.render.classwork import ClassBar, lines
from autograder.render.dashboard import page, pseudonym
from autograder.results import CheckResult, CheckStatus, Isolation, LabReport, Outcome, TaskResult, TaskState

LAB = "01-tiny-lab"
NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
EVIL = "<script>alert(1)</script>\"'&\u202e"


def record(student: str, score: float | None = 2, *, lab: str = LAB, **facts: Any) -> Record:
    """A record with two checks, the first of which passes for two points, both for four."""
    checks = tuple(
        CheckResult(
            id=f"test_hidden.py::test_{number}",
            task="double",
            title=f"Claim {number}",
            hidden=number > 0,
            status=CheckStatus.PASSED if (score or 0) > 2 * number else CheckStatus.FAILED,
        )
        for number in range(2)
    )
    state = TaskState.FULL if score == 4 else TaskState.PARTIAL
    task = TaskResult(id="double", title="Double", number=1, points=4, score=score or 0, state=state, checks=checks)
    report = LabReport(
        lab=lab,
        title="Double and greet",
        outcome=Outcome.GRADED if score is not None else Outcome.INFRASTRUCTURE_ERROR,
        isolation=Isolation.KERNEL,
        tasks=(task,) if score is not None else (),
        points=4,
        score=score,
        problem="" if score is not None else f"{student}'s disk is full",
        started="2026-03-01T12:00:00+00:00",
        seconds=1,
        engine="0.1.0",
    )
    return Record.model_validate({"student": student, "lab": lab, "key": "k", "report": report, **facts})


def shown(*records: Record, title: str = "Tiny course", secret: bytes = b"") -> str:
    """The page."""
    return page(title, records, analyse(records), made=NOW, secret=secret)


class Elements(HTMLParser):
    """Every element with its attributes; and the text of table cells."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def test_every_student_has_a_row() -> None:
    """With a link to the report, the penalty, and what is not there."""
    text = shown(record("ann", 4), record("bob", 3, penalty=0.4, name="Bob B"), record("bob", 4, lab="02-other"))

    assert 'href="ann/01-tiny-lab/report.html"' in text
    assert "late −0.4" in text
    assert re.search(r"Bob B <span class=\"quiet\">bob</span>", text)
    assert ">2.6<" in text
    assert 'data-value="">–</td>' in text
    assert 'data-value="6.6">6.6</td>' in text


def test_strangers_text_is_escaped() -> None:
    """Names, reasons and titles cannot become elements, and controls are spelled out."""
    text = shown(record(EVIL.replace("/", "|"), name=EVIL), record("bob", None), title=EVIL)
    scripts = Elements(text).all("script")

    assert scripts == [{}]
    assert "alert(1)" in text
    assert "<script>alert" not in text
    assert "\u202e" not in text
    assert all(
        "alert" not in (value or "") or tag == "th"
        for tag, at in Elements(text).found
        for value in at.values()
        if tag != "a"
    )


def test_links_lead_to_the_folder_of_that_name() -> None:
    """Whatever the student is called."""
    text = shown(record("=cmd() 50%?#"))

    assert 'href="%3Dcmd%28%29%2050%25%3F%23/01-tiny-lab/report.html"' in text


def test_the_page_needs_nothing_else() -> None:
    """No other file, no network, and only its own script."""
    text = shown(record("ann"))
    (policy,) = [at["content"] for at in Elements(text).all("meta") if at.get("http-equiv")]
    script = re.search(r"<script>(.*)</script>", text, re.DOTALL)
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()

    assert f"script-src 'sha256-{digest}'" in str(policy)
    assert "default-src 'none'" in str(policy)
    assert not re.search(r"https?://|@import|url\(|<link|<img|<iframe", text)


def test_the_page_can_be_used_by_all() -> None:
    """Headers have a scope, fields a label, pictures words, scrolling regions a name and the keyboard."""
    elements = Elements(shown(record("ann"), record("bob", None), record("bob", 4, lab="02-other")))
    labels = {at["for"] for at in elements.all("label")}
    ids = [str(at["id"]) for _, at in elements.found if "id" in at]

    assert all(at.get("scope") in ("col", "row") for at in elements.all("th"))
    assert {at["id"] for tag in ("input", "select") for at in elements.all(tag)} == labels
    assert all(at["aria-label"] for _, at in elements.found if at.get("role") == "img")
    assert all(
        at["aria-labelledby"] in ids and at["tabindex"] == "0" for _, at in elements.found if at.get("role") == "region"
    )
    assert [at["aria-sort"] for at in elements.all("th") if "aria-sort" in at] == ["ascending"]
    assert len(ids) == len(set(ids))
    assert elements.all("html") == [{"lang": "en"}]


def test_work_without_a_score_is_told_apart_from_a_zero() -> None:
    """With the reason."""
    text = shown(record("ann", 0), record("bob", None), record("cem", report=None, problem="It is torn."))

    assert text.count("<b>no score</b>") == 2
    assert "bob&#39;s disk is full" in text
    assert "It is torn." in text
    assert "2 submissions without a score" in text
    assert 'class="number none" data-value="0.0"' in text


def test_item_analysis_is_shown() -> None:
    """The hardest check first, with how it fails and how it discriminates."""
    text = shown(record("ann", 4), record("bob", 2), record("cem", 0))
    rows = re.findall(r'<tr><th scope="row">(Claim \d)(.*?)</tr>', text, re.DOTALL)

    assert [name for name, _ in rows] == ["Claim 1", "Claim 0"]
    assert "67 %" in rows[0][1]
    assert "(hidden)" in rows[0][1]
    assert "failed" in rows[0][1]
    assert "0.50" in rows[0][1]


def test_anonymous_pages_name_nobody() -> None:
    """Neither ids nor names, links or reasons; rows stand in the order of pseudonyms."""
    records = [record(f"student{number}", 4, name=f"Name{number}", source=f"zip{number}") for number in range(9)]
    text = shown(*records, record("bob", None), secret=b"secret")
    names = re.findall(r'<th scope="row" data-value=" ([0-9a-f]{10})">', text)

    assert not re.search(r"student\d|Name\d|zip\d|bob|report\.html", text)
    assert names == sorted(names)
    assert pseudonym("student3", b"secret") in names
    assert len(names) == 10


def test_pseudonyms_stay_for_a_class_and_differ_between_classes(tmp_path: Path) -> None:
    """The key lies in the folder of results, for its owner alone."""
    records = [record("ann")]
    texts = []
    for folder in ("one", "one", "two"):
        (tmp_path / folder).mkdir(exist_ok=True)
        path = publish(tmp_path / folder, "Tiny", records, analyse(records), anonymous=True)
        texts.append(re.findall(r'data-value=" ([0-9a-f]{10})"', path.read_text()))

    assert texts[0] == texts[1] != texts[2]
    assert stat.S_IMODE((tmp_path / "one" / ".pseudonyms").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "one" / "index.html").stat().st_mode) == 0o600


def test_an_empty_class_has_a_page() -> None:
    """With nothing in it."""
    assert "0 students, 0 labs." in shown()


def test_a_lab_without_scores_is_listed() -> None:
    """Its line has no figures."""
    text = shown(record("ann", None), record("ann", 4, lab="02-other"))

    assert 'href="#01-tiny-lab"' in text
    assert "02-other · Double and greet" in text


def test_the_terminal_tells_the_same() -> None:
    """Figures, a histogram, hard checks, who has no score and what was no submission."""
    records = [record("ann", 4), record("bob", 2), record("cem", None), record("dan", None), record("eve", 0)]
    records[3] = records[2].model_copy(update={"student": "dan"})
    text = "\n".join(lines(records, analyse(records), [("x.txt", "expected a submission")], ["Mind the gap."]))

    assert "01-tiny-lab · Double and greet\n  3 graded, mean 2 of 4, median 2, full marks 1\n" in text
    assert f"   90–100 %  {'█' * 32} 1\n" in text
    assert "     67 %  Claim 1 (hidden), mostly failed" in text
    assert "the next run tries again (1):\n  - cem 01-tiny-lab, dan 01-tiny-lab: cem's disk is full\n" in text
    assert "No submission (1):\n  - x.txt: expected a submission\n" in text
    assert "To know (1):\n  - Mind the gap.\n" in text


def test_long_lists_are_cut_in_the_terminal() -> None:
    """With the number of the rest; and controls cannot act."""
    text = "\n".join(lines([], (), [(f"{number}\x1b[31m", "odd") for number in range(40)], []))

    assert "No submission (40):" in text
    assert "… 28 more" in text
    assert "\x1b" not in text


def test_the_bar_is_silent_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A log has no use for it."""
    with ClassBar() as bar:
        bar.planned(2, 1)
        bar.recorded(record("ann"))

    assert capsys.readouterr() == ("", "")


def test_the_bar_shows_how_far_it_is() -> None:
    """Count, rate and who was last."""
    from rich.console import Console

    console = Console(force_terminal=True, width=120, record=True, file=io.StringIO())
    with ClassBar(console) as bar:
        bar.planned(2, 1)
        bar.recorded(record("[bold]ann"))
        bar.recorded(record("bob"))
        bar._bar.refresh()
        text = console.export_text()

    assert "2/2" in text
    assert "bob 01-tiny-lab" in text
