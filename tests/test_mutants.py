"""A solution is mutated where the student writes, in small steps, the same at each call."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent, indent

import pytest

from autograder.manifest import Lab, Task
from autograder.mutants.generate import Mutant, mutants, sample


def mutated(folder: Path, **files: str) -> tuple[Mutant, ...]:
    """The mutants of a lab with these files; a file's dot is written as two underscores."""
    names = {name.replace("__", "."): dedent(text) for name, text in files.items()}
    for name, text in names.items():
        (folder / name).write_text(text)
    task = Task(id="task", title="Task", points=1)
    lab = Lab(id="01-lab", title="Lab", part="part", minutes=5, submit=tuple(names), task=(task,))
    return mutants(lab, folder)


def changes(folder: Path, body: str) -> set[str]:
    """What the mutants of a function body put in the place of its lines, as ``old → new``."""
    lines = f"### BEGIN SOLUTION\n{dedent(body).strip()}\n### END SOLUTION\n"
    text = f"def answer(df, x, y, X_train=None, X_valid=None):\n{indent(lines, '    ')}"
    return {f"{mutant.replace} → {mutant.by}" for mutant in mutated(folder, work__py=text)}


def test_only_solution_regions_are_mutated(tmp_path: Path) -> None:
    """What is given to students stays as it is."""
    text = """
    LIMIT = 3 < 4

    def answer(x):
        ### BEGIN SOLUTION
        return x + 1
        ### END SOLUTION

    print(answer(1) - 5)
    """
    found = mutated(tmp_path, work__py=text)

    assert [mutant.by for mutant in found] == ["return x - 1", "return x + 2"]
    assert all(b"LIMIT = 3 < 4" in mutant.files["work.py"] for mutant in found)


def test_a_mutant_says_what_was_changed_and_where(tmp_path: Path) -> None:
    """In its name, its diff, and the lines by which cases.toml can name it."""
    text = "def answer(x):\n    ### BEGIN SOLUTION\n    return x < 1\n    ### END SOLUTION\n"
    first = mutated(tmp_path, work__py=text)[0]

    assert first.name == "work.py, answer: comparison, < → <="
    assert (first.operator, first.file, first.unit) == ("comparison", "work.py", "answer")
    assert (first.replace, first.by) == ("return x < 1", "return x <= 1")
    assert first.diff.splitlines()[1:3] == ["-    return x < 1", "+    return x <= 1"]


@pytest.mark.parametrize(
    ("body", "change"),
    [
        ("return x < y", "return x < y → return x <= y"),
        ("return x < y", "return x < y → return x >= y"),
        ("return x * y", "return x * y → return x / y"),
        ("return x and y", "return x and y → return x or y"),
        ("return ~x", "return ~x → return x"),
        ("return not x", "return not x → return x"),
        ("return df.iloc[0]", "return df.iloc[0] → return df.iloc[1]"),
        ("return df.copy()", "return df.copy() → return df"),
        ("return sorted(x)", "return sorted(x) → return (x)"),
        ("return f(x, y)", "return f(x, y) → return f(y, x)"),
        ("return f(x, k=y)", "return f(x, k=y) → return f(x)"),
        ("return df.std()", "return df.std() → return df.std(ddof=0)"),
        ("return df.std(ddof=1)", "return df.std(ddof=1) → return df.std(ddof=2)"),
        ("return df.sum(axis='columns')", "return df.sum(axis='columns') → return df.sum(axis='index')"),
        ("return df.mean()", "return df.mean() → return df.median()"),
        ("return f(x, average='macro')", "return f(x, average='macro') → return f(x, average='micro')"),
        ("return df['a'] + df['b']", "return df['a'] + df['b'] → return df['b'] + df['b']"),
        ("return model.fit(X_train)", "return model.fit(X_train) → return model.fit(X_valid)"),
        ("x = x.dropna()\nreturn x", "x = x.dropna() → pass"),
        ("df['a'] = 1\nreturn df", "df['a'] = 1 → pass"),
        ("x.append(y)\nreturn x", "x.append(y) → pass"),
        ("if x:\n    y = 1\nreturn y", "if x: → if False:"),
        ("if x:\n    raise ValueError('no')\nreturn y", "raise ValueError('no') → pass"),
        ("if x:\n    raise ValueError('no')\nreturn y", "raise ValueError('no') → raise TypeError('no')"),
        ("try:\n    f(x)\nexcept ValueError:\n    return y", "return y → pass"),
        ("return y if x else 0.5", "return y if x else 0.5 → return (y)"),
        ("return [x, y, 1]", "return [x, y, 1] → return [x, y]"),
        ("return {'a': x, 'b': y}", "return {'a': x, 'b': y} → return {'b': y}"),
        ("return x, y", "return x, y → return x,"),
        ("return f'{x:.2f}'", "return f'{x:.2f}' → return f'{x:.3f}'"),
        ("return f'{x} < 3'", "return f'{x} < 3' → return f'{x} <= 3'"),
        ("return x == 'größe' and y <= 1", "return x == 'größe' and y <= 1 → return x == 'größe' and y < 1"),
    ],
)
def test_mistakes_of_learners(tmp_path: Path, body: str, change: str) -> None:
    """Each operator changes no more than it must."""
    found = changes(tmp_path, body)

    assert change in found


def test_all_rows_can_take_the_place_of_the_training_rows(tmp_path: Path) -> None:
    """The model that has seen the validation rows is the classic among mistakes."""
    body = """
    a_train, a_test, b_train, b_test = train_test_split(df[x], df[y], test_size=0.25)
    model.fit(a_train, b_train)
    """
    found = changes(tmp_path, body)

    assert "model.fit(a_train, b_train) → model.fit(df[x], df[y])" in found
    assert "model.fit(a_train, b_train) → model.fit(a_test, b_test)" in found


def test_words_for_people_stay(tmp_path: Path) -> None:
    """Docstrings, annotations, imports, messages of errors and of assertions are no mistakes."""
    body = """
    "A docstring with 1 number."
    import os
    count: "some" = x
    assert count, "at least 1"
    raise ValueError("not 1" + "or 2")
    """
    found = changes(tmp_path, body)

    assert found == {
        'assert count, "at least 1" → pass',
        'raise ValueError("not 1" + "or 2") → pass',
        'raise ValueError("not 1" + "or 2") → raise TypeError("not 1" + "or 2")',
    }


def test_notebooks_are_mutated_cell_by_cell(tmp_path: Path) -> None:
    """Only in answers; magics, Markdown and metadata stay."""
    answer = "%time\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION"
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["1 < 2"]},
        {"cell_type": "code", "metadata": {}, "source": ["given = 1"], "outputs": []},
        {"cell_type": "code", "metadata": {"k": 1}, "source": answer.splitlines(keepends=True), "outputs": []},
    ]
    (found,) = mutated(tmp_path, work__ipynb=json.dumps({"cells": cells, "nbformat": 4}))
    changed = json.loads(found.files["work.ipynb"])["cells"]

    assert found.name == "work.ipynb, cell 3, top level: constant, 1 → 2"
    assert changed[:2] == cells[:2]
    assert "".join(changed[2]["source"]) == answer.replace("x = 1", "x = 2")
    assert changed[2]["metadata"] == {"k": 1}


def test_yaml_loses_entries_and_changes_values(tmp_path: Path) -> None:
    """Block style and flow style; what remains is YAML with its comments."""
    text = """\
    # given
    ### BEGIN SOLUTION
    stages:
      one:
        cmd: python one.py
        deps:
        - a.csv
        - one.py
      two:  # the second
        cmd: python two.py
        deps: [b.csv, two.py]
        share: 0.25
        cache: false
    ### END SOLUTION
    """
    found = {f"{mutant.operator}: {mutant.replace} → {mutant.by}" for mutant in mutated(tmp_path, dvc__yaml=text)}

    assert {
        "item removed: - a.csv → ",
        "item removed: - one.py → ",
        "item removed: deps: [b.csv, two.py] → deps: [two.py]",
        "item removed: deps: [b.csv, two.py] → deps: [b.csv]",
        "entry removed: share: 0.25 → ",
        "entry removed: cache: false → ",
        "entry removed: cmd: python one.py → ",
        "wrong name: cmd: python one.py → cmd: python two.py",
        "number altered: share: 0.25 → share: 0.35",
        "constant: cache: false → cache: true",
    } <= found


def test_toml_loses_entries_and_changes_values(tmp_path: Path) -> None:
    """Line by line, with lists over several of them."""
    text = """\
    [a]
    ### BEGIN SOLUTION
    group = "x"
    rate = 0.63
    sure = true
    groups = [
      "x",
      "y",
    ]
    ### END SOLUTION
    """
    found = {f"{mutant.unit} {mutant.operator}: {mutant.by}" for mutant in mutated(tmp_path, findings__toml=text)}

    assert {
        "a.group entry removed: ",
        'a.group wrong name: group = "y"',
        "a.rate number altered: rate = 0.73",
        "a.sure constant: sure = false",
        "a.groups list emptied: groups = []",
        'a.groups entry removed: groups = ["y"]',
        'a.groups entry removed: groups = ["x"]',
    } <= found


def test_files_of_lines(tmp_path: Path) -> None:
    """A Procfile loses its default, host and port; a requirement its version."""
    procfile = "### BEGIN SOLUTION\nweb: serve --host 0.0.0.0 --port ${PORT:-5000}\n### END SOLUTION\n"
    found = {
        mutant.by
        for mutant in mutated(tmp_path, Procfile=procfile, pins="### BEGIN SOLUTION\nx==1.2\n### END SOLUTION\n")
    }

    assert {
        "",
        "webs: serve --host 0.0.0.0 --port ${PORT:-5000}",
        "web: serve --host 127.0.0.1 --port ${PORT:-5000}",
        "web: serve --port ${PORT:-5000}",
        "web: serve --host 0.0.0.0 --port $PORT",
        "web: serve --host 0.0.0.0 --port 5000",
        "web: serve --host 0.0.0.0 --port ${PORT:-6000}",
        "x",
        "x>=1.2",
        "x==2.2",
    } <= found


def test_markdown_loses_sections_and_changes_numbers(tmp_path: Path) -> None:
    """Sections, rows of tables, results; and the YAML on top."""
    text = """\
    ---
    answer: |
      <!-- BEGIN SOLUTION -->
    license: mit
    answer_ends: |
      <!-- END SOLUTION -->
    ---

    ## Metrics

    <!-- BEGIN SOLUTION -->
    | class | f1 |
    |---|---|
    | a | 0.875 |

    In 2020 the F1 was [0.5](https://example.org/0.5), now it is 0.875.
    <!-- END SOLUTION -->
    """
    found = [(mutant.unit, mutant.operator, mutant.by) for mutant in mutated(tmp_path, CARD__md=text)]

    assert found == [
        ("license", "entry removed", ""),
        ("Metrics", "section emptied", ""),
        ("Metrics", "row removed", ""),
        ("Metrics", "number altered", "| a | 0.975 |"),
        ("Metrics", "number altered", "In 2020 the F1 was [0.5](https://example.org/0.5), now it is 0.975."),
    ]


def test_mutants_are_the_same_at_each_call_and_all_different(tmp_path: Path) -> None:
    """So that a verdict can be had again, and none is counted twice."""
    text = "def f(x, y):\n    ### BEGIN SOLUTION\n    return sorted(x) + [y, 1] < max(x, 2)\n    ### END SOLUTION\n"
    first, again = mutated(tmp_path, work__py=text), mutated(tmp_path, work__py=text)

    assert first == again
    assert len({mutant.files["work.py"] for mutant in first}) == len(first) > 5


def test_a_sample_is_spread_over_functions_and_kinds_of_mistakes(tmp_path: Path) -> None:
    """No function and no operator is left out while there is room."""
    text = """
    def f(x):
        ### BEGIN SOLUTION
        return [x + 1, x + 2, x + 3, x + 4, x < 5]
        ### END SOLUTION

    def g(x):
        ### BEGIN SOLUTION
        return x - 1
        ### END SOLUTION
    """
    every = mutated(tmp_path, work__py=text)
    some = sample(every, 6)

    assert len(some) == 6
    assert [mutant for mutant in every if mutant in some] == list(some)
    assert {mutant.operator for mutant in some if mutant.unit == "g"} == {"arithmetic", "constant"}
    assert {mutant.operator for mutant in some if mutant.unit == "f"} == {
        "arithmetic",
        "constant",
        "comparison",
        "entry dropped",
    }
    assert sample(every, 1000) == every
