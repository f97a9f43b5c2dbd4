"""What both halves of the driver need: Git, files, params.yaml, time limits, captured output."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

SCRIPT_S: Final = 15
"""A script by itself may take this long; the stages of one ``dvc repro`` together may as well."""
TAIL: Final = 3000
INPUTS: Final = {
    "prepare": ("fake.csv",),
    "train": ("X.csv", "y.csv"),
    "evaluate": ("X.csv", "y.csv", "model.joblib"),
}
OUTPUTS: Final = {"prepare": ("X.csv", "y.csv"), "train": ("model.joblib",), "evaluate": ("validation.json",)}


class Trouble(Exception):
    """Something in the work handed in keeps us from going on; the text says what."""


def git(folder: Path, *args: str) -> str:
    """What Git says."""
    return subprocess.run(["git", *args], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path) -> None:
    """As ``git add .`` and ``git commit`` do."""
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--allow-empty", "--message=work")


def stages_of(source: bytes | None) -> dict[str, Any]:
    """The stages of a dvc.yaml."""
    import yaml

    try:
        pipeline = yaml.safe_load(source or b"") or {}
        return dict(pipeline.get("stages") or {})
    except Exception as error:
        raise Trouble(f"dvc.yaml cannot be read: {sentence(error)}") from None


def params_of(source: bytes | None) -> Any:
    """What a params.yaml holds; None if nothing that can be read."""
    import yaml

    try:
        return yaml.safe_load(source or b"")
    except Exception:
        return None


def with_params(source: bytes | None, values: dict[str, float]) -> bytes:
    """A params.yaml in which the values named, such as "train.C", are changed."""
    import yaml

    if source is None:
        raise Trouble("params.yaml is not there.")
    try:
        params = yaml.safe_load(source) or {}
        for name, value in values.items():
            group, _, key = name.partition(".")
            params.setdefault(group, {})[key] = value
    except Exception as error:
        raise Trouble(f"params.yaml cannot be used: {sentence(error)}") from None
    return yaml.safe_dump(params).encode()


def content(name: str) -> bytes | None:
    """What a file holds."""
    return Path(name).read_bytes() if Path(name).is_file() else None


def put(name: str, data: bytes) -> None:
    """Replace a file by a new one: DVC may take one for unchanged that was only written to."""
    Path(f"{name}.new").write_bytes(data)
    Path(f"{name}.new").replace(name)


def digests() -> dict[str, str]:
    """The MD5 of each output that is there, as DVC has it."""
    found = {name: content(name) for names in OUTPUTS.values() for name in names}
    return {name: md5(data) for name, data in found.items() if data is not None}


def md5(data: bytes) -> str:
    """The MD5 of some bytes."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def decoded(data: bytes) -> str:
    """Text, whatever it is."""
    return data.decode("utf-8", "replace")


@contextlib.contextmanager
def captured() -> Iterator[list[str]]:
    """What this process and its children print in the block is there, as the only item, at its end."""
    said = [""]
    with tempfile.TemporaryFile() as file:
        sys.stdout.flush()
        sys.stderr.flush()
        kept = os.dup(1), os.dup(2)
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            yield said
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for number, old in enumerate(kept, start=1):
                os.dup2(old, number)
                os.close(old)
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 10 * TAIL))
            said[0] = decoded(file.read())


@contextlib.contextmanager
def time_limit() -> Iterator[None]:
    """Leave the block by a Trouble if it takes too long."""

    def stop(*_: object) -> None:
        raise Trouble(f"it did not end within {SCRIPT_S} seconds")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(SCRIPT_S)
    try:
        yield
    finally:
        signal.alarm(0)


def sentence(error: BaseException) -> str:
    """An exception and its causes, as one sentence."""
    parts = [str(error) or type(error).__name__]
    while error.__cause__ is not None:
        error = error.__cause__
        parts.append(str(error) or type(error).__name__)
    return ": ".join(dict.fromkeys(part.strip().rstrip(".") for part in parts))[:600]
