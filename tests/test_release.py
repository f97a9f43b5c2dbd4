from __future__ import annotations

import io
import json
import posixpath
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from autograder.catalog import Catalog
from autograder.errors import BuildError, InfrastructureError, UsageError
from autograder.release import contents as public
from autograder.release import release
from autograder.release.contents import contents
from autograder.release.edition import _lay_out
from autograder.release.engine import noxfile
from autograder.release.proof import findings
from autograder.release.secrets import Secrets, secrets
from autograder.release.trial import trial

if TYPE_CHECKING:
    from tests.conftest import Course, Said

LAB = "01-tiny-lab"
ROOT = Path(__file__).parents[1]
ANSWER = 'return f"Hello, {name}!"'
HIDDEN_TEST = "def test_any_number(submission, rng):"
GRADER = f"autograder/graders/{LAB}"


def furnish(root: Path) -> None:
    """Make the miniature course an author's whole checkout, with this engine."""
    ignore = shutil.ignore_patterns("graders", "__pycache__", ".*_cache")
    shutil.copytree(ROOT / "autograder", root / "autograder", ignore=ignore, dirs_exist_ok=True)
    for name in ("noxfile.py", *public._AS_THEY_ARE):
        if name != "course.toml":
            shutil.copy(ROOT / name, root)
    (root / "datasets").mkdir()
    for name in ("README.md", ".gitattributes"):
        shutil.copy(ROOT / "datasets" / name, root / "datasets")
    shutil.copytree(ROOT / "datasets" / "fake", root / "datasets" / "fake")
    (root / "docs" / "teach").mkdir(parents=True)
    (root / "docs" / "index.md").write_text("# Home\n")
    (root / "docs" / "teach" / "index.md").write_text(f"The answer is `{ANSWER}`.\n")
    (root / GRADER / "conftest.py").write_text("# An answer that hidden checks compare with: forty-two\n")


@pytest.fixture
def workshop(course: Course, monkeypatch: pytest.MonkeyPatch) -> Course:
    """The miniature course as an author's whole checkout, to be changed."""
    furnish(course.root)
    monkeypatch.setenv("AUTOGRADER_DATASETS", str(course.root / "datasets"))
    course.forget_graders()
    return course


class Shelf:
    """An edition laid out on disk, to be tampered with."""

    def __init__(self, files: dict[str, public.PublicFile], known: Secrets, folder: Path) -> None:
        self.folder = folder
        self._files = dict(files)
        self._secrets = known
        _lay_out(files, folder)

    def add(self, name: str, content: str | bytes, *, planned: bool = True) -> None:
        """Put a file there, as if it had been meant to be."""
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        if planned:
            self._files[name] = public.PublicFile(b"")

    def findings(self) -> list[str]:
        """What is wrong with it."""
        return findings(self.folder, self._files, self._secrets)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, public.PublicFile], Secrets]:
    """The files of the miniature edition, and its secrets."""
    root = tmp_path_factory.mktemp("workshop") / "course"
    shutil.copytree(ROOT / "tests" / "golden" / "tiny-course", root)
    furnish(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTOGRADER_DATASETS", str(root / "datasets"))
        return contents(Catalog(root)), secrets(Catalog(root))


@pytest.fixture
def shelf(made: tuple[dict[str, public.PublicFile], Secrets], tmp_path: Path) -> Shelf:
    """The edition of the miniature course."""
    return Shelf(*made, tmp_path / "edition")


# What is in it


def test_students_get_these_files(workshop: Course) -> None:
    """Labs, data sets, visible checks, the engine and what runs it; nothing else."""
    names = set(contents(workshop.catalog))

    assert {name for name in names if name.startswith("labs/")} == {
        f"labs/{LAB}/{name}" for name in ("HINTS.md", "README.md", "lab.toml", "work.py")
    }
    assert {name for name in names if "/graders/" in name} == {f"{GRADER}/hidden.json", f"{GRADER}/test_visible.py"}
    assert {name for name in names if name.startswith("docs/")} == {"docs/index.md"}
    assert {name.partition("/")[0] for name in names} == {
        *(".editorconfig", ".gitattributes", ".gitignore", "LICENSE", "README.md", "autograder", "course.toml"),
        *("datasets", "docs", "labs", "mkdocs.yml", "noxfile.py", "pyproject.toml", "requirements.txt"),
    }


def test_labs_are_made_from_solutions(workshop: Course) -> None:
    """What someone did in labs/ does not go to students."""
    workshop.write(workshop.lab / "work.py", f"def greet(name):\n    {ANSWER}\n")
    workshop.write(workshop.lab / "notes.txt", "mine\n")
    found = contents(workshop.catalog)

    assert b"NotImplementedError" in found[f"labs/{LAB}/work.py"].content
    assert f"labs/{LAB}/notes.txt" not in found


def test_programs_stay_programs(workshop: Course) -> None:
    """A file that the author made executable is so for students."""
    (workshop.solution / "work.py").chmod(0o755)
    found = contents(workshop.catalog)

    assert found[f"labs/{LAB}/work.py"].executable
    assert not found[f"labs/{LAB}/README.md"].executable


def test_hidden_checks_are_counted(workshop: Course) -> None:
    """Students learn how many hidden checks each task has, and no more."""
    found = contents(workshop.catalog)

    assert json.loads(found[f"{GRADER}/hidden.json"].content) == {"double": 1, "greet": 0}


def test_a_strange_file_of_a_grader_stays(workshop: Course) -> None:
    """Only visible checks and what is in visible/ go to students, whatever else there is."""
    workshop.write(workshop.grader / "answers.csv", "1,2\n")
    workshop.write(workshop.grader / "test_visible_more.py", "")
    workshop.write(workshop.grader / "visible" / "help" / "data.json", "{}\n")
    names = {name for name in contents(workshop.catalog) if "/graders/" in name}

    assert names == {f"{GRADER}/{name}" for name in ("hidden.json", "test_visible.py", "visible/help/data.json")}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("autograder/answers.py", "autograder/answers.py: nobody has said whether students get it"),
        ("autograder/cli/secret.py", "autograder/cli/secret.py: nobody has said"),
        ("autograder/render/secret.html", "autograder/render/secret.html: nobody has said"),
        ("autograder/sandbox/model.bin", "autograder/sandbox/model.bin: files of this kind"),
        ("docs/answers.md", "docs/answers.md: nobody has said"),
        ("docs/learn/answers.zip", "docs/learn/answers.zip: nobody has said"),
        ("datasets/fake/real.csv", "datasets/fake/real.csv: is not known to be part of the data set"),
    ],
)
def test_what_nobody_knows_is_refused(workshop: Course, name: str, said: str) -> None:
    """A file on neither list stops the release; the message says where the lists are."""
    workshop.write(workshop.root / name, "x\n")

    with pytest.raises(BuildError) as refused:
        contents(workshop.catalog)
    assert said in str(refused.value)


def test_a_link_is_refused(workshop: Course) -> None:
    """A link could lead to anything."""
    (workshop.root / "LICENSE").unlink()
    (workshop.root / "LICENSE").symlink_to(workshop.solution / "work.py")

    with pytest.raises(BuildError, match="or a link"):
        contents(workshop.catalog)


def test_a_module_that_needs_one_that_stays_is_refused(workshop: Course) -> None:
    """Otherwise a student would find out."""
    with (workshop.root / "autograder" / "doctor.py").open("a") as file:
        file.write("\n\ndef late():\n    from autograder.verify import verify\n")

    with pytest.raises(BuildError, match=r"doctor\.py: needs autograder\.verify"):
        contents(workshop.catalog)


def test_a_fetched_table_stays(workshop: Course) -> None:
    """Where the published table is in place, students get the one that ships."""
    shipped = (workshop.root / "datasets/fake/fake.csv").read_bytes()
    workshop.write(workshop.root / "datasets/fake/fake.csv", "feature,label\n1,1\n")
    workshop.write(workshop.root / "datasets/fake/published/fake.csv", "feature,label\n1,1\n")
    found = contents(workshop.catalog)

    assert found["datasets/fake/fake.csv"].content == shipped
    assert not [name for name in found if "published" in name]


def test_a_table_that_cannot_be_made_is_refused(workshop: Course) -> None:
    """If neither the table nor its recipe gives what ships, nothing ships."""
    workshop.write(workshop.root / "datasets/fake/fake.csv", "feature,label\n1,1\n")
    workshop.write(workshop.root / "datasets/fake/make.py", 'def make():\n    return "feature,label\\n"\n')

    with pytest.raises(BuildError, match="datasets/fake: neither"):
        contents(workshop.catalog)


def test_a_solution_that_leaks_is_refused(workshop: Course) -> None:
    """An answer in the README of the lab is found before anything is made."""
    workshop.write(workshop.solution / "README.md", f"# Lab\n\nWrite `{ANSWER}`.\n")

    with pytest.raises(BuildError, match="a line of a solution"):
        contents(workshop.catalog)


def test_the_noxfile_has_the_sessions_of_learners(workshop: Course) -> None:
    """Sessions that need what students do not have are gone, those that are new as well."""
    source = (ROOT / "noxfile.py").read_text()
    kept = noxfile(source + '\n\n@nox.session(venv_backend="none")\ndef brand_new(session):\n    """New."""\n')
    sessions = re.findall(r"^@nox\.session.*\ndef (\w+)", kept, re.MULTILINE)

    assert sessions == ["grade", "submit", "watch", "docs", "serve", "datasets", "doctor"]
    compile(kept, "noxfile.py", "exec")


def test_an_edition_of_an_edition_is_refused(shelf: Shelf) -> None:
    """Students cannot release."""
    with pytest.raises(UsageError, match="the student edition already"):
        contents(Catalog(shelf.folder))


# What is proved


def test_a_clean_edition_is_clean(shelf: Shelf) -> None:
    """Nothing is found where nothing is."""
    assert shelf.findings() == []


def notebook(**cell: object) -> str:
    """A notebook of one cell."""
    base = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": ["1\n"]}
    return json.dumps({"cells": [{**base, **cell}], "metadata": {}, "nbformat": 4, "nbformat_minor": 4})


def zipped(name: str, content: str | bytes) -> bytes:
    """A zip of one file."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return target.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("docs/index.md", f"# Home\n\nAs in `{ANSWER}`, say.\n"),
        ("docs/index.md", f"```diff\n+    {ANSWER}\n```\n"),
        (f"labs/{LAB}/README.md", f"> {ANSWER}\n"),
        ("datasets/fake/README.md", f"    {ANSWER}\n"),
        ("README.md", f"x{ANSWER}x"),
        ("autograder/wording.py", f"def greet(name):\n    {ANSWER}\n"),
        (f"labs/{LAB}/work.ipynb", notebook(source=["def greet(name):\n", f"    {ANSWER}\n"])),
        (f"labs/{LAB}/work.ipynb", notebook(outputs=[{"output_type": "stream", "name": "stdout", "text": [ANSWER]}])),
        (f"labs/{LAB}/work.ipynb", notebook(metadata={"note": ANSWER})),
        (f"labs/{LAB}/facts.json", json.dumps({"a": ["x", {ANSWER: 1}]})),
        (f"labs/{LAB}/data.bin", b"\x00\xff" + ANSWER.encode() + b"\x00"),
        (f"labs/{LAB}/more.zip", zipped("a/b.py", f"    {ANSWER}\n")),
        (f"labs/{LAB}/more.dat", zipped("more.zip", zipped("b.py", ANSWER))),
    ],
)
def test_a_planted_answer_is_found(shelf: Shelf, name: str, content: str | bytes) -> None:
    """Wherever a line of a solution stands, in whatever wrapping, it is found."""
    shelf.add(name, content)

    assert any(line.startswith(name) and f"tells {ANSWER!r} of solutions/{LAB}" in line for line in shelf.findings())


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("docs/index.md", f"Like this:\n\n    {HIDDEN_TEST}\n", f"tells {HIDDEN_TEST!r} of {GRADER}/test_hidden.py"),
        (f"{GRADER}/test_visible.py", f"{HIDDEN_TEST}\n    pass\n", f"tells {HIDDEN_TEST!r}"),
        ("README.md", "# An answer that hidden checks compare with: forty-two", f"of {GRADER}/conftest.py"),
        (f"{GRADER}/test_hidden.py", "", "test_hidden.py is not for students"),
        (f"{GRADER}/cases.toml", "", "cases.toml is not for students"),
        (f"{GRADER}/cases/x/work.py", "", "cases is not for students"),
        ("solutions/01-tiny-lab/work.py", "", "solutions is not for students"),
        (".git/config", "", ".git is not for students"),
        (f"labs/{LAB}/.git/HEAD", "", ".git is not for students"),
        (f"labs/{LAB}/__pycache__/work.pyc", b"", "__pycache__ is not for students"),
        (f"labs/{LAB}/work.py", "### BEGIN SOLUTION\n", "has the marker of a solution"),
        (f"labs/{LAB}/work.ipynb", notebook(source="### BEGIN HIDDEN TESTS"), "has the marker of a solution"),
        (f"labs/{LAB}/work.ipynb", "{", "is no notebook"),
        (f"labs/{LAB}/more.zip", b"PK\x03\x04 broken", "nobody knows what is in it"),
        (f"labs/{LAB}/more.zip", zipped("../x", "x"), "its name leads out of the archive"),
    ],
)
def test_whatever_else_is_planted_is_found(shelf: Shelf, name: str, content: str | bytes, said: str) -> None:
    """Hidden checks, their helpers, history, markers and closed boxes."""
    shelf.add(name, content)

    assert any(line.startswith(f"{name}: ") and said in line for line in shelf.findings()), shelf.findings()


@pytest.mark.parametrize(
    "source", [f"solutions/{LAB}/work.py", f"{GRADER}/test_hidden.py", f"{GRADER}/cases.toml", f"{GRADER}/conftest.py"]
)
def test_a_secret_file_is_found_under_any_name(shelf: Shelf, source: str) -> None:
    """A copy of a whole file is known by its checksum, also inside an archive."""
    content = b"# An answer that hidden checks compare with: forty-two\n"
    if not source.endswith("conftest.py"):
        content = (ROOT / "tests" / "golden" / "tiny-course" / source).read_bytes()
    shelf.add("docs/a.md", content)
    shelf.add("docs/b.zip", zipped("c.txt", content))
    found = shelf.findings()

    assert f"docs/a.md: is {source}" in found
    assert f"docs/b.zip: c.txt in it is {source}" in found


def test_a_short_secret_file_is_found(workshop: Course, tmp_path: Path) -> None:
    """Lines that say little are a secret together."""
    workshop.write(workshop.grader / "answers.csv", "1,2\n")
    shelf = Shelf(contents(workshop.catalog), secrets(workshop.catalog), tmp_path / "edition")
    shelf.add("docs/a.csv", "1,2\n")

    assert shelf.findings() == [f"docs/a.csv: is {GRADER}/answers.csv"]


def test_what_was_not_planned_is_found(shelf: Shelf) -> None:
    """Files more, files less, links and empty history."""
    shelf.add("docs/more.md", "harmless", planned=False)
    (shelf.folder / "LICENSE").unlink()
    (shelf.folder / "link").symlink_to("README.md")
    (shelf.folder / ".git").mkdir()

    assert shelf.findings() == [
        ".git: holds the history of the author's edition",
        "link: is a link or no regular file",
        "docs/more.md: nobody planned it",
        "LICENSE: is planned and missing",
    ]


def test_what_students_are_given_is_no_secret(workshop: Course, tmp_path: Path) -> None:
    """A line that an author shows in a visible check may stand anywhere."""
    visible = workshop.grader / "test_visible.py"
    workshop.write(visible, visible.read_text() + f"\n\n# For example: {ANSWER}\n")
    shelf = Shelf(contents(workshop.catalog), secrets(workshop.catalog), tmp_path / "edition")

    assert shelf.findings() == []


# What comes of it


def test_nothing_is_left_of_an_edition_that_leaks(workshop: Course, tmp_path: Path) -> None:
    """The release ends in an error that names the leak, and there is neither folder nor archive."""
    workshop.write(workshop.root / "docs" / "index.md", f"# Home\n\n`{ANSWER}`\n")

    with pytest.raises(BuildError, match="Not fit for students, and not written") as refused:
        release(workshop.catalog, to=tmp_path / "to", zip=tmp_path / "to.zip", self_test=False)
    assert "docs/index.md: tells" in str(refused.value)
    assert not (tmp_path / "to").exists()
    assert not (tmp_path / "to.zip").exists()


def test_it_is_tried_out(workshop: Course, tmp_path: Path) -> None:
    """Its own command grades every lab, and its reports announce the hidden checks; the trial leaves no trace."""
    steps: list[str] = []
    made = release(workshop.catalog, to=tmp_path / "to", python=Path(sys.executable), tell=steps.append)
    files = {path.relative_to(tmp_path / "to").as_posix() for path in (tmp_path / "to").rglob("*") if path.is_file()}

    assert steps[-1] == "Self-test: nox -s grade"
    assert files == set(contents(workshop.catalog))
    assert made.files == len(files)
    assert made.hidden == {LAB: 1}


def test_an_edition_that_does_not_work_is_refused(workshop: Course, tmp_path: Path) -> None:
    """Visible checks that need a hidden fixture fail here and not at a student's."""
    workshop.write(workshop.grader / "conftest.py", "import pytest\n\n\n@pytest.fixture\ndef two():\n    return 2\n")
    workshop.edit(workshop.grader / "test_visible.py", "def test_two(submission)", "def test_two(submission, two)")

    with pytest.raises(BuildError, match=r"01-tiny-lab: .*fixture 'two' not found|ends with 3"):
        release(workshop.catalog, to=tmp_path / "to", python=Path(sys.executable))
    assert not (tmp_path / "to").exists()


def test_without_a_network_the_trial_says_so(shelf: Shelf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What pip says is shown, with a way out; it is not the edition's fault."""

    def offline(argv: list[str], *_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(argv, int("pip" in argv), "Could not find a version", "")

    monkeypatch.setattr("autograder.release.trial._run", offline)
    with pytest.raises(InfrastructureError, match="--no-self-test") as failed:
        trial(shelf.folder, {LAB: 1}, lambda _: None)
    assert "Could not find a version" in str(failed.value)


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (None, "there is no report"),
        ({"outcome": "infrastructure_error", "problem": "broken"}, "broken"),
        ({"checks_hidden": 1}, "1 hidden checks ran"),
        ({"hidden_elsewhere": 0}, "0 are announced; expected 0 and 1"),
        ({"checks_total": 0}, "no visible check ran"),
    ],
)
def test_a_trial_reads_the_reports(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, report: dict[str, object] | None, said: str
) -> None:
    """Exit code 0 is not enough."""
    good = {"outcome": "graded", "problem": "", "checks_hidden": 0, "hidden_elsewhere": 1, "checks_total": 2}

    def graded(argv: list[str], folder: Path, _: float) -> subprocess.CompletedProcess[str]:
        (folder / ".grades").mkdir()
        if report is not None:
            (folder / ".grades" / f"{LAB}.json").write_text(json.dumps({"labs": [good | report]}))
        return subprocess.CompletedProcess(argv, 0, "", "")

    monkeypatch.setattr("autograder.release.trial._run", graded)
    with pytest.raises(BuildError, match=said):
        trial(shelf.folder, {LAB: 1}, lambda _: None, python=Path(sys.executable))


def test_the_archive_is_the_folder(workshop: Course, tmp_path: Path) -> None:
    """The archive has one folder with the same files, and is the same whenever it is made."""
    for name in ("a", "b"):
        release(workshop.catalog, to=tmp_path / name / "to", zip=tmp_path / name / "course.zip", self_test=False)
    with zipfile.ZipFile(tmp_path / "a" / "course.zip") as archive:
        packed = {name: archive.read(name) for name in archive.namelist()}
    folder = tmp_path / "a" / "to"
    laid = {f"course/{p.relative_to(folder).as_posix()}": p.read_bytes() for p in folder.rglob("*") if p.is_file()}

    assert packed == laid
    assert (tmp_path / "a" / "course.zip").read_bytes() == (tmp_path / "b" / "course.zip").read_bytes()


def test_a_folder_with_something_in_it_is_spared(workshop: Course, tmp_path: Path) -> None:
    """Nothing is overwritten; an empty folder is fine."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    (tmp_path / "empty").mkdir()
    release(workshop.catalog, to=tmp_path / "empty", self_test=False)

    with pytest.raises(UsageError, match="is there already"):
        release(workshop.catalog, to=tmp_path / "full", self_test=False)
    assert (tmp_path / "full" / "mine.txt").read_text() == "mine"
    assert (tmp_path / "empty" / "README.md").is_file()


def test_a_place_must_be_named(workshop: Course) -> None:
    """There is no default: nobody should find an edition where nobody asked for one."""
    with pytest.raises(UsageError, match="--to DIR, --zip FILE"):
        release(workshop.catalog)


def test_the_command_says_what_it_did(workshop: Course, command: Callable[..., Said], tmp_path: Path) -> None:
    """Steps, numbers, places, and what to do next."""
    said = command("release", "--to", tmp_path / "to", "--no-self-test")

    assert said.code == 0
    assert "Searching" in said.out
    assert f"{LAB} 1 hidden checks stay with you" in said.out
    assert f"Written to {tmp_path / 'to'}." in said.out
    assert "Not tried out: in the new folder, run `pip install -r requirements.txt` and `nox -s grade`." in said.out


def test_the_command_ends_with_2_if_something_leaks(
    workshop: Course, command: Callable[..., Said], tmp_path: Path
) -> None:
    """A script notices."""
    workshop.write(workshop.root / "docs" / "index.md", f"`{ANSWER}`\n")
    said = command("release", "--to", tmp_path / "to", "--no-self-test")

    assert said.code == 2
    assert "docs/index.md: tells" in said.err


# The real course


def test_the_course_is_fit_for_students(repository: Path, tmp_path: Path) -> None:
    """Nothing of any solution or hidden check is in the edition of this course."""
    catalog = Catalog(repository)

    assert Shelf(contents(catalog), secrets(catalog), tmp_path / "edition").findings() == []


def test_links_between_its_papers_lead_somewhere(repository: Path) -> None:
    """Every relative link in a README of the edition names a file of it."""
    found = contents(Catalog(repository))
    broken = []
    for name in (name for name in found if name.endswith(".md") and not name.startswith("docs/")):
        text = re.sub(r"```.*?```", "", found[name].content.decode(), flags=re.DOTALL)
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)\s#]+)", text):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
            if path not in found and not any(other.startswith(f"{path.rstrip('/')}/") for other in found):
                broken.append(f"{name}: {target}")

    assert broken == []


def test_its_readme_names_sessions_that_it_has(repository: Path) -> None:
    """Students are told of no command that is not there."""
    found = contents(Catalog(repository))
    sessions = re.findall(r"^def (\w+)\(session", found["noxfile.py"].content.decode(), re.MULTILINE)
    named = re.findall(r"nox -s ([\w-]+)", found["README.md"].content.decode())

    assert set(named) <= set(sessions)
