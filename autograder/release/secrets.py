"""What no student edition may hold: the lines that tell an answer or a hidden check, and the files they stand in."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from autograder.build import student_view
from autograder.catalog import Catalog
from autograder.clearing import telling_lines, text_of
from autograder.release.contents import files_in, is_public_check

__all__ = ["Secrets", "secrets"]

_KEY: Final = 15
"""Lines of answers are telling from this length on (see ``clearing``)."""
_TELLING: Final = 40
"""A line of a hidden check or of a case is one of a kind from this length on."""
_TEST: Final = re.compile(r"(async )?def test_\w{8,}\(")


@dataclass(frozen=True)
class Secrets:
    """What must not be found.

    Attributes:
        lines: line → where it stands.
        hashes: SHA-256 of a whole file → its path.
    """

    lines: Mapping[str, str]
    hashes: Mapping[str, str]

    @functools.cached_property
    def _starts(self) -> dict[str, list[str]]:
        starts: dict[str, list[str]] = {}
        for line in self.lines:
            starts.setdefault(line[:_KEY], []).append(line)
        return starts

    def in_text(self, text: str) -> Iterator[tuple[str, str]]:
        """Each secret line that stands anywhere in a text, and where it is from."""
        found = set()
        for line in text.split("\n"):
            for at in range(len(line) - _KEY + 1):
                for secret in self._starts.get(line[at : at + _KEY], ()):
                    if secret not in found and line.startswith(secret, at):
                        found.add(secret)
                        yield secret, self.lines[secret]


def secrets(catalog: Catalog) -> Secrets:
    """What is secret about every lab of the course.

    A line that students are given on purpose, in any lab, visible check or requirement, is none. Neither is a short
    line that the engine has as well: it is a figure of speech.

    Raises:
        BuildError: a solution is not sound.
    """
    lines: dict[str, str] = {}
    tests: dict[str, str] = {}
    hashes: dict[str, str] = {}
    public: set[bytes] = {b""}
    # A solution may well need packages in the versions that everybody has.
    given = [(catalog.root / "requirements.txt").read_text(encoding="utf-8")]
    for lab in catalog.labs():
        folder = catalog.solution_dir(lab.id)
        view = student_view(folder)
        solution = {name: (folder / name).read_bytes() for name in view}
        for name, content in view.items():
            given.append(text_of(name, content))
            public.add(content)
            hashes[_sha256(solution[name])] = f"solutions/{lab.id}/{name}"
        lines |= dict.fromkeys(telling_lines(solution), f"solutions/{lab.id}")
        for name, path in files_in(catalog.grader_dir(lab.id)):
            where, content = f"autograder/graders/{lab.id}/{name}", path.read_bytes()
            if is_public_check(name):
                given.append(text_of(name, content))
                public.add(content)
                continue
            hashes[_sha256(content)] = where
            found = {line for line in _lines(name, content) if not line.startswith(("import ", "from "))}
            lines |= {line: where for line in found if len(line) >= _TELLING and line not in lines}
            if "/" not in name:  # in cases/ lie tests as students write them
                tests |= {line: where for line in found if _TEST.match(line)}
    for content in public:
        hashes.pop(_sha256(content), None)
    everything = "\n".join(given)
    told = {line: where for line, where in lines.items() if line not in everything}
    short = Secrets({line: where for line, where in told.items() if len(line) < _TELLING}, {})
    common = {line for text in _engine(catalog.root / "autograder") for line, _ in short.in_text(text)}
    return Secrets({line: where for line, where in told.items() if line not in common} | tests, hashes)


def _engine(folder: Path) -> Iterator[str]:
    for name, path in files_in(folder):
        if name.endswith(".py") and not name.startswith("graders/"):
            yield path.read_text(encoding="utf-8")


def _lines(name: str, content: bytes) -> set[str]:
    return {line.strip() for line in text_of(name, content).split("\n")}


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
