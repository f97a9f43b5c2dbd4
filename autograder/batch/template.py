"""Loaded by the process that workers are forked from, and by no other: what all of them need is imported here, once.

Imports at import time are all that a fork server offers. Which libraries the graders need is not known before they
are loaded; those that submissions need come close.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import shutil
from collections.abc import Sequence

__all__ = ["VARIABLE", "describe"]

VARIABLE = "AUTOGRADER_TEMPLATE"
"""Environment variable with what :func:`describe` gives."""


def describe(modules: Sequence[str], folder: str) -> str:
    """What the process is told.

    Args:
        modules: to import.
        folder: multiprocessing's own, to be removed at the end, also if the process that made it was killed.
    """
    return json.dumps({"modules": list(modules), "folder": folder})


def _fill(modules: Sequence[str]) -> None:
    for name in (*modules, "autograder.checks", "autograder.render.html"):
        with contextlib.suppress(Exception):  # whoever needs it will say what is wrong
            importlib.import_module(name)


if VARIABLE in os.environ:
    _told = json.loads(os.environ[VARIABLE])
    atexit.register(shutil.rmtree, _told["folder"], ignore_errors=True)
    gc.disable()
    _fill(_told["modules"])
    gc.freeze()
