"""A lab's checks, collected by pytest once and held against one submission after the other."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import itertools
import os
import sys
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Final

import pytest
from _pytest.config import _prepareconfig

from autograder import fingerprint
from autograder import plugin as fixtures
from autograder.catalog import Catalog
from autograder.errors import AutograderError, GraderError
from autograder.manifest import Lab
from autograder.plugin import GradingPlugin
from autograder.results import CheckResult, CheckStatus
from autograder.submission import Submission

__all__ = ["SHARED", "Checks", "checks_of"]

SHARED: Final = "visible/fixtures.py"
"""In a grader's folder: fixtures of visible checks. Students get them; what is in conftest.py they do not."""

_NEEDLESS = (
    "cacheprovider",
    "faulthandler",
    "junitxml",
    "logging",
    "terminal",
    "threadexception",
    "unraisableexception",
    "warnings",
)
_OPTIONS = (
    "--assert=plain",  # nothing reaches a student that an author did not write
    "--import-mode=importlib",
    "-s",
    *(f"-pno:{name}" for name in _NEEDLESS),
    "--disable-plugin-autoload",
    "-c",
    os.devnull,
)
_MOST_KEPT: Final = 8


class Checks:
    """The checks of a lab, ready to run.

    pytest offers no public way to run what it has collected more than once, so this holds a session of its own. It
    runs checks as pytest's own loop does, down to the end of every fixture.
    """

    def __init__(self, catalog: Catalog, lab: Lab, *, visible_only: bool) -> None:
        """Collect them; what ``visible/fixtures.py`` defines, a conftest.py may override.

        Raises:
            GraderError: a grader cannot be loaded, or has faults.
        """
        folder = catalog.grader_dir(lab.id)
        files = _files(folder, visible_only=visible_only)
        self._plugin = GradingPlugin(lab)
        with _quiet() as said, contextlib.ExitStack() as undo:
            try:
                plugins: list[object] = [fixtures, self._plugin]
                if (folder / SHARED).is_file():
                    name = ".".join((*folder.relative_to(catalog.root).parts, "visible", "fixtures"))
                    plugins.append(_module(name, folder / SHARED))
                options = [*_OPTIONS, f"--rootdir={catalog.root}", f"--confcutdir={folder}", *files]
                self._config = _prepareconfig(options, plugins)
                undo.callback(self._config._ensure_unconfigure)
                self._session = pytest.Session.from_config(self._config)
                self._config._do_configure()
                self._config.hook.pytest_sessionstart(session=self._session)
                self._config.hook.pytest_collection(session=self._session)
            except AutograderError:
                raise
            except (Exception, SystemExit) as error:
                what = f"{type(error).__name__}: {error}\n{said.getvalue()[-2000:]}".strip()
                raise GraderError(f"{folder} cannot be loaded: {what}") from error
            if self._plugin.trouble is not None:
                raise self._plugin.trouble
            self._end = undo.pop_all()

    @property
    def census(self) -> list[tuple[str, bool]]:
        """The task of each check, and whether it is hidden."""
        return self._plugin.census()

    def run(
        self,
        submission: Submission,
        *,
        tasks: Collection[str] | None = None,
        seed: int = 0,
        stop_at_first_failure: bool = False,
        started: Callable[[str], None] = lambda _: None,
        finished: Callable[[], None] = lambda: None,
    ) -> list[CheckResult]:
        """Examine a submission.

        Args:
            submission: what to examine.
            tasks: ids of the tasks to check; all if not given.
            seed: of the hidden data.
            stop_at_first_failure: whether no check runs after one that did not pass.
            started, finished: told the title of each check before it runs, and its end.

        Raises:
            AutograderError: our side failed, so there is no verdict.
            KeyboardInterrupt: someone pressed Ctrl-C.
        """
        plugin = self._plugin
        items = plugin.begin(self._config, submission, tasks, seed, started, finished)
        here = Path.cwd()
        with _quiet():
            try:
                for item, after in itertools.pairwise([*items, None]):
                    assert item is not None
                    self._config.hook.pytest_runtest_protocol(item=item, nextitem=after)
                    failed = not plugin.results or plugin.results[-1].status is not CheckStatus.PASSED
                    if plugin.trouble is not None or (stop_at_first_failure and failed):
                        break
            except pytest.exit.Exception as error:
                plugin.blame_us(GraderError(f"a check ended pytest: {error}"))
            finally:
                try:
                    self._session._setupstate.teardown_exact(None)
                except Exception as error:
                    plugin.blame_us(GraderError(f"a fixture cannot be ended: {type(error).__name__}: {error}"), error)
                plugin.end(self._config)
                os.chdir(here)
        if plugin.trouble is None and not items:
            plugin.blame_us(GraderError(f"{', '.join(tasks or ())}: no check belongs to it"))
        if plugin.trouble is not None:
            raise plugin.trouble
        return plugin.results

    def close(self) -> None:
        """End pytest."""
        with _quiet():
            self._config.hook.pytest_sessionfinish(session=self._session, exitstatus=pytest.ExitCode.OK)
            self._end.close()


_kept: dict[tuple[str, bool, tuple[str, ...]], Checks] = {}
_loaded: dict[str, tuple[Path, str]] = {}
"""Package of a lab's graders → the folder that its modules come from, and what that held."""


def checks_of(catalog: Catalog, lab: Lab, *, visible_only: bool = False) -> Checks:
    """The checks of a lab: those from the last time, unless their files have changed since.

    Raises:
        GraderError: a grader cannot be loaded, or has faults.
    """
    folder = catalog.grader_dir(lab.id)
    package = ".".join(folder.relative_to(catalog.root).parts)
    source = folder, fingerprint.of_folder(folder, without=fingerprint.PROOFS)
    if _loaded.get(package) != source:
        _forget(package)
        _loaded[package] = source
    key = package, visible_only, tuple(task.id for task in lab.task)
    if key not in _kept:
        for oldest in [*_kept][: len(_kept) + 1 - _MOST_KEPT]:
            _kept.pop(oldest).close()
        _kept[key] = Checks(catalog, lab, visible_only=visible_only)
    return _kept[key]


def _forget(package: str) -> None:
    """Drop what was loaded under a name: it has changed, or is of another course."""
    for key in [key for key in _kept if key[0] == package]:
        _kept.pop(key).close()
    for name in [name for name in sys.modules if name.startswith(f"{package}.")]:
        del sys.modules[name]


def _files(folder: Path, *, visible_only: bool) -> list[str]:
    names = ("test_visible.py",) if visible_only else ("test_visible.py", "test_hidden.py")
    files = [str(folder / name) for name in names if (folder / name).is_file()]
    if not files:
        raise GraderError(f"{folder} has no checks: neither test_visible.py nor test_hidden.py is there")
    return files


def _module(name: str, path: Path) -> object:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None, path
    assert spec.loader is not None, path
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # models look their types up there
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise GraderError(f"{path} cannot be loaded: {type(error).__name__}: {error}") from error
    return module


@contextlib.contextmanager
def _quiet() -> Iterator[io.StringIO]:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        yield said
