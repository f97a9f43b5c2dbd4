from __future__ import annotations

from pathlib import Path

import pytest

from autograder.errors import ManifestError
from autograder.manifest import Lab, load_course, load_lab, read_toml

GOOD = """
title = "Slice Iris"
part = "performance"
minutes = 60
submit = ["work.py"]

[[task]]
id = "slice-stats"
title = "Describe each class"
points = 3

[[task]]
id = "find-the-gap"
title = "Find the gap"
points = 1.5
"""


def _lab(tmp_path: Path, text: str, *files: str, name: str = "02-iris-slicing") -> Path:
    folder = tmp_path / name
    folder.mkdir(exist_ok=True)
    (folder / "lab.toml").write_text(text, encoding="utf-8")
    for file in files or ("work.py",):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()
    return folder


def _problems(folder: Path) -> list[str]:
    with pytest.raises(ManifestError) as caught:
        load_lab(folder)
    return list(caught.value.problems)


def _course(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "course.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _course_problems(path: Path) -> list[str]:
    with pytest.raises(ManifestError) as caught:
        load_course(path)
    return list(caught.value.problems)


# ---- lab.toml


def test_lab_is_read(tmp_path: Path) -> None:
    """The folder's name is the id, tasks keep their order, limits have defaults."""
    lab = load_lab(_lab(tmp_path, GOOD))

    assert lab.id == "02-iris-slicing"
    assert [task.id for task in lab.task] == ["slice-stats", "find-the-gap"]
    assert (lab.limits.wall_s, lab.limits.check_s, lab.limits.memory_mb) == (60, 10, 2048)
    assert lab.points == 4.5


def test_lab_is_frozen(tmp_path: Path) -> None:
    """Nobody changes a manifest after it was read."""
    lab = load_lab(_lab(tmp_path, GOOD))

    with pytest.raises(ValueError, match="frozen"):
        lab.title = "Another"


def test_every_fault_is_reported_at_once(tmp_path: Path) -> None:
    """Unknown keys, wrong types, missing keys and files, duplicates and worthless tasks: one error tells all."""
    text = """
id = "02-iris-slicing"
title = 7
tilte = "Slice Iris"
part = "performance"
submit = ["missing.py", "../up.py", "/etc/passwd"]

[limits]
wall_s = 0
gpu = 1

[[task]]
id = "slice-stats"
title = "Describe each class"
points = 0

[[task]]
id = "slice-stats"
title = "Find the gap"
points = -1
"""
    problems = "\n".join(_problems(_lab(tmp_path, text)))

    for fault in (
        "id: remove it",
        "title: Input should be a valid string (found 7)",
        "tilte: unknown key: remove it or correct its spelling",
        "minutes: is required: add it",
        "'missing.py' is not in 02-iris-slicing/",
        "'../up.py' must be a plain path",
        "'/etc/passwd' must be a plain path",
        "limits.wall_s: Input should be greater than 0 (found 0)",
        "limits.gpu: unknown key",
        "task.1.points: Input should be greater than or equal to 0.1 (found 0)",
        "task.2.points: Input should be greater than or equal to 0.1 (found -1)",
        "task.id: each task needs an id of its own (found twice: slice-stats)",
    ):
        assert fault in problems


@pytest.mark.parametrize("points", ["0.05", "0.333", "1001", "inf", "nan", '"3"', "true"])
def test_points_are_at_most_hundredths(tmp_path: Path, points: str) -> None:
    """Points that a score in hundredths cannot divide, or that are no number, are refused."""
    problems = _problems(_lab(tmp_path, GOOD.replace("points = 3", f"points = {points}")))

    assert [problem.partition(":")[0] for problem in problems] == ["task.1.points"]


@pytest.mark.parametrize("points", ["0.1", "0.25", "1.15", "3", "1000"])
def test_points_may_have_decimals(tmp_path: Path, points: str) -> None:
    """Halves, quarters and hundredths are fine."""
    lab = load_lab(_lab(tmp_path, GOOD.replace("points = 3", f"points = {points}")))

    assert lab.task[0].points == float(points)


@pytest.mark.parametrize("name", ["../x.py", "a/../x.py", "/x.py", "a\\\\x.py", "a//x.py", "./x.py", "a/", ".", ""])
def test_files_handed_in_stay_inside(tmp_path: Path, name: str) -> None:
    """A path that leaves the lab's folder, or can be written in two ways, is refused."""
    problems = _problems(_lab(tmp_path, GOOD.replace('"work.py"', f'"work.py", "{name}"')))

    assert any("must be a plain path inside the lab's folder" in problem for problem in problems)


def test_files_handed_in_may_lie_in_folders(tmp_path: Path) -> None:
    """A plain path into a subfolder is fine."""
    lab = load_lab(_lab(tmp_path, GOOD.replace("work.py", "app/main.py"), "app/main.py"))

    assert lab.submit == ("app/main.py",)


def test_files_that_differ_in_case_only_are_refused(tmp_path: Path) -> None:
    """On a learner's macOS they would be one file."""
    text = GOOD.replace('"work.py"', '"work.py", "Work.py"')

    assert any("named twice" in problem for problem in _problems(_lab(tmp_path, text, "work.py", "Work.py")))


def test_learners_copy_may_lack_files(tmp_path: Path) -> None:
    """What a learner has not written or has deleted is no fault of the manifest."""
    folder = _lab(tmp_path, GOOD)
    (folder / "work.py").unlink()

    assert load_lab(folder, complete=False).submit == ("work.py",)
    assert _problems(folder) == ["submit: 'work.py' is not in 02-iris-slicing/: add the file or correct the name"]


@pytest.mark.parametrize("name", ["iris", "2-iris", "02_iris", "02-Iris", "02-"])
def test_folder_needs_a_proper_name(tmp_path: Path, name: str) -> None:
    """The error shows what a lab's folder is called."""
    problems = _problems(_lab(tmp_path, GOOD, name=name))

    assert problems == [
        f"id: must be two digits and lower-case words joined by dashes, such as '02-iris-slicing' (found '{name}')"
    ]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('id = "slice-stats"', 'id = "Slice stats"', "task.1.id: must be lower-case words joined by dashes"),
        ('part = "performance"', 'part = "Part 1"', "part: must be lower-case words joined by dashes"),
        ('part = "performance"', 'docs = "http://a.org"\npart = "p"', "docs: must begin with https://"),
        ("minutes = 60", 'minutes = "60"', "minutes: Input should be a valid integer (found '60')"),
        ('submit = ["work.py"]', "submit = []", "submit: Tuple should have at least 1 item"),
        ('submit = ["work.py"]', 'submit = "work.py"', "submit: Input should be a valid array"),
        ('title = "Slice Iris"', 'title = ""', "title: String should have at least 3 characters"),
    ],
)
def test_problem_names_key_and_remedy(tmp_path: Path, before: str, after: str, said: str) -> None:
    """Each fault is told by its key, and in words that say what should be there."""
    problems = _problems(_lab(tmp_path, GOOD.replace(before, after)))

    assert problems[0].startswith(said)


def test_lab_without_tasks_is_refused(tmp_path: Path) -> None:
    """There would be nothing to grade."""
    assert _problems(_lab(tmp_path, GOOD[: GOOD.index("[[task]]")])) == ["task: is required: add it"]


# ---- files that cannot be read


def test_missing_file_is_named(tmp_path: Path) -> None:
    """The error names the file and says to create it."""
    with pytest.raises(ManifestError, match="missing: create it") as caught:
        read_toml(tmp_path / "lab.toml")

    assert caught.value.path == tmp_path / "lab.toml"


@pytest.mark.parametrize(("content", "said"), [(b"title = ", "is not valid TOML"), (b"\xff\xfe", "cannot be read")])
def test_broken_file_is_explained(tmp_path: Path, content: bytes, said: str) -> None:
    """Neither bad TOML nor a wrong encoding ends in a traceback."""
    path = tmp_path / "lab.toml"
    path.write_bytes(content)

    with pytest.raises(ManifestError, match=said):
        read_toml(path)


# ---- course.toml

COURSE = """
title = "MLOps Deployment Labs"

[[part]]
id = "performance"
title = "Performance"
labs = ["01-kfold-validation", "02-iris-slicing"]

[[part]]
id = "apis"
title = "APIs"
"""


def test_course_is_read(tmp_path: Path) -> None:
    """Parts and labs keep their order; a part may still be empty."""
    course = load_course(_course(tmp_path, COURSE))

    assert [part.id for part in course.part] == ["performance", "apis"]
    assert course.part[0].labs == ("01-kfold-validation", "02-iris-slicing")
    assert course.part[1].labs == ()


def test_every_fault_of_a_course_is_reported_at_once(tmp_path: Path) -> None:
    """Twice the same lab, twice the same part, an unknown key and a bad id are told together."""
    text = COURSE.replace('id = "apis"', 'id = "performance"\nlabs = ["02-iris-slicing", "iris"]\ncolour = 1')
    problems = "\n".join(_course_problems(_course(tmp_path, text)))

    assert "part.id: each part needs an id of its own (found twice: performance)" in problems
    assert "part.labs: a lab belongs to one part, and there once (found twice: 02-iris-slicing)" in problems
    assert "part.2.colour: unknown key" in problems
    assert "part.2.labs.2: must be two digits and lower-case words" in problems


@pytest.mark.parametrize("text", ["part = 3", "[[part]]\nlabs = 3", 'part = ["a"]', "[part]\nid = 1"])
def test_course_of_another_shape_is_a_plain_error(tmp_path: Path, text: str) -> None:
    """Whatever stands where parts and labs belong, the answer is a ManifestError."""
    assert _course_problems(_course(tmp_path, text))


# ---- what is in this repository

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("path", sorted(ROOT.glob("solutions/*/lab.toml")), ids=lambda path: path.parent.name)
def test_labs_of_this_course_are_sound(path: Path) -> None:
    """Each lab.toml here can be read."""
    assert isinstance(load_lab(path.parent), Lab)
