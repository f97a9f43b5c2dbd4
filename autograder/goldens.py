"""Keep the reviewed feedback on known mistakes: one text file for each wrong case of a lab."""

from __future__ import annotations

import difflib
import platform
import re
from pathlib import Path

__all__ = ["difference", "golden", "reviewed_with", "this_python", "write"]

_FOLDER = Path("tests", "golden", "feedback")
_PYTHON = "python.txt"
_VARIES = (
    (re.compile(r"\b0x[0-9a-f]{6,}\b"), "0x…"),  # an address in memory
    (re.compile(r"\b[0-9a-f]{32}\b"), "…"),  # the hash of a model, whose last bits depend on the processor
    (re.compile(r"(?:/[^\s/:\"']+)+/site-packages/"), "…/site-packages/"),
    (re.compile(r"(?<=\bport )[1-9]\d{4}\b"), "…"),  # one that was free
    (re.compile(r"(?<=\bprocess \[)\d+(?=\])"), "…"),  # what uvicorn says
)
"""What is another thing on another machine, and what stands for it."""


def golden(root: Path, lab: str, case: str) -> Path:
    """The file for a case of a lab in the course at ``root``; it need not be there."""
    slug = re.sub(r"[^a-z0-9]+", "-", case.lower()).strip("-")
    return root / _FOLDER / lab / f"{slug}.txt"


def this_python() -> str:
    """The version of this Python, as far as it words errors in its own way: ``"3.11"``."""
    return ".".join(platform.python_version_tuple()[:2])


def reviewed_with(root: Path) -> str:
    """The version of Python whose feedback was reviewed; this one where nobody has said."""
    try:
        return (root / _FOLDER / _PYTHON).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return this_python()


def difference(root: Path, lab: str, case: str, text: str, *, by_chance: bool = False) -> str:
    """What is not as it was reviewed, in one line; empty if all is.

    A course without a folder of reviewed feedback is compared with nothing, and so is feedback that quotes another
    version of Python than the one of the review.

    Args:
        root: the course.
        lab: id of the lab.
        case: name of the wrong case.
        text: the feedback that it gets now.
        by_chance: it is another one each time, so it only must have been reviewed once.
    """
    if not (root / _FOLDER).is_dir() or reviewed_with(root) != this_python():
        return ""
    path = golden(root, lab, case)
    remedy = f"review it and run: python {_FOLDER}/make.py {lab}"
    try:
        known = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return f"its feedback has never been reviewed ({path.relative_to(root)} is not there); {remedy}"
    if by_chance:
        return ""
    lines = difflib.ndiff(known.splitlines(), _page(case, text).splitlines())
    changed = next((line for line in lines if line[:2] in ("- ", "+ ")), "")
    return f"its feedback is not what was reviewed ({' '.join(changed.split())[:160]}); {remedy}" if changed else ""


def write(root: Path, lab: str, case: str, text: str) -> bool:
    """Record feedback as reviewed; whether the file has changed."""
    path, page = golden(root, lab, case), _page(case, text)
    if path.is_file() and path.read_text(encoding="utf-8") == page:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    (root / _FOLDER / _PYTHON).write_text(f"{this_python()}\n", encoding="utf-8")
    return True


def _page(case: str, text: str) -> str:
    for pattern, mark in _VARIES:
        text = pattern.sub(mark, text)
    return f"# {case}\n\n{text}"
