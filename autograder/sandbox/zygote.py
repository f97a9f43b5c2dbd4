"""Preload libraries once, then fork a supervised sandbox for each request.

The zygote is started by ``client`` with its end of a socket as file descriptor argv[1] and the modules to preload
as JSON in argv[2]. It has never seen a grader, a solution or another submission.

It first sends one JSON line that says what this machine offers::

    {"level": "kernel", "reasons": {"kernel": "", "landlock": ""}, "pid": 42}

Then each request is one JSON line, a :class:`~autograder.sandbox.confine.Cell` as an object, with two file
descriptors: ``control`` for the sandbox's first process (see ``init``) and ``status`` for its supervisor. For each
request the zygote forks a supervisor, which does the rest.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import os
import signal
import socket
import sys
import tempfile
from typing import NoReturn

from autograder.sandbox import _linux, confine, seccomp, suites
from autograder.sandbox.confine import Cell
from autograder.sandbox.supervisor import supervise, tell


def main() -> None:
    """Serve until the client hangs up."""
    control = socket.socket(fileno=int(sys.argv[1]))
    level, reasons = best_level()
    preload(json.loads(sys.argv[2]))
    control.sendall(json.dumps({"level": level, "reasons": reasons, "pid": os.getpid()}).encode() + b"\n")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # supervisors need no burial
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1 << 16, 2)
        if not message:
            return
        try:
            if os.fork() == 0:
                control.close()
                supervise(message, *descriptors)
        except OSError as error:
            tell(descriptors[-1], {"why": "setup", "error": f"fork: {error.strerror}"})
        for descriptor in descriptors:
            os.close(descriptor)


def preload(modules: list[str]) -> None:
    """Import what submissions will need, and keep it out of the garbage collector's (and copy-on-write's) way."""
    gc.disable()  # nothing of what is imported is garbage, and looking for it takes an eighth of the time
    # jsonschema builds a grammar with it at import, for seconds, and does without where it is not there.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    for name in modules:
        try:
            importlib.import_module(name)
        except Exception as error:  # a lab may run without: its own import will say what is wrong
            print(f"preload: {name}: {error!r}", file=sys.stderr)
    if "pytest" in modules:
        suites.warm_up()
    _use_once()
    gc.freeze()
    gc.enable()


def _use_once() -> None:
    """Have pandas and scikit-learn import and look up what they do at a first use: for up to 60 ms in each process."""
    loaded = sys.modules.get
    pandas, models = loaded("pandas"), loaded("sklearn.linear_model")
    splits, metrics = loaded("sklearn.model_selection"), loaded("sklearn.metrics")
    with contextlib.suppress(Exception):  # then each submission does it for itself
        if pandas is not None:
            table = pandas.DataFrame({"x": [0.0, 1.0] * 4, "y": [0, 1] * 4})
            train = rest = pandas.read_csv(io.StringIO(table.to_csv(index=False)))
            if splits is not None:
                train, rest = splits.train_test_split(table, random_state=0)
            if models is not None:
                predicted = models.LogisticRegression().fit(train[["x"]], train["y"]).predict(rest[["x"]])
                if metrics is not None:
                    metrics.f1_score(rest["y"], predicted, zero_division=0)


def best_level() -> tuple[str, dict[str, str]]:
    """The strongest level of isolation that works here, and why the stronger ones do not (empty: they do)."""
    reasons = {"kernel": "", "landlock": ""}
    if sys.platform != "linux":
        return "process", dict.fromkeys(reasons, "needs Linux")
    if not seccomp.supported():
        reasons["kernel"] = f"no system call filter for {os.uname().machine}"
    elif _linux.landlock_abi() == 0:
        reasons["kernel"] = reasons["landlock"] = (
            "this kernel has no Landlock (Linux 5.13 or newer with landlock enabled)"
        )
    for level in ("kernel", "landlock"):
        reasons[level] = reasons[level] or _try(level)
        if not reasons[level]:
            return level, reasons
    return "process", reasons


def _try(level: str) -> str:
    """Confine a throw-away process; empty if it worked, otherwise the reason."""
    with tempfile.TemporaryDirectory(prefix="autograder-probe-") as root:
        os.makedirs(f"{root}/labs/probe")
        os.chmod(root, 0o755)
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(read)
            _probe(Cell(level=level, root=root, lab="probe"), write)
        os.close(write)
        with os.fdopen(read) as answer:
            said = answer.read()
        os.waitpid(pid, 0)
    return "" if said == "ok" else said or "the probe ended without a word"


def _probe(cell: Cell, write: int) -> NoReturn:
    try:
        if cell.level == "kernel":
            confine.enter_namespaces()
        pid = os.fork()
        if pid == 0:
            confine.confine(cell, os.getpid())
            os.write(write, b"ok")
            os._exit(0)
        os.waitpid(pid, 0)
    except OSError as error:
        os.write(write, f"{error.filename or 'confine'}: {error.strerror}".encode())
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
