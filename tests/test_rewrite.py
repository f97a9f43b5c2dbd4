"""A file that is written in another way means the same."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from honcho.environ import parse_procfile

from autograder.mutants import rewrite


@pytest.mark.parametrize("change", [rewrite.comment_yaml, rewrite.dump_yaml, rewrite.flow_yaml])
@pytest.mark.parametrize("name", ["dvc.yaml", "params.yaml"])
def test_yaml_means_the_same(repository: Path, change: Callable[[str], str], name: str) -> None:
    """Comments, order and style say nothing."""
    text = (repository / "solutions" / "07-dvc-pipeline" / name).read_text()

    assert change(text) != text
    assert yaml.safe_load(change(text)) == yaml.safe_load(text)


@pytest.mark.parametrize(
    "change", [rewrite.comment_toml, rewrite.dump_toml, lambda text: rewrite.dump_toml(text, dotted=True)]
)
@pytest.mark.parametrize("lab", ["03-compas-bias", "04-car-bias"])
def test_toml_means_the_same(repository: Path, change: Callable[[str], str], lab: str) -> None:
    """Comments, order, quotes and dotted keys say nothing."""
    text = (repository / "solutions" / lab / "findings.toml").read_text()

    assert change(text) != text
    assert tomllib.loads(change(text)) == tomllib.loads(text)


def test_keys_are_reversed() -> None:
    """What stood first stands last, also within a mapping."""
    assert rewrite.dump_yaml("a: {b: 1, c: 2}\nd: 3\n") == "d: 3\na:\n    c: 2\n    b: 1\n"
    assert rewrite.dump_toml("x = 1\n[a]\nb = 'it''s'\n".replace("''", "")) == "x = 1\n\n  [ a ]  # mine\nb='its'\n"
    assert rewrite.dump_toml('[a]\nb = "it\'s"\nc = true\n', dotted=True) == 'a.c=true\na.b="it\'s"\n'


def test_a_procfile_means_the_same(repository: Path) -> None:
    """The order of the lines and the space behind a colon say nothing."""
    text = (repository / "solutions" / "10-heroku-procfile" / "Procfile").read_text()
    before, after = (parse_procfile(each).processes for each in (text, rewrite.space_procfile(text)))

    assert {kind: line.strip() for kind, line in after.items()} == before
    assert list(after) == list(reversed(before))


def test_lines_are_the_same() -> None:
    """Without comments, in any order, with any white space between."""
    text = "# What stays out\n/data\n\n*.ipynb\n"

    assert rewrite.space_lines(text) == "/data\n\n*.ipynb"
    assert rewrite.reverse_lines(text) == "*.ipynb\n/data\n"


def test_markdown_has_the_same_words(repository: Path) -> None:
    """Nothing but white space, comments and lines of dashes changes outside of the front matter."""

    def words(text: str) -> list[str]:
        return re.sub(r"(?m)^<!--.*?-->$", "", text).replace("|", " ").split()

    text = (repository / "solutions" / "05-raisin-model-card" / "MODEL_CARD.md").read_text()
    changed = rewrite.reflow(text)

    assert changed != text
    assert words(changed) == words(text)
    assert changed.partition("\n# ")[0].rstrip() == text.partition("\n# ")[0].rstrip()
    assert all(len(line) <= 60 for line in changed.splitlines() if line.startswith("So the"))


def test_markdown_keeps_code_headings_lists_and_tables_apart() -> None:
    """Only paragraphs are filled anew."""
    text = "# A\n\none\ntwo\n\n- a\n- b\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\nx =  1\n\ny\n```\n"
    changed = rewrite.reflow(text)

    assert changed == "# A\n\n\none two\n\n\n* a\n* b\n\n\n|a|b|\n|---|---|\n|1|2|\n\n\n```\nx =  1\n\n\ny\n```\n\n"


def test_a_section_is_added_at_the_end() -> None:
    """The text before it stays."""
    assert rewrite.with_section("# A\n\none\n").startswith("# A\n\none\n\n## Acknowledgements\n")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (rewrite.dump_yaml, "on: push\n"),
        (rewrite.flow_yaml, "jobs: [{on: push}]\n"),
        (rewrite.comment_yaml, "run: |\n  # a shell's comment\n  make\n"),
        (rewrite.comment_toml, 'x = """\n# no comment\n"""\n'),
        (rewrite.dump_toml, "[a.b]\nc = 1\n"),
        (rewrite.dump_toml, "[[task]]\nid = 1\n"),
        (rewrite.reverse_lines, "/data\n!/data/small.csv\n"),
    ],
)
def test_what_might_mean_something_else_stays(change: Callable[[str], str], text: str) -> None:
    """Rather no variant than a wrong one."""
    assert change(text) == text
