"""Stand-ins for a student's modules and objects: whatever is done to them is done in the sandbox."""

from __future__ import annotations

import io
import pickle
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from autograder.errors import GraderError, StudentResult
from autograder.sandbox.wire import Handle
from autograder.submission.library import Named

if TYPE_CHECKING:
    from autograder.submission.session import Session

__all__ = ["Remote", "RemoteFunction", "RemoteModule", "pickle_arguments"]


class RemoteFunction:
    """A name in a student's module or object, to be called."""

    def __init__(self, owner: RemoteModule | Remote, name: str | None) -> None:
        self._owner = owner
        self._name = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it and return the result as plain data, or as a :class:`Remote`.

        Raises:
            StudentError: it raised, hung, died, is not there or returned what cannot be sent.
        """
        return self._owner._call(self._name, args, kwargs)


class RemoteModule:
    """A student's file, loaded in the sandbox. ``module.name(…)`` calls a function of it."""

    def __init__(self, session: Session, file: str) -> None:
        self._session = session
        self._file = file

    def __getattr__(self, name: str) -> RemoteFunction:
        if name.startswith("__"):
            raise AttributeError(name)
        return RemoteFunction(self, name)

    def get(self, name: str) -> Any:
        """The value of a name, as plain data or as a :class:`Remote`.

        Raises:
            StudentMissing: the file defines no such name.
        """
        return self._session.get(self._file, None, name)

    def call_and_return_args(self, name: str, *args: Any, **kwargs: Any) -> tuple[Any, tuple[Any, ...]]:
        """Like ``module.name(*args, **kwargs)``, with the arguments as they are after the call.

        Raises:
            StudentError: as for a call.
        """
        return self._session.call_and_return_args(self._file, name, args, kwargs)

    def _call(self, name: str | None, args: Any, kwargs: Any) -> Any:
        return self._session.call(self._file, None, name, args, kwargs)


class Remote:
    """An object that stays in the sandbox, a fitted estimator say.

    Attributes:
        number: the worker's number for it.
        generation: which worker holds it.
        type: name of its class.
        text: its ``repr``, shortened.
    """

    def __init__(self, session: Session, file: str, number: int, generation: int, type: str, text: str) -> None:
        self._session = session
        self._file = file
        self.number = number
        self.generation = generation
        self.type = type
        self.text = text

    def __getattr__(self, name: str) -> RemoteFunction:
        if name.startswith("__"):
            raise AttributeError(name)
        return RemoteFunction(self, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the object itself."""
        return self._call(None, args, kwargs)

    def get(self, name: str) -> Any:
        """An attribute, as plain data or as a :class:`Remote`.

        Raises:
            StudentMissing: there is no such attribute.
        """
        return self._session.get(self._file, self, name)

    def __repr__(self) -> str:
        return f"<student's {self.type}>"

    def _call(self, name: str | None, args: Any, kwargs: Any) -> Any:
        return self._session.call(self._file, self, name, args, kwargs)


def pickle_arguments(args: Any, kwargs: Any, handle: Callable[[Remote], int]) -> bytes:
    """The arguments of a call, for the worker.

    Args:
        args, kwargs: the arguments.
        handle: gives the worker's number for a remote object, or raises.

    Raises:
        GraderError: an argument is not something that the worker can have.
    """
    buffer = io.BytesIO()
    try:
        _Pickler(buffer, handle).dump((tuple(args), dict(kwargs)))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise GraderError(f"an argument of a call cannot be sent: {error}") from None
    return buffer.getvalue()


_PLAIN = frozenset({str, int, float, bool, bytes, type(None)})


class _Pickler(pickle.Pickler):
    def __init__(self, buffer: io.BytesIO, handle: Callable[[Remote], int]) -> None:
        super().__init__(buffer, protocol=5)
        self._handle = handle

    def persistent_id(self, value: Any) -> int | None:
        if type(value) in _PLAIN:  # every label of a table comes by here
            return None
        if isinstance(value, Remote):
            return self._handle(value)
        if isinstance(value, Handle):  # inside a table, say, where the grader passes on what it was given
            raise StudentResult(f"Your code returned a table that holds a {value.type}, which cannot be used further.")
        if isinstance(value, Named):  # what it stands for is sent
            return None
        if isinstance(value, type) or callable(value):
            self._refuse_our_own(value)
        return None

    @staticmethod
    def _refuse_our_own(value: Any) -> None:
        module = sys.modules.get(getattr(value, "__module__", "") or "")
        file = str(getattr(module, "__file__", "") or "")
        if "/graders/" in file or (module is not None and module.__name__.partition(".")[0] == "autograder"):
            name = getattr(value, "__name__", value)
            raise GraderError(f"{name} is the grader's own and cannot be sent to student code")
