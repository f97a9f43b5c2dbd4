"""Try each part of the isolation by itself, in a throw-away process, and print as JSON what works and what does not.

``python -m autograder.sandbox.survey`` prints ``{part: [works, what was found or why not], …}``.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Callable
from typing import Final

from autograder.sandbox import _linux, cgroup, confine, seccomp, zygote

__all__ = ["PARTS", "main"]


def main() -> None:
    """Print the survey."""
    found: dict[str, tuple[bool, str]] = {name: _in_a_child(part) for name, part in PARTS.items()}
    level, reasons = zygote.best_level()
    for name, reason in reasons.items():
        found[name] = (not reason, reason)
    found["process"] = (True, "")
    found["level"] = (True, level)
    print(json.dumps(found))


def _user_namespaces() -> str:
    if os.geteuid() == 0:
        return "not needed as root"
    _linux.map_user(os.getuid(), os.getgid())
    return "can be made"


def _process_namespaces() -> str:
    confine.enter_namespaces()
    return "processes, network, IPC, host name"


def _own_root() -> str:
    confine.enter_namespaces()
    return _answer_of(_build_root)


def _build_root() -> str:
    _linux.unshare(_linux.CLONE_NEWNS)
    _linux.mount(None, "/", None, _linux.MS_REC | _linux.MS_PRIVATE)
    _linux.mount("tmpfs", "/tmp", "tmpfs", _linux.MS_NOSUID | _linux.MS_NODEV, "size=4k")
    os.mkdir("/tmp/proc")
    _linux.mount("proc", "/tmp/proc", "proc", _linux.MS_NOSUID | _linux.MS_NODEV | _linux.MS_NOEXEC)
    return "mounts, tmpfs, /proc"


def _landlock() -> str:
    version = _linux.landlock_abi()
    if version == 0:
        raise OSError(None, "not there")
    _linux.landlock(["/"], [], [], connect=True, listen=True)
    return f"version {version}"


def _filter() -> str:
    if not seccomp.supported():
        raise OSError(None, f"no filter for {os.uname().machine}")
    seccomp.install()
    return os.uname().machine


def _own_user() -> str:
    if os.geteuid() != 0:
        raise OSError(None, "the grader is not root: student code runs as the same user, kept apart by the rest")
    with open("/proc/self/uid_map") as file:
        ranges = [(int(first), int(count)) for first, _, count in map(str.split, file)]
    if not any(first <= confine.FIRST_UID < first + count for first, count in ranges):
        raise OSError(None, "this container maps too few users: all student code runs as nobody")
    return "one for each sandbox"


def _limits() -> str:
    for kind, name in ((resource.RLIMIT_NPROC, "processes"), (resource.RLIMIT_NOFILE, "open files")):
        hard = resource.getrlimit(kind)[1]
        if hard != resource.RLIM_INFINITY and hard < 256:
            raise OSError(None, f"this shell allows only {hard} {name}")
    return "memory, processes, files, time"


def _control_groups() -> str:
    controllers = cgroup.offered()
    if "memory" not in controllers:
        raise OSError(None, "none with a memory controller can be made here")
    return ", ".join(controllers)


PARTS: Final[dict[str, Callable[[], str]]] = {
    "user namespaces": _user_namespaces,
    "namespaces": _process_namespaces,
    "own root": _own_root,
    "Landlock": _landlock,
    "system call filter": _filter,
    "own user": _own_user,
    "limits": _limits,
    "control groups": _control_groups,
}
"""Name → a function that tries it, says what it found, and raises OSError if it does not work."""


def _in_a_child(part: Callable[[], str]) -> tuple[bool, str]:
    try:
        return True, _answer_of(part)
    except OSError as error:
        return False, str(error.strerror)


def _answer_of(part: Callable[[], str]) -> str:
    """What ``part`` says in a child process of its own; OSError if it raises that there."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        said = "!it ended without a word"
        try:
            said = part()
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            said = f"!{where}{error.strerror}"
        finally:
            os.write(write, said.encode())
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        text = answer.read()
    os.waitpid(pid, 0)
    if text.startswith("!"):
        raise OSError(None, text[1:])
    return text


if __name__ == "__main__":
    if sys.platform == "linux":
        main()
