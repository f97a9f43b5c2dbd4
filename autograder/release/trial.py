"""Try a student edition out as a student would: a fresh environment, the two commands of the README, all labs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from autograder.errors import BuildError, InfrastructureError

__all__ = ["trial"]

_INSTALL_S: Final = 1800
_GRADE_S: Final = 1800
_KEPT: Final = ("HOME", "HTTPS_PROXY", "HTTP_PROXY", "LANG", "LC_ALL", "NO_PROXY", "PATH", "SSL_CERT_FILE", "TMPDIR")
_KEPT_TOO: Final = ("PIP_", "UV_", "https_proxy", "http_proxy", "no_proxy")


def trial(edition: Path, hidden: Mapping[str, int], tell: Callable[[str], None], *, python: Path | None = None) -> None:
    """Run the edition's own commands on a copy of it.

    Args:
        edition: its folder.
        hidden: lab → how many hidden checks its report must mention.
        tell: told each step.
        python: an interpreter that has everything installed, to be used instead of a fresh environment.

    Raises:
        BuildError: the edition does not work.
        InfrastructureError: the environment cannot be made, which may be for want of a network.
    """
    with tempfile.TemporaryDirectory(prefix="autograder-trial-") as scratch:
        Path(scratch).chmod(0o755)  # the sandbox reads the environment as another user
        copy = Path(scratch, "edition")
        shutil.copytree(edition, copy)
        interpreter = python or _installed(copy, Path(scratch, "venv"), tell)
        tell("nox -s grade")
        done = _run([str(interpreter), "-m", "nox", "-s", "grade"], copy, _GRADE_S)
        if done.returncode != 0:
            raise BuildError(f"In the student edition, `nox -s grade` ends with {done.returncode}:\n{_end(done)}")
        faults = [fault for lab, count in hidden.items() if (fault := _fault(copy / ".grades" / f"{lab}.json", count))]
        if faults:
            raise BuildError("\n  - ".join(["The student edition does not grade as it should:", *faults]))


def _installed(copy: Path, folder: Path, tell: Callable[[str], None]) -> Path:
    tell("python -m venv")
    made = _run([sys.executable, "-m", "venv", str(folder)], copy, _INSTALL_S)
    python = folder / "bin" / "python"
    if made.returncode == 0:
        tell("pip install -r requirements.txt (some minutes; needs the network or pip's cache)")
        made = _run([str(python), "-m", "pip", "install", "--quiet", "-r", "requirements.txt"], copy, _INSTALL_S)
    if made.returncode != 0:
        raise InfrastructureError(
            "The environment for the self-test cannot be made. With --no-self-test there is none, and you try the "
            f"edition yourself. What was said:\n{_end(made)}"
        )
    return python


def _run(argv: list[str], folder: Path, seconds: float) -> subprocess.CompletedProcess[str]:
    """A command with an environment like that of a newcomer."""
    environment = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith(_KEPT_TOO)}
    environment |= {"NO_COLOR": "1", "COLUMNS": "100", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    try:
        return subprocess.run(
            argv,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise InfrastructureError(f"`{' '.join(argv[1:])}` did not end within {seconds / 60:g} minutes.") from None


def _end(done: subprocess.CompletedProcess[str]) -> str:
    return "\n".join(done.stdout.strip().splitlines()[-25:])


def _fault(path: Path, hidden: int) -> str:
    """What is wrong with the report on an untouched lab; empty if nothing is."""
    try:
        lab = json.loads(path.read_text(encoding="utf-8"))["labs"][0]
    except (OSError, ValueError, LookupError):
        return f"{path.stem}: there is no report"
    if lab["outcome"] != "graded":
        return f"{path.stem}: {lab['problem']}"
    if lab["checks_hidden"] or lab["hidden_elsewhere"] != hidden:
        said = f"{lab['checks_hidden']} hidden checks ran and {lab['hidden_elsewhere']} are announced"
        return f"{path.stem}: {said}; expected 0 and {hidden}"
    return "" if lab["checks_total"] else f"{path.stem}: no visible check ran"
