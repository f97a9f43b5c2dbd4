"""Start pytest once, before there is anything to test, for all runs in processes that are forked from this one.

At each start pytest registers its own plugins and looks through every one of them for fixtures: a fifth of the time of
a short run. That depends on nothing that a student hands in. pytest has no public way to do it ahead of time, so this
uses names that are not public; pytest is pinned.
"""

from __future__ import annotations

import contextlib
import types
from collections.abc import Iterator, Sequence
from pathlib import Path

__all__ = ["prepare", "run"]

_options: tuple[str, ...] = ()
_ready: list[object] = []
"""The Config for the next run. A second run in the same process makes its own: one may be used once."""
_without_fixtures: frozenset[int] = frozenset()


def prepare(options: Sequence[str]) -> None:
    """Start pytest, for one run in this process and one in each that is forked from it.

    Args:
        options: those of the command line that every run has.
    """
    global _options, _without_fixtures
    import pdb  # noqa: F401 - pytest's own debugging plugin wants it in every run

    from _pytest.config import get_config

    config = get_config(options)
    plugins = config.pluginmanager.get_plugins()
    _without_fixtures = frozenset(id(plugin) for plugin in plugins if not _has_fixtures(plugin))
    _options = tuple(options)
    _ready[:] = [config]


def run(options: Sequence[str], args: Sequence[str], plugins: Sequence[object]) -> int:
    """What ``pytest.main([*options, *args], plugins)`` does; its exit code.

    What was prepared is used once, and only for the same options.
    """
    import pytest

    with _as_prepared() if _ready and _options == tuple(options) else contextlib.nullcontext():
        return int(pytest.main([*options, *args], plugins=plugins))


@contextlib.contextmanager
def _as_prepared() -> Iterator[None]:
    from _pytest import config, fixtures

    get_config = config.get_config
    look_through = fixtures.FixtureManager.pytest_plugin_registered

    def prepared(args: Sequence[str], plugins: Sequence[object], *, prog: str | None = None) -> object:
        vars(config)["get_config"] = get_config  # for a run within the run
        ready = _ready.pop()
        assert isinstance(ready, config.Config)
        ready.invocation_params = config.Config.InvocationParams(args=args, plugins=plugins, dir=Path.cwd())
        return ready

    def pytest_plugin_registered(self: fixtures.FixtureManager, plugin: object, plugin_name: str) -> None:
        if id(plugin) not in _without_fixtures:
            look_through(self, plugin, plugin_name)

    vars(config)["get_config"] = prepared
    fixtures.FixtureManager.pytest_plugin_registered = pytest_plugin_registered  # type: ignore[method-assign]
    try:
        yield
    finally:
        vars(config)["get_config"] = get_config
        fixtures.FixtureManager.pytest_plugin_registered = look_through  # type: ignore[method-assign]


def _has_fixtures(plugin: object) -> bool:
    from _pytest.fixtures import FixtureFunctionDefinition

    holder = plugin if isinstance(plugin, types.ModuleType) else type(plugin)
    return any(isinstance(getattr(holder, name, None), FixtureFunctionDefinition) for name in dir(holder))
