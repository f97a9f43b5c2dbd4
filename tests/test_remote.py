"""What a grader may send to student code: what libraries define, and never what is its own."""

from __future__ import annotations

import functools
import io
import pickle
import statistics
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autograder import expect
from autograder.errors import GraderError, StudentResult
from autograder.sandbox.wire import Handle
from autograder.submission.remote import Remote, RemoteFunction, RemoteModule, pickle_arguments


class Calls:
    """Stands in for a session and writes down what it is asked."""

    def __init__(self) -> None:
        self.made: list[tuple[Any, ...]] = []

    def call(self, *arguments: Any) -> str:
        """A call."""
        self.made.append(("call", *arguments))
        return "result"

    def call_and_return_args(self, *arguments: Any) -> tuple[str, tuple[Any, ...]]:
        """A call that returns its arguments."""
        self.made.append(("keep", *arguments))
        return "result", ()

    def get(self, *arguments: Any) -> str:
        """A value."""
        self.made.append(("get", *arguments))
        return "value"


@pytest.fixture
def grader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """A module that lies among the graders."""
    path = tmp_path / "graders" / "conftest.py"
    path.parent.mkdir()
    path.write_text("def truth(x):\n    return x\n\nclass Truth:\n    pass\n")
    module = types.ModuleType("grader_conftest")
    module.__file__ = str(path)
    exec(path.read_text(), module.__dict__)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def test_names_of_a_module_are_called_in_the_sandbox() -> None:
    """Looking up a name does nothing; calling it, asking for it and keeping its arguments go to the session."""
    calls = Calls()
    module = RemoteModule(calls, "work.py")
    function = module.double

    assert isinstance(function, RemoteFunction)
    assert (function(1, b=2), module.get("LIMIT"), module.call_and_return_args("double", 3)[0]) == (
        "result",
        "value",
        "result",
    )
    assert calls.made == [
        ("call", "work.py", None, "double", (1,), {"b": 2}),
        ("get", "work.py", None, "LIMIT"),
        ("keep", "work.py", "double", (3,), {}),
    ]


def test_objects_that_stayed_are_used_in_the_sandbox() -> None:
    """Methods, attributes and the object itself; its repr is ours."""
    calls = Calls()
    remote = Remote(calls, "work.py", 7, 1, "Model", "<evil repr>")
    remote.fit([1])
    remote(2)
    remote.get("coef_")

    assert calls.made == [
        ("call", "work.py", remote, "fit", ([1],), {}),
        ("call", "work.py", remote, None, (2,), {}),
        ("get", "work.py", remote, "coef_"),
    ]
    assert repr(remote) == "<student's Model>"


def test_remote_things_have_no_special_names() -> None:
    """Copying, pickling or showing a stand-in does not reach for student code."""
    calls = Calls()

    assert not hasattr(RemoteModule(calls, "work.py"), "__array__")
    assert not hasattr(Remote(calls, "work.py", 1, 1, "A", ""), "__len__")
    assert calls.made == []


@pytest.mark.parametrize(
    "value",
    [
        pd.DataFrame({"a": [1, 2]}),
        np.arange(3),
        statistics.mean,
        functools.partial(statistics.quantiles, n=4),
        np.random.default_rng(1),
        {"nested": [(pd.Timestamp("2024"), {1, 2})]},
    ],
)
def test_what_libraries_define_is_sent(value: object) -> None:
    """Data, functions of libraries and partials of them arrive."""
    args, kwargs = pickle.loads(pickle_arguments([value], {"k": value}, lambda remote: 0))

    assert type(args[0]) is type(value)
    assert type(kwargs["k"]) is type(value)


@pytest.mark.parametrize("name", ["truth", "Truth"])
@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: [x], lambda x: functools.partial(x), lambda x: {"f": x}])
def test_what_a_grader_defines_is_not_sent(
    grader: types.ModuleType, name: str, wrap: Callable[[object], object]
) -> None:
    """A function or class of a grader module would take its file along, so it is refused wherever it hides."""
    with pytest.raises(GraderError, match=f"{name} is the grader's own"):
        pickle_arguments([wrap(getattr(grader, name))], {}, lambda remote: 0)


def test_objects_of_a_grader_s_classes_are_not_sent(grader: types.ModuleType) -> None:
    """An instance travels with its class."""
    with pytest.raises(GraderError, match="Truth is the grader's own"):
        pickle_arguments([grader.Truth()], {}, lambda remote: 0)


def test_what_the_autograder_defines_is_not_sent() -> None:
    """There is no autograder in the sandbox."""
    with pytest.raises(GraderError, match="close is the grader's own"):
        pickle_arguments([expect.close], {}, lambda remote: 0)


@pytest.mark.parametrize("value", [lambda x: x, (n for n in "ab"), sys.stdout.__class__.write, types])
def test_what_cannot_be_sent_is_the_grader_s_mistake(value: object) -> None:
    """A lambda, a generator or a module is a GraderError that says so."""
    with pytest.raises(GraderError, match="cannot be sent"):
        pickle_arguments([value, types], {}, lambda remote: 0)


def test_objects_that_stayed_are_sent_by_their_number() -> None:
    """A stand-in as an argument becomes the object itself on the other side."""
    remote = Remote(Calls(), "work.py", 7, 1, "Model", "")
    asked: list[Remote] = []
    data = pickle_arguments([[remote]], {}, lambda stand_in: asked.append(stand_in) or stand_in.number)

    class Unpickler(pickle.Unpickler):
        def persistent_load(self, pid: object) -> object:
            return f"object {pid}"

    assert Unpickler(io.BytesIO(data)).load() == ((["object 7"],), {})
    assert asked == [remote]


def test_a_table_with_handles_is_the_students_affair() -> None:
    """A student's table that holds an object of the sandbox is no failure of ours when it is passed on."""
    table = pd.DataFrame({"model": [Handle(1, "generator", "<generator>")]})

    with pytest.raises(StudentResult, match="generator"):
        pickle_arguments((table,), {}, lambda remote: 0)
