"""What the tests share: one warm zygote, the machine's levels of isolation, and a miniature course to grade."""

from __future__ import annotations

import functools
import os
import pickle
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path
from textwrap import dedent
from typing import Any, NamedTuple

import hypothesis
import pytest
from _pytest.assertion.rewrite import AssertionRewritingHook

from autograder import cli
from autograder.catalog import Catalog
from autograder.grading import Request, grade
from autograder.manifest import Lab, Limits, Task
from autograder.mutants.proof import Verdict
from autograder.results import CheckResult, LabReport
from autograder.sandbox.box import Sandbox
from autograder.sandbox.client import LEVELS, Zygote
from autograder.sandbox.confine import Cell
from autograder.sandbox.link import Worker
from autograder.staging import stage
from autograder.submission import Submission

# The same examples on every machine and at every call, and no verdict that depends on how busy the machine is.
hypothesis.settings.register_profile("steady", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("steady")

LAB = "01-tiny-lab"


class Course:
    """A miniature course: one lab of two tasks, ``double`` (3 points, 2 checks) and ``greet`` (1 point, 1 check)."""

    def __init__(self, root: Path, zygote: Callable[[], Zygote]) -> None:
        self.root = root
        self.solution = root / "solutions" / LAB
        self.lab = root / "labs" / LAB
        self.grader = root / "autograder" / "graders" / LAB
        self._zygote = zygote
        self._handed_in = 0
        shutil.copytree(Path(__file__).parent / "golden" / "tiny-course", root)
        (root / "labs").mkdir()

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

    def grade(
        self, work: str | bytes | None = None, *, folder: Path | None = None, lab: str = LAB, **options: Any
    ) -> LabReport:
        """Grade a work.py, the files in a folder, or else the solution."""
        submission = folder or (self.solution if work is None else self.hand_in({"work.py": work}))
        self.forget_graders()
        request = Request(self.catalog.lab(lab), submission, **options)
        with pytest.MonkeyPatch.context() as patch:
            # The pytest around this test explains asserts; the one that grades must not, and shares its process.
            plain = [finder for finder in sys.meta_path if not isinstance(finder, AssertionRewritingHook)]
            patch.setattr(sys, "meta_path", plain)
            return grade(request, self.catalog, self._zygote())

    def forget_graders(self) -> None:
        """Have the graders loaded again, for they may have been changed since."""
        for name in [name for name in sys.modules if f"graders.{LAB}." in name]:
            del sys.modules[name]

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
    """Run a test that asks for ``isolation`` at every level that this machine offers and that promises it."""
    if "isolation" in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker("promised")
        promised = mark.args if mark is not None else LEVELS
        metafunc.parametrize("isolation", [level for level in offered() if level in promised], scope="session")


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    """One zygote with pandas and pytest for all tests of a process."""
    with Zygote(["pandas", "pytest"]) as zygote:
        yield zygote


@pytest.fixture(scope="session")
def bare(isolation: str) -> Iterator[Zygote]:
    """A zygote of the level given that has imported nothing."""
    with Zygote(level=isolation) as zygote:
        yield zygote


@pytest.fixture
def cell(tmp_path: Path) -> Callable[..., Cell]:
    """Make a cell whose lab is an empty folder: ``cell(memory_mb=300)``."""

    def make(**limits: Any) -> Cell:
        tmp_path.chmod(0o755)
        (tmp_path / "root" / "labs" / LAB).mkdir(parents=True, exist_ok=True)
        return Cell(level="kernel", root=str(tmp_path / "root"), lab=LAB, **limits)

    return make


class Student:
    """A work.py in a sandbox of its own, whose functions can be called."""

    def __init__(self, sandbox: Sandbox, source: str) -> None:
        self.sandbox = sandbox
        with os.fdopen(sandbox.open_file("work.py", write=True), "w") as file:
            file.write(dedent(source))
        self.worker = self._loaded()

    def fresh(self) -> None:
        """Go on with a new worker that has loaded work.py."""
        self.worker.close()
        self.worker = self._loaded()

    def _loaded(self) -> Worker:
        worker = self.sandbox.worker()
        answer = worker.ask({"op": "load", "file": "work.py", "skip": []}, 20)
        assert answer == {"id": 1, "ok": []}
        return worker

    def ask(self, name: str, *args: object, timeout_s: float = 20) -> dict[str, Any]:
        """The worker's answer to a call."""
        data = pickle.dumps((args, {}))
        request = {"op": "call", "file": "work.py", "name": name, "data": data, "keep": False}
        return self.worker.ask(request, timeout_s)

    def call(self, name: str, *args: object) -> Any:
        """What a function returns."""
        answer = self.ask(name, *args)
        assert "ok" in answer, answer
        return answer["ok"]


@pytest.fixture
def student(bare: Zygote, cell: Callable[..., Cell]) -> Iterator[Callable[..., Student]]:
    """Put code into a sandbox of the level under test: ``student("def f(): …", memory_mb=300)``."""
    opened: list[Student] = []

    def put(source: str, **limits: Any) -> Student:
        opened.append(Student(bare.open(cell(**limits)), source))
        return opened[-1]

    yield put
    for student in opened:
        student.worker.close()
        student.sandbox.close()


@pytest.fixture
def sandbox(zygote: Zygote, cell: Callable[..., Cell]) -> Iterator[Sandbox]:
    """A sandbox of the best level, with pandas and pytest at hand."""
    with zygote.open(cell()) as sandbox:
        yield sandbox


@pytest.fixture
def course(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Course:
    """A miniature course to change and grade."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # graders change faster than their time stamps
    return Course(tmp_path / "course", lambda: request.getfixturevalue("zygote"))


@pytest.fixture
def submit(zygote: Zygote, tmp_path: Path) -> Iterator[Callable[..., Submission]]:
    """Hand in files: ``submit({"work.py": "def f(): …"}, check_s=0.5)``."""
    opened: list[Submission] = []

    def submit(files: dict[str, str], *, missing: tuple[str, ...] = (), **limits: Any) -> Submission:
        task = Task(id="task", title="Task", points=1)
        about = {"id": "01-tiny-lab", "title": "Tiny", "part": "basics", "minutes": 5, "listens": True}
        lab = Lab(**about, submit=(*files, *missing), task=(task,), limits=Limits(**limits))
        folder = tmp_path / "submission"
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(dedent(text))
        tmp_path.chmod(0o755)
        root = tmp_path / "root"
        root.mkdir(mode=0o755)
        opened.append(Submission(lab, stage(lab, folder, tmp_path / "none", root), zygote, {}, []))
        return opened[-1]

    yield submit
    for submission in opened:
        submission.close()


@pytest.fixture
def repository() -> Path:
    """The checkout under test."""
    return Path(__file__).parents[1]


@pytest.fixture
def verify_here(zygote: Zygote, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have verify judge in this very process, by the tests' own zygote."""
    from autograder.verify import judge, run

    class HereAndNow:
        def __init__(self, workers: int, context: object, begin: Callable[..., None], given: tuple[Any, ...]) -> None:
            begin(*given)

        def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.set_result(function(*arguments))
            return future

        def __enter__(self) -> HereAndNow:
            return self

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(run, "ProcessPoolExecutor", HereAndNow)
    monkeypatch.setattr(judge, "Zygote", lambda modules, hash_seed: zygote)
    monkeypatch.setattr(judge, "_here", None)


@pytest.fixture
def judged(course: Course, verify_here: None, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Verdict]]:
    """Verify the course in this process, without mutants and variants; verdicts by the names of their cases."""
    from autograder.verify import plan, verify

    monkeypatch.setattr(plan, "variants", lambda lab, exemplar: ())

    def run(**options: Any) -> dict[str, Verdict]:
        catalog = course.catalog
        found = verify(catalog, catalog.labs(), **({"mutants": 0} | options))
        return {verdict.case: verdict for verdict in found}

    return run


class Said(NamedTuple):
    """What came of a command; runs of white space count as one space."""

    code: int
    out: str
    err: str
    raw: str


@pytest.fixture
def command(course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run a command in the course's folder, whose labs are as learners get them."""
    course.write(course.lab / "lab.toml", (course.solution / "lab.toml").read_text())
    stubs = "def double(x):\n    raise NotImplementedError\n\ndef greet(name):\n    raise NotImplementedError\n"
    course.write(course.lab / "work.py", stubs)
    monkeypatch.chdir(course.root)
    monkeypatch.setenv("COLUMNS", "100")

    def run(*argv: str | Path) -> Said:
        monkeypatch.setattr(sys, "argv", ["autograder", *map(str, argv)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            cli.main()
        out, err = capsys.readouterr()
        assert isinstance(stop.value.code, int)
        return Said(stop.value.code, " ".join(out.split()), " ".join(err.split()), out)

    return run
