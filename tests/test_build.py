from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.build import BuildResult, build, check, student_view
from autograder.errors import BuildError, LabNotFound

LAB = "01-demo"

MODEL = '''\
"""Average things."""


def mean(values):
    """The mean of the values."""
    ### BEGIN SOLUTION
    total = sum(values) / len(values)
    return total
    ### END SOLUTION


class Model:
    def fit(self, values):
        ### BEGIN SOLUTION
        self.center = mean(values) + 0.0
        ### END SOLUTION
        return self
'''

MODEL_CLEARED = '''\
"""Average things."""


def mean(values):
    """The mean of the values."""
    # YOUR CODE HERE
    raise NotImplementedError()


class Model:
    def fit(self, values):
        # YOUR CODE HERE
        raise NotImplementedError()
        return self
'''

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write files of a solution: ``write({"model.py": text})``; returns the lab's folder."""

    def write(files: dict[str, str | bytes], lab: str = LAB) -> Path:
        folder = tmp_path / "solutions" / lab
        for name, content in {"lab.toml": 'title = "Demo"\n', **files}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return folder

    return write


def cell(source: str, kind: str = "code", **nbgrader: Any) -> dict[str, Any]:
    """A notebook cell that was run; keyword arguments are its nbgrader metadata."""
    made = {"cell_type": kind, "source": source, "metadata": {}}
    if kind == "code":
        output = {"output_type": "stream", "name": "stdout", "text": "42 is what the solution printed\n"}
        made |= {"execution_count": 7, "outputs": [output]}
        made["metadata"] = {"execution": {"iopub.status.busy": "2024-01-01"}, "scrolled": True}
    if nbgrader:
        defaults = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
        made["metadata"]["nbgrader"] = defaults | nbgrader
    return made


def notebook(*cells: dict[str, Any], **changes: Any) -> str:
    """A notebook of these cells, each under an id of its own, as JSON."""
    for number, made in enumerate(cells):
        made["id"] = f"cell-{number}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "widgets": {"state": "left over"}}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": list(cells)} | changes)


SOLVED_CELL = "def mean(values):\n    ### BEGIN SOLUTION\n    return sum(values) / len(values)\n    ### END SOLUTION"


def view_notebook(folder: Path, name: str = "demo.ipynb") -> Any:
    """The student's view of a notebook, parsed."""
    return nbformat.reads(student_view(folder)[name].decode(), as_version=4)


# ---- text formats


def test_python_answers_become_stubs_with_their_indentation(write: Write) -> None:
    """In Python each region becomes YOUR CODE HERE and a raise, indented like the marker."""
    folder = write({"model.py": MODEL})

    assert student_view(folder)["model.py"].decode() == MODEL_CLEARED


@pytest.mark.parametrize(
    ("name", "begin", "end", "stub"),
    [
        ("params.yaml", "### BEGIN SOLUTION", "### END SOLUTION", "# YOUR WORK HERE"),
        ("ci.yml", "### BEGIN SOLUTION", "### END SOLUTION", "# YOUR WORK HERE"),
        ("pyproject.toml", "### BEGIN SOLUTION", "### END SOLUTION", "# YOUR WORK HERE"),
        ("Procfile", "### BEGIN SOLUTION", "### END SOLUTION", "# YOUR WORK HERE"),
        ("Dockerfile", "### BEGIN SOLUTION", "### END SOLUTION", "# YOUR WORK HERE"),
        ("requirements.txt", "### BEGIN SOLUTION", "### END SOLUTION", "# YOUR WORK HERE"),
        (".slugignore", "### BEGIN SOLUTION", "### END SOLUTION", "# YOUR WORK HERE"),
        (".github/workflows/ci.yml", "### BEGIN SOLUTION", "### END SOLUTION", "# YOUR WORK HERE"),
        ("setup.sh", "### BEGIN SOLUTION", "### END SOLUTION", "# YOUR WORK HERE"),
        ("model_card.md", "<!-- BEGIN SOLUTION -->", "<!-- END SOLUTION -->", "<!-- YOUR TEXT HERE -->"),
        ("card.md", "<!-- ### BEGIN SOLUTION -->", "<!-- ### END SOLUTION -->", "<!-- YOUR TEXT HERE -->"),
        ("page.html", "<!-- BEGIN SOLUTION -->", "<!-- END SOLUTION -->", "<!-- YOUR TEXT HERE -->"),
        ("query.sql", "-- BEGIN SOLUTION", "-- END SOLUTION", "-- YOUR WORK HERE"),
        ("app.js", "// BEGIN SOLUTION", "// END SOLUTION", "// YOUR WORK HERE"),
        ("style.css", "/* BEGIN SOLUTION */", "/* END SOLUTION */", "/* YOUR WORK HERE */"),
    ],
)
def test_every_text_format_has_its_marker_and_stub(write: Write, name: str, begin: str, end: str, stub: str) -> None:
    """Answers are marked by a comment of the format, and a comment of the format takes their place."""
    folder = write({name: f"before\n  {begin}\n  the answer itself, in full\n  {end}\nafter\n"})

    assert student_view(folder)[name].decode() == f"before\n  {stub}\nafter\n"


def test_text_without_a_region_is_copied_byte_for_byte(write: Write) -> None:
    """A file that holds no answer stays as it is, odd line ends and all."""
    folder = write({"notes.txt": b"one\r\ntwo\n\n\nno newline at the end", "data.csv": b"a,b\r\n1,2\r\n"})
    view = student_view(folder)

    assert view["notes.txt"] == b"one\r\ntwo\n\n\nno newline at the end"
    assert view["data.csv"] == b"a,b\r\n1,2\r\n"


def test_a_region_with_windows_line_ends_is_cleared(write: Write) -> None:
    """Line ends of Windows do not hide a marker."""
    folder = write({"a.yaml": b"x: 1\r\n### BEGIN SOLUTION\r\nsecret_key: the answer\r\n### END SOLUTION\r\n"})

    assert student_view(folder)["a.yaml"] == b"x: 1\n# YOUR WORK HERE\n"


def test_binary_files_are_copied(write: Write) -> None:
    """A file that is not text is handed out as it is."""
    folder = write({"model.joblib": b"\x80\x04\xff\xfe\x00"})

    assert student_view(folder)["model.joblib"] == b"\x80\x04\xff\xfe\x00"


def test_a_binary_file_with_a_marker_is_refused(write: Write) -> None:
    """An answer in a file that cannot be read as text is not handed out."""
    folder = write({"odd.py": b"# caf\xe9\n### BEGIN SOLUTION\nx\n### END SOLUTION\n"})

    with pytest.raises(BuildError, match=r"odd\.py.*not UTF-8"):
        student_view(folder)


def test_what_is_written_for_students_is_copied_as_it_is(write: Write) -> None:
    """Manifest, README and hints go out unchanged."""
    files = {"README.md": "# Demo\n", "HINTS.md": "## 1. Hint\n", "lab.toml": 'title = "Demo lab"\n'}
    view = student_view(write(dict(files)))

    assert {name: view[name].decode() for name in files} == files


@pytest.mark.parametrize("name", ["README.md", "HINTS.md"])
def test_what_is_written_for_students_may_hold_no_answer(write: Write, name: str) -> None:
    """A region in a file that is copied as it is would be handed out, so it is an error."""
    folder = write({name: "<!-- BEGIN SOLUTION -->\nthe answer\n<!-- END SOLUTION -->\n"})

    with pytest.raises(BuildError, match=f"{name}: goes to students as it is"):
        student_view(folder)


# ---- faults of an author


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("### BEGIN SOLUTION\nx = 1\n", "line 1: BEGIN SOLUTION without an END"),
        ("x = 1\n### END SOLUTION\n", "line 2: END SOLUTION without a BEGIN"),
        (
            "### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION\n",
            "line 2: the region of line 1 is still open",
        ),
        ("### BEGIN SOLUTON\nx = 1\n### END SOLUTION\n", "line 1: '### BEGIN SOLUTON' looks like a marker"),
        ("#BEGIN SOLUTION\nx = 1\n#END SOLUTION\n", "line 1: '#BEGIN SOLUTION' looks like a marker"),
        ("### begin solution\nx = 1\n", "line 1: '### begin solution' looks like a marker"),
        ("### BEGIN_SOLUTION\nx = 1\n", "line 1: '### BEGIN_SOLUTION' looks like a marker"),
        ("### BEGIN SOLUTIONS\nx = 1\n", "line 1: '### BEGIN SOLUTIONS' looks like a marker"),
        ("### START SOLUTION\nx = 1\n", "line 1: '### START SOLUTION' looks like a marker"),
        ("x = 1  ### BEGIN SOLUTION\n", "line 1: 'x = 1  ### BEGIN SOLUTION' looks like a marker"),
        ("### BEGIN SOLUTION task 1\nx = 1\n", "line 1: '### BEGIN SOLUTION task 1' looks like a marker"),
        ("<!-- BEGIN SOLUTION -->\nx = 1\n", "line 1: '<!-- BEGIN SOLUTION -->' looks like a marker"),
        ("### BEGIN HIDDEN TESTS\nx = 1\n", "line 1: '### BEGIN HIDDEN TESTS' looks like a marker"),
    ],
)
def test_unsound_markers_are_named_with_file_and_line(write: Write, text: str, told: str) -> None:
    """An unbalanced, nested or misspelt marker is an error that says where it is."""
    folder = write({"model.py": text})

    with pytest.raises(BuildError) as caught:
        student_view(folder)

    assert f"model.py, {told}" in str(caught.value)


def test_prose_about_solutions_is_no_marker(write: Write) -> None:
    """Ordinary words in text and comments raise no alarm."""
    text = "# The solution\n\nBegin with one solution.\n\n## One solution\n\nIn the end, solutions differ.\n"
    folder = write({"notes.md": text, "a.py": "# begin here\n# a solution may take two lines\n"})

    assert student_view(folder)["notes.md"].decode() == text


def test_all_faults_are_told_at_once(write: Write) -> None:
    """An author who made three mistakes learns of three."""
    folder = write({"a.py": "### BEGIN SOLUTION\n", "b.yaml": "### END SOLUTION\n", "c.ipynb": "{"})

    with pytest.raises(BuildError) as caught:
        student_view(folder)

    lines = str(caught.value).splitlines()[1:]
    assert [line.strip(" -").split(".")[0] for line in lines] == ["a", "b", "c"]


def test_a_stub_that_breaks_the_syntax_is_refused(write: Write) -> None:
    """A region that takes half a statement would leave students a file that does not even parse."""
    folder = write({"model.py": "values = [\n### BEGIN SOLUTION\n    1, 2, 3,\n### END SOLUTION\n]\n"})

    with pytest.raises(BuildError, match=r"model\.py: with the stub in place, line 3 is no Python"):
        student_view(folder)


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ("HINTS.md", "Try this:\n\n```python\ntotal = sum(values) / len(values)\n```\n"),
        ("HINTS.md", "Write `total = sum(values) / len(values)`.\n"),
        ("README.md", "You need `total = sum(values) / len(values)` here.\n"),
        ("extra/helper.txt", "As in `total = sum(values) / len(values)`.\n"),
    ],
)
def test_a_line_of_an_answer_shown_elsewhere_is_a_leak(write: Write, where: str, text: str) -> None:
    """A whole line of a solution that the student would read in another file is an error."""
    folder = write({"model.py": MODEL, where: text})

    with pytest.raises(BuildError, match=r"shows 'total = sum\(values\) / len\(values\)'"):
        student_view(folder)


def test_a_line_that_is_given_elsewhere_is_no_secret(write: Write) -> None:
    """What stands outside of regions in any of the lab's files gives nothing away."""
    folder = write({"model.py": MODEL, "given.py": "values = [1]\ntotal = sum(values) / len(values)\n"})

    assert student_view(folder)["model.py"].decode() == MODEL_CLEARED


def test_an_answer_in_the_metadata_of_a_notebook_is_a_leak(write: Write) -> None:
    """Notebooks are searched to the last string, not only in what is displayed."""
    solved = cell(SOLVED_CELL, solution=True, grade_id="mean")
    solved["metadata"]["history"] = ["    return sum(values) / len(values)"]
    folder = write({"demo.ipynb": notebook(solved)})

    with pytest.raises(BuildError, match=r"demo\.ipynb: shows 'return sum"):
        student_view(folder)


def test_symbolic_links_are_refused(write: Write) -> None:
    """A link could hand out anything on the author's machine."""
    folder = write({})
    (folder / "link.csv").symlink_to("/etc/hosts")

    with pytest.raises(BuildError, match=r"link\.csv: is a symbolic link"):
        student_view(folder)


# ---- notebooks


def test_a_notebook_keeps_its_text_and_loses_its_answers(write: Write) -> None:
    """In a notebook the region becomes nbgrader's stub, and the cells around it stay."""
    folder = write(
        {
            "demo.ipynb": notebook(
                cell("# Average\n\nRead this.", "markdown"),
                cell(SOLVED_CELL, solution=True, grade_id="mean"),
                cell("mean([1, 2])", grade=True, locked=True, points=1, grade_id="try-mean"),
            )
        }
    )
    sources = [made.source for made in view_notebook(folder).cells]

    assert sources == [
        "# Average\n\nRead this.",
        "def mean(values):\n    # YOUR CODE HERE\n    raise NotImplementedError()",
        "mean([1, 2])",
    ]


def test_a_notebook_ships_nothing_that_running_it_left(write: Write) -> None:
    """Outputs, execution counts, timings and widget states stay with the author."""
    folder = write({"demo.ipynb": notebook(cell("40 + 2"), cell(SOLVED_CELL, solution=True, grade_id="mean"))})
    text = student_view(folder)["demo.ipynb"].decode()
    cells = json.loads(text)["cells"]

    assert [made["outputs"] for made in cells] == [[], []]
    assert [made["execution_count"] for made in cells] == [None, None]
    assert not any(word in text for word in ("42 is what", "iopub", "scrolled", "left over"))


def test_a_notebook_locks_what_students_must_not_lose(write: Write) -> None:
    """Graded and provided cells cannot be edited or deleted; answer cells can be edited."""
    folder = write(
        {
            "demo.ipynb": notebook(
                cell(SOLVED_CELL, solution=True, grade_id="mean"),
                cell("mean([1])", grade=True, locked=True, points=1, grade_id="try-mean"),
                cell("import math", locked=True, grade_id="imports"),
            )
        }
    )
    locks = [(made.metadata.get("editable", True), made.metadata.deletable) for made in view_notebook(folder).cells]

    assert locks == [(True, False), (False, False), (False, False)]


def test_a_notebook_carries_the_checksums_of_its_student_version(write: Write) -> None:
    """nbgrader can tell a changed cell, because the checksum is that of the cleared cell."""
    from nbgrader.utils import compute_checksum

    folder = write({"demo.ipynb": notebook(cell(SOLVED_CELL, solution=True, grade_id="mean"))})
    (made,) = view_notebook(folder).cells

    assert made.metadata.nbgrader.checksum == compute_checksum(made)
    assert made.metadata.nbgrader.cell_type == "code"


def test_an_answer_cell_without_a_region_is_cleared_whole(write: Write) -> None:
    """A cell that nbgrader calls a solution and that has no markers becomes a stub altogether."""
    answer = "average = sum([1, 2, 3]) / 3"
    text = "The mean is pulled by outliers."
    folder = write(
        {
            "demo.ipynb": notebook(
                cell(answer, solution=True, grade_id="average"),
                cell(text, "markdown", solution=True, grade=True, points=1, grade_id="why"),
            )
        }
    )

    assert [made.source for made in view_notebook(folder).cells] == [
        "# YOUR CODE HERE\nraise NotImplementedError()",
        "YOUR ANSWER HERE",
    ]


def test_a_whole_answer_cell_is_secret_too(write: Write) -> None:
    """A hint that quotes a cell which is all answer is a leak."""
    solved = notebook(cell("average = sum([1, 2, 3]) / 3", solution=True, grade_id="average"))
    folder = write({"demo.ipynb": solved, "HINTS.md": "Use `average = sum([1, 2, 3]) / 3`.\n"})

    with pytest.raises(BuildError, match=r"HINTS\.md: shows 'average = "):
        student_view(folder)


def test_hidden_tests_and_mark_schemes_are_taken_out(write: Write) -> None:
    """nbgrader's other regions go the same way as answers, without a stub."""
    tests = "assert mean([1]) == 1\n### BEGIN HIDDEN TESTS\nassert mean([1, 2, 6]) == 3\n### END HIDDEN TESTS"
    scheme = "Explain.\n### BEGIN MARK SCHEME\nOne point for naming outliers.\n### END MARK SCHEME"
    folder = write(
        {
            "demo.ipynb": notebook(
                cell(tests, grade=True, locked=True, points=1, grade_id="try-mean"),
                cell(scheme, "markdown", task=True, points=1, grade_id="explain"),
            )
        }
    )

    assert [made.source for made in view_notebook(folder).cells] == ["assert mean([1]) == 1", "Explain."]


def test_a_picture_that_only_the_answer_showed_is_dropped(write: Write) -> None:
    """Attachments travel with the text that shows them, not with an answer that is gone."""
    answer = cell("![plot](attachment:answer.png)", "markdown", solution=True, grade=True, points=1, grade_id="a")
    answer["attachments"] = {"answer.png": {"image/png": "c2VjcmV0"}}
    text = cell("![map](attachment:map.png)", "markdown")
    text["attachments"] = {"map.png": {"image/png": "bWFw"}}
    folder = write({"demo.ipynb": notebook(answer, text)})

    assert [list(made.get("attachments", {})) for made in view_notebook(folder).cells] == [[], ["map.png"]]


def _without_id() -> str:
    raw = json.loads(notebook(cell("1")))
    del raw["cells"][0]["id"]
    return json.dumps(raw)


def _same_id_twice() -> str:
    raw = json.loads(notebook(cell("1"), cell("2")))
    raw["cells"][1]["id"] = raw["cells"][0]["id"]
    return json.dumps(raw)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "demo.ipynb: is no sound notebook"),
        ("[]", "demo.ipynb: is no sound notebook"),
        ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "demo.ipynb: is no sound notebook"),
        (notebook({"cell_type": "code", "metadata": {}}), "demo.ipynb: is no sound notebook"),
        (notebook(cell("1"), nbformat=3), "its format is older than version 4"),
        (_without_id(), "its cells need ids, each its own"),
        (_same_id_twice(), "its cells need ids, each its own"),
        (
            notebook(cell("1"), cell(SOLVED_CELL)),
            "demo.ipynb, cell 2: has a solution region but is no solution",
        ),
        (
            notebook(cell("1"), cell("x\n### BEGIN SOLUTION", solution=True, grade_id="a")),
            "demo.ipynb, cell 2, line 2: BEGIN SOLUTION without an END",
        ),
        (
            notebook(cell("### BEGIN SOLUTION\n1\n### END HIDDEN TESTS", solution=True, grade_id="a")),
            "demo.ipynb, cell 1, line 3: line 1 began a SOLUTION",
        ),
        (
            notebook(cell("1", solution=True, grade_id="a"), cell("2", solution=True, grade_id="a")),
            "demo.ipynb: nbgrader cannot use it",
        ),
        (
            notebook(cell("x = [\n### BEGIN SOLUTION\n1\n### END SOLUTION\n]", solution=True, grade_id="a")),
            "demo.ipynb, cell 1: with the stub in place",
        ),
    ],
)
def test_an_unsound_notebook_is_refused(write: Write, content: str, told: str) -> None:
    """A notebook that students or nbgrader could not use is an error that names the cell."""
    folder = write({"demo.ipynb": content})

    with pytest.raises(BuildError) as caught:
        student_view(folder)

    assert told in str(caught.value)


def test_a_cell_with_magics_is_left_to_jupyter(write: Write) -> None:
    """Lines that only IPython understands are no syntax errors."""
    folder = write({"demo.ipynb": notebook(cell("%matplotlib inline\n!ls"), cell("len?"))})

    assert [made.source for made in view_notebook(folder).cells] == ["%matplotlib inline\n!ls", "len?"]


# ---- which files


def test_tool_leftovers_stay_behind(write: Write) -> None:
    """Caches, checkpoints, backups and unknown dotfiles are no part of a lab."""
    junk = [
        "__pycache__/model.cpython-311.pyc",
        ".ipynb_checkpoints/demo-checkpoint.ipynb",
        ".pytest_cache/README.md",
        ".mypy_cache/x.json",
        ".DS_Store",
        ".env",
        ".coverage",
        ".dvc/cache/files/ab",
        ".dvc/tmp/lock",
        ".dvc/config.local",
        "app/__pycache__/x.pyc",
        "demo.egg-info/PKG-INFO",
        "notes.txt~",
    ]
    folder = write(dict.fromkeys(junk, "left over"))

    assert list(student_view(folder)) == ["lab.toml"]


def test_dotfiles_that_a_lab_needs_are_kept(write: Write) -> None:
    """Files that tell Git, DVC, Docker or Heroku what to do go to students, in sorted order."""
    wanted = [
        ".dockerignore",
        ".dvc/.gitignore",
        ".dvc/config",
        ".dvcignore",
        ".gitattributes",
        ".github/workflows/ci.yml",
        ".gitignore",
        ".pre-commit-config.yaml",
        ".python-version",
        ".slugignore",
    ]
    folder = write(dict.fromkeys(wanted, "content\n"))

    assert list(student_view(folder)) == [*wanted, "lab.toml"]


def test_the_same_solution_gives_the_same_bytes(write: Write, tmp_path: Path) -> None:
    """Two builds in two places are alike to the byte."""
    files: dict[str, str | bytes] = {
        "model.py": MODEL,
        "demo.ipynb": notebook(cell(SOLVED_CELL, solution=True, grade_id="mean")),
        "app/main.py": "x = 1\n",
    }
    folder = write(files)
    other = tmp_path / "elsewhere" / LAB
    shutil.copytree(folder, other)

    assert list(student_view(folder).items()) == list(student_view(other).items())


# ---- labs/ on disk


@pytest.fixture
def repo(write: Write) -> Path:
    """A repository with one lab, not built yet."""
    return write({"README.md": "# Demo\n", "model.py": MODEL, "app/data.txt": "1\n"}).parents[1]


def test_the_first_build_writes_everything(repo: Path) -> None:
    """From nothing, every file of the student's view is written."""
    result = build(repo)
    paths = ("README.md", "app/data.txt", "lab.toml", "model.py")

    assert result == BuildResult(written=tuple(f"labs/{LAB}/{name}" for name in paths))
    assert (repo / "labs" / LAB / "model.py").read_text() == MODEL_CLEARED


def test_a_second_build_writes_nothing(repo: Path) -> None:
    """When nothing changed, no file is touched, the record included."""
    build(repo)
    before = {path: path.stat().st_mtime_ns for path in (repo / "labs").rglob("*")}
    result = build(repo)

    assert result.written == ()
    assert len(result.unchanged) == 4
    assert {path: path.stat().st_mtime_ns for path in (repo / "labs").rglob("*")} == before


def test_a_change_of_the_solution_arrives(repo: Path) -> None:
    """A file that nobody touched since the last build is brought up to date."""
    build(repo)
    (repo / "solutions" / LAB / "README.md").write_text("# Demo, second edition\n")
    result = build(repo)

    assert result.written == (f"labs/{LAB}/README.md",)
    assert (repo / "labs" / LAB / "README.md").read_text() == "# Demo, second edition\n"


def test_a_learners_work_is_kept_and_named(repo: Path) -> None:
    """A file that was changed since the last build is left alone, time after time."""
    build(repo)
    work = repo / "labs" / LAB / "model.py"
    work.write_text("my own work\n")
    (repo / "solutions" / LAB / "model.py").write_text(MODEL + "\n\nMORE = 1\n")

    for _ in range(2):
        assert build(repo).kept == (f"labs/{LAB}/model.py",)
        assert work.read_text() == "my own work\n"


def test_a_file_that_no_build_made_is_kept(repo: Path) -> None:
    """A learner's file stays, even if a new version of the lab brings one of that name."""
    work = repo / "labs" / LAB / "model.py"
    work.parent.mkdir(parents=True)
    work.write_text("mine\n")
    result = build(repo)

    assert result.kept == (f"labs/{LAB}/model.py",)
    assert work.read_text() == "mine\n"


def test_a_learners_link_is_not_written_through(repo: Path, tmp_path: Path) -> None:
    """A symbolic link in labs/ counts as changed, and force replaces the link, not its target."""
    build(repo)
    work, target = repo / "labs" / LAB / "model.py", tmp_path / "target.py"
    target.write_text("elsewhere\n")
    work.unlink()
    work.symlink_to(target)

    assert build(repo).kept == (f"labs/{LAB}/model.py",)
    assert build(repo, force=True).written == (f"labs/{LAB}/model.py",)
    assert not work.is_symlink()
    assert target.read_text() == "elsewhere\n"


def test_a_link_that_leads_nowhere_is_kept(repo: Path) -> None:
    """A dangling link is no missing file: someone put it there."""
    build(repo)
    work = repo / "labs" / LAB / "model.py"
    work.unlink()
    work.symlink_to("not/mounted/today.py")

    assert build(repo).kept == (f"labs/{LAB}/model.py",)
    assert work.is_symlink()


def test_force_puts_the_starter_back(repo: Path) -> None:
    """With force, changed files are overwritten, and the next build finds them in order."""
    build(repo)
    work = repo / "labs" / LAB / "model.py"
    work.write_text("my own work\n")

    assert build(repo, force=True).written == (f"labs/{LAB}/model.py",)
    assert work.read_text() == MODEL_CLEARED
    assert build(repo).kept == ()


def test_work_that_was_undone_is_brought_up_to_date_again(repo: Path) -> None:
    """A learner who restores the starter gets new versions again."""
    build(repo)
    work = repo / "labs" / LAB / "README.md"
    work.write_text("scribbles\n")
    (repo / "solutions" / LAB / "README.md").write_text("# New\n")
    build(repo)
    work.write_text("# Demo\n")

    assert build(repo).written == (f"labs/{LAB}/README.md",)


def test_a_deleted_file_comes_back(repo: Path) -> None:
    """A file that is missing from labs/ is written again."""
    build(repo)
    (repo / "labs" / LAB / "README.md").unlink()

    assert build(repo).written == (f"labs/{LAB}/README.md",)


def test_a_file_that_left_the_solution_is_removed(repo: Path) -> None:
    """What an earlier build wrote goes when the solution drops it, empty folders included."""
    build(repo)
    (repo / "solutions" / LAB / "app" / "data.txt").unlink()
    result = build(repo)

    assert result.removed == (f"labs/{LAB}/app/data.txt",)
    assert not (repo / "labs" / LAB / "app").exists()
    assert check(repo) == []


def test_a_dropped_file_that_was_changed_is_kept(repo: Path) -> None:
    """A file that left the solution but holds a learner's work stays until force."""
    build(repo)
    work = repo / "labs" / LAB / "app" / "data.txt"
    work.write_text("2\n")
    (repo / "solutions" / LAB / "app" / "data.txt").unlink()

    assert build(repo).kept == (f"labs/{LAB}/app/data.txt",)
    assert work.read_text() == "2\n"
    assert build(repo, force=True).removed == (f"labs/{LAB}/app/data.txt",)
    assert not work.exists()


def test_a_file_that_a_learner_added_is_left_alone(repo: Path) -> None:
    """A build does not touch what it does not know, with or without force."""
    build(repo)
    notes = repo / "labs" / LAB / "my_notes.txt"
    notes.write_text("mine\n")
    build(repo, force=True)

    assert notes.read_text() == "mine\n"


def test_a_lab_that_is_gone_is_removed(repo: Path, write: Write) -> None:
    """When a whole solution goes, so does its lab, and the other labs stay."""
    write({"a.py": "x = 1\n"}, lab="02-other")
    build(repo)
    shutil.rmtree(repo / "solutions" / "02-other")
    result = build(repo)

    assert result.removed == ("labs/02-other/a.py", "labs/02-other/lab.toml")
    assert sorted(path.name for path in (repo / "labs").iterdir()) == [".build.json", LAB]


def test_one_lab_can_be_built_alone(repo: Path, write: Write) -> None:
    """Only the labs named are touched, and the record of the others stays."""
    other = write({"a.py": "x = 1\n"}, lab="02-other")
    build(repo)
    (other / "a.py").write_text("x = 2\n")
    (repo / "solutions" / LAB / "README.md").write_text("# New\n")
    result = build(repo, ["02-other"])

    assert result.written == ("labs/02-other/a.py",)
    assert (repo / "labs" / LAB / "README.md").read_text() == "# Demo\n"
    assert build(repo).written == (f"labs/{LAB}/README.md",)


def test_an_unknown_lab_is_told_with_the_nearest_name(repo: Path) -> None:
    """A misspelt id gets a suggestion."""
    with pytest.raises(LabNotFound, match="no lab '01-dmo': did you mean '01-demo'"):
        build(repo, ["01-dmo"])


def test_nothing_is_written_when_one_lab_is_unsound(repo: Path, write: Write) -> None:
    """A leak in one lab stops the build before any file is touched."""
    write({"a.py": "### BEGIN SOLUTION\n"}, lab="02-other")

    with pytest.raises(BuildError, match="02-other"):
        build(repo)

    assert not (repo / "labs").exists()


def test_executable_files_stay_executable(repo: Path) -> None:
    """A script that the author may run, the student may run."""
    (repo / "solutions" / LAB / "app" / "data.txt").chmod(0o755)
    build(repo)

    assert (repo / "labs" / LAB / "app" / "data.txt").stat().st_mode & 0o111
    assert not (repo / "labs" / LAB / "README.md").stat().st_mode & 0o111


def test_a_folder_in_the_way_is_an_error_with_a_remedy(repo: Path) -> None:
    """A folder where a file should be is not removed."""
    (repo / "labs" / LAB / "README.md").mkdir(parents=True)

    with pytest.raises(BuildError, match=r"README\.md: cannot be read .*: move it out of the way"):
        build(repo)


def test_a_file_in_the_way_of_a_folder_is_an_error_with_a_remedy(repo: Path) -> None:
    """A file where a folder should be is not removed."""
    (repo / "labs" / LAB).mkdir(parents=True)
    (repo / "labs" / LAB / "app").write_text("mine\n")

    with pytest.raises(BuildError, match=r"data\.txt: cannot be written .*: move what is in its way"):
        build(repo)


def test_the_record_is_stable_and_sorted(repo: Path) -> None:
    """The committed record lists each file once, by name, with its checksum."""
    build(repo)
    record = json.loads((repo / "labs" / ".build.json").read_text())

    assert list(record) == ["about", "files"]
    assert list(record["files"]) == sorted(record["files"])
    assert all(len(digest) == 64 for digest in record["files"].values())


def test_a_damaged_record_is_an_error_with_a_remedy(repo: Path) -> None:
    """Without a readable record a build could not tell whose work is whose."""
    build(repo)
    (repo / "labs" / ".build.json").write_text("<<<<<<< HEAD\n")

    with pytest.raises(BuildError, match=r"\.build\.json: is damaged: restore it"):
        build(repo)


def test_a_repository_without_solutions_builds_nothing(tmp_path: Path) -> None:
    """A student edition has no solutions and nothing to build."""
    assert build(tmp_path) == BuildResult()
    assert not (tmp_path / "labs").exists()


# ---- check


def test_fresh_labs_are_in_step(repo: Path) -> None:
    """After a build there is nothing to report."""
    build(repo)

    assert check(repo) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda root: (root / "labs" / LAB / "README.md").unlink(),
            "README.md: is missing: run `nox -s build`",
        ),
        (
            lambda root: (root / "labs" / LAB / "README.md").write_text("edited\n"),
            "README.md: was changed by hand: change it in solutions/",
        ),
        (
            lambda root: (root / "solutions" / LAB / "README.md").write_text("new\n"),
            "README.md: is out of date: run `nox -s build`",
        ),
        (
            lambda root: (root / "labs" / LAB / "extra.txt").write_text("?\n"),
            "extra.txt: is not made from solutions/: move it there or delete it",
        ),
        (
            lambda root: (root / "solutions" / LAB / "app" / "data.txt").unlink(),
            "data.txt: is not made from solutions/",
        ),
    ],
)
def test_each_difference_is_named_with_its_remedy(repo: Path, change: Callable[[Path], object], told: str) -> None:
    """Missing, edited, outdated and unexpected files are told apart."""
    build(repo)
    change(repo)
    (problem,) = check(repo)

    assert problem.startswith(f"labs/{LAB}/")
    assert told in problem


def test_a_lost_record_is_noticed(repo: Path) -> None:
    """Labs without their record would make the next build keep everything."""
    build(repo)
    (repo / "labs" / ".build.json").unlink()

    assert check(repo) == ["labs/.build.json: does not match the labs: run `nox -s build`"]
    assert build(repo).kept == ()
    assert check(repo) == []


def test_check_writes_nothing(repo: Path) -> None:
    """Looking does not build."""
    problems = check(repo)

    assert len(problems) == 4
    assert not (repo / "labs").exists()


def test_leftovers_of_tools_in_labs_are_not_reported(repo: Path) -> None:
    """A notebook that was opened leaves checkpoints; that is nobody's fault."""
    build(repo)
    (repo / "labs" / LAB / ".ipynb_checkpoints").mkdir()
    (repo / "labs" / LAB / ".ipynb_checkpoints" / "x.ipynb").write_text("{}")
    (repo / "labs" / LAB / "__pycache__").mkdir()
    (repo / "labs" / LAB / "__pycache__" / "model.pyc").write_text("")

    assert check(repo) == []
