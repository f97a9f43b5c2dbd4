"""One run of everything for 07-dvc-pipeline: scripts by hand, then DVC in a clean clone (see inside/driver.py)."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel, ConfigDict, ValidationError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler

from autograder import datasets
from autograder.errors import Frame, GraderError, StudentCrash, StudentError, StudentMissing, StudentTimeout

START = {"split.test_size": 0.25, "split.random_state": 23, "train.C": 1.0, "evaluate.threshold": 0.5}
"""The parameters that README.md starts from."""
SEED = 1789
TRIALS = {
    "C": {"train.C": 0.01},
    "threshold": {"evaluate.threshold": 0.65},
    "test_size": {"split.test_size": 0.4},
    "random_state": {"split.random_state": 7},
}
"""What is changed when the scripts are run by hand on unseen data, each by itself."""


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
    """All that ``driver.py`` wrote down; as untrusted as what it watched."""

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
def work(submission: Any, seed: int) -> Work:
    """Everything tried out, once for all checks."""
    fake = datasets.load("fake")
    for file in Path(__file__).with_name("inside").glob("*.py"):
        submission.write(f".grader/{file.name}", file.read_bytes())
    submission.write(".grader/plan.json", json.dumps(_plan(submission.lab.submit, fake, unseen_data(seed))))
    try:
        submission.run("python", ".grader/driver.py", timeout=submission.lab.limits.check_s)
        facts = Facts.model_validate_json(submission.read(".grader/facts.json"))
    except StudentTimeout:
        raise StudentTimeout("Your scripts and stages took too long, one after the other.") from None
    except (StudentMissing, ValidationError):
        raise StudentCrash("Your scripts ended what ran them, or took away what it wrote down.") from None
    if facts.bug:
        raise GraderError(f"driver.py failed: {facts.bug[-3000:]}")
    return Work(submission, facts)


@pytest.fixture(scope="session")
def unseen(seed: int) -> pd.DataFrame:
    """Rows like those of Fake that nobody has seen, on which every parameter makes a difference."""
    return unseen_data(seed)


@pytest.fixture(scope="session")
def truth() -> Any:
    """Return a function that does what the three scripts should: ``truth(data, {"train.C": 3})`` → metrics."""
    return true_metrics


@pytest.fixture
def changes() -> dict[str, dict[str, float]]:
    """What is changed in each trial on unseen data."""
    return TRIALS


def true_metrics(data: pd.DataFrame, changed: dict[str, float]) -> dict[str, float]:
    """F1 and accuracy as the scripts of README.md give them."""
    params = START | changed
    X, y = MinMaxScaler().fit_transform(data[["feature"]]), data["label"].to_numpy()
    split = {"test_size": params["split.test_size"], "random_state": int(params["split.random_state"])}
    X_train, X_valid, y_train, y_valid = train_test_split(X, y, **split)
    model = LogisticRegression(C=params["train.C"]).fit(X_train, y_train)
    predicted = model.predict_proba(X_valid)[:, 1] >= params["evaluate.threshold"]
    return {"f1": f1_score(y_valid, predicted, zero_division=0), "accuracy": accuracy_score(y_valid, predicted)}


@functools.lru_cache(maxsize=8)
def unseen_data(seed: int) -> pd.DataFrame:
    """The data of the fixture ``unseen``."""
    for number in range(1000):
        rng = np.random.default_rng([seed, number])
        feature = rng.integers(-8, 48, size=60)
        chance = 1 / (1 + np.exp(-(feature - rng.integers(10, 18)) / 5))
        data = pd.DataFrame({"feature": feature, "label": (rng.random(60) < chance).astype(int)})
        if 0.3 < data["label"].mean() < 0.7 and _tells_all(data):
            return data
    raise GraderError("no data set was found on which every parameter makes a difference")


def _tells_all(data: pd.DataFrame) -> bool:
    """Whether each change of a parameter changes both metrics."""
    start = true_metrics(data, {})
    others = [true_metrics(data, changed) for changed in TRIALS.values()]
    return all(abs(other[name] - start[name]) > 0.01 for other in others for name in start)


def _plan(files: tuple[str, ...], fake: pd.DataFrame, unseen: pd.DataFrame) -> dict[str, Any]:
    """What ``driver.py`` is to do, in order; each step starts from the state that the one before left."""
    every, later = ["prepare", "train", "evaluate"], ["train", "evaluate"]
    by_hand = [
        {"name": "start", "data": _csv(fake), "params": START, "run": every},
        {"name": "submitted", "params": {}, "run": later},
        {"name": "unseen", "data": _csv(unseen), "params": START, "run": every},
        {"name": "other split", "params": START | TRIALS["test_size"] | TRIALS["random_state"], "run": ["evaluate"]},
        {"name": "threshold", "params": START | TRIALS["threshold"], "run": ["evaluate"]},
        {"name": "C", "params": START | TRIALS["C"], "run": later},
        {"name": "saved model", "params": START, "run": ["evaluate"]},
        {"name": "test_size", "params": START | TRIALS["test_size"], "run": later},
        {"name": "random_state", "params": START | TRIALS["random_state"], "run": later},
    ]
    steps = [
        {"name": "first", "commit": True, "look": True, "share": True},
        {"name": "again"},
        {"name": "C", "params": {"train.C": 0.537}, "compare": True, "commit": True},
        {"name": "threshold", "params": {"evaluate.threshold": 0.463}},
        # Of 19 rows, 25 % and 25.5 % are the same five: the model stays the same.
        {"name": "test_size", "params": {"split.test_size": 0.255}},
        {"name": "random_state", "params": {"split.random_state": SEED}},
        {"name": "evaluate.py", "edit": ["evaluate.py"]},
        {"name": "other scripts", "edit": ["prepare.py", "train.py"]},
        {"name": "feature", "data": _csv(with_other_feature(fake))},
        {"name": "label", "data": _csv(with_other_label(with_other_feature(fake)))},
    ]
    return {"files": files, "data": _csv(fake), "by_hand": by_hand, "steps": steps}


def with_other_feature(fake: pd.DataFrame) -> pd.DataFrame:
    """Fake, with another feature in one validation row: X.csv changes, y.csv and the model do not."""
    row = next(row for row in _validation_rows(fake) if 0 < fake.loc[row, "feature"] < 9)
    return fake.assign(feature=fake["feature"].where(fake.index != row, fake["feature"] + 0.5))


def with_other_label(fake: pd.DataFrame) -> pd.DataFrame:
    """Fake, with another label in one validation row: y.csv changes, X.csv and the model do not."""
    row = _validation_rows(fake)[0]
    return fake.assign(label=fake["label"].where(fake.index != row, 1 - fake["label"]))


def _validation_rows(fake: pd.DataFrame) -> list[int]:
    return list(train_test_split(fake.index, test_size=0.255, random_state=SEED)[1])


def _csv(data: pd.DataFrame) -> str:
    return data.to_csv(index=False)


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
    lines = [line.rstrip() for line in output.strip().splitlines() if line.strip()]
    return StudentError("\n".join([problem, *lines[-12:]]), kind="DvcException")
