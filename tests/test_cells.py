"""Notebooks run cell by cell; a cell that fails is described, and the others run all the same."""

from __future__ import annotations

import json
import linecache
import types
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest

from autograder.sandbox.cells import NotANotebook, describe, run_notebook


class Ran:
    """What came of running a notebook."""

    def __init__(self, path: Path, skip: Collection[int]) -> None:
        self.module = types.ModuleType("student")
        self.started: list[int] = []
        self.faults = run_notebook(str(path), "lab.ipynb", self.module, skip, self.started.append)

    def __getattr__(self, name: str) -> Any:
        return self.module.__dict__[name]


Run = Callable[..., Ran]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a notebook of the code cells given: ``run("x = 1", "y = x")``."""

    def run(*sources: str | dict[str, Any], skip: Collection[int] = ()) -> Ran:
        cells = [
            {"cell_type": "code", "source": source.splitlines(keepends=True)} if isinstance(source, str) else source
            for source in sources
        ]
        path = tmp_path / "lab.ipynb"
        path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
        return Ran(path, skip)

    return run


def test_cells_share_their_names(run: Run) -> None:
    """A later cell uses what an earlier one defined."""
    ran = run("x = 20", "def f():\n    return x + 1", "y = f() + 1")

    assert ran.y == 22
    assert ran.faults == []


def test_only_code_cells_count(run: Run) -> None:
    """Cells are numbered as Jupyter numbers them, without text; empty ones count and do not run."""
    ran = run({"cell_type": "markdown", "source": "# Title"}, "a = 1", "  \n", "b = 2")

    assert ran.started == [1, 3]
    assert ran.b == 2


def test_source_may_be_one_text(run: Run) -> None:
    """A cell's source is a list of lines, or one string."""
    assert run({"cell_type": "code", "source": "a = 1\nb = 2"}).b == 2


def test_a_cell_that_raises_is_described_and_the_next_one_runs(run: Run) -> None:
    """The fault names the cell, the exception and the line; what comes after is not lost."""
    ran = run("a = 1", "b = 2\nc = {}['gone']", "d = 4")
    (fault,) = ran.faults

    assert (fault["cell"], fault["kind"], fault["detail"]) == (2, "KeyError", "'gone'")
    assert fault["frames"] == [["lab.ipynb, cell 2", 2, "c = {}['gone']"]]
    assert (ran.b, ran.d) == (2, 4)


def test_a_syntax_error_is_one_cell_s_fault(run: Run) -> None:
    """A cell that does not compile is told with its line."""
    ran = run("a = 1", "def f(:\n    pass", "b = 2")
    (fault,) = ran.faults

    assert (fault["cell"], fault["kind"]) == (2, "SyntaxError")
    assert fault["frames"] == [["lab.ipynb, cell 2", 1, "def f(:"]]
    assert ran.b == 2


@pytest.mark.parametrize("source", ["import sys; sys.exit(3)", "raise KeyboardInterrupt", "raise SystemExit"])
def test_leaving_ends_only_the_cell(run: Run, source: str) -> None:
    """sys.exit and the like are faults of their cell."""
    ran = run(source, "b = 2")

    assert [fault["cell"] for fault in ran.faults] == [1]
    assert ran.b == 2


def test_cells_to_skip_do_not_run(run: Run) -> None:
    """A cell that hung before is left out, and keeps its number."""
    ran = run("a = 1", "while True: pass", "raise ValueError", skip={2})

    assert ran.started == [1, 3]
    assert [fault["cell"] for fault in ran.faults] == [3]


@pytest.mark.parametrize(
    "source",
    [
        "%matplotlib inline\nx = 1",
        "!pip install pandas\nx = 1",
        "files = !ls\nx = 1",
        "a, b = %some magic\nx = 1",
        "%%time\nx = 1",
        "%%capture out\nx = 1",
        "?len\nx = 1",
        "len??\nx = 1",
        "if True:\n    %timeit 1\n    x = 1",
        "x = (5\n    % 2)",
        "x = 1\ntext = '''\n%s and !more\n'''\nassert '%s' in text",
    ],
)
def test_magics_do_not_keep_python_from_running(run: Run, source: str) -> None:
    """Lines for IPython are passed over; lines that only look like them stay."""
    ran = run(source)

    assert ran.faults == []
    assert ran.x == 1


def test_cells_in_other_languages_do_nothing(run: Run) -> None:
    """A %%bash cell is no Python."""
    ran = run("%%bash\nrm -rf everything", "x = 1")

    assert ran.faults == []
    assert ran.x == 1


def test_names_that_jupyter_provides_are_there(run: Run) -> None:
    """Display and get_ipython can be called."""
    assert run("display([1])\nip = get_ipython()").faults == []


def test_definitions_can_be_inspected(run: Run) -> None:
    """Tracebacks and inspect find the source of a cell."""
    run("a = 1\nb = 2")

    assert linecache.getline("lab.ipynb, cell 1", 2) == "b = 2"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"print('a script')",
        b"[]",
        b"{}",
        b'{"cells": 1}',
        b'{"cells": [1]}',
        b'{"cells": [{"cell_type": "code"}]}',
        b'{"cells": [{"cell_type": "code", "source": [1]}]}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
    ],
)
def test_what_is_no_notebook_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    """Any other content ends in NotANotebook."""
    path = tmp_path / "lab.ipynb"
    path.write_bytes(content)

    with pytest.raises(NotANotebook):
        Ran(path, ())


# ---- describing exceptions


class Silent(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def test_kind_and_bases_are_told() -> None:
    """A subclass is told together with what it derives from."""
    told = describe(UnicodeDecodeError("utf-8", b"", 0, 1, "why"), {})

    assert told["kind"] == "UnicodeDecodeError"
    assert told["bases"] == ["UnicodeDecodeError", "UnicodeError", "ValueError", "Exception", "BaseException"]


def test_a_message_that_cannot_be_read_is_no_trouble() -> None:
    """An exception whose __str__ raises is described all the same."""
    assert describe(Silent(), {})["detail"] == "(its message cannot be read)"


def test_long_messages_are_cut() -> None:
    """A message of a million letters keeps its beginning."""
    assert describe(ValueError("x" * 1_000_000), {})["detail"] == "x" * 2000


def test_only_the_student_s_own_lines_are_told(tmp_path: Path) -> None:
    """Frames of libraries and of ours do not appear; the innermost eight of the student's do."""
    path = tmp_path / "work.py"
    path.write_text("import json\n\ndef f(n):\n    return json.loads('x') if n == 0 else f(n - 1)\n")
    names: dict[str, Any] = {}
    exec(compile(path.read_text(), str(path), "exec"), names)
    with pytest.raises(ValueError, match="Expecting value") as caught:
        names["f"](20)

    frames = describe(caught.value, {str(path): "work.py"})["frames"]

    assert frames == [["work.py", 4, "return json.loads('x') if n == 0 else f(n - 1)"]] * 8
