"""The course text keeps its word: what its chapters show runs, and prints what they say.

In docs/learn/ the fence of a block tells what happens to it:

| fence | here |
|---|---|
| ``python`` | runs from the repository's root, in one namespace per chapter |
| ``text`` right after ``python`` | is what that block printed |
| any language with ``title="name"`` | becomes the file ``name`` in the chapter's own folder |
| ``console`` | each ``$ `` line runs by bash in that folder, in one session per chapter; below it stands what it said |
| ``sh`` | needs an account or a server elsewhere: its syntax is checked |
| ``yaml``, ``toml``, ``json`` | is well-formed |

An ``…`` in a shown output stands for anything. In the sessions, ``~/course`` is this repository.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import tomllib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from autograder import datasets

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = sorted((ROOT / "docs" / "learn").glob("*.md"))
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>[\w-]*)(?P<options>[^\n]*)\n(?P<body>.*?)^(?P=indent)``` *$", re.M | re.S
)
MARK = "-- end of a command --"

pytestmark = pytest.mark.filterwarnings("default")  # a chapter's warnings would be seen in what it prints

chapters = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)


@dataclass(frozen=True)
class Block:
    """A fenced block of a chapter."""

    language: str
    title: str | None
    body: str
    line: int
    adjacent: bool
    """Nothing but blank lines lies between the block before and this one."""


def blocks(chapter: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a chapter, in order."""
    text = chapter.read_text(encoding="utf-8")
    last = 0
    for found in FENCE.finditer(text):
        title = re.search(r'title="([^"]+)"', found["options"])
        yield Block(
            found["language"],
            title[1] if title else None,
            dedent(found["body"]),
            text.count("\n", 0, found.start()) + 1,
            last > 0 and not text[last : found.start()].strip(),
        )
        last = found.end()


def agrees(shown: str, printed: str) -> bool:
    """Compare an output with the one shown, in which ``…`` stands for anything; how lines are broken is no matter."""
    shown, printed = " ".join(shown.split()), " ".join(printed.split())
    return bool(re.fullmatch(".*?".join(map(re.escape, shown.split("…"))), printed))


def commands(session: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a console session with the output shown below it."""
    parts = re.split(r"^\$ ", session, flags=re.M)
    assert not parts[0].strip(), "a console block begins with its first command"
    for part in parts[1:]:
        lines = part.splitlines()
        command = lines.pop(0)
        while command.endswith("\\"):
            command = command[:-1] + lines.pop(0).strip()
        yield command, "\n".join(lines)


class Session:
    """A bash that lives as long as its chapter."""

    def __init__(self, folder: Path) -> None:
        home = folder.parent / "home"
        home.mkdir()
        (home / "course").symlink_to(ROOT)
        self._shell = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=folder,
            env={
                "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]),
                "HOME": str(home),
                "LANG": "C.UTF-8",
                "COLUMNS": "80",
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_AUTHOR_NAME": "You", "GIT_AUTHOR_EMAIL": "you@example.org",
                "GIT_COMMITTER_NAME": "You", "GIT_COMMITTER_EMAIL": "you@example.org",
                "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "init.defaultBranch", "GIT_CONFIG_VALUE_0": "main",
                "DVC_NO_ANALYTICS": "1",
                "DVC_SITE_CACHE_DIR": str(home / "site-cache"),
                "OMP_NUM_THREADS": "1",
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            },
        )  # fmt: skip

    def run(self, command: str) -> str:
        """Run a line and return what it said, on either stream."""
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.write(f"{command}\necho {shlex.quote(MARK)}\n")
        self._shell.stdin.flush()
        said = ""
        for line in self._shell.stdout:
            said += line
            if said.endswith(f"{MARK}\n"):
                return said.removesuffix(f"{MARK}\n")
        raise AssertionError(f"the shell ended at {command!r}, after saying:\n{said}")

    def close(self) -> None:
        """End the shell; what it started in the background ends with it."""
        self._shell.communicate("kill $(jobs -p) 2>/dev/null\nexit\n")


@pytest.fixture
def folder():
    """An empty folder with a short path: programs break lines where a long one does not fit."""
    with tempfile.TemporaryDirectory(prefix="learn-") as outer:
        inner = Path(outer).resolve() / "work"
        inner.mkdir()
        yield inner


@chapters
def test_what_a_chapter_shows_is_what_happens(chapter, folder, monkeypatch):
    """Code runs, and prints what stands below it; sessions say what they are shown to say."""
    monkeypatch.chdir(ROOT)
    session: Session | None = None
    namespace: dict[str, object] = {"__name__": "__main__"}
    printed, faults = "", []

    for block in blocks(chapter):
        where = f"{chapter.name}, line {block.line}"
        if block.language != "text" and printed:
            faults.append(f"{where}: the block before printed, and this is not shown:\n{printed}")
            printed = ""
        if block.title:
            target = folder / block.title
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.body, encoding="utf-8")
        elif block.language == "python":
            printed = execute(block, where, namespace)
        elif block.language == "text" and printed:
            if not block.adjacent or not agrees(block.body, printed):
                faults.append(f"{where}: shown is\n{block.body}\nbut what was printed is\n{printed}")
            printed = ""
        elif block.language == "console":
            session = session or Session(folder)
            for command, shown in commands(block.body):
                said = session.run(command)
                if not agrees(shown, said):
                    faults.append(f"{where}: {command}\nshown is\n{shown}\nbut it said\n{said}")
    if session:
        session.close()

    assert not printed, f"{chapter.name}: the last block printed, and this is not shown:\n{printed}"
    assert not faults, "\n\n".join(faults)


def execute(block: Block, where: str, namespace: dict[str, object]) -> str:
    """Run a block of Python and return what it printed; warnings count as print."""
    out = io.StringIO()
    code = compile("\n" * block.line + block.body, where, "exec", dont_inherit=True)
    with contextlib.redirect_stdout(out), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        warnings.filterwarnings("ignore", message="Using `httpx` with `starlette.testclient` is deprecated")
        exec(code, namespace)
    return out.getvalue() + "".join(f"{entry.category.__name__}: {entry.message}\n" for entry in caught)


@chapters
def test_files_that_do_not_run_are_well_formed(chapter):
    """YAML, TOML and JSON parse, and bash understands the commands that need an account."""
    parsers = {"yaml": yaml.safe_load, "toml": tomllib.loads, "json": json.loads}
    for block in blocks(chapter):
        if block.language in parsers:
            parsers[block.language](block.body)
        elif block.language == "sh":
            checked = subprocess.run(["bash", "-n"], input=block.body, capture_output=True, text=True, check=False)

            assert checked.returncode == 0, f"{chapter.name}, line {block.line}: {checked.stderr}"


@chapters
def test_a_chapter_has_its_parts(chapter):
    """A chapter has a diagram, things to do, three questions with folded answers, and sources."""
    text = chapter.read_text(encoding="utf-8")
    diagrams = [block for block in blocks(chapter) if block.language == "mermaid"]
    plots = re.findall(r"^!\[([^\]]{40,})\]\(\.\./assets/plots/([\w-]+\.svg)\)", text, re.M)
    questions = re.findall(r'^\?\?\? question "[^"]+"\n\n {4}\S', text, re.M)
    sections = re.findall(r"^## (.+)$", text, re.M)

    assert re.match(r"# \S", text)
    assert len(diagrams) + len(plots) >= 1
    assert len(questions) == text.count("??? question") == 3
    assert {"On Monday", "Check yourself", "Read more"} <= set(sections)
    assert sections[-1] == "Read more"


@chapters
def test_a_chapter_takes_about_five_minutes(chapter):
    """Between 600 and 1,200 words, not counting code, diagrams and sources."""
    text = FENCE.sub("", chapter.read_text(encoding="utf-8")).split("## Read more")[0]
    words = len(re.findall(r"\b\w[\w'’-]*", re.sub(r"\]\([^)]*\)", "]", text)))

    assert 600 <= words <= 1200, f"{words} words"


@chapters
def test_links_of_a_chapter_lead_to_chapters_labs_and_plots(chapter):
    """Relative links lead to a chapter, a plot, a lab of the course or a data set; the others are https."""
    course = (ROOT / "course.toml").read_text(encoding="utf-8")
    labs = {lab for part in tomllib.loads(course)["part"] for lab in part["labs"]}
    for target in re.findall(r"\]\(([^)#\s]+)", FENCE.sub("", chapter.read_text(encoding="utf-8"))):
        page = re.fullmatch(r"\.\./(labs|datasets)/([\w-]+)\.md", target)  # made when the site is built
        if page:
            assert page[2] in (labs if page[1] == "labs" else datasets.names()), target
        else:
            assert target.startswith("https://") or (chapter.parent / target).is_file(), target


def test_every_lab_has_a_chapter():
    """Each lab of the course is linked from the chapter that carries it."""
    text = "".join(chapter.read_text(encoding="utf-8") for chapter in CHAPTERS)
    course = tomllib.loads((ROOT / "course.toml").read_text(encoding="utf-8"))

    assert not [lab for part in course["part"] for lab in part["labs"] if f"../labs/{lab}.md" not in text]
