"""Code on the pages for instructors and authors, in the reference and in the papers at the top is code that works.

Chapters have test_learn.py, the walkthrough has test_walkthrough.py. On all other pages Python compiles, TOML, JSON
and YAML parse, bash understands the shell, and every command of ours exists with every option that is shown.
"""

from __future__ import annotations

import functools
import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("docs/teach/*.md"),
        *ROOT.glob("docs/extend/*.md"),
        *ROOT.glob("docs/reference/*.md"),
        *ROOT.glob("docs/decisions/*.md"),
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
    ]
)
_BLOCK = re.compile(r"^(?P<indent> *)```(?P<kind>\w+)[^\n]*\n(?P<body>.*?)^(?P=indent)```", re.M | re.S)
_CALL = re.compile(r"(?:nox -s|python -m autograder) [a-z][^\n`;|&#)]*")


class Block(NamedTuple):
    """A fenced block."""

    kind: str
    body: str
    line: int


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page."""
    text = page.read_text(encoding="utf-8")
    for found in _BLOCK.finditer(text):
        yield Block(found["kind"], dedent(found["body"]), text.count("\n", 0, found.start()) + 1)


def calls(page: Path) -> set[str]:
    """Every call of a session or of the autograder, in blocks and in the text."""
    return {found.strip() for found in _CALL.findall(page.read_text(encoding="utf-8"))}


@functools.cache
def known() -> tuple[dict[str, set[str]], dict[str, str]]:
    """Options of each command, and the command of each session (empty: it is none of ours)."""
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        from generate import commands
    finally:
        sys.path.remove(str(ROOT / "docs"))
    return commands.options(), {found.name: found.command for found in commands.sessions(ROOT / "noxfile.py")}


def fault(call: str) -> str:
    """What is wrong with a call; empty if nothing is."""
    options, sessions = known()
    words = shlex.split(call.replace("…", ""))
    if words[0] == "nox":
        names = [
            word
            for word in words[2 : words.index("--") if "--" in words else None]
            if word.isidentifier() or "-" in word
        ]
        missing = [name for name in names if name not in sessions]
        if missing:
            return f"there is no session {missing[0]!r}"
        command = sessions[names[0]]
    else:
        command = words[3] if len(words) > 3 else ""
        if command not in options:
            return f"there is no command {command!r}"
    given = {word.partition("=")[0] for word in words if re.match(r"--\w", word)}
    wrong = sorted(given - options[command] - {"--help"}) if command else []
    return f"{command} has no option {wrong[0]}" if wrong else ""


@pytest.mark.parametrize("paper", PAGES, ids=lambda paper: paper.relative_to(ROOT).as_posix())
def test_code_on_a_page_is_well_formed(paper: Path) -> None:
    """Python compiles, TOML, JSON and YAML parse, bash understands the shell."""
    readers: dict[str, Callable[[str], object]] = {
        "python": lambda text: compile(text, paper.name, "exec"),
        "toml": tomllib.loads,
        "json": json.loads,
        "yaml": yaml.safe_load,
        "bash": lambda text: subprocess.run(["bash", "-n"], input=text, text=True, check=True),
    }
    for block in blocks(paper):
        if block.kind in readers:
            try:
                readers[block.kind](block.body)
            except Exception as error:
                pytest.fail(f"{paper.name}, line {block.line}: {error}")


@pytest.mark.parametrize("paper", PAGES, ids=lambda paper: paper.relative_to(ROOT).as_posix())
def test_commands_on_a_page_exist(paper: Path) -> None:
    """Each session and each command that a page names is there, with the options shown."""
    faults = {call: fault(call) for call in sorted(calls(paper))}

    assert {call: found for call, found in faults.items() if found} == {}


def test_every_command_is_on_a_page() -> None:
    """Each command of the autograder is explained somewhere, not only listed in the reference."""
    _, sessions = known()
    said = " ".join(call for page in PAGES for call in calls(page))

    assert [name for name, command in sessions.items() if command and f"nox -s {name}" not in said] == []


def test_the_test_finds_what_is_wrong() -> None:
    """A session, a command or an option that is not there is found."""
    assert fault("nox -s grade -- iris --hints") == ""
    assert fault("nox -s lint tests verify") == ""
    assert fault("python -m autograder schema") == ""
    assert fault("nox -s graed -- iris") == "there is no session 'graed'"
    assert fault("python -m autograder scheme") == "there is no command 'scheme'"
    assert fault("nox -s grade -- iris --hint") == "grade has no option --hint"
