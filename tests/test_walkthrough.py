from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "extend" / "write-a-lab.md"
_BLOCK = re.compile(r'^```(?P<kind>\w+)(?: title="(?P<title>[^"]+)")?\n(?P<body>.*?)^```$', re.M | re.S)


class Step(NamedTuple):
    """A file to write, or a command with the output that the page shows."""

    file: str
    content: str


def steps() -> list[Step]:
    """What the page asks its reader to do, in order."""
    found = []
    for block in _BLOCK.finditer(PAGE.read_text(encoding="utf-8")):
        assert block["title"] or block["kind"] == "console", f"nobody runs this block: {block[0]}"
        found.append(Step(block["title"] or "", dedent(block["body"])))
    return found


def write(course: Path, name: str, content: str) -> None:
    """Make the file, or add to it where the page says so."""
    path = course / name.removesuffix(" (append)")
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_text() if name.endswith(" (append)") else ""
    path.write_text(f"{before}\n{content}" if before else content)


def run(course: Path, command: str) -> str:
    """What a command says; `nox -s X -- …` calls the autograder as the noxfile does."""
    words = shlex.split(command)
    assert words[:2] == ["nox", "-s"], command
    arguments = [word for word in words[2:] if word != "--"]
    done = subprocess.run(
        [sys.executable, "-m", "autograder", *arguments],
        cwd=course,
        env={**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout


def agrees(shown: str, said: str) -> bool:
    """Whether a command said what the page shows, where … stands for anything."""
    pattern = ".*".join(re.escape(" ".join(part.split())) for part in shown.split("…"))
    return re.fullmatch(pattern, " ".join(said.split()), re.S) is not None


def test_the_walkthrough_leads_to_a_proved_lab(tmp_path: Path) -> None:
    """Every file and command of "Write a lab in an hour" works, in order, and says what the page shows."""
    course = tmp_path / "course"
    shutil.copytree(ROOT / "tests" / "golden" / "tiny-course", course)
    run(course, "nox -s build")
    transcript = []
    for step in steps():
        if step.file:
            write(course, step.file, step.content)
            continue
        for piece in re.split(r"^\$ ", step.content, flags=re.M)[1:]:
            command, _, shown = piece.partition("\n")
            said = run(course, command)
            transcript.append(command)

            assert agrees(shown, said), f"{command} said:\n{said}"

    assert transcript == [
        "nox -s build -- 20",
        "nox -s solutions -- 20",
        "nox -s grade -- 20",
        "nox -s verify -- 20",
        "nox -s verify -- 20",
        "nox -s build -- 20 --force",
    ]
    assert "raise NotImplementedError" in (course / "labs/20-input-drift/drift.py").read_text()


def test_other_pages_show_code_from_the_walkthrough() -> None:
    """Python that "Write a grader" spells out stands in the walkthrough, where it runs."""
    page = (PAGE.parent / "write-a-grader.md").read_text(encoding="utf-8")
    shown = [block["body"] for block in _BLOCK.finditer(page) if block["kind"] == "python"]
    walked = "".join(step.content for step in steps())

    assert shown
    assert [body for body in shown if body not in walked] == []
