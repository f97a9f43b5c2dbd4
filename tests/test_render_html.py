from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from autograder.render import html
from autograder.results import Report

CASES = sorted(Path(__file__).with_name("reports").iterdir())
CSS = Path(html.__file__).with_name("report.css").read_text(encoding="utf-8")
VOID = {"br", "meta"}


class _Page(HTMLParser):
    """What the tests ask of a document: its elements in order, the text, and whether tags are balanced."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(source)
        self.close()
        assert self._open == [], f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.text += " " if tag in ("td", "th") else ""
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> without a start"
        assert self._open[-1] == tag, f"</{tag}> closes <{self._open[-1]}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.text += data

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in self.elements if tag in tags]


def _read(name: str | Path) -> Report:
    return Report.model_validate_json((CASES[0].parent / name / "report.json").read_bytes())


def _page(name: str | Path) -> _Page:
    return _Page(html.page(_read(name)))


each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


# ---- a sound document


@each_case
def test_page_is_well_formed(case: Path) -> None:
    """Every element is closed where it should be, and ids are unique."""
    page = _page(case)
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]

    assert [tag for tag, _ in page.elements[:2]] == ["html", "head"]
    assert len(ids) == len(set(ids))


@each_case
def test_page_needs_nothing_else(case: Path) -> None:
    """No script, picture, font, style sheet or frame; links go to the page itself."""
    page = _page(case)
    source = html.page(_read(case))
    links = [attrs["href"] for _, attrs in page.elements if "href" in attrs]

    assert not page.all("script", "img", "link", "iframe", "object", "embed", "form", "base", "svg", "video")
    assert not [attrs for _, attrs in page.elements if "src" in attrs]
    assert all(link and (link.startswith("#") or case.name == "hostile") for link in links)
    assert "url(" not in source
    assert "@import" not in source


@each_case
def test_page_forbids_what_it_does_not_need(case: Path) -> None:
    """Should something slip through after all, the page's own policy stops it."""
    policy = next(attrs for attrs in _page(case).all("meta") if attrs.get("http-equiv"))

    assert policy["http-equiv"] == "Content-Security-Policy"
    assert "default-src 'none'" in (policy["content"] or "")


def test_page_fits_a_phone() -> None:
    """The viewport is declared; nothing has a width that a phone has not."""
    names = [attrs.get("name") for attrs in _page("learner").all("meta")]
    widths = re.findall(r"[^-]width: ([\d.]+)(px|rem)", CSS)

    assert "viewport" in names
    assert all(float(value) * (16 if unit == "rem" else 1) < 300 for value, unit in widths)


# ---- for everyone


@each_case
def test_headings_form_an_outline(case: Path) -> None:
    """One h1, and no level is skipped."""
    levels = [int(tag[1]) for tag, _ in _page(case).elements if re.fullmatch("h[1-6]", tag)]

    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


@each_case
def test_every_mark_has_words(case: Path) -> None:
    """A sign or a bar means nothing to those who cannot see it."""
    page = _page(case)
    signs = [attrs for attrs in page.all("span", "div") if {"mark", "bar"} & set((attrs.get("class") or "").split())]

    assert signs or case.name == "our-failure"
    assert all(attrs.get("role") == "img" and attrs.get("aria-label") for attrs in signs)


@each_case
def test_labels_point_to_something(case: Path) -> None:
    """aria-labelledby and links name ids that are there."""
    page = _page(case)
    ids = {attrs["id"] for _, attrs in page.elements if "id" in attrs}
    wanted = {attrs["aria-labelledby"] for _, attrs in page.elements if "aria-labelledby" in attrs}
    wanted |= {(attrs["href"] or "")[1:] for attrs in page.all("a") if (attrs.get("href") or "").startswith("#")}

    assert wanted <= ids


def _palettes() -> list[dict[str, str]]:
    blocks = [
        dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block)) for block in re.findall(r"\{([^{}]*--page[^{}]*)\}", CSS)
    ]
    assert len(blocks) == 3, "light, dark and print"
    return blocks


def _luminance(color: str) -> float:
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("palette", _palettes(), ids=["light", "dark", "print"])
@pytest.mark.parametrize("ink", ["ink", "quiet", "link", "full", "partial", "none"])
@pytest.mark.parametrize("ground", ["page", "card", "well"])
def test_contrast_is_enough(palette: dict[str, str], ink: str, ground: str) -> None:
    """Every text colour has the 4.5 : 1 of WCAG AA on every ground it stands on."""
    light, dark = sorted([_luminance(palette[ink]), _luminance(palette[ground])], reverse=True)

    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_dark_mode_is_there() -> None:
    """The page follows the reader's system."""
    assert "@media (prefers-color-scheme: dark)" in CSS
    assert "color-scheme: light dark" in CSS


# ---- what is said


def test_page_tells_what_the_terminal_tells() -> None:
    """Score, tasks, findings, calls, lines and the next step."""
    text = " ".join(_page("learner").text.split())

    for words in (
        "02-iris-slicing Slice Iris and find what the average hides 7.5 / 12",
        "Next: task 4.",
        "2. Cut a numeric feature into slices 1.5 / 3",
        "Every row lands in exactly one slice (hidden check)",
        'Called numeric_slices(df, "petal_width", cut=[0.25, 0.75]).',
        "It returned a dict of 3 Series.",
        "3 of 60 rows are in no slice.",
        "worst_slice raised KeyError: 'sepal length (cm)' (and 3 more checks)",
        "iris_slicing.ipynb, cell 9, line 4 df[feature]",
        "→ HINTS.md, “4. Find the gap”",
        "5. Test your slices not started 0 / 2",
        "17 checks, 12 of them hidden · isolation: kernel · 1.9 s",
        "Graded 2026-11-22 21:09 UTC",
    ):
        assert words in text


def test_details_are_folded() -> None:
    """Output, hints and passed checks are one click away, without a script."""
    page = _page("hints")

    assert len(page.all("details")) == len(page.all("summary")) > 5
    assert not [attrs for attrs in page.all("details") if "open" in attrs]


def test_hints_are_formatted() -> None:
    """Markdown of a hint becomes HTML; code keeps its lines."""
    source = html.page(_read("hints"))

    assert "<em>petal width</em>" in source
    assert '<code class="language-python">df.groupby(&quot;species&quot;)' in source


@pytest.mark.parametrize("case", [case.name for case in CASES if not case.name.startswith("full")])
def test_full_marks_are_claimed_only_when_reached(case: str) -> None:
    """Nothing sounds like success while points are missing."""
    labs = _read(case).labs
    text = _page(case).text

    assert ("Full marks" in text or "Well done" in text) == any(lab.full_marks for lab in labs)


def test_our_failure_is_ours() -> None:
    """No score is shown, and the problem is."""
    text = " ".join(_page("our-failure").text.split())

    assert "Not graded: our side failed." in text
    assert "the zygote ended with signal 9" in text
    assert "/ 10" not in text


def test_several_labs_begin_with_a_table() -> None:
    """One row per lab with a link, the total and the next step."""
    page = _page("course")
    text = " ".join(page.text.split())

    assert len([a for a in page.all("a") if (a.get("href") or "").startswith("#")]) == 5
    assert "Total without 1 lab that could not be graded 19.5 / 48" in text
    assert "Next: 02-iris-slicing, task 4." in text


def test_odd_time_is_shown_as_it_is() -> None:
    """A report with a time that cannot be read is still shown."""
    report = _read("learner")
    lab = report.labs[0].model_copy(update={"started": "yesterday"})

    assert "Graded yesterday" in html.page(Report(labs=(lab,)))


# ---- text that students wrote


def test_html_of_students_is_text() -> None:
    """Tags, template syntax and quotes are shown, not obeyed."""
    source = html.page(_read("hostile"))

    assert "<script" not in source
    assert "<img" not in source
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in source
    assert "{{ 7*7 }}" in source
    assert "&lt;b&gt;find&lt;/b&gt;" in source


def test_links_in_hints_cannot_run_code() -> None:
    """javascript: stays text, pictures are not loaded."""
    links = [attrs.get("href") or "" for attrs in _page("hostile").all("a")]

    assert not [link for link in links if not link.startswith(("#", "http"))]


@each_case
def test_no_control_character_gets_through(case: Path) -> None:
    """Neither escape codes nor bidirectional overrides reach the page."""
    source = html.page(_read(case))

    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]", source)


def test_long_text_is_cut_visibly() -> None:
    """A page never grows without bounds, and says what is left out."""
    source = html.page(_read("hostile"))

    assert "… 500 more characters" in source
    assert "… 4,800 more lines" in source
    assert "… 28 more lines" in source
    assert len(source) < 60_000


# ---- inside a notebook


@each_case
def test_fragment_is_a_piece_of_html(case: Path) -> None:
    """No document around it, well-formed, and with the same words about each lab."""
    fragment = _Page(html.fragment(_read(case)))
    tags = {tag for tag, _ in fragment.elements}

    assert not tags & {"html", "head", "body", "title", "meta", "h1", "h2"}
    assert all(lab.lab in fragment.text for lab in _read(case).labs)


def test_styles_leave_the_notebook_alone() -> None:
    """Every rule is about .report, so nothing else in the notebook changes its looks."""
    rules = re.sub(r"/\*.*?\*/", "", CSS, flags=re.S)
    selectors = [line.strip() for line in re.findall(r"([^{};]+)\{", rules)]
    plain = [selector for selector in selectors if not selector.startswith("@media")]
    parts = [part.strip() for selector in plain for part in re.split(r",(?![^(]*\))", selector)]

    assert len(parts) > 50
    assert [part for part in parts if not part.startswith(".report")] == []
