from __future__ import annotations

from pathlib import Path

import pytest

from autograder.catalog import Catalog, find_root
from autograder.errors import ManifestError
from autograder.hints import load_hints, parse_hints
from autograder.manifest import Lab, Task

LAB = Lab(
    id="02-iris-slicing",
    title="Slice Iris",
    part="performance",
    minutes=60,
    submit=("work.py",),
    task=(
        Task(id="slice-stats", title="Describe each class", points=3),
        Task(id="find-the-gap", title="Find the gap", points=1),
    ),
)
GOOD = """# Hints

Try it alone first.

## 1. Describe each class

Some words about the task.

1. Which method splits a frame
   by the values of a column?
2. Look at this:

   ```python
   ## 2. Not a heading
   1. not a hint
       indented()
   ```

   - one
   - two

A last word.

## Further reading

1. This is no hint.

## 2. Find the gap

1) First.
2) Second.
   1. Still the second.
"""


def _problems(text: str) -> list[str]:
    with pytest.raises(ManifestError) as caught:
        parse_hints(text, LAB)
    return list(caught.value.problems)


def test_hints_come_by_task_and_in_order() -> None:
    """The numbered list below a task's heading is its hints; everything else is for the reader."""
    hints = parse_hints(GOOD, LAB)

    assert list(hints) == ["slice-stats", "find-the-gap"]
    assert hints["slice-stats"][0] == "Which method splits a frame\nby the values of a column?"
    assert hints["find-the-gap"] == ("First.", "Second.\n1. Still the second.")


def test_hint_keeps_its_markdown() -> None:
    """Code blocks and lists inside a hint are unindented and otherwise as they were written."""
    assert parse_hints(GOOD, LAB)["slice-stats"][1] == (
        "Look at this:\n\n```python\n## 2. Not a heading\n1. not a hint\n    indented()\n```\n\n- one\n- two"
    )


def test_order_of_headings_does_not_matter() -> None:
    """Hints are in the order of the tasks, wherever their headings stand."""
    hints = parse_hints("## 2. Find the gap\n1. b\n\n## 1. Describe each class\n1. a\n", LAB)

    assert hints == {"slice-stats": ("a",), "find-the-gap": ("b",)}


def test_every_fault_is_reported_at_once() -> None:
    """Another title, no hints, a number too high and a missing task are told together."""
    text = "## 1. Describe every class\n\nNothing.\n\n## 3. Test it\n\n1. a\n"

    assert _problems(text) == [
        "\"## 1. Describe every class\": lab.toml calls task 1 'Describe each class': make them agree",
        '"## 1. Describe every class": has no hints: add a numbered list below it',
        '"## 3. Test it": lab.toml has 2 tasks: remove it or correct the number',
        '"## 2. Find the gap": is missing: add it, with a numbered list of hints',
    ]


def test_heading_that_stands_twice_is_a_fault() -> None:
    """Two lists for one task would be read as one."""
    text = GOOD + "\n## 2. Find the gap\n\n1. Third.\n"

    assert _problems(text) == ['"## 2. Find the gap": task 2 has a heading already: join the two']


def test_empty_file_misses_every_task() -> None:
    """Nothing is taken for granted."""
    assert len(_problems("")) == 2


def test_bullets_are_no_hints() -> None:
    """Only a numbered list has an order."""
    assert any("has no hints" in problem for problem in _problems(GOOD.replace("1)", "-").replace("2)", "-")))


def test_error_names_the_file(tmp_path: Path) -> None:
    """The path of HINTS.md stands in the error."""
    path = tmp_path / "HINTS.md"
    path.write_text("# Hints\n", encoding="utf-8")

    with pytest.raises(ManifestError) as caught:
        load_hints(path, LAB)

    assert caught.value.path == path


def test_file_is_read(tmp_path: Path) -> None:
    """From disk, whatever its line ends."""
    path = tmp_path / "HINTS.md"
    path.write_bytes(GOOD.replace("\n", "\r\n").encode())

    assert load_hints(path, LAB) == parse_hints(GOOD, LAB)


@pytest.mark.parametrize(("content", "said"), [(None, "missing: add it"), (b"\xff", "cannot be read")])
def test_file_that_cannot_be_read_is_explained(tmp_path: Path, content: bytes | None, said: str) -> None:
    """A missing file and a wrong encoding end in a sentence."""
    path = tmp_path / "HINTS.md"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ManifestError, match=said):
        load_hints(path, LAB)


def test_hints_of_this_course_fit_their_labs() -> None:
    """Every lab here has hints for every task, under the task's own heading."""
    catalog = Catalog(find_root(Path(__file__).parent))
    source = catalog.lab_dir if catalog.for_students else catalog.solution_dir

    for lab in catalog.labs():
        assert set(load_hints(source(lab.id) / "HINTS.md", lab)) == {task.id for task in lab.task}
