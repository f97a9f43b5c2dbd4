"""Write the page of a class into its folder of results."""

from __future__ import annotations

import datetime as dt
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from autograder.errors import InfrastructureError
from autograder.records import Record, write_atomically
from autograder.records.analysis import LabFacts
from autograder.render import dashboard

__all__ = ["publish"]

_PAGE: Final = "index.html"
_SECRET: Final = ".pseudonyms"


def publish(
    results: Path, title: str, records: Sequence[Record], labs: Sequence[LabFacts], *, anonymous: bool = False
) -> Path:
    """Write ``index.html`` and tell where it is.

    Args:
        results: the folder of results.
        title: of the course.
        records: the class.
        labs: what they say together.
        anonymous: whether students get pseudonyms, which stay the same for this folder, and reports no links.

    Raises:
        InfrastructureError: the folder cannot be written.
    """
    path = results / _PAGE
    try:
        secret = _secret(results / _SECRET) if anonymous else b""
        write_atomically(path, dashboard.page(title, records, labs, made=dt.datetime.now(dt.UTC), secret=secret))
    except OSError as error:
        raise InfrastructureError(f"{path} cannot be written: {error.strerror}. Make room and try again.") from None
    return path


def _secret(path: Path) -> bytes:
    """What turns ids into pseudonyms, made once for each folder of results."""
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(secrets.token_bytes(32))
    return path.read_bytes()
