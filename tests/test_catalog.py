from __future__ import annotations

from pathlib import Path

import pytest

from autograder import catalog as module
from autograder.catalog import Catalog, find_root
from autograder.errors import LabNotFound, ManifestError, UsageError

IDS = ("02-iris-slicing", "03-compas-bias", "04-car-bias", "06-dvc-tracking", "07-dvc-pipeline", "10-render")


def _write_lab(folder: Path, part: str = "first", extra: str = "") -> None:
    folder.mkdir(parents=True)
    (folder / "work.py").touch()
    (folder / "lab.toml").write_text(
        f'title = "Lab {folder.name}"\npart = "{part}"\nminutes = 60\nsubmit = ["work.py"]\n{extra}\n'
        '[[task]]\nid = "one"\ntitle = "Do it"\npoints = 1\n',
        encoding="utf-8",
    )


def _write_course(root: Path, ids: tuple[str, ...], more: str = "") -> None:
    listed = ", ".join(f'"{lab}"' for lab in ids)
    (root / "course.toml").write_text(
        f'title = "A course"\n[[part]]\nid = "first"\ntitle = "The first"\nlabs = [{listed}]\n{more}',
        encoding="utf-8",
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An author's edition with the labs of IDS."""
    _write_course(tmp_path, IDS)
    for lab in IDS:
        _write_lab(tmp_path / "solutions" / lab)
    return tmp_path


def _problems(root: Path) -> list[str]:
    with pytest.raises(ManifestError) as caught:
        Catalog(root)
    return list(caught.value.problems)


# ---- where the project is


def test_root_is_found_upwards(root: Path) -> None:
    """From any folder of the project."""
    assert find_root(root / "solutions" / IDS[0]) == root


def test_root_is_found_from_the_working_directory(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an argument the search begins where the learner is."""
    monkeypatch.chdir(root / "solutions")

    assert find_root() == root
    assert Catalog().root == root


def test_root_is_found_from_the_package(tmp_path: Path) -> None:
    """A learner elsewhere on the disk still gets the course that is installed."""
    assert find_root(tmp_path) == Path(module.__file__).parents[1]


def test_without_a_course_there_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what was looked for, and where."""
    monkeypatch.setattr(module, "__file__", str(tmp_path / "autograder" / "catalog.py"))

    with pytest.raises(UsageError, match=r"No course\.toml in .* or above it"):
        find_root(tmp_path)


# ---- which labs there are


def test_labs_come_in_course_order(root: Path) -> None:
    """Not in the order of their numbers or folders."""
    _write_course(root, IDS[::-1])

    assert tuple(lab.id for lab in Catalog(root).labs()) == IDS[::-1]
    assert Catalog(root).ids == IDS[::-1]


def test_author_edition_reads_solutions(root: Path) -> None:
    """Where solutions/ has the lab, its copy in labs/ is not asked."""
    _write_lab(root / "labs" / IDS[0], extra='docs = "https://stale.example"')

    assert Catalog(root).lab(IDS[0]).docs is None
    assert not Catalog(root).for_students


def test_student_edition_reads_labs(root: Path) -> None:
    """Without solutions/ the manifest in labs/ counts, even if a file to hand in is gone."""
    (root / "solutions").rename(root / "labs")
    (root / "labs" / IDS[0] / "work.py").unlink()

    assert tuple(lab.id for lab in Catalog(root).labs()) == IDS
    assert Catalog(root).for_students


def test_learners_own_folders_are_left_alone(root: Path) -> None:
    """A backup beside the labs stops no grading in the student edition."""
    (root / "solutions").rename(root / "labs")
    _write_lab(root / "labs" / "02-iris-slicing-backup")

    assert Catalog(root).ids == IDS


def test_every_misfit_of_course_and_folders_is_reported(root: Path) -> None:
    """Listed twice, listed but missing, there but not listed: one error tells all."""
    _write_course(root, (*IDS[1:], IDS[1], "11-ghost"))
    _write_lab(root / "labs" / "17-stale")
    problems = _problems(root)

    assert problems == [
        "part.labs: a lab belongs to one part, and there once (found twice: 03-compas-bias)",
        "part.labs: 11-ghost has no lab.toml in solutions/ or labs/: add the lab or remove the line",
        "part.labs: labs/17-stale is not listed: add it to a part or move the folder away",
        "part.labs: solutions/02-iris-slicing is not listed: add it to a part or move the folder away",
    ]


def test_caches_are_no_labs(root: Path) -> None:
    """Hidden folders, caches and files in solutions/ are not taken for labs."""
    for name in (".ipynb_checkpoints", "__pycache__"):
        (root / "solutions" / name).mkdir()
    (root / "solutions" / "README.md").touch()

    assert Catalog(root).ids == IDS


def test_missing_course_is_named(tmp_path: Path) -> None:
    """The error names course.toml."""
    with pytest.raises(ManifestError, match=r"course\.toml: 1 problem"):
        Catalog(tmp_path)


def test_faults_of_all_manifests_are_reported(root: Path) -> None:
    """Reading all labs tells the faults of each, by file."""
    for lab in IDS[:2]:
        (root / "solutions" / lab / "work.py").unlink()

    with pytest.raises(ManifestError) as caught:
        Catalog(root).labs()

    assert [problem.partition(": ")[0] for problem in caught.value.problems] == [
        "solutions/02-iris-slicing/lab.toml",
        "solutions/03-compas-bias/lab.toml",
    ]


def test_one_broken_lab_does_not_stop_another(root: Path) -> None:
    """An author can grade one lab while the next is half written."""
    (root / "solutions" / IDS[1] / "work.py").unlink()

    assert Catalog(root).find("02").id == IDS[0]


def test_lab_must_fit_its_course(root: Path) -> None:
    """Part, data sets and earlier labs that a manifest names must exist; all misfits are told."""
    (root / "solutions" / IDS[1] / "lab.toml").unlink()
    (root / "solutions" / IDS[1] / "work.py").unlink()
    (root / "solutions" / IDS[1]).rmdir()
    _write_lab(
        root / "solutions" / IDS[1],
        part="second",
        extra=f'datasets = ["iris"]\nrequires = ["{IDS[0]}", "{IDS[2]}"]',
    )

    with pytest.raises(ManifestError) as caught:
        Catalog(root).lab(IDS[1])

    assert caught.value.problems == (
        "part: is 'second', but course.toml lists the lab under 'first': make them agree",
        "datasets: 'iris' is not in datasets/: add the folder or correct the name",
        "requires: '04-car-bias' does not come earlier in course.toml: move it or correct the name",
    )


# ---- which lab a learner means


@pytest.mark.parametrize(
    "name",
    [
        "02-iris-slicing",
        "02",
        "2",
        "iris-slicing",
        "iris",
        "slicing",
        "iris-s",
        "ir",
        "02-ir",
        "IRIS",
        "iris_slicing",
        "iris slicing",
        "labs/02-iris-slicing",
        "labs/02-iris-slicing/",
        "labs\\02-iris-slicing",
    ],
)
def test_lab_answers_to_its_names(root: Path, name: str) -> None:
    """Id, number, slug, a word of it, its beginning, and what tab completion makes of the folder."""
    assert Catalog(root).find(name).id == "02-iris-slicing"


def test_word_wins_over_beginning(root: Path) -> None:
    """Of "car-bias" and "carbon", "car" means the first."""
    _write_lab(root / "solutions" / "11-carbon")
    _write_course(root, (*IDS, "11-carbon"))

    assert Catalog(root).find("car").id == "04-car-bias"


@pytest.mark.parametrize(
    ("name", "candidates"),
    [("bias", IDS[1:3]), ("dvc", IDS[3:5]), ("dvc-", IDS[3:5]), ("c", IDS[1:3])],
)
def test_ambiguous_name_lists_the_candidates(root: Path, name: str, candidates: tuple[str, ...]) -> None:
    """The error names every lab that it could be, and no other."""
    with pytest.raises(LabNotFound) as caught:
        Catalog(root).find(name)

    assert str(caught.value).splitlines() == [
        f"{name!r} could be any of these labs, say which one:",
        *(f"  {lab}" for lab in candidates),
    ]


@pytest.mark.parametrize(
    ("name", "guess"),
    [
        ("irsi", "02-iris-slicing"),
        ("compass", "03-compas-bias"),
        ("03-iris-slicing", "02-iris-slicing"),
        ("Trackin", "06-dvc-tracking"),
    ],
)
def test_unknown_name_gets_a_suggestion(root: Path, name: str, guess: str) -> None:
    """A slip of the keyboard is understood, and all labs are listed."""
    with pytest.raises(LabNotFound) as caught:
        Catalog(root).find(name)

    first, *listed = str(caught.value).splitlines()
    assert "Did you mean" in first
    assert guess in first
    assert tuple(line.strip() for line in listed) == IDS


@pytest.mark.parametrize("name", ["zzz", "99", "", "/", "-", "²"])
def test_nothing_like_it_gets_the_list_only(root: Path, name: str) -> None:
    """No suggestion is better than a wild one."""
    with pytest.raises(LabNotFound) as caught:
        Catalog(root).find(name)

    assert "Did you mean" not in str(caught.value)
    assert "  02-iris-slicing" in str(caught.value)


def test_lab_by_id_takes_ids_only(root: Path) -> None:
    """Abbreviations are for people, not for code."""
    with pytest.raises(LabNotFound, match="Did you mean 02-iris-slicing"):
        Catalog(root).lab("iris")


# ---- where things are


def test_paths_follow_the_layout(root: Path) -> None:
    """One place knows where solutions, labs, graders and data sets lie."""
    catalog = Catalog(root)

    assert catalog.solution_dir("02-x") == root / "solutions" / "02-x"
    assert catalog.lab_dir("02-x") == root / "labs" / "02-x"
    assert catalog.grader_dir("02-x") == root / "autograder" / "graders" / "02-x"
    assert catalog.dataset_dir("iris") == root / "datasets" / "iris"
    assert catalog.course.title == "A course"


def test_this_course_is_sound() -> None:
    """The repository's own course.toml, folders and manifests agree."""
    catalog = Catalog(find_root(Path(__file__).parent))

    assert [lab.id for lab in catalog.labs()] == list(catalog.ids)
    assert "02-iris-slicing" in catalog.ids
