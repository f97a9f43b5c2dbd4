"""The work of 07-dvc-pipeline tried out once: scripts by hand, then DVC in a clean clone (see inside/driver.py)."""

from __future__ import annotations

import hmac
import json
import re
import secrets
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from autograder import datasets
from autograder.errors import Frame, GraderError, StudentCrash, StudentError, StudentMissing, StudentTimeout

START = {"split.test_size": 0.25, "split.random_state": 23, "train.C": 1.0, "evaluate.threshold": 0.5}
"""The parameters that README.md starts from."""


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Trial(_Read):
    """Scripts that were run by hand, one after the other."""

    script: str
    problem: str
    output: str
    timed_out: bool
    extra: dict[str, list[str]]
    """Script → files that it cannot do without, other than the inputs that README.md gives it."""
    files: dict[str, str]
    md5: dict[str, str]


class Step(_Read):
    """One ``dvc repro``."""

    ran: list[str]
    """Stages whose command was really started."""
    problem: str
    output: str
    metric: str
    files: dict[str, str]
    """Output → its MD5."""


class About(_Read):
    """A clone after the first run of its pipeline, or after a pull of the results."""

    problem: str = ""
    output: str = ""
    stages: list[str] = []
    ran: list[str] = []
    lock: dict[str, Any] = {}
    files: dict[str, str] = {}
    tracked: list[str] = []
    """What Git holds."""
    metrics: Any = None
    diff: Any = None


class Facts(_Read):
    """All that ``driver.py`` wrote down."""

    bug: str
    params: Any
    by_hand: dict[str, Trial]
    pipeline: About
    steps: dict[str, Step]
    share: About


class Work:
    """What came of the work handed in. Each method raises a StudentError if it did not come so far.

    Attributes:
        params: the params.yaml handed in, as it is.
    """

    def __init__(self, submission: Any, facts: Facts) -> None:
        self._note = submission.session.note
        self._facts = facts
        self.params = facts.params

    def by_hand(self, name: str, called: str, *, only: str = "") -> Trial:
        """A run of the scripts, or what it gave up to the script ``only``."""
        self._note(called=called)
        trials = self._facts.by_hand
        if name not in trials:  # one before took too long
            last = next(reversed(trials.values()), self._facts.pipeline)
            raise _blame(last.problem, last.output)
        for trial in (trials["start" if name == "start" else "unseen"], trials[name]):
            if trial.problem and (not only or trial.script in ("", only)):
                raise _blame(trial.problem, trial.output)
        return trials[name]

    def repro(self, name: str, after: str = "") -> Step:
        """A ``dvc repro`` of the three stages; what keeps the first from running is told in full only there."""
        self._note(called=f"`dvc repro`{after}")
        self._begun()
        failed = next((step for step in self._facts.steps.values() if step.problem), None)
        step = self._facts.steps.get(name)
        if step is not None and not step.problem:
            return step
        error = _blame(failed.problem, failed.output) if failed else self._no_pipeline()
        first = self._facts.steps.get("first")
        runs = first is not None and not first.problem
        if runs or (name == "first" and after) or error.isa("NotImplementedError"):
            raise error
        raise StudentError("dvc repro does not run through yet: see task 2.", kind=error.kind)

    def pipeline(self, called: str) -> About:
        """What is known of the pipeline after its first run."""
        self.repro("first")
        self._note(called=called)
        return self._facts.pipeline

    def share(self) -> About:
        """A push and a pull."""
        self.repro("first")
        self._note(called="`dvc push`, and `dvc pull` in a second clone")
        if self._facts.share.problem:
            raise _blame(self._facts.share.problem, self._facts.share.output)
        return self._facts.share

    def diff(self) -> Any:
        """What ``dvc metrics diff`` says after a change of C."""
        self.repro("C")
        self._note(called="`dvc metrics diff` after another value of train.C")
        if self._facts.pipeline.problem:
            raise self._no_pipeline()
        return self._facts.pipeline.diff

    def _begun(self) -> None:
        about = self._facts.pipeline
        if not about.stages and not about.problem:
            trial = next((t for t in self._facts.by_hand.values() if t.timed_out), None)
            if trial is not None:
                raise StudentTimeout(trial.problem)
            raise StudentError("dvc.yaml has no stages yet.", kind="NotImplementedError")

    def _no_pipeline(self) -> StudentError:
        about = self._facts.pipeline
        return _blame(about.problem or "the pipeline did not come so far", about.output)


@pytest.fixture(scope="session")
def plan() -> dict[str, Any]:
    """What ``driver.py`` is to do for the visible checks; hidden ones have it do more."""
    every = ["prepare", "train", "evaluate"]
    fake = datasets.load("fake").to_csv(index=False)
    steps = [
        {"name": "first", "commit": True, "look": True},
        {"name": "again"},
        {"name": "C", "params": {"train.C": 0.537}, "compare": True, "commit": True},
    ]
    return {"data": fake, "by_hand": [{"name": "start", "data": fake, "params": START, "run": every}], "steps": steps}


@pytest.fixture(scope="session")
def work(submission: Any, plan: dict[str, Any]) -> Work:
    """Everything tried out, once for all checks."""
    for file in Path(__file__).with_name("inside").glob("*.py"):
        submission.write(f".grader/{file.name}", file.read_bytes())
    key = secrets.token_bytes(32)
    told = {"files": submission.lab.submit, "key": key.hex(), **plan}
    submission.write(".grader/plan.json", json.dumps(told))
    try:
        submission.run("python", ".grader/driver.py", timeout=submission.lab.limits.check_s)
        facts = Facts.model_validate_json(_unsealed(submission.read(".grader/facts.json"), key))
    except StudentTimeout:
        raise StudentTimeout("Your scripts and stages took too long, one after the other.") from None
    except (StudentMissing, ValueError):
        raise StudentCrash("Your scripts ended what ran them, or took away what it wrote down.") from None
    if facts.bug:
        raise GraderError(f"driver.py failed: {facts.bug[-3000:]}")
    return Work(submission, facts)


def _unsealed(text: str, key: bytes) -> str:
    """What the driver wrote down; a ValueError if somebody else did."""
    seal, _, facts = text.partition("\n")
    if not hmac.compare_digest(seal.encode(), hmac.digest(key, facts.encode(), "sha256").hex().encode()):
        raise ValueError("the seal is broken")
    return facts


def _blame(problem: str, output: str) -> StudentError:
    """The exception behind a problem: a script's own if its output shows one."""
    places = re.findall(r'^  File "([^"\n]*)", line (\d+).*\n(?:    (.*))?', output, re.MULTILINE)
    frames = [
        Frame(path.rpartition("/")[2], int(line), source)
        for path, line, source in places
        if re.search(r"/(prepare|train|evaluate)\.py$", path)
    ]
    raised = re.findall(
        r"^([A-Za-z_][\w.]*)(?:: (.*))?$", output[output.rfind("Traceback (most recent call last)") :], re.MULTILINE
    )
    if frames and raised:
        kind, detail = raised[-1][0].rpartition(".")[2], raised[-1][1]
        said = f"{frames[0].where} raised {kind}{f': {detail}' if detail else ''}"
        return StudentError(said, kind=kind, detail=detail, frames=frames)
    if re.search(r"\.(py|yaml) is not there\.$", problem):
        return StudentMissing(problem, kind="FileNotFoundError")
    if "did not end within" in problem:
        return StudentTimeout(problem)
    plain = re.sub(r"\x1b\[[\d;]*m", "", output)
    lines = [line.rstrip() for line in plain.strip().splitlines() if line.strip()]
    return StudentError("\n".join([problem, *lines[-12:]]), kind="DvcException")
