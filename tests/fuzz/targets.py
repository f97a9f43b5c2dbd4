"""What is fuzzed: everything of ours that reads bytes which a student may have chosen."""

from __future__ import annotations

import io
import json
import tempfile
import types
from pathlib import Path

from autograder.sandbox import cells, wire

FOLDER = tempfile.TemporaryDirectory()
"""Where notebooks are written; it goes with this module."""


def decode(data: bytes) -> None:
    """A frame of any bytes decodes, or is a WireError; short reads are the pipe's end."""
    stream = io.BytesIO(data)

    def read(size: int) -> bytes:
        part = stream.read(size)
        if len(part) < size:
            raise EOFError
        return part

    try:
        value = wire.unpack(read)
    except (wire.WireError, EOFError):
        return
    # What came through can be named in a report, and sent on.
    repr(value)[:100]


def decode_skeleton(data: bytes) -> None:
    """The same with a head that fits, so that every input reaches the decoder."""
    blobs = (b"\x00" * 8, b"spam")
    lengths = b"".join(len(blob).to_bytes(8, "little") for blob in blobs)
    head = len(data).to_bytes(4, "little") + len(blobs).to_bytes(4, "little") + lengths
    decode(head + data + b"".join(blobs))


def load_notebook(data: bytes) -> None:
    """A notebook of any bytes has cells, or is no notebook; what its cells do is not our question."""
    path = Path(FOLDER.name) / "x.ipynb"
    path.write_bytes(data)
    try:
        sources = cells._sources(str(path))
    except cells.NotANotebook:
        return
    for source in sources:
        cells._without_magics(source)


def run_notebook(data: bytes) -> None:
    """A notebook whose one cell is any text is run to a list of faults, unless the text says otherwise."""
    text = data.decode("utf-8", "replace")
    if any(
        word in text
        for word in ("import", "exec", "open", "eval", "__", "input", "exit", "quit", "**", "*", "while", "for")
    ):
        return
    notebook = {"cells": [{"cell_type": "code", "source": text}]}
    path = Path(FOLDER.name) / "y.ipynb"
    path.write_text(json.dumps(notebook))
    faults = cells.run_notebook(str(path), "x.ipynb", types.ModuleType("x"), (), lambda _: None)
    assert all(set(fault) >= {"kind", "bases", "detail", "frames", "cell"} for fault in faults)


TARGETS = {
    "decode": decode,
    "decode_skeleton": decode_skeleton,
    "load_notebook": load_notebook,
    "run_notebook": run_notebook,
}
