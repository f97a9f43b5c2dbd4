"""What the tests share: one warm zygote, the machine's levels of isolation, and a miniature course to grade."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import hypothesis
import pytest

from autograder.catalog import Catalog
from autograder.grading import Request, grade
from autograder.results import CheckResult, LabReport
from autograder.sandbox.client import LEVELS, Sandbox, Zygote
from autograder.sandbox.confine import Cell

# The same examples on every machine and at every call, and no verdict that depends on how busy the machine is.
hypothesis.settings.register_profile("steady", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("steady")

LAB = "01-tiny-lab"
FILES = {
    "course.toml": f'title = "Tiny course"\n[[part]]\nid = "basics"\ntitle = "Basics"\nlabs = ["{LAB}"]\n',
    f"solutions/{LAB}/lab.toml": """\
        title = "Double and greet"
        part = "basics"
        minutes = 5
        submit = ["work.py"]

        [[task]]
        id = "double"
        title = "Double a number"
        points = 3

        [[task]]
        id = "greet"
        title = "Greet someone"
        points = 1
    """,
    f"solutions/{LAB}/README.md": "# Double and greet\n\n## 1. Double a number\n\n## 2. Greet someone\n",
    f"solutions/{LAB}/HINTS.md": """\
        # Hints

        ## 1. Double a number

        - What is twice two?

        ## 2. Greet someone

        - Where does the name go?
    """,
    f"solutions/{LAB}/work.py": '''\
        """Two small functions."""


        def double(x):
            """Twice x."""
            ### BEGIN SOLUTION
            return 2 * x
            ### END SOLUTION


        def greet(name):
            """Hello, name!"""
            ### BEGIN SOLUTION
            return f"Hello, {name}!"
            ### END SOLUTION
    ''',
    f"autograder/graders/{LAB}/test_visible.py": '''\
        import pytest


        @pytest.mark.task("double")
        def test_two(submission):
            """Twice two is four."""
            result = submission.load("work.py").double(2)

            assert result == 4, f"double(2) is {result!r}. What is twice two?"


        @pytest.mark.task("greet")
        def test_ada(submission):
            """Ada is greeted by name."""
            text = submission.load("work.py").greet("Ada")

            assert text == "Hello, Ada!", f"Ada was greeted by {text!r}."
    ''',
    f"autograder/graders/{LAB}/test_hidden.py": '''\
        import pytest


        @pytest.mark.task("double", weight=2)
        @pytest.mark.needs("test_two")
        def test_any_number(submission, rng):
            """Twice any number is the number and itself."""
            number = int(rng.integers(10, 1000))
            result = submission.load("work.py").double(number)

            assert result == number + number, "A number was not doubled."
    ''',
    f"autograder/graders/{LAB}/cases.toml": """\
        [[wrong]]
        name = "two is added"
        file = "work.py"
        replace = "2 * x"
        by = "2 + x"
        fails = ["double"]

        [[right]]
        name = "the sum of x and x"
        file = "work.py"
        replace = "2 * x"
        by = "x + x"
    """,
}


class Course:
    """A miniature course: one lab of two tasks, ``double`` (3 points, 2 checks) and ``greet`` (1 point, 1 check)."""

    def __init__(self, root: Path, zygote: Callable[[], Zygote]) -> None:
        self.root = root
        self.solution = root / "solutions" / LAB
        self.lab = root / "labs" / LAB
        self.grader = root / "autograder" / "graders" / LAB
        self._zygote = zygote
        self._handed_in = 0
        for name, text in FILES.items():
            self.write(root / name, text)
        self.write(root / "labs" / ".gitkeep", "")

    @property
    def catalog(self) -> Catalog:
        """The course as it is now."""
        return Catalog(self.root)

    def write(self, path: Path, content: str | bytes) -> None:
        """Write a file; text may be indented as it stands in a test."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else dedent(content).encode())

    def edit(self, path: Path, old: str, new: str) -> None:
        """Replace text that occurs once in a file."""
        text = path.read_text()
        assert text.count(old) == 1, f"{old!r} in {path}"
        path.write_text(text.replace(old, new))

    def limit(self, **limits: float) -> None:
        """Give the lab limits: ``limit(check_s=0.5)``."""
        lines = "".join(f"{key} = {value}\n" for key, value in limits.items())
        self.edit(
            self.solution / "lab.toml", '\n[[task]]\nid = "double"', f'\n[limits]\n{lines}\n[[task]]\nid = "double"'
        )

    def hand_in(self, files: Mapping[str, str | bytes]) -> Path:
        """A folder with these files, and the solution's where a value is ``...``."""
        self._handed_in += 1
        folder = self.root.parent / f"submission-{self._handed_in}"
        folder.mkdir()
        for name, content in files.items():
            self.write(folder / name, content)
        return folder

    def grade(self, work: str | bytes | None = None, *, folder: Path | None = None, **options: Any) -> LabReport:
        """Grade a work.py, the files in a folder, or else the solution."""
        submission = folder or (self.solution if work is None else self.hand_in({"work.py": work}))
        request = Request(self.catalog.lab(LAB), submission, **options)
        return grade(request, self.catalog, self._zygote())

    def check(self, hidden: str, work: str = "", **options: Any) -> CheckResult:
        """The result of one hidden check of ``double``, given by its body; the lab has no other checks then."""
        body = "\n".join(f"    {line}" for line in dedent(hidden).strip().splitlines())
        text = f'import pytest\n\n@pytest.mark.task("double")\ndef test_it(submission):\n    """It."""\n{body}\n'
        self.write(self.grader / "test_hidden.py", text)
        self.write(self.grader / "test_visible.py", "")
        report = self.grade(work, tasks=["double"], **options)
        assert report.problem == ""
        (task,) = report.tasks
        (check,) = task.checks
        return check


@functools.cache
def offered() -> tuple[str, ...]:
    """The levels of isolation that this machine offers."""
    with Zygote() as zygote:
        return LEVELS[: LEVELS.index(zygote.level) + 1]


def pytest_configure(config: pytest.Config) -> None:
    """Register our mark."""
    config.addinivalue_line("markers", "promised(*levels): only these levels of isolation promise what is tested")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for ``level`` at every level that this machine offers and that promises it."""
    if "level" in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker("promised")
        promised = mark.args if mark is not None else LEVELS
        metafunc.parametrize("level", [level for level in offered() if level in promised], scope="session")


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    """One zygote with pandas and pytest for all tests of a process."""
    with Zygote(["pandas", "pytest"]) as zygote:
        yield zygote


@pytest.fixture(scope="session")
def bare(level: str) -> Iterator[Zygote]:
    """A zygote of the level given that has imported nothing."""
    with Zygote(level=level) as zygote:
        yield zygote


@pytest.fixture
def cell(tmp_path: Path) -> Callable[..., Cell]:
    """Make a cell whose lab is an empty folder: ``cell(memory_mb=300)``."""

    def make(**limits: Any) -> Cell:
        tmp_path.chmod(0o755)
        (tmp_path / "root" / "labs" / LAB).mkdir(parents=True, exist_ok=True)
        return Cell(level="kernel", root=str(tmp_path / "root"), lab=LAB, **limits)

    return make


@pytest.fixture
def open_sandbox(bare: Zygote, cell: Callable[..., Cell]) -> Iterator[Callable[..., Sandbox]]:
    """Open sandboxes of the level under test, with limits as in ``open_sandbox(memory_mb=300)``."""
    opened: list[Sandbox] = []

    def open_one(**limits: Any) -> Sandbox:
        opened.append(bare.open(cell(**limits)))
        return opened[-1]

    yield open_one
    for sandbox in opened:
        sandbox.close()


@pytest.fixture
def sandbox(zygote: Zygote, cell: Callable[..., Cell]) -> Iterator[Sandbox]:
    """A sandbox of the best level, with pandas and pytest at hand."""
    with zygote.open(cell()) as sandbox:
        yield sandbox


@pytest.fixture
def course(tmp_path: Path, request: pytest.FixtureRequest) -> Course:
    """A miniature course to change and grade."""
    return Course(tmp_path / "course", lambda: request.getfixturevalue("zygote"))


@pytest.fixture
def repository() -> Path:
    """The checkout under test."""
    return Path(__file__).parents[1]


@pytest.fixture
def copy_tree() -> Callable[[Path, Path], None]:
    """Copy a folder over another."""
    return lambda source, target: shutil.copytree(source, target, dirs_exist_ok=True)
