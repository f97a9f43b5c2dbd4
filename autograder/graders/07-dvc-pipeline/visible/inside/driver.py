"""Do in the sandbox what a learner does by hand, with scripts, Git and DVC, and write down what happened.

Reads plan.json beside itself and writes facts.json there; the grader's ``fixtures.py`` makes the one and reads the
other. A stage counts as run where DVC starts its command, not where it restores results from its run cache. Student
code runs in processes of its own, though as the same user, and may write to every file. So the facts are sealed with
a key that came with the plan: it is read, and the plan removed, before the first of that code runs.
"""

from __future__ import annotations

import contextlib
import ctypes
import hmac
import json
import os
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import quick_dvc
from by_hand import ByHand
from helpers import (
    TAIL,
    Trouble,
    captured,
    commit,
    content,
    decoded,
    digests,
    git,
    params_of,
    put,
    sentence,
    stages_of,
    time_limit,
    with_params,
)

from autograder.sandbox.programs import offer_python


def main() -> None:
    """Carry out the plan, and write down how it went, our own failures as well."""
    here = Path(sys.argv[0]).resolve().parent
    plan = json.loads((here / "plan.json").read_text())
    (here / "plan.json").unlink()
    keep_memory_private()
    facts: dict[str, Any] = {"bug": "", "params": None, "by_hand": {}, "pipeline": {}, "steps": {}, "share": {}}
    base = Path(tempfile.mkdtemp(prefix="lab-"))
    try:
        carry_out(plan, base, facts)
    except Exception:
        facts["bug"] = traceback.format_exc()
    os.chdir(here)
    told = json.dumps(facts, default=str, skipkeys=True)
    seal = hmac.digest(bytes.fromhex(plan["key"]), told.encode(), "sha256").hex()
    Path("facts.new").write_text(f"{seal}\n{told}")
    Path("facts.new").replace("facts.json")
    shutil.rmtree(base, ignore_errors=True)


def keep_memory_private() -> None:
    """Have the kernel refuse this process's memory and descriptors to others, those of the same user as well."""
    if sys.platform == "linux":
        pr_set_dumpable = 4
        ctypes.CDLL(None, use_errno=True).prctl(pr_set_dumpable, 0, 0, 0, 0)


def carry_out(plan: dict[str, Any], base: Path, facts: dict[str, Any]) -> None:
    """Lay out a repository in ``base``, run the scripts by hand, then the pipeline."""
    forget_the_host()
    offer_python(str(base / "bin"))
    quick_dvc.start_stages_warm(str(base / "bin"))
    quick_dvc.parse_once()
    submitted = {name: Path(name).read_bytes() for name in plan["files"] if Path(name).is_file()}
    facts["params"] = params_of(submitted.get("params.yaml"))
    origin = lay_out(base, plan["data"].encode(), submitted)
    try:
        ByHand(base, origin, submitted, facts).run(plan["by_hand"])
        if not any(trial["timed_out"] for trial in facts["by_hand"].values()):
            Pipeline(base, origin, submitted, facts).run(plan["steps"])
    except (OSError, subprocess.SubprocessError) as error:  # the disk is full, .git is gone, …
        facts["pipeline"]["problem"] = sentence(error)


def forget_the_host() -> None:
    """Keep Git, the program and the library, from the configuration of this computer and its user."""
    import pygit2
    from pygit2.enums import ConfigLevel

    for level in (ConfigLevel.SYSTEM, ConfigLevel.XDG, ConfigLevel.GLOBAL):
        pygit2.settings.search_path[level] = ""
    names = {f"GIT_{who}_{what}": "grader" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    os.environ.update(names, GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_NOSYSTEM="1", LOGNAME="student")


def lay_out(base: Path, data: bytes, submitted: dict[str, bytes]) -> Path:
    """A Git and DVC repository with the data, pushed to a remote, and all that was handed in but dvc.yaml."""
    from dvc.repo import Repo

    origin = base / "origin"
    origin.mkdir()
    git(origin, "init", "--quiet", "--initial-branch=main")
    with captured():
        repo = Repo.init(str(origin))
        with repo.config.edit() as config:
            config["remote"]["store"] = {"url": str(base / "store")}
            config["core"]["remote"] = "store"
        (origin / "fake.csv").write_bytes(data)
        repo.add(str(origin / "fake.csv"))
        repo.close()
        with Repo(str(origin)) as repo:
            repo.push(jobs=1)
    for name, handed_in in submitted.items():
        if name != "dvc.yaml":
            (origin / name).write_bytes(handed_in)
    commit(origin)
    return origin


class Pipeline:
    """A clean clone, in which ``dvc repro`` is asked again and again what a change is worth."""

    def __init__(self, base: Path, origin: Path, submitted: dict[str, bytes], facts: dict[str, Any]) -> None:
        self._base, self._origin, self._clone = base, origin, base / "clone"
        self._submitted = submitted
        self._facts = facts
        self._about: dict[str, Any] = {
            "problem": "",
            "output": "",
            "stages": [],
            "lock": {},
            "files": {},
            "tracked": [],
        }
        self._facts["pipeline"] = self._about
        self._ran: list[str] = []

    def run(self, steps: list[dict[str, Any]]) -> None:
        """Clone, pull the data, and take the steps until the first fails."""
        from dvc.repo import Repo

        self._listen()
        try:
            self._about["stages"] = sorted(stages_of(self._submitted.get("dvc.yaml")))
            if not self._about["stages"]:
                return
            (self._origin / "dvc.yaml").write_bytes(self._submitted["dvc.yaml"])
            commit(self._origin)
            git(self._base, "clone", "--quiet", str(self._origin), str(self._clone))
            os.chdir(self._clone)
            repo = self._checked(self._about, lambda: Repo(str(self._clone)))
            self._checked(self._about, lambda: repo.pull(targets=["fake.csv"], jobs=1))
            for step in steps:
                self._step(repo, step)
                if self._facts["steps"][step["name"]]["problem"]:
                    break
                if step.get("commit"):
                    commit(self._clone)
                if step.get("look"):
                    self._look(repo)
                if step.get("share"):
                    self._share(repo)
                if step.get("compare"):
                    self._about["diff"] = self._checked(self._about, lambda: repo.metrics.diff("HEAD~1", all=True))
        except Trouble as trouble:
            self._about["problem"] = self._about["problem"] or str(trouble)

    def _step(self, repo: Any, step: dict[str, Any]) -> None:
        """Change something, and reproduce."""
        made: dict[str, Any] = {"ran": [], "problem": "", "output": "", "metric": "", "files": {}}
        self._facts["steps"][step["name"]] = made
        if "params" in step:
            put("params.yaml", with_params(content("params.yaml"), step["params"]))
        if "data" in step:
            put("fake.csv", step["data"].encode())
        for name in step.get("edit", ()):
            put(name, (content(name) or b"") + b"\n# changed\n")
        self._ran.clear()
        with contextlib.suppress(Trouble):
            self._checked(made, repo.reproduce)
        made |= {
            "ran": list(self._ran),
            "metric": decoded(content("validation.json") or b""),
            "files": digests(),
        }

    def _look(self, repo: Any) -> None:
        """What the lock file says, what the files are, what Git holds, what DVC takes for a metric."""
        import yaml

        self._about |= {
            "lock": yaml.safe_load(content("dvc.lock") or b"") or {},
            "files": digests(),
            "tracked": git(self._clone, "ls-files").split("\n"),
            "metrics": self._checked(self._about, lambda: repo.metrics.show()),
        }

    def _share(self, repo: Any) -> None:
        """Push, and pull in a second clone."""
        from dvc.repo import Repo

        made = self._facts["share"]
        made |= {"problem": "", "output": "", "files": {}, "ran": []}
        second = self._base / "second"
        try:
            self._checked(made, lambda: repo.push(jobs=1))
            git(self._base, "clone", "--quiet", str(self._clone), str(second))
            os.chdir(second)
            there = self._checked(made, lambda: Repo(str(second)))
            self._checked(made, lambda: there.pull(jobs=1))
            made["files"] = digests()
            self._ran.clear()
            self._checked(made, there.reproduce)
            made["ran"] = list(self._ran)
            there.close()
        except Trouble:
            pass
        finally:
            os.chdir(self._clone)

    def _listen(self) -> None:
        """Note each stage whose command DVC starts."""
        import dvc.stage.run

        start = dvc.stage.run.cmd_run

        def noting(stage: Any, *args: Any, **kwargs: Any) -> None:
            self._ran.append(stage.addressing)
            start(stage, *args, **kwargs)

        dvc.stage.run.cmd_run = noting

    def _checked(self, made: dict[str, Any], ask: Callable[[], Any]) -> Any:
        """The answer of DVC; what it says on the way and what goes wrong is noted in ``made``."""
        problem, answer = "", None
        with captured() as said:
            try:
                with time_limit():
                    answer = ask()
            except Exception as error:  # DVC has many, and odd files bring out others
                problem = sentence(error)
                if hasattr(error, "__pretty_exc__"):
                    error.__pretty_exc__()
        made["output"] = said[0][-TAIL:]
        if problem:
            made["problem"] = problem
            raise Trouble(problem)
        return answer


if __name__ == "__main__":
    main()
