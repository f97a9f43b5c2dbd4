"""Make the student edition: copy what is public, prove that nothing else is inside, and try it out."""

from __future__ import annotations

from autograder.release.edition import Edition, release

__all__ = ["Edition", "release"]
