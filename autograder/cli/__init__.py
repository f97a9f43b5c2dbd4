"""The command line: parse, call, print, exit. Nothing else in the autograder does."""

from __future__ import annotations

import atexit
import gc
import importlib
import importlib.util
import os
import sys
from typing import NoReturn

import typer

from autograder.cli._common import GRADED, INFRASTRUCTURE, USAGE, app, complain
from autograder.errors import AutograderError, BuildError, ManifestError, UsageError

__all__ = ["app", "main"]

# Each adds its commands to the app; `--help` lists them in this order. A student edition lacks some of them.
for _name in ("learn", "author", "editions", "classes", "systems", "machine"):
    if importlib.util.find_spec(f"{__name__}.{_name}") is not None:
        importlib.import_module(f"{__name__}.{_name}")


def main() -> NoReturn:
    """Run a command; every error that we know ends in a sentence and its exit code."""
    if sys.platform == "win32":
        complain("The autograder needs Linux or macOS. On Windows use WSL 2: `wsl --install`, and try again there.")
        sys.exit(USAGE)
    # Graders fit small models, for which threads cost more than they bring. It must be said before NumPy is imported.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    # Pydantic would look through every package that is installed for plugins. None has a say in what is graded here.
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    # Imports make hundreds of thousands of objects that stay. By default they would be searched for garbage again and
    # again, and once more at the end, when all memory is given back anyway.
    gc.set_threshold(500_000)
    atexit.register(gc.freeze)
    try:
        code = app(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else GRADED)
    except (UsageError, ManifestError, BuildError) as error:
        complain(str(error))
        sys.exit(USAGE)
    except AutograderError as error:
        complain(f"Our side failed: {error}")
        sys.exit(INFRASTRUCTURE)
    except typer.Exit as stop:
        sys.exit(stop.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        complain("Stopped.")
        sys.exit(130)
    except Exception as error:
        if hasattr(error, "show") and hasattr(error, "exit_code"):  # Typer's own complaints about usage
            error.show()
            sys.exit(USAGE)
        raise
