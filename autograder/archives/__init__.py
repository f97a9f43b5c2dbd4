"""Open an archive that a stranger packed, without trusting a word of it."""

from __future__ import annotations

from autograder.archives.extraction import extract, is_archive
from autograder.archives.limits import LIMITS, Limits

__all__ = ["LIMITS", "Limits", "extract", "is_archive"]
