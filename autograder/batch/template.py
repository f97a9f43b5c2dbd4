"""Loaded by the process that workers are forked from, and by no other: what all of them need is imported here, once.

Imports at import time are all that a fork server offers. The first lab's checks are collected here, too, so that no
worker does it for itself.
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
from pathlib import Path

__all__ = ["VARIABLE", "describe"]

VARIABLE = "AUTOGRADER_TEMPLATE"
"""Environment variable with what :func:`describe` gives."""


def describe(root: str, lab: str, modules: Sequence[str], folder: str) -> str:
    """What the process is told.

    Args:
        root: of the course.
        lab: what workers will grade first.
        modules: to import.
        folder: multiprocessing's own, to be removed at the end, also if the process that made it was killed.
    """
    return json.dumps({"root": root, "lab": lab, "modules": list(modules), "folder": folder})


def _fill(root: str, lab: str, modules: Sequence[str]) -> None:
    for name in modules:
        with contextlib.suppress(Exception):  # whoever needs it will say what is wrong
            importlib.import_module(name)
    with contextlib.suppress(Exception):
        from autograder.catalog import Catalog
        from autograder.checks import checks_of

        catalog = Catalog(Path(root))
        checks_of(catalog, catalog.lab(lab))


if VARIABLE in os.environ:
    _told = json.loads(os.environ[VARIABLE])
    atexit.register(shutil.rmtree, _told["folder"], ignore_errors=True)
    gc.disable()
    _fill(_told["root"], _told["lab"], _told["modules"])
    gc.freeze()
