"""Visible checks for 10-heroku-procfile, in the lab's folder as it is; learners may read and run them."""

from __future__ import annotations

import json
import re
import signal
import time

import pytest
from honcho.environ import parse_procfile
from packaging.requirements import InvalidRequirement, Requirement

from autograder import expect
from autograder.errors import StudentError
from autograder.submission.serving import free_port

NEEDED = ["Procfile", "requirements.txt", ".python-version", "app/__init__.py", "app/main.py", "app/model.py"]
NEEDED += ["model.json", "release.py", "release_check.json", "worker.py"]
JUNK = ["data/irises.csv", "notebooks/explore.ipynb", "tests/test_main.py"]
PYTHONS = [f"3.{minor}" for minor in range(10, 15)]
SLUG = """
import json, sys
from pathspec import GitIgnoreSpec

patterns = []
for line in open(sys.argv[1], encoding="utf-8", errors="replace").read().splitlines():
    try:
        if not line.startswith("!"):  # which .slugignore does not know
            GitIgnoreSpec.from_lines([line])
            patterns.append(line)
    except ValueError:
        pass
spec = GitIgnoreSpec.from_lines(patterns)
kept = [name for name in json.load(open("../files.json")) if not spec.match_file(name)]
json.dump(kept, open("../slug.json", "w"))
"""

# ---------------------------------------------------------------------------------------------- 1. needs


@pytest.mark.task("needs")
def test_python_version(submission):
    """.python-version names one Python that Heroku has."""
    lines = [line.strip() for line in submission.read(".python-version").splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]

    if not lines:
        raise StudentError(".python-version is still empty.", kind="NotImplementedError")
    assert len(lines) == 1, f".python-version has {len(lines)} lines with a version. Expected one."
    shown = lines[0][:60]
    assert not shown.startswith("python-"), f"{shown!r} is how runtime.txt said it. Expected the number alone."
    assert re.fullmatch(r"\d+\.\d+(\.\d+)?", shown), f"{shown!r} is not a version such as 3.14 or 3.14.2."
    found = ".".join(shown.split(".")[:2])
    assert found in PYTHONS, f"Heroku has no Python {found}. It has {PYTHONS[0]} to {PYTHONS[-1]}."


@pytest.mark.task("needs")
def test_requirements_can_be_read(submission):
    """Each line of requirements.txt is a requirement that pip can read."""
    text = submission.read("requirements.txt").replace("\\\n", " ")
    lines = [re.sub(r"(^|\s)#.*", "", line).strip() for line in text.splitlines()]

    if not any(lines):
        raise StudentError("requirements.txt is still empty.", kind="NotImplementedError")
    for line in filter(None, lines):
        assert not line.startswith("-"), f"requirements.txt: {line[:80]!r} is an option. Expected packages only."
        try:
            Requirement(re.split(r"\s--", line)[0])
        except InvalidRequirement:
            raise AssertionError(
                f"requirements.txt: pip cannot read {line[:80]!r}. Expected a name and its version."
            ) from None


# ----------------------------------------------------------------------------------------------- 2. slug


@pytest.mark.task("slug")
def test_junk_stays_out(submission):
    """Tests, notebooks and data of this folder are not in the slug."""
    kept = _slug(submission, NEEDED + JUNK)

    shipped = [name for name in JUNK if name in kept]
    assert not shipped, f"In the slug there is still {', '.join(shipped)}. Expected nothing of the kind."


@pytest.mark.task("slug")
@pytest.mark.needs("test_junk_stays_out")
def test_the_app_is_in_the_slug(submission):
    """All files that the app runs with are in the slug."""
    kept = _slug(submission, NEEDED + JUNK)

    lost = [name for name in NEEDED if name not in kept]
    assert not lost, f"The slug lacks {', '.join(lost)}. Expected everything that the app runs with."


# -------------------------------------------------------------------------------------------- 3. release


@pytest.mark.task("release")
def test_a_sound_model_is_released(submission):
    """The release process ends with exit code 0 for the model of this folder."""
    process = submission.start(_line(submission, "release"))
    code = process.wait(20)
    process.stop(0.5)
    said = "\n".join(process.output()).strip()

    if "NotImplementedError" in said:
        raise StudentError("release.py is still to be written.", kind="NotImplementedError")
    assert code is not None, "The release process did not end within 20 seconds."
    last = said.splitlines()[-1][:200] if said else "nothing"
    assert code == 0, f"The release process ended with exit code {code}, expected 0. The last it said was: {last}"


# ------------------------------------------------------------------------------------------------ 4. web


@pytest.mark.task("web")
def test_the_web_process_answers(submission):
    """The web process answers on the port that $PORT names."""
    port = free_port()
    process = submission.start(_line(submission, "web"), env={"PORT": str(port)})
    try:
        process.ready(port)
        answer = _ask(process, port, "GET", "/")
    finally:
        process.stop(0)

    assert answer.status_code == 200, f"GET / answered with status {answer.status_code}, expected 200."


# --------------------------------------------------------------------------------------------- 5. worker


@pytest.mark.task("worker")
def test_the_worker_works(submission):
    """The worker starts, keeps running, and ends on SIGTERM."""
    process = submission.start(_line(submission, "worker"))
    text, deadline = "", time.monotonic() + 10
    while "worker: ready" not in text and process.wait(0.05) is None and time.monotonic() < deadline:
        text += "".join(process.output())
    code = process.wait(0.3)
    process.signal(signal.SIGTERM)
    end = process.wait(10)
    process.stop(0.5)
    text += "".join(process.output())

    last = text.strip().splitlines()[-1][:200] if text.strip() else "nothing"
    assert code is None, f"The worker ended with exit code {code}. Expected it to run on. It said last: {last}"
    assert "worker: ready" in text, f"Expected 'worker: ready', which worker.py says first. It said last: {last}"
    assert end is not None, "The worker still ran 10 seconds after SIGTERM."


# ----------------------------------------------------------------------------------------- 6. disposable


@pytest.mark.task("disposable")
def test_two_flowers(submission):
    """POST /predict answers with the species and an id."""
    port = free_port()
    process = submission.start(f"uvicorn app.main:app --port {port}")
    flowers = {"setosa": [5.1, 3.5, 1.4, 0.2], "virginica": [6.9, 3.1, 5.8, 2.2]}
    names = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    try:
        process.ready(port)
        for species, values in flowers.items():
            response = _ask(process, port, "POST", "/predict", json=dict(zip(names, values, strict=True)))
            if response.status_code == 500 and _is_a_stub(process):
                raise StudentError("predict is still to be written.", kind="NotImplementedError")
            assert response.status_code == 200, f"POST /predict has status {response.status_code}, expected 200."
            answer = _json(response)
            expect.instance(answer, dict, "an object with id and species as the answer to POST /predict")
            for key in ("id", "species"):
                expect.instance(answer.get(key), str, f"a text under {key!r}")
            assert answer["species"] == species, (
                f"The species of {values} is {species}, not {answer['species'][:60]!r}."
            )
    finally:
        process.stop(0)


def _line(submission, kind):
    """The command of a process type in the Procfile."""
    text = submission.read("Procfile")
    try:
        lines = parse_procfile(text).processes
    except AssertionError:
        raise AssertionError("The Procfile has two lines for the same process type. Expected one.") from None
    if not lines:
        raise StudentError("The Procfile has no process type yet.", kind="NotImplementedError")
    has = ", ".join(lines)
    assert kind in lines, f"The Procfile has no line that begins with '{kind}:'. It has: {has[:200]}."
    return lines[kind].strip()


def _slug(submission, files):
    """Those of ``files`` that .slugignore lets through, computed in the sandbox."""
    lines = [line for line in submission.read(".slugignore").splitlines() if line.strip()]
    if all(line.startswith("#") for line in lines):
        raise StudentError(".slugignore has no pattern yet.", kind="NotImplementedError")
    for name, content in {"files.json": json.dumps(files), "slug.json": "", "slug.py": SLUG}.items():
        submission.write(f"../{name}", content)
    submission.run("python", "../slug.py", ".slugignore")
    submission.session.note(called="", returned="")
    try:
        kept = list(json.loads(submission.read("../slug.json")))
    except (TypeError, ValueError, RecursionError):
        raise StudentError("Your .slugignore cannot be applied.") from None
    return {name for name in files if name in kept}


def _ask(process, port, method, path, **options):
    with process.client(port) as client:
        return client.request(method, path, **options)


def _json(response):
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None


def _is_a_stub(process):
    """Tell whether the log names NotImplementedError as what went wrong; it comes after the answer."""
    said, deadline = "", time.monotonic() + 5
    while not re.search(r"^[\w.]*(Error|Exception)\b", said, re.MULTILINE) and time.monotonic() < deadline:
        if process.wait(0.05) is not None:
            break
        said += "".join(process.output())
    return "NotImplementedError" in said
