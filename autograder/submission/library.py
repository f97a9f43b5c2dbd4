"""Functions and classes of libraries that a grader uses or hands on, and need not import before that."""

from __future__ import annotations

import functools
import pkgutil
from typing import Any

__all__ = ["Named"]


class Named:
    """A function or class of a library, imported when it is first called; student code gets the real one.

    A learner who has not come so far need not wait for the import.
    """

    def __init__(self, path: str) -> None:
        """Name it.

        Args:
            path: ``"sklearn.metrics:accuracy_score"``.
        """
        self._path = path
        self.__name__ = path.rpartition(":")[2]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call what it stands for."""
        return self._real(*args, **kwargs)

    def __reduce__(self) -> tuple[Any, ...]:
        return pkgutil.resolve_name, (self._path,)

    @functools.cached_property
    def _real(self) -> Any:
        return pkgutil.resolve_name(self._path)
