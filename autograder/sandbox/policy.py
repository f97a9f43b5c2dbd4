"""Which levels of isolation are good enough to grade the work of others."""

from __future__ import annotations

from autograder.errors import UsageError

__all__ = ["require_safe"]


def require_safe(level: str, *, allow_unsafe: bool = False) -> None:
    """Refuse to grade a class where nothing keeps one submission from another's, or from the machine.

    Args:
        level: the level that would be in force.
        allow_unsafe: whether whoever grades has said that it may be so.

    Raises:
        UsageError: the level is ``process``, and nobody allowed it.
    """
    if level == "process" and not allow_unsafe:
        raise UsageError(
            "At level process, a submission can read hidden tests and the work of others. `nox -s doctor` tells how to "
            "get a better level on this machine; --allow-unsafe grades all the same."
        )
