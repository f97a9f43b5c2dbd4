"""What the names of handed-in files say: whose they are, as Moodle, Canvas and ``nox -s submit`` write it. Pure.

====================  ==============================================================  =========================
from                  name                                                            student
====================  ==============================================================  =========================
Moodle, folders       ``Jane Doe_123456_assignsubmission_file_/hw.ipynb``             123456 (Jane Doe)
Moodle, flat          ``Jane Doe_123456_assignsubmission_file_hw.ipynb``              123456 (Jane Doe)
Canvas                ``doejane_12345_678910_hw.ipynb``, ``doejane_LATE_12345_…``     12345 (doejane)
Canvas, anonymous     ``anon_b7Xq2_678910_hw.ipynb``                                  b7Xq2
``nox -s submit``     ``jdoe--02-iris-slicing.zip``                                   jdoe
====================  ==============================================================  =========================

Newer versions of Moodle leave out the last underscore of a folder; with groups, the group and a dash precede the
name. The numbers are what both systems ask for when grades are imported.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

__all__ = ["RESERVED", "Named", "canvas", "moodle", "packed", "safe_id"]

RESERVED: Final = frozenset({"exports", "gradebook.db", "index.html"})
"""Names in a folder of results that no student can have."""

_MOODLE: Final = re.compile(r"(?P<name>.+?)_(?P<student>\d+)_assignsubmission_(?P<kind>[a-z]+)(?:_(?P<file>.*))?")
_CANVAS: Final = re.compile(
    r"(?P<name>.+?)(?P<late>_late)?_(?P<student>\d+)_(?P<attachment>\d+)_(?P<file>.+)", re.IGNORECASE
)
_CANVAS_ANONYMOUS: Final = re.compile(
    r"anon(?:ymous)?_(?P<student>[A-Za-z0-9]+)(?P<late>_late)?_(?P<attachment>\d+)_(?P<file>.+)", re.IGNORECASE
)
_ENDING: Final = re.compile(r"(\.(zip|tar|tgz|tbz2|txz|tar\.(gz|bz2|xz)))$", re.IGNORECASE)
_MAX_BYTES: Final = 100


@dataclass(frozen=True)
class Named:
    """What a name says.

    Attributes:
        system: ``moodle`` or ``canvas``.
        student: number or id that the system gives a student.
        name: what it calls the student; empty if it does not.
        file: the name under which the file was uploaded; empty for a folder.
        late: whether the system says that it came late.
        attachment: a number that grows with every upload; 0 if there is none.
        is_file: False for text typed into the system instead of a file.
    """

    system: str
    student: str
    name: str
    file: str
    late: bool = False
    attachment: int = 0
    is_file: bool = True


def moodle(text: str) -> Named | None:
    """Read a name in Moodle's form; None if it is not."""
    match = _MOODLE.fullmatch(text)
    if match is None:
        return None
    return Named("moodle", match["student"], match["name"], match["file"] or "", is_file=match["kind"] == "file")


def canvas(text: str) -> Named | None:
    """Read a name in Canvas's form; None if it is not."""
    match = _CANVAS_ANONYMOUS.fullmatch(text)
    name = ""
    if match is None:
        match = _CANVAS.fullmatch(text)
        if match is None:
            return None
        name = match["name"]
    return Named(
        "canvas", match["student"], name, match["file"], late=bool(match["late"]), attachment=int(match["attachment"])
    )


def packed(file: str, labs: Collection[str]) -> tuple[str, str]:
    """Student and lab in the name of an archive, each empty if the name does not say."""
    stem = _ENDING.sub("", file)
    if stem in labs:
        return "", stem
    student, _, lab = stem.rpartition("--")
    return (student, lab) if student and lab in labs else (stem, "")


def safe_id(raw: str) -> str:
    """An id that can be a folder's name anywhere; ids that differ stay different.

    Names that are fine stay as they are. In others what is dangerous is replaced, and a checksum is added.
    """
    text = unicodedata.normalize("NFC", raw)
    plain = "".join("_" if char in '/\\:*?"|' or not char.isprintable() else char for char in text).strip(" .")
    while len(plain.encode("utf-8", "replace")) > _MAX_BYTES:
        plain = plain[:-1]
    if plain == text and plain and plain.casefold() not in RESERVED:
        return plain
    digest = hashlib.sha256(raw.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{plain or 'student'}-{digest}"
