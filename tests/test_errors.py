from __future__ import annotations

import inspect
import re

import pytest

from autograder import errors


def _drawn() -> dict[str, str]:
    """Class → its parent in the tree that the module's docstring draws."""
    parents, path = {}, []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"^ {4}([│ ]*(?:[├└]── )?)([A-Z]\w+)", line)
        if match:
            depth = len(match[1]) // 4
            del path[depth:]
            parents[match[2]] = path[-1] if path else "Exception"
            path.append(match[2])
    return parents


def test_docstring_draws_the_tree_as_it_is() -> None:
    """Every exception stands in the docstring below the class that it derives from."""
    classes = {
        name: kind.__bases__[0].__name__
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if kind.__module__ == errors.__name__ and issubclass(kind, Exception)
    }

    assert _drawn() == classes


def test_public_names_are_pinned() -> None:
    """A name comes or goes on purpose only."""
    assert errors.__all__ == [
        "ArchiveError",
        "AutograderError",
        "BuildError",
        "DatasetError",
        "Frame",
        "GraderError",
        "InfrastructureError",
        "LabNotFound",
        "ManifestError",
        "SandboxError",
        "StudentCrash",
        "StudentError",
        "StudentMissing",
        "StudentResult",
        "StudentTimeout",
        "UsageError",
    ]


@pytest.mark.parametrize(("count", "said"), [(1, "1 problem"), (2, "2 problems")])
def test_manifest_error_lists_every_problem(count: int, said: str) -> None:
    """The message names the file, counts the problems and gives each a line."""
    problems = [f"key{number}: is wrong" for number in range(count)]
    error = errors.ManifestError("lab.toml", problems)

    assert str(error).splitlines() == [f"lab.toml: {said}", *(f"  - {line}" for line in problems)]


def test_manifest_error_keeps_the_facts() -> None:
    """Path and problems can be read back, not only printed."""
    error = errors.ManifestError("lab.toml", ["a: is wrong"])

    assert (error.path, error.problems) == ("lab.toml", ("a: is wrong",))


def test_student_error_knows_its_bases() -> None:
    """A KeyError is a LookupError too, although its class never left the student's process."""
    error = errors.StudentError("f raised KeyError: 'a'", kind="KeyError", bases=["KeyError", "LookupError"])

    assert error.isa("KeyError")
    assert error.isa("LookupError")
    assert not error.isa("ValueError")


def test_student_error_without_kind_is_called_by_its_class() -> None:
    """A timeout has no exception in the student's process; it answers to its own name."""
    error = errors.StudentTimeout("f did not answer within 5 s.")

    assert error.kind == "StudentTimeout"
    assert error.isa("StudentTimeout")


def test_student_error_keeps_the_lines() -> None:
    """The student's own lines travel with the error, in order."""
    frames = [errors.Frame("a.py", 3, "f(x)"), errors.Frame("a.py", 7, "return x[0]")]
    error = errors.StudentError("f raised IndexError", frames=frames)

    assert error.frames == tuple(frames)
    assert error.frames[1].line == 7


def test_our_faults_and_the_students_are_apart() -> None:
    """No handler for one kind can catch the other."""
    assert not issubclass(errors.InfrastructureError, errors.StudentError)
    assert not issubclass(errors.StudentError, errors.InfrastructureError)
