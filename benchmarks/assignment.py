"""One assignment and a class that hands it in, written for each grader: the same checks on the same notebooks.

The assignment is a small one on slices of Iris: describe each class, cut a feature in two, find the slice in which a
model is worst. Twenty students hand it in: ten are right, each in another way, five are wrong, the code of three
raises, one has not finished, and the code of one never ends.
"""

from __future__ import annotations

import pprint
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

__all__ = [
    "FILE",
    "LAB",
    "TIMEOUT_S",
    "Submission",
    "submissions",
    "total_checks",
    "write_class",
    "write_nbgrader",
    "write_otter",
    "write_ours",
    "write_pytest",
]

LAB = "01-iris-slices"
FILE = "slices.ipynb"
TIMEOUT_S = 10
"""What each grader gives one cell or check."""


@dataclass(frozen=True)
class Task:
    """One function to write."""

    name: str
    stub: str
    solution: str
    checks: Mapping[str, str]
    """Title → body of a check, in which ``f`` has the student's functions as attributes."""


IMPORTS = """\
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
"""
HELPERS = """\
import functools

import numpy as np
import pandas as pd
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split


@functools.lru_cache
def grown(seed, rows):
    iris = load_iris(as_frame=True).frame
    iris.columns = ["sepal_length", "sepal_width", "petal_length", "petal_width", "species"]
    rng = np.random.default_rng(seed)
    flowers = iris.sample(rows, replace=True, random_state=seed).reset_index(drop=True)
    flowers.iloc[:, :4] += rng.normal(0, 0.1, (rows, 4))
    flowers["species"] = np.array(["setosa", "versicolor", "virginica"])[flowers["species"]]
    return flowers


def meadow(seed, rows=120):
    return grown(seed, rows).copy()


@functools.lru_cache
def split(seed, rows):
    flowers = grown(seed, rows)
    features = list(flowers.columns[:4])
    train, valid = train_test_split(flowers, test_size=0.5, random_state=23, stratify=flowers["species"])
    model = LogisticRegression(max_iter=1000).fit(train[features], train["species"])
    return valid, pd.Series(model.predict(valid[features]) == valid["species"], index=valid.index)
"""
TASKS = (
    Task(
        "class_stats",
        "def class_stats(flowers, feature):\n    raise NotImplementedError\n",
        """\
def class_stats(flowers, feature):
    return flowers.groupby("species")[feature].agg(["count", "mean", "std"])
""",
        {
            "One row per species": """\
stats = f.class_stats(meadow(1), "petal_width")
assert sorted(stats.index) == ["setosa", "versicolor", "virginica"], "one row per species"
""",
            "Counts and means": """\
flowers = meadow(2)
stats = f.class_stats(flowers, "sepal_width")
assert "count" in stats.columns, "a column count"
for name, rows in flowers.groupby("species"):
    assert stats.loc[name, "count"] == len(rows), "the count"
    assert abs(stats.loc[name, "mean"] - rows["sepal_width"].mean()) < 1e-9, "the mean"
""",
            "The sample standard deviation": """\
flowers = meadow(3, rows=40)
stats = f.class_stats(flowers, "petal_length")
for name, rows in flowers.groupby("species"):
    assert abs(stats.loc[name, "std"] - np.std(rows["petal_length"], ddof=1)) < 1e-9, "the spread"
""",
        },
    ),
    Task(
        "mean_slices",
        "def mean_slices(flowers, feature):\n    raise NotImplementedError\n",
        """\
def mean_slices(flowers, feature):
    below = flowers[feature] < flowers[feature].mean()
    return {"below": below, "above": ~below}
""",
        {
            "Two masks with the index of the data": """\
flowers = meadow(4).sample(frac=1, random_state=4)
slices = f.mean_slices(flowers, "sepal_length")
assert set(slices) == {"below", "above"}, "two slices"
assert all(list(mask.index) == list(flowers.index) for mask in slices.values()), "the index"
""",
            "Every row in one of them": """\
flowers = meadow(5)
slices = f.mean_slices(flowers, "petal_length")
inside = flowers["petal_length"] < flowers["petal_length"].mean()
assert (slices["below"] == inside).all() and (slices["above"] == ~inside).all(), "the rows"
""",
            "A value at the mean is above": """\
slices = f.mean_slices(pd.DataFrame({"petals": [3.0, 4.0, 5.0]}), "petals")
assert list(slices["above"]) == [False, True, True], "the mean itself"
""",
        },
    ),
    Task(
        "worst_slice",
        "def worst_slice(flowers):\n    raise NotImplementedError\n",
        """\
def worst_slice(flowers):
    features = list(flowers.columns[:4])
    train, valid = train_test_split(flowers, test_size=0.5, random_state=23, stratify=flowers["species"])
    model = LogisticRegression(max_iter=1000).fit(train[features], train["species"])
    right = model.predict(valid[features]) == valid["species"]
    found = {}
    for feature in features:
        for name, mask in mean_slices(valid, feature).items():
            found[f"{feature} {name}"] = float(right[mask].mean())
    name = min(found, key=found.get)
    return {"name": name, "accuracy": found[name]}
""",
        {
            "The accuracy in the worst slice": """\
flowers = meadow(6, rows=300)
valid, right = split(6, 300)
lowest = min(
    right[side].mean()
    for feature in flowers.columns[:4]
    for side in (valid[feature] < valid[feature].mean(), valid[feature] >= valid[feature].mean())
)
assert abs(f.worst_slice(flowers)["accuracy"] - lowest) < 1e-9, "the accuracy of the worst slice"
""",
            "The slice that it names has that accuracy": """\
flowers = meadow(7, rows=300)
valid, right = split(7, 300)
answer = f.worst_slice(flowers)
feature, name = answer["name"].rsplit(" ", 1)
below = valid[feature] < valid[feature].mean()
assert abs(right[below if name == "below" else ~below].mean() - answer["accuracy"]) < 1e-9, "the name"
""",
        },
    ),
)


LOOP = """\
def class_stats(flowers, feature):
    rows = {}
    for name in flowers["species"].unique():
        values = flowers.loc[flowers["species"] == name, feature]
        rows[name] = {"count": len(values), "mean": values.mean(), "std": values.std()}
    return pd.DataFrame.from_dict(rows, orient="index")
"""
NUMPY = """\
def class_stats(flowers, feature):
    groups = flowers.groupby("species")[feature]
    spread = groups.agg(lambda values: np.std(values.to_numpy(), ddof=1))
    return pd.DataFrame({"count": groups.size(), "mean": groups.mean(), "std": spread})
"""
THRESHOLD = """\
def mean_slices(flowers, feature):
    threshold = np.mean(flowers[feature].to_numpy())
    return {"above": flowers[feature] >= threshold, "below": flowers[feature] < threshold}
"""
TABLE = """\
def worst_slice(flowers):
    X, y = flowers.iloc[:, :4], flowers["species"]
    X_train, X_valid, y_train, y_valid = train_test_split(X, y, test_size=0.5, random_state=23, stratify=y)
    right = LogisticRegression(max_iter=1000).fit(X_train, y_train).predict(X_valid) == y_valid
    rows = [
        (f"{feature} {name}", right[mask].mean())
        for feature in X
        for name, mask in mean_slices(X_valid, feature).items()
    ]
    return pd.DataFrame(rows, columns=["name", "accuracy"]).sort_values("accuracy").iloc[0].to_dict()
"""


@dataclass(frozen=True)
class Submission:
    """What one student hands in.

    Attributes:
        student: the student's id.
        kind: right, wrong, raising, unfinished or endless.
        functions: source of each function, in the order of the tasks.
        passed: how many checks it should pass.
    """

    student: str
    kind: str
    functions: tuple[str, ...]
    passed: int


def submissions(count: int = 20, *, endless: bool = True) -> list[Submission]:
    """A class of ``count``: the twenty, or those of them that end, again and again under other names."""
    kinds = [kind for kind in _kinds() if endless or kind[0] != "endless"]
    chosen = [kinds[number % len(kinds)] for number in range(count)]
    return [
        Submission(f"student{number:04}", kind, functions, passed)
        for number, (kind, functions, passed) in enumerate(chosen, start=1)
    ]


def total_checks() -> int:
    """How many checks the assignment has."""
    return sum(len(task.checks) for task in TASKS)


def _kinds() -> Iterator[tuple[str, tuple[str, ...], int]]:
    """Kind, functions and checks that should pass, of each of the twenty."""
    stats, slices, worst = (task.solution for task in TASKS)
    every = total_checks()
    right = [(a, b, c) for a in (stats, LOOP, NUMPY) for b in (slices, THRESHOLD) for c in (worst, TABLE)][:10]
    yield from (("right", functions, every) for functions in right)
    yield "wrong", (NUMPY.replace("ddof=1", "ddof=0"), slices, worst), every - 1
    yield "wrong", (stats.replace('"count", ', ""), slices, worst), every - 1
    yield "wrong", (stats, slices.replace("<", "<="), worst), every - 1
    yield "wrong", (stats, slices.replace(".mean()", ".median()"), worst), every - 2
    yield "wrong", (stats, slices, worst.replace("min(", "max(")), every - 1
    yield "raising", (stats.replace('"species"', '"class"'), slices, worst), every - 3
    yield "raising", (stats, slices, worst.replace("features = list(flowers.columns[:4])", "pass")), every - 2
    yield "raising", (f"{stats}\nclass_stats(no_such_table, 'petal_width')\n", slices, worst), every
    yield "unfinished", (stats, TASKS[1].stub, TASKS[2].stub), every - 5
    yield "endless", ("def class_stats(flowers, feature):\n    while True:\n        pass\n", slices, worst), every - 3


def write_class(folder: Path, students: Sequence[Submission]) -> None:
    """What was handed in, as ``<student>/<lab>/slices.ipynb``; nbgrader lays it out like that, and ours reads it."""
    for student in students:
        _save(folder / student.student / LAB / FILE, student.functions, author=student.student)


def write_ours(root: Path) -> None:
    """A course with this one lab for the autograder."""
    modules = ["pandas", "sklearn.linear_model", "sklearn.model_selection"]
    lab = [f'title = "Slices of Iris"\npart = "part"\nminutes = 30\nsubmit = ["{FILE}"]\npreload = {modules}']
    lab += [f"[limits]\ncheck_s = {TIMEOUT_S}"]
    lab += [f'[[task]]\nid = "{_id(task)}"\ntitle = "Write {task.name}"\npoints = {len(task.checks)}' for task in TASKS]
    solution = root / "solutions" / LAB
    _write(root / "course.toml", f'title = "Bench"\n[[part]]\nid = "part"\ntitle = "Part"\nlabs = ["{LAB}"]\n')
    _write(solution / "lab.toml", "\n\n".join(lab) + "\n")
    _write(root / "labs" / LAB / "README.md", "# Slices of Iris\n")
    _save(solution / FILE, [task.solution for task in TASKS])
    fixture = f'@pytest.fixture\ndef f(submission):\n    return submission.load("{FILE}")\n'
    _write(root / "autograder" / "graders" / LAB / "test_hidden.py", _test_module(fixture))


def write_pytest(folder: Path) -> Path:
    """A test file that runs the notebook's cells in its own process, beside the notebook; its path."""
    fixture = f"""\
@pytest.fixture(scope="module")
def f():
    space = {{}}
    for cell in json.load(open({FILE!r}))["cells"]:
        if cell["cell_type"] == "code":
            with contextlib.suppress(Exception):
                exec("".join(cell["source"]), space)
    return types.SimpleNamespace(**space)
"""
    path = folder / "test_slices.py"
    _write(path, "import contextlib\nimport json\nimport types\n\n" + _test_module(fixture))
    return path


def write_nbgrader(course: Path) -> None:
    """A course of nbgrader's, with the source of the assignment."""
    _save(course / "source" / LAB / FILE, [task.solution for task in TASKS], hidden_tests=True)
    config = f"""\
c = get_config()
c.CourseDirectory.course_id = "bench"
c.ExecutePreprocessor.timeout = {TIMEOUT_S}
"""
    _write(course / "nbgrader_config.py", config)


def write_otter(folder: Path) -> None:
    """Otter's test files, in ``tests/``."""
    for task in TASKS:
        cases = [
            {"code": f">>> exec({_in_namespace(body)!r})", "hidden": True, "locked": False, "points": 1}
            for body in task.checks.values()
        ]
        suite = {"cases": cases, "scored": True, "setup": "", "teardown": "", "type": "doctest"}
        test = {"name": task.name, "points": None, "suites": [suite]}
        _write(folder / "tests" / f"{task.name}.py", f"OK_FORMAT = True\n\ntest = {pprint.pformat(test, width=200)}\n")


def _id(task: Task) -> str:
    return task.name.replace("_", "-")


def _test_module(fixture: str) -> str:
    """The checks for pytest; marks and docstrings are what ours reads, and plain pytest does not mind them."""
    parts = ["import pytest\n\n" + HELPERS, fixture]
    for task in TASKS:
        for number, (title, body) in enumerate(task.checks.items(), start=1):
            head = f'@pytest.mark.task("{_id(task)}")\ndef test_{task.name}_{number}(f):\n    """{title}."""\n'
            parts.append(head + textwrap.indent(body, "    "))
    return "\n\n".join(parts)


def _in_namespace(body: str) -> str:
    """A check that finds the student's functions in the namespace that it runs in."""
    return f"import types\n{HELPERS}\nf = types.SimpleNamespace(**globals())\n{body}"


def _save(path: Path, functions: Sequence[str], *, author: str = "author", hidden_tests: bool = False) -> None:
    """Write a notebook as nbgrader knows it, filled in; other graders do not mind its metadata."""
    cells = [new_markdown_cell(f"# Slices of Iris\n\nBy {author}."), _cell("imports", IMPORTS, locked=True)]
    for task, function in zip(TASKS, functions, strict=True):
        cells.append(_cell(task.name, function, solution=True))
        for number, body in enumerate(task.checks.values(), start=1):
            tests = f"### BEGIN HIDDEN TESTS\n{_in_namespace(body)}### END HIDDEN TESTS" if hidden_tests else ""
            cells.append(_cell(f"{task.name}-{number}", tests, grade=True, locked=True, points=1))
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)


def _cell(name: str, source: str, **marks: object) -> nbformat.NotebookNode:
    known = {"schema_version": 3, "grade_id": name, "grade": False, "locked": False, "solution": False, "task": False}
    return new_code_cell(source, metadata={"nbgrader": known | marks})


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
