"""A grader's hold on a submission: load, call, run, read; and what is lost when student code misbehaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from autograder.errors import StudentError, StudentMissing, StudentResult, StudentTimeout
from autograder.submission import Completed, Remote, Submission

Submit = Callable[..., Submission]
NOTEBOOK = json.dumps({"cells": [{"cell_type": "code", "source": "n = 2\ndef f(x):\n    return n * x"}]})


# ---- loading and calling


def test_python_files_are_loaded_and_called(submit: Submit) -> None:
    """Functions, values and modules beside them."""
    files = {"work.py": "import helper\nLIMIT = 5\ndef f(x, *, k=1):\n    return helper.add(x, k)\n"}
    module = submit({**files, "helper.py": "def add(a, b):\n    return a + b\n"}).load("work.py")

    assert module.f(2) == 3
    assert module.f(2, k=5) == 7
    assert module.get("LIMIT") == 5


def test_modules_in_packages_are_loaded(submit: Submit) -> None:
    """A file in a folder may import what lies beside it."""
    files = {"app/__init__.py": "", "app/main.py": "from .parts import A\nfrom app.parts import A as B\n"}

    assert submit({**files, "app/parts.py": "A = 3"}).load("app/main.py").get("B") == 3


def test_notebooks_are_loaded_and_called(submit: Submit) -> None:
    """Names that cells define can be used like those of a module."""
    module = submit({"lab.ipynb": NOTEBOOK}).load("lab.ipynb")

    assert module.f(4) == 8


def test_a_file_is_loaded_once(submit: Submit) -> None:
    """Loading again gives the same module, with its state."""
    submission = submit({"work.py": "calls = []\ndef f():\n    calls.append(1)\n    return len(calls)\n"})
    submission.load("work.py").f()

    assert submission.load("work.py").f() == 2


def test_tables_are_sent_and_come_back(submit: Submit) -> None:
    """A DataFrame goes in and another comes out."""
    module = submit({"work.py": "def f(df):\n    return df.assign(b=df['a'] * 2)\n"}).load("work.py")

    pd.testing.assert_frame_equal(module.f(pd.DataFrame({"a": [1, 2]})), pd.DataFrame({"a": [1, 2], "b": [2, 4]}))


def test_arguments_can_be_looked_at_after_the_call(submit: Submit) -> None:
    """What a function did to its argument is seen; the grader's own copy is untouched."""
    module = submit({"work.py": "def f(df, n):\n    df['x'] = n\n    return 7\n"}).load("work.py")
    df = pd.DataFrame({"a": [1]})
    result, (after, number) = module.call_and_return_args("f", df, 3)

    assert (result, number, list(after.columns)) == (7, 3, ["a", "x"])
    assert list(df.columns) == ["a"]


MODEL = """
    class Model:
        def __init__(self, n=0):
            self.n = n
        def fit(self, x):
            return Model(self.n + x)
        def __call__(self, x):
            return self.n * x
    def make():
        return {"models": [Model(1)], "pair": (Model(2), 3)}
    def use(model, x):
        return model.n + x
"""


def test_objects_stay_and_are_used_from_here(submit: Submit) -> None:
    """Methods, attributes, calls, and as arguments of other functions."""
    module = submit({"work.py": MODEL}).load("work.py")
    made = module.make()
    model = made["models"][0]
    fitted = model.fit(4)

    assert (type(model), model.type) == (Remote, "Model")
    assert (fitted.get("n"), fitted(10), module.use(fitted, 1)) == (5, 50, 6)
    assert made["pair"][0].get("n") == 2


# ---- what goes wrong


def test_a_file_that_was_not_handed_in_is_missing(submit: Submit) -> None:
    """Loading it says that it is not there yet, in a way that counts as not started."""
    with pytest.raises(StudentMissing, match=r"gone\.py is not there yet") as caught:
        submit({"work.py": ""}, missing=("gone.py",)).load("gone.py")

    assert caught.value.kind == "FileNotFoundError"


def test_a_name_that_is_nearly_right_is_suggested(submit: Submit) -> None:
    """A missing function is told together with the one that may be it."""
    module = submit({"work.py": "def slice_stat(): pass"}).load("work.py")

    with pytest.raises(StudentMissing, match=r"work\.py defines no slice_stats\. Did you mean slice_stat to be it\?"):
        module.slice_stats()


def test_exceptions_of_student_code_come_as_student_errors(submit: Submit) -> None:
    """Class, bases, message and the student's lines are there; the classes themselves are not."""
    source = "class Odd(ValueError):\n    pass\ndef f(x):\n    return g(x)\ndef g(x):\n    raise Odd(f'no {x}')\n"
    module = submit({"work.py": source}).load("work.py")
    with pytest.raises(StudentError, match="f raised Odd: no 3") as caught:
        module.f(3)

    assert (caught.value.kind, caught.value.detail, caught.value.isa("ValueError")) == ("Odd", "no 3", True)
    assert [(frame.line, frame.source) for frame in caught.value.frames] == [
        (4, "return g(x)"),
        (6, "raise Odd(f'no {x}')"),
    ]


def test_what_cannot_be_sent_back_is_told(submit: Submit) -> None:
    """A recursive list is named as the reason, and the worker lives on."""
    source = "def f():\n    a = []\n    a.append(a)\n    return a\ndef g():\n    return 1\n"
    module = submit({"work.py": source}).load("work.py")

    with pytest.raises(StudentResult, match=r"f returned something that cannot be sent back: .*contains itself"):
        module.f()
    assert module.g() == 1


# ---- programs and files


def test_programs_are_run(submit: Submit) -> None:
    """Exit code and output come back and are in the transcript."""
    program = "import os, sys\nprint(sys.argv[1], os.environ['KEY'])\nsys.exit(3)\n"
    submission = submit({"train.py": program})
    done = submission.run("python", "train.py", "a", env={"KEY": "b"})
    told = submission.session.transcript()

    assert done == Completed(3, "a b\n", "")
    assert (told.called, told.returned, told.output) == ("`python train.py a`", "exit code 3", "a b\n")


def test_programs_that_do_not_end_are_stopped(submit: Submit) -> None:
    """The time given ends it; what it printed is not lost."""
    submission = submit({"train.py": "print('epoch 1', flush=True)\nwhile True: pass\n"})

    with pytest.raises(StudentTimeout, match=r"`python train\.py` did not end within 0\.5 seconds"):
        submission.run("python", "train.py", timeout=0.5)
    assert submission.session.transcript().output == "epoch 1\n"


def test_the_student_s_tests_are_run(submit: Submit) -> None:
    """One run, or one for each variant, in the order asked for."""
    tests = "def test_it():\n    assert open('data.csv').read() == 'good'\n"
    submission = submit({"test_work.py": tests})
    one = submission.pytest("test_work.py", {"data.csv": "good"})
    many = submission.pytests("test_work.py", [{"data.csv": text} for text in ("bad", "good", "bad")])

    assert (one.ok, one.caught) == (True, False)
    assert [run.ok for run in many] == [False, True, False]


def test_files_are_read_and_written(submit: Submit) -> None:
    """The grader puts files into the workspace and reads what student code left there."""
    submission = submit({"work.py": "def f():\n    open('out.txt', 'w').write(open('in/a.txt').read() * 2)\n"})
    submission.write("in/a.txt", "ä")
    submission.load("work.py").f()

    assert submission.exists("out.txt")
    assert (submission.read("out.txt"), submission.read_bytes("out.txt")) == ("ää", "ää".encode())


def test_what_was_handed_in_is_read_before_anything_runs(submit: Submit, monkeypatch: pytest.MonkeyPatch) -> None:
    """That needs no sandbox; what student code has written since is read through one."""
    submission = submit({"work.py": "open('work.py', 'w').write('gone')\n"}, missing=("other.py",))
    with monkeypatch.context() as patch:
        patch.setattr(submission.session, "sandbox", lambda: pytest.fail("a sandbox was opened"))
        assert submission.read("work.py").startswith("open(")
        assert (submission.exists("work.py"), submission.exists("other.py")) == (True, False)
        with pytest.raises(StudentMissing, match=r"other\.py is not there"):
            submission.read("other.py")
    submission.load("work.py")

    assert submission.read("work.py") == "gone"


def test_a_name_that_leads_out_is_not_followed(submit: Submit, tmp_path: Path) -> None:
    """Nor before anything runs, when no sandbox would have kept it in."""
    (tmp_path / "secret.txt").write_text("secret")
    submission = submit({"work.py": ""})
    outside = f"../../../{'../' * 20}{tmp_path}/secret.txt"

    assert not submission.exists(outside)
    with pytest.raises(StudentMissing):
        submission.read(outside)


def test_files_that_cannot_be_read_are_the_student_s_error(submit: Submit) -> None:
    """Missing, no text, or a folder: each is told by name."""
    source = "import os\ndef f():\n    os.mkdir('folder')\n    open('b', 'wb').write(b'\\xff')\n"
    submission = submit({"work.py": source})
    submission.load("work.py").f()

    assert not submission.exists("folder")
    with pytest.raises(StudentMissing, match=r"gone\.txt is not there"):
        submission.read("gone.txt")
    with pytest.raises(StudentMissing, match="folder is not there"):
        submission.read("folder")
    with pytest.raises(StudentResult, match="b is not a text in UTF-8"):
        submission.read("b")
