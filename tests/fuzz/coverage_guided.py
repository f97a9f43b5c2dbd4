"""Fuzz one target by coverage with atheris: ``python tests/fuzz/coverage_guided.py decode --seconds 60``.

``nox -s fuzz -- --seconds 60`` runs this for every target. An input that breaks something is kept in
``tests/fuzz/crash-*`` by libFuzzer: add it to ``tests/test_fuzz.py`` as an example.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import atheris

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]
import numpy  # noqa: E402, F401 - not instrumented: it is not ours
import pandas  # noqa: E402

with atheris.instrument_imports(include=["autograder", "targets"]):
    import targets

SEEDS = {
    "decode": lambda wire, pandas: [wire.pack(value) for value in _values(pandas)],
    "decode_skeleton": lambda wire, pandas: [wire.pack(value)[8:] for value in _values(pandas)],
    "load_notebook": lambda *_: [b'{"cells": [{"cell_type": "code", "source": ["%%time\\n", "x = 1"]}]}'],
    "run_notebook": lambda *_: [b"%matplotlib inline\nx = 1\n!ls\nx?"],
}


def _values(pandas: object) -> list[object]:
    frame = pandas.DataFrame({"a": [1, 2], "b": ["x", None]}, index=pandas.Index(["p", "q"], name="i"))  # type: ignore[attr-defined]
    return [
        {"id": 1, "ok": frame},
        [1, 2.5, "x", b"y", None, (1,), {2}],
        frame["a"],
        {"error": {"frames": [["a", 1, "b"]]}},
    ]


def main() -> None:
    """Run until the time is up."""
    parser = argparse.ArgumentParser()
    parser.add_argument("target", choices=sorted(targets.TARGETS))
    parser.add_argument("--seconds", type=int, default=60)
    chosen = parser.parse_args()
    from autograder.sandbox import wire

    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(SEEDS[chosen.target](wire, pandas)):
            (Path(corpus) / f"seed{number}").write_bytes(seed)
        prefix = f"-artifact_prefix={Path(__file__).parent}/"
        options = [f"-max_total_time={chosen.seconds}", "-max_len=4096", "-timeout=20", "-rss_limit_mb=2048", prefix]
        atheris.Setup([sys.argv[0], *options, corpus], targets.TARGETS[chosen.target])
        atheris.Fuzz()


main()
