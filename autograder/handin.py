"""submission.json: what an archive says about itself. Its reader believes the form, never the content.

Anyone can write such a file. So the time in it is a claim of the student's machine, and the checksums tell a
damaged upload from a whole one, not an honest student from another.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from autograder.errors import ArchiveError
from autograder.manifest import explain

__all__ = ["FILE", "VERSION", "Handin", "StudentId", "content_hash", "differences", "parse", "read", "sha256"]

FILE: Final = "submission.json"
"""Its name, at the top of the archive."""
VERSION: Final = 1

_MAX_BYTES: Final = 256 << 10
_MAX_FILES: Final = 2000


def _plain_id(text: str) -> str:
    if not text.isprintable() or set(text) & set("/\\") or text.startswith(".") or text != text.strip():
        raise ValueError("must be a plain name without slashes, such as 's123456'")
    return text


def _in_utc(moment: dt.datetime) -> dt.datetime:
    if moment.tzinfo is None:
        raise ValueError("needs a time zone, such as 2026-03-01T12:00:00Z")
    try:
        return moment.astimezone(dt.UTC)
    except OverflowError:
        raise ValueError("is no time that a clock can show") from None


StudentId = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_plain_id)]
"""An id that can be a folder's name."""
_Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
_Name = Annotated[str, Field(min_length=1, max_length=1000)]
_Word = Annotated[str, Field(max_length=100)]


class Handin(BaseModel):
    """The manifest of a submission archive."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, use_attribute_docstrings=True)

    version: int = VERSION
    lab: Annotated[str, Field(pattern=r"^\d{2}-[a-z0-9]+(-[a-z0-9]+)*$", max_length=100)]
    student: StudentId | None = None
    time: Annotated[dt.datetime, AfterValidator(_in_utc)]
    """When it was packed, by the clock of the machine that packed it; always in UTC."""
    engine: _Word
    """Version of the autograder that packed it."""
    python: _Word
    files: Annotated[dict[_Name, _Sha256], Field(min_length=1, max_length=_MAX_FILES)]
    """Name → SHA-256 of each file handed in."""
    hash: _Sha256
    """Of the names and contents together, see :func:`content_hash`."""

    @model_validator(mode="after")
    def _hash_fits(self) -> Handin:
        if self.version != VERSION:
            raise ValueError(f"version {self.version} is not known here, only {VERSION}: update the autograder")
        if self.hash != content_hash(self.files):
            raise ValueError("hash is not that of the files listed: pack the work anew with `nox -s submit`")
        return self


def content_hash(files: Mapping[str, str]) -> str:
    """One SHA-256 for many files: the same for the same names and contents, in whatever order.

    Args:
        files: name → SHA-256.
    """
    lines = [f"{digest}  {name}\n" for name, digest in sorted(files.items())]
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


def sha256(content: bytes) -> str:
    """The SHA-256 of a file's content, as manifests have it."""
    return hashlib.sha256(content).hexdigest()


def parse(content: bytes) -> Handin:
    """Read a manifest that anyone may have written.

    Raises:
        ArchiveError: it is too large, no JSON or has faults; all are listed.
    """
    if len(content) > _MAX_BYTES:
        raise ArchiveError(f"{FILE} is larger than {_MAX_BYTES >> 10} KB, so it is none of ours.")
    try:
        return Handin.model_validate_json(content)
    except ValidationError as error:
        faults = [explain(fault)[:300] for fault in error.errors()[:10]]
    raise ArchiveError("\n  - ".join([f"{FILE} is not as `nox -s submit` writes it:", *faults]))


def read(folder: Path) -> Handin | None:
    """The manifest of an unpacked archive; None if it has none.

    Raises:
        ArchiveError: it is no regular file, too large, or has faults.
    """
    try:
        descriptor = os.open(folder / FILE, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ArchiveError(f"{FILE} cannot be read: {error.strerror}.") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ArchiveError(f"{FILE} is no regular file.")
    with os.fdopen(descriptor, "rb") as stream:
        return parse(stream.read(_MAX_BYTES + 1))


def differences(handin: Handin, found: Mapping[str, str]) -> tuple[str, ...]:
    """Where the files are not what their manifest says, a sentence each; empty if they are.

    Args:
        handin: the manifest.
        found: name → SHA-256 of what is really there.
    """
    said = []
    for name, digest in handin.files.items():
        if name not in found:
            said.append(f"{name!r} is listed in {FILE}, but it is not in the archive.")
        elif found[name] != digest:
            said.append(f"{name!r} was changed after it was packed.")
    return tuple(said)
