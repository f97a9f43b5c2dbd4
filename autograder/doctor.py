"""Tell what this machine offers to keep student code apart, level by level, and how to get what is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from autograder.errors import SandboxError

__all__ = ["Finding", "examine", "text"]

_LEVELS: Final = {
    "kernel": "everything, and nothing of the machine to be seen",
    "landlock": "files, privileges and system calls",
    "process": "limits only: for your own code on your own machine",
}
_NEEDS: Final = {
    "user namespaces": "kernel",
    "namespaces": "kernel",
    "own root": "kernel",
    "Landlock": "landlock",
    "system call filter": "kernel",
    "limits": "process",
}
_REMEDIES: Final = {
    "user namespaces": (
        "Ask for them: `sysctl kernel.apparmor_restrict_unprivileged_userns=0` on Ubuntu 24.04, "
        "`sysctl user.max_user_namespaces=15000` elsewhere; or run as root."
    ),
    "namespaces": (
        "In a container, start it with `--security-opt seccomp=unconfined --security-opt apparmor=unconfined` "
        "and, as root, `--cap-add SYS_ADMIN`; on a machine of its own, see user namespaces."
    ),
    "own root": (
        "In a container, /proc is masked: start it with `--security-opt systempaths=unconfined` "
        "and `--cap-add SYS_ADMIN`."
    ),
    "Landlock": "Use Linux 5.13 or newer (6.12 for all of it), with landlock among the kernel's `lsm=` modules.",
    "system call filter": "There is one for x86_64 and for aarch64: grade on such a machine.",
    "own user": "Grade as root in a virtual machine or container, if you want a user of its own for each submission.",
    "limits": "Raise the hard limits of this shell (`ulimit -H`) or of its service.",
    "control groups": (
        "Without them, memory is watched ten times a second instead of limited by the kernel. As root, "
        "or with a delegated group (`systemd-run --user --scope -p Delegate=yes …`), they are used by themselves."
    ),
}


@dataclass(frozen=True)
class Finding:
    """One part of the isolation, or one level as a whole.

    Attributes:
        part: what was tried, or the name of a level.
        level: the weakest level that cannot do without it; empty: it makes every level better.
        works: whether it works here.
        detail: what was found, or why it does not work.
        remedy: how to get it; empty where it works.
    """

    part: str
    level: str
    works: bool
    detail: str
    remedy: str


def examine() -> tuple[Finding, ...]:
    """Try every part, and the levels as a whole.

    Raises:
        SandboxError: not even that can be tried.
    """
    if sys.platform != "linux":
        found = {"kernel": (False, "needs Linux"), "landlock": (False, "needs Linux"), "process": (True, "")}
        return tuple(_finding(name, *found[name]) for name in _LEVELS)
    surveyed = _survey()
    return tuple(_finding(name, *surveyed[name]) for name in (*_LEVELS, *_REMEDIES) if name in surveyed)


def text(findings: tuple[Finding, ...]) -> str:
    """The findings for a terminal, strongest level first."""
    lines: list[str] = []
    levels = {finding.part: finding for finding in findings if finding.part in _LEVELS}
    for name, level in levels.items():
        lines.append(_line(level, 0, _LEVELS[name] if level.works else level.detail))
        lines += [_line(part, 1, part.detail) for part in findings if part.level == name and part.part not in _LEVELS]
    lines.append("    makes every level better")
    lines += [_line(part, 1, part.detail) for part in findings if not part.level]
    best = next(name for name, level in levels.items() if level.works)
    missing = [f"  - {part.part}: {part.remedy}" for part in findings if part.remedy]
    lines += ["", f"Student code will run at level {best}."]
    lines += ["To get what is missing:", *missing] if missing else []
    return "\n".join(lines) + "\n"


def _survey() -> dict[str, tuple[bool, str]]:
    """In a process of its own: trying means giving up rights for good, and forking, which threads would not survive."""
    root = str(Path(__file__).resolve().parents[1])
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import autograder; sys.path.append(sys.path.pop(0)); "
        "from autograder.sandbox import survey; survey.main()"
    )
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, root],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=60,
    )
    try:
        found: dict[str, tuple[bool, str]] = json.loads(done.stdout)
    except ValueError:
        raise SandboxError(f"the machine cannot be examined: {done.stderr[-2000:]}") from None
    return found


def _finding(name: str, works: bool, detail: str) -> Finding:
    level = name if name in _LEVELS else _NEEDS.get(name, "")
    return Finding(name, level, works, detail, "" if works or name in _LEVELS else _REMEDIES[name])


def _line(finding: Finding, depth: int, words: str) -> str:
    return f"{'yes' if finding.works else 'no ':3} {'    ' * depth}{finding.part}{f': {words}' if words else ''}"
