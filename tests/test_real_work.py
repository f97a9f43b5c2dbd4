"""What the labs do in earnest runs inside a sandbox of the strongest level: models, plots, servers, programs, tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

WORK = {
    "fit": """
        def run():
            from sklearn.datasets import make_classification
            from sklearn.ensemble import RandomForestClassifier
            from sklearn.linear_model import LogisticRegression
            from sklearn.model_selection import GridSearchCV

            X, y = make_classification(400, random_state=1)
            forest = RandomForestClassifier(20, n_jobs=2, random_state=1).fit(X, y)
            search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=3).fit(X, y)
            return bool(forest.score(X, y) > 0.9 and search.best_score_ > 0.7)
    """,
    "linear_algebra": """
        def run():
            import numpy as np

            a = np.random.default_rng(1).normal(size=(400, 400))
            return bool(np.allclose(a @ np.linalg.inv(a), np.eye(400), atol=1e-6))
    """,
    "plot": """
        def run():
            import os

            import matplotlib.pyplot as plt

            plt.plot([1, 2, 3])
            plt.title("größer")
            plt.savefig("plot.png")
            return plt.get_backend().lower() == "agg" and os.path.getsize("plot.png") > 1000
    """,
    "aequitas": """
        def run():
            import pandas as pd
            from aequitas.group import Group

            people = pd.DataFrame({"score": [1, 0, 1, 0], "label_value": [1, 0, 0, 1], "town": ["a", "a", "b", "b"]})
            table, _ = Group().get_crosstabs(people)
            return sorted(table["attribute_value"]) == ["a", "b"]
    """,
    "subprocess": """
        def run():
            import subprocess
            import sys

            shell = subprocess.run("echo one | tr a-z A-Z", shell=True, capture_output=True, text=True)
            python = subprocess.run([sys.executable, "-c", "print(6 * 7)"], capture_output=True, text=True)
            return (shell.stdout, python.stdout) == ("ONE\\n", "42\\n")
    """,
    "multiprocessing": """
        import multiprocessing

        def square(x):
            return x * x

        def run():
            with multiprocessing.get_context("fork").Pool(2) as pool:
                return pool.map(square, range(5)) == [0, 1, 4, 9, 16]
    """,
    "joblib": """
        from math import sqrt

        def run():
            from joblib import Parallel, delayed

            return Parallel(n_jobs=2)(delayed(sqrt)(x) for x in (1, 4, 9)) == [1, 2, 3]
    """,
    "threads": """
        def run():
            from concurrent.futures import ThreadPoolExecutor

            with ThreadPoolExecutor(8) as pool:
                return list(pool.map(abs, range(-3, 0))) == [3, 2, 1]
    """,
    "asyncio": """
        import asyncio

        async def answer():
            server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0)
            port = server.sockets[0].getsockname()[1]
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            server.close()
            return await reader.read() == b""

        def run():
            return asyncio.run(answer())
    """,
    "files": """
        def run():
            import pathlib
            import pickle
            import sqlite3
            import tempfile

            with tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(folder) / "x.db"
                with sqlite3.connect(path) as database:
                    database.execute("create table t (a)")
                    database.execute("insert into t values (7)")
                    rows = database.execute("select a from t").fetchall()
                (pathlib.Path(folder) / "x.pkl").write_bytes(pickle.dumps(rows))
            pathlib.Path("models").mkdir()
            pathlib.Path("models", "x").write_text("x")
            return rows == [(7,)]
    """,
    "who": """
        def run():
            import getpass
            import os
            import pathlib

            return (getpass.getuser(), pathlib.Path.home().is_dir(), os.access(".", os.W_OK)) == ("student", True, True)
    """,
}


@pytest.mark.parametrize("name", WORK)
def test_work_in_process(name: str, submit: Callable[..., Any]) -> None:
    """It gives the same answer as anywhere."""
    from textwrap import dedent

    submission = submit({"work.py": dedent(WORK[name])}, check_s=60)

    assert submission.load("work.py").run() is True


def test_a_server(submit: Callable[..., Any]) -> None:
    """An ASGI app is served by uvicorn on a Unix socket."""
    app = """
from fastapi import FastAPI

app = FastAPI()


@app.get("/double/{n}")
def double(n: int):
    return {"double": 2 * n}
"""
    submission = submit({"main.py": app}, check_s=60)

    with submission.serve("main:app") as client:
        assert client.get("/double/21").json() == {"double": 42}
        assert client.get("/double/x").status_code == 422


def test_own_tests(submit: Callable[..., Any]) -> None:
    """Tests with fixtures, parameters, temporary folders and captured output run."""
    code = """
import pytest


@pytest.mark.parametrize("n", [1, 2])
def test_it(n, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("N", str(n))
    (tmp_path / "x").write_text("x")
    print(n)
    assert capsys.readouterr().out == f"{n}\\n"
"""
    run = submit({"test_work.py": code}, check_s=60).pytest("test_work.py")

    assert run.ok, run.output
    assert len(run.passed) == 2


def test_git_and_dvc(submit: Callable[..., Any]) -> None:
    """A repository with a DVC stage is made, reproduced, and reproduced again without work."""
    submission = submit(
        {
            "train.py": "import json, sys\nprint('trained')\njson.dump({'n': 6}, open('metrics.json', 'w'))\n",
            "dvc.yaml": "stages: {train: {cmd: python train.py, deps: [train.py], metrics: [metrics.json]}}\n",
        },
        check_s=120,
    )
    identity = {name: "x@example.org" for name in ("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL")}
    identity |= {name: "x" for name in ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME")}
    for command in ("git init -q .", "dvc init -q", "git add .", "git commit -qm start"):
        done = submission.run(*command.split(), env=identity)
        assert done.returncode == 0, f"{command}: {done.stderr}"

    first, second = submission.run("dvc", "repro", env=identity), submission.run("dvc", "repro", env=identity)

    assert "trained" in first.stdout, first.stderr
    assert json.loads(submission.read("metrics.json")) == {"n": 6}
    assert "trained" not in second.stdout
    assert second.returncode == 0, second.stderr
