"""Hidden checks for 07-dvc-pipeline: unseen data, every parameter, every file, a second clone."""

from __future__ import annotations

import io
import json

import pandas as pd
import pytest

from autograder import datasets, expect
from autograder.errors import StudentError

OUTPUTS = {"prepare": ["X.csv", "y.csv"], "train": ["model.joblib"], "evaluate": ["validation.json"]}
CANDIDATES = (0.01, 0.1, 1, 10, 100)
REST = {"split.test_size": 0.25, "split.random_state": 23, "evaluate.threshold": 0.5}

# ----------------------------------------------------------------------------------------- 1. parameters


@pytest.mark.task("parameters")
def test_unseen_data_are_scaled(work, unseen):
    """Other rows, negative numbers among them, are scaled by their own smallest and largest value."""
    files = work.by_hand("unseen", "`python prepare.py`", only="prepare").files

    low, high = unseen["feature"].min(), unseen["feature"].max()
    wanted = {"X.csv": ("feature", (unseen["feature"] - low) / (high - low)), "y.csv": ("label", unseen["label"])}
    for name, (column, values) in wanted.items():
        found = _column(files.get(name, ""), column)
        assert len(found) == len(values), f"{name} has {len(found)} values of {column}. Expected {len(values)}."
        wrong = int(((found - values).abs() > 1e-9).sum() + found.isna().sum())
        words = "label" if column == "label" else "feature, scaled by the smallest and largest value,"
        assert not wrong, (
            f"In {name}, {wrong} of {len(values)} values are wrong. Expected the {words} of each row of fake.csv."
        )


@pytest.mark.task("parameters", weight=2)
def test_metrics_of_unseen_data(work, unseen, truth):
    """On data that nobody has seen, F1 and accuracy of the validation rows are right."""
    _check_metrics(work.by_hand("unseen", "`python evaluate.py`"), truth(unseen, {}))


@pytest.mark.task("parameters")
@pytest.mark.needs("test_metrics_of_unseen_data")
def test_c_is_read(work, unseen, truth, changes):
    """Another train.C gives the metrics of another model."""
    trial = work.by_hand("C", "`python train.py` with another train.C")

    _check_metrics(trial, truth(unseen, changes["C"]))


@pytest.mark.task("parameters")
@pytest.mark.needs("test_c_is_read")
def test_the_saved_model_is_measured(work, unseen, truth, changes):
    """evaluate.py measures the model in model.joblib, whatever params.yaml says by now."""
    trial = work.by_hand("saved model", "`python evaluate.py` alone, after a change of train.C")

    _check_metrics(trial, truth(unseen, changes["C"]))


@pytest.mark.task("parameters")
@pytest.mark.needs("test_metrics_of_unseen_data")
def test_the_threshold_is_read(work, unseen, truth, changes):
    """Another evaluate.threshold moves the line between 0 and 1."""
    trial = work.by_hand("threshold", "`python evaluate.py` with another evaluate.threshold")

    _check_metrics(trial, truth(unseen, changes["threshold"]))


@pytest.mark.task("parameters")
@pytest.mark.needs("test_metrics_of_unseen_data")
def test_the_split_is_read(work, unseen, truth, changes):
    """Another split.test_size or split.random_state gives other training and validation rows."""
    for name in ("test_size", "random_state"):
        trial = work.by_hand(name, f"the scripts with another split.{name}")
        _check_metrics(trial, truth(unseen, changes[name]))


@pytest.mark.task("parameters")
@pytest.mark.needs("test_the_threshold_is_read")
def test_f1_without_a_value_is_zero(work, negative, truth, changes):
    """Where no validation row is 1 and none is predicted as 1, F1 is 0."""
    trial = work.by_hand("nothing", "`python evaluate.py` where no row is 1 and none is predicted as 1")

    _check_metrics(trial, truth(negative, changes["nothing"]))


# --------------------------------------------------------------------------------------------- 2. stages


@pytest.mark.task("stages")
def test_each_stage_owns_its_outputs(work):
    """dvc.lock lists X.csv and y.csv under prepare, model.joblib under train, validation.json under evaluate."""
    lock = work.pipeline("`dvc repro`").lock

    for stage, names in OUTPUTS.items():
        outs = _lock_entries(lock, stage, "outs")
        for name in names:
            assert name in outs, f"{stage} writes {name}, but dvc.lock does not have it among the outs of {stage}."


@pytest.mark.task("stages")
def test_the_lock_matches_the_files(work):
    """The hashes in dvc.lock are those of the files that lie there at the end."""
    about = work.pipeline("`dvc repro`")

    for stage in OUTPUTS:
        for kind in ("deps", "outs"):
            for name, md5 in _lock_entries(about.lock, stage, kind).items():
                lies = about.files.get(name, md5)
                assert lies, f"{stage} has {name} among its {kind}, but at the end there is no such file."
                assert lies == md5, (
                    f"{name} is not the file any more that dvc.lock has among the {kind} of {stage}. "
                    "Which stages write to it?"
                )


@pytest.mark.task("stages")
def test_git_holds_no_outputs(work):
    """X.csv, y.csv and model.joblib are kept by DVC, and Git does not see them."""
    about = work.pipeline("`git ls-files` after `git add .`")

    held = [name for name in ("X.csv", "y.csv", "model.joblib") if name in about.tracked]
    assert not held, (
        f"Git holds {', '.join(held)}. An output that DVC keeps is ignored by Git: is it declared, and cached?"
    )


# ------------------------------------------------------------------------------------------ 3. reproduce


@pytest.mark.task("reproduce")
def test_the_same_input_gives_the_same_bytes(work):
    """Run once more on the same input, by hand, the scripts write the same bytes as in the pipeline."""
    files = work.pipeline("`dvc repro`").files
    again = work.by_hand("submitted", "the scripts a second time, on the same input").md5

    for name, md5 in files.items():
        assert again.get(name) == md5, f"{name} is not the same as before. What is in it that changes with each run?"


@pytest.mark.task("reproduce")
def test_a_second_clone_pulls_the_same_bytes(work):
    """After dvc push, another clone pulls every output, byte for byte."""
    share = work.share()
    files = work.pipeline("`dvc pull` in a second clone").files

    for names in OUTPUTS.values():
        for name in names:
            assert share.files.get(name), f"{name} is not there."
            assert share.files[name] == files.get(name), (
                f"{name} has other bytes than in the first clone. Expected the same."
            )


@pytest.mark.task("reproduce")
def test_a_second_clone_has_nothing_to_run(work):
    """Where everything was pulled, dvc repro runs nothing."""
    ran = ", ".join(work.share().ran)

    assert not ran, f"After it, dvc repro ran {ran}. Expected nothing: all results are there."


# ---------------------------------------------------------------------------------------------- 4. rerun


@pytest.mark.task("rerun")
def test_the_threshold_reruns_evaluate(work):
    """Another evaluate.threshold reruns evaluate alone."""
    ran = work.repro("threshold", " after another value of evaluate.threshold").ran

    assert "evaluate" in ran, "evaluate did not run again, although it reads evaluate.threshold."
    _check_idle(ran, ["prepare", "train"], "evaluate.threshold")


@pytest.mark.task("rerun")
def test_the_split_reruns_train(work):
    """Another split.test_size or split.random_state reruns train, but not prepare."""
    for name in ("test_size", "random_state"):
        ran = work.repro(name, f" after another value of split.{name}").ran
        assert "train" in ran, f"train did not run again, although it reads split.{name}."
        _check_idle(ran, ["prepare"], f"split.{name}")


@pytest.mark.task("rerun")
def test_evaluate_names_the_split_that_it_reads(work):
    """evaluate depends on split.test_size and split.random_state, if it reads them: its params say so."""
    before = work.by_hand("unseen", "`python evaluate.py`").files
    reads = work.by_hand("other split", "`python evaluate.py` with another split").files != before
    lock = work.pipeline("`dvc repro`").lock
    ran = work.repro("test_size", " after another value of split.test_size").ran

    if reads:
        hidden = "evaluate hides a dependency: it reads split.{}, but dvc.yaml does not say so."
        assert "evaluate" in ran, hidden.format("test_size")
        assert "split.random_state" in _lock_params(lock, "evaluate"), hidden.format("random_state")


@pytest.mark.task("rerun")
def test_a_changed_script_reruns_its_stage(work):
    """A change of evaluate.py reruns evaluate alone; of prepare.py and train.py, these two."""
    hidden = "{0} hides a dependency: it did not run again, although {0}.py is its own script."
    ran = work.repro("evaluate.py", " after a change of evaluate.py").ran
    assert "evaluate" in ran, hidden.format("evaluate")
    _check_idle(ran, ["prepare", "train"], "evaluate.py")
    ran = work.repro("other scripts", " after a change of prepare.py and train.py").ran
    for stage in ("prepare", "train"):
        assert stage in ran, hidden.format(stage)


@pytest.mark.task("rerun", weight=2)
def test_changed_data_rerun_everything(work):
    """Another feature or another label in fake.csv reruns all three stages, even where the model stays the same."""
    for name, file, what in (("feature", "X.csv", "one feature"), ("label", "y.csv", "one label")):
        ran = work.repro(name, f" after a change of {what} in fake.csv").ran
        assert "prepare" in ran, "prepare hides a dependency: it did not run again, although it reads fake.csv."
        for stage in ("train", "evaluate"):
            assert stage in ran, f"{stage} hides a dependency: it did not run again, although {file} has changed."


@pytest.mark.task("rerun")
def test_no_stage_reads_what_it_does_not_name(work):
    """Whatever file a script cannot do without is a dependency of its stage."""
    extra = work.by_hand("start", "the three scripts, each with its own inputs alone").extra
    lock = work.pipeline("`dvc repro`").lock

    for stage, names in extra.items():
        deps = _lock_entries(lock, stage, "deps")
        for name in names:
            assert name in deps, (
                f"{stage} hides a dependency: {stage}.py fails without {name}, but its deps do not name it."
            )


# -------------------------------------------------------------------------------------------- 5. compare


@pytest.mark.task("compare")
def test_params_yaml_holds_the_best_c(work, truth):
    """params.yaml holds the value of train.C with the best F1 on Fake, and the other values of the start."""
    found = {name: _value(work.params, name) for name in ("train.C", *REST)}
    if found["train.C"] is None:
        raise StudentError("params.yaml has no train.C yet.", kind="NotImplementedError")

    for name, wanted in REST.items():
        assert found[name] == wanted, f"{name} is {found[name]}. Expected {wanted}, as at the start: change one thing."
    chosen = found["train.C"]
    assert chosen in CANDIDATES, f"train.C is {chosen}. Expected one of the five values to try."
    scores = {C: truth(datasets.load("fake"), {"train.C": C})["f1"] for C in CANDIDATES}
    better = [C for C in CANDIDATES if scores[C] > scores[chosen] + 1e-9]
    assert not better, (
        f"train.C is {chosen}, with an F1 of {scores[chosen]:.2f}. Expected the best: another does better."
    )
    smaller = [C for C in CANDIDATES if chosen > C and scores[C] > scores[chosen] - 1e-9]
    assert not smaller, f"A smaller value than {chosen} has the same F1. Which of them does README.md ask for?"


def _check_metrics(trial, wanted):
    """Compare validation.json with the truth."""
    try:
        metrics = json.loads(trial.files.get("validation.json", ""))
    except (ValueError, RecursionError):
        metrics = None
    expect.instance(metrics, dict, "an object with f1 and accuracy in validation.json")
    for name, value in wanted.items():
        expect.close(metrics.get(name), value, f"{name} in validation.json")


def _check_idle(ran, stages, changed):
    """These stages have nothing to do with what was changed."""
    for stage in stages:
        assert stage not in ran, (
            f"{stage} ran again, although it has nothing to do with {changed}. What does it depend on?"
        )


def _column(text, name):
    """Read one column of a CSV file as numbers; what is none becomes NaN."""
    try:
        table = pd.read_csv(io.StringIO(text))
    except ValueError as error:
        raise AssertionError(f"The file with {name} cannot be read: {error}.") from None
    expect.columns(table, [name], exactly=True)
    return pd.to_numeric(table[name], errors="coerce")


def _lock_entries(lock, stage, kind):
    """Return path → MD5 of the deps or outs of a stage, as dvc.lock has them."""
    try:
        return {str(entry["path"]): entry.get("md5", "") for entry in lock["stages"][stage].get(kind, [])}
    except (KeyError, TypeError, AttributeError):
        raise AssertionError(f"dvc.lock has no entry for the stage {stage} that can be read.") from None


def _lock_params(lock, stage):
    """Return names of the parameters of a stage, those of a group each by itself."""
    names = set()
    for values in lock["stages"][stage].get("params", {}).values():
        for name, value in values.items():
            names |= {name} | ({f"{name}.{key}" for key in value} if isinstance(value, dict) else set())
    return names


def _value(params, name):
    """Return the value of "group.key" in params.yaml, None if there is none."""
    group, _, key = name.partition(".")
    inner = params.get(group) if isinstance(params, dict) else None
    return inner.get(key) if isinstance(inner, dict) else None
