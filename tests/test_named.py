"""Functions of libraries that graders use and hand on without importing them first."""

from __future__ import annotations

import functools
import pickle
import subprocess
import sys
from collections import Counter

import pytest

from autograder.submission import Named
from autograder.submission.remote import pickle_arguments
from autograder.wording import call_text


def test_it_does_what_the_real_one_does() -> None:
    """A function is called, a class makes an object."""
    assert Named("math:gcd")(12, 18) == 6
    assert Named("collections:Counter")("aab") == Counter(a=2, b=1)


def test_student_code_gets_the_real_one() -> None:
    """What is pickled is the function itself, also inside a partial."""
    base = Named("builtins:int")
    (plain, partial), _ = pickle.loads(pickle_arguments((base, functools.partial(base, base=2)), {}, lambda _: 0))

    assert plain is int
    assert partial.func is int
    assert partial("101") == 5


def test_it_goes_by_its_name() -> None:
    """In feedback it is called what the learner calls it."""
    assert call_text("f", (Named("sklearn.metrics:accuracy_score"),), {}) == "f(accuracy_score)"


def test_nothing_is_imported_before_it_is_called() -> None:
    """Neither by its name nor by being sent; its call imports it."""
    code = (
        "import sys\n"
        "from autograder.submission import Named\n"
        "from autograder.submission.remote import pickle_arguments\n"
        "loads = Named('plistlib:loads')\n"
        "pickle_arguments((loads,), {}, lambda _: 0)\n"
        "assert 'plistlib' not in sys.modules\n"
        "assert loads(b'<plist><integer>3</integer></plist>') == 3\n"
        "assert 'plistlib' in sys.modules\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_name_that_is_not_there_is_told() -> None:
    """A typing error is an error of the grader when it is called, as with any import."""
    with pytest.raises((AttributeError, ImportError), match="no_such"):
        Named("math:no_such_thing")(1)
