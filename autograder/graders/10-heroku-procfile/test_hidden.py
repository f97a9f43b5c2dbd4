"""Hidden checks for 10-heroku-procfile: builds, releases and runs the app as Heroku would, in the sandbox."""

from __future__ import annotations

import ast
import functools
import importlib.metadata
import json
import math
import re
import socket
import sys
import time

import pytest
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from autograder.errors import StudentError

DEFAULT_PORT = 5000
_IN_USE = re.compile("address already in use", re.IGNORECASE)
SLUG_LIMIT_MB = 1024  # since March 2026; 500 before
FEATURES = ("sepal_length", "sepal_width", "petal_length", "petal_width")
SHIPPED_CODE = ("app/__init__.py", "app/main.py", "app/model.py", "release.py", "worker.py")
SERVERS = ("daphne", "granian", "gunicorn", "hypercorn", "uvicorn")
TOOLS = {
    *("black", "coverage", "dvc", "flake8", "honcho", "hypothesis", "ipykernel", "ipython", "isort", "jupyter"),
    *("jupyterlab", "matplotlib", "mypy", "notebook", "nox", "pre-commit", "pylint", "pytest", "pytest-cov", "ruff"),
    *("seaborn", "tox"),
}

# In a year the project has grown: file → MB.
JUNK = {
    "data/irises.csv": 0.01,
    "data/raw/2026/greenhouse.parquet": 880,
    "data/raw/2027/greenhouse.parquet": 910,
    "data/README.md": 0.01,
    "notebooks/explore.ipynb": 2.5,
    "notebooks/2027/figures/drift.png": 6,
    "app/scratch.ipynb": 0.4,
    "tests/test_main.py": 0.01,
    "tests/api/test_predict.py": 0.01,
    "tests/golden/answers.json": 35,
}
KEPT = {
    **dict.fromkeys(("Procfile", "requirements.txt", ".python-version", "release.py", "worker.py"), 0.01),
    **dict.fromkeys(("app/__init__.py", "app/main.py", "app/model.py", "release_check.json"), 0.01),
    **dict.fromkeys(("app/datatypes.py", "app/latest.py", "app/static/testimonials.html"), 0.02),
    "model.json": 1.5,
}
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
@pytest.mark.needs("test_requirements_can_be_read")
def test_requirements_cover_the_app(submission):
    """Whatever the app imports, and the server that runs it, is installed by requirements.txt."""
    installed = _closure([(line.name, line.extras) for line in _requirements(submission)])

    for module, where in _imports(submission).items():
        names = _distributions().get(module, [module])
        covered = any(canonicalize_name(name) in installed for name in names)
        assert covered, f"{where} imports {module}, and requirements.txt does not bring it along."
    web = re.search(r"^web:(.*)$", _text(submission, "Procfile"), re.MULTILINE)
    for server in SERVERS:
        asked = web is not None and re.search(rf"(?<![\w-]){server}(?![\w-])", web[1])
        assert not asked or server in installed, f"The web process starts {server}, which nobody installs."


@pytest.mark.task("needs")
@pytest.mark.needs("test_requirements_can_be_read")
def test_versions_are_pinned(submission):
    """Each requirement says which version it means, so that next month's build is this month's."""
    for line in _requirements(submission):
        bounded = line.url or any(clause.operator in ("==", "===", "~=", "<", "<=") for clause in line.specifier)
        assert bounded, (
            f"requirements.txt: any future {line.name[:60]} fits {str(line)[:80]!r}. Which version did you test?"
        )


@pytest.mark.task("needs")
@pytest.mark.needs("test_requirements_can_be_read")
def test_tools_stay_at_home(submission):
    """requirements.txt holds what the app runs with, not what you develop with."""
    modules = {canonicalize_name(name) for name in _imports(submission)}
    tools = [line.name for line in _requirements(submission) if canonicalize_name(line.name) in TOOLS - modules]

    assert not tools, f"The app runs without {', '.join(tools)}, and the slug is larger for it."


# ----------------------------------------------------------------------------------------------- 2. slug


@pytest.mark.task("slug")
def test_next_years_junk_stays_out(submission):
    """When the project has grown, new tests, notebooks and data stay out of the slug."""
    kept = _slug(submission, [*KEPT, *JUNK])

    shipped = [name for name in JUNK if name in kept]
    files = "1 file" if len(shipped) == 1 else f"{len(shipped)} files"
    assert not shipped, f"A year later, {files} would be in the slug that should not, such as {shipped[0]}."


@pytest.mark.task("slug")
def test_next_years_slug_is_small_enough(submission):
    """When the project has grown, the slug is still smaller than Heroku's limit of 1 GB."""
    kept = _slug(submission, [*KEPT, *JUNK])

    size = sum(megabytes for name, megabytes in {**KEPT, **JUNK}.items() if name in kept)
    assert size < SLUG_LIMIT_MB, f"A year later, your slug would have {size:,.0f} MB. Heroku takes {SLUG_LIMIT_MB:,}."


@pytest.mark.task("slug")
@pytest.mark.needs("test_junk_stays_out")
def test_next_years_app_is_in_the_slug(submission):
    """When the project has grown, what the app runs with is still in the slug."""
    kept = _slug(submission, [*KEPT, *JUNK])

    lost = [name for name in KEPT if name not in kept]
    assert not lost, f"A year later, the slug would lack {lost[0]}. Which of your patterns is wider than you meant?"


# -------------------------------------------------------------------------------------------- 3. release


@pytest.mark.task("release", weight=2)
@pytest.mark.needs("test_a_sound_model_is_released")
def test_a_bad_model_is_refused(heroku):
    """If a model confuses the species, the release fails, and the web process is not started."""
    means = _means(heroku)
    species = list(means)
    turned = dict(zip(species, [means[name] for name in (*species[1:], species[0])], strict=True))
    code, said = heroku.release({"model.json": json.dumps({"means": turned})})

    _expect_refusal(code, said, "the model that was to be released confuses the species")


@pytest.mark.task("release")
@pytest.mark.needs("test_a_sound_model_is_released")
def test_a_missing_or_damaged_model_is_refused(heroku):
    """Without a model or flowers, or with damaged ones, the release fails."""
    for file, content, fault in (
        ("model.json", None, "model.json was missing"),
        ("model.json", '{"means": {"seto', "model.json was cut off"),
        ("release_check.json", '[{"species": "seto', "release_check.json was cut off"),
    ):
        code, said = heroku.release({file: content})

        _expect_refusal(code, said, fault)


@pytest.mark.task("release")
@pytest.mark.needs("test_a_sound_model_is_released")
def test_ninety_percent_are_enough_and_less_is_not(heroku, rng):
    """With 90 % of the answers right a release goes live, with less it does not."""
    for right, total, sound in ((18, 20, True), (17, 20, False), (36, 40, True), (35, 40, False), (8, 10, False)):
        code, said = heroku.release({"release_check.json": json.dumps(_flowers(_means(heroku), right, total, rng))})

        if sound:
            assert code == 0, f"{right} of {total} answers were right. Expected exit code 0, got {code}."
        else:
            _expect_refusal(code, said, f"{right} of {total} answers were right")


# ------------------------------------------------------------------------------------------------ 4. web


@pytest.mark.task("web", weight=2)
@pytest.mark.needs("test_the_web_process_answers")
def test_it_listens_on_all_interfaces(heroku):
    """The web process listens on all interfaces, where the router can reach it."""
    with heroku.dyno("web") as dyno:
        dyno.ready()
        hosts = [host for host, port in dyno.process.listening() if port == dyno.port]

    # Without /proc nothing is known about interfaces; that it answers is all there is to see then.
    reachable = not hosts or any(host in ("0.0.0.0", "::") for host in hosts)
    assert reachable, f"The web process listens on {hosts[0]} only. Who can reach that address, and who cannot?"


@pytest.mark.task("web")
@pytest.mark.needs("test_the_web_process_answers")
def test_it_has_a_default_port(submission, heroku):
    """Where nobody sets $PORT, the web process listens on port 5000."""
    # Below level kernel the ports are the machine's. Where another program has this one, the process cannot have it,
    # and what it says about that is all there is to judge.
    shared = submission.level != "kernel"
    with heroku.dyno("web", port=0) as dyno:
        if shared and not _is_free(DEFAULT_PORT):
            dyno.process.wait(10)
            said = dyno.said()
            assert _IN_USE.search(said), f"Expected the web process to ask for port {DEFAULT_PORT} without $PORT."
            return
        try:
            dyno.process.ready(DEFAULT_PORT)
        except StudentError as error:
            if shared and _IN_USE.search(error.detail):
                return  # somebody was faster
            raise AssertionError(f"Without $PORT, port {DEFAULT_PORT} was expected. {error}") from None
        dyno.port = DEFAULT_PORT
        answer = dyno.ask("GET", "/")

    assert answer.status == 200, (
        f"Without $PORT, GET / on port {DEFAULT_PORT} got status {answer.status}, expected 200."
    )


@pytest.mark.task("web")
@pytest.mark.needs("test_the_web_process_answers")
def test_it_does_not_reload(heroku):
    """The web process does not watch its own files: no --reload in production."""
    line = heroku.line("web")
    with heroku.dyno("web") as dyno:
        dyno.ready()
        dyno.ask("GET", "/")
        commands = dyno.process.commands()
        said = dyno.said()

    # uvicorn's reloader starts the server as its one spawned child; several are workers.
    spawned = [words for words in commands if any("spawn_main" in word for word in words)]
    reloads = "--reload" in line or "reloader process" in said or len(spawned) == 1
    assert not reloads, "The web process starts a reloader. Whose files does it watch on a dyno, and what does it cost?"


@pytest.mark.task("web")
@pytest.mark.needs("test_the_web_process_answers")
def test_the_web_process_stops_cleanly(heroku, rng):
    """On SIGTERM, your web process finishes the request in flight and ends."""
    with heroku.dyno("web") as dyno:
        dyno.ready()
        _expect_clean_stop(heroku, dyno, _flower(rng), pause=0.5)


# --------------------------------------------------------------------------------------------- 5. worker


@pytest.mark.task("worker")
@pytest.mark.needs("test_the_worker_works")
def test_the_worker_is_no_web_process(submission, heroku):
    """The worker opens no port; requests are the web process's job."""
    with heroku.dyno("worker") as dyno:
        deadline = time.monotonic() + 10
        while "worker: ready" not in dyno.said() and time.monotonic() < deadline and dyno.process.wait(0.05) is None:
            pass
        dyno.process.wait(0.3)
        found = dyno.process.listening() if submission.level == "kernel" else []

    assert not found, f"The worker listens on port {found[0][1] if found else 0}. Which process answers requests?"


@pytest.mark.task("worker")
@pytest.mark.needs("test_the_worker_works")
def test_web_works_while_the_worker_rests(heroku):
    """With worker=0 no worker runs, not even inside the web process."""
    try:
        line = heroku.line("web")
    except AssertionError:
        return  # without a web process nothing runs; the task before this one says so
    with heroku.dyno("web") as dyno:
        try:
            dyno.process.ready(dyno.port, within=10)
        except StudentError:
            dyno.process.wait(0.3)  # what keeps the web process down is another task's matter
        commands = [word for words in dyno.process.commands() for word in words]
        said = dyno.said()

    inside = "worker: ready" in said or "worker.py" in line or any("worker.py" in word for word in commands)
    assert not inside, "With worker=0, a worker ran all the same: the web process had started it. Expected none."


# ----------------------------------------------------------------------------------------- 6. disposable


@pytest.mark.task("disposable")
@pytest.mark.needs("test_two_flowers")
def test_species_come_from_the_model_in_the_slug(heroku, rng):
    """Predictions are those of the model.json that ships with the release."""
    means = {name: {feature: float(rng.uniform(1, 7)) for feature in FEATURES} for name in ("sibirica", "pumila")}
    with heroku.dyno("web", command=_app(), files={"model.json": json.dumps({"means": means})}) as dyno:
        dyno.ready()
        for _ in range(5):
            flower = _flower(rng)
            species = dyno.predict(flower)["species"]
            right = min(means, key=lambda name: math.dist(means[name].values(), flower.values()))
            assert species == right, f"With another model.json, the species should be {right!r}, not {species[:60]!r}."


@pytest.mark.task("disposable", weight=2)
@pytest.mark.needs("test_two_flowers")
def test_no_dyno_remembers(heroku, rng):
    """Two dynos side by side, and one that was restarted on an empty disk, give the same answers."""
    flowers = [_flower(rng) for _ in range(4)]
    with heroku.dyno("web", command=_app()) as first, _cold(heroku) as second:
        first.ready()
        second.ready()
        for flower in flowers[:2]:
            first.predict(flower)
        answers = [first.predict(flower) for flower in flowers]
        there = [second.predict(flower) for flower in reversed(flowers)][::-1]
    with heroku.dyno("web", command=_app()) as third:
        third.ready()
        again = [third.predict(flower) for flower in flowers]

    _expect_same(answers, there, "a second dyno gave the same flower another answer")
    _expect_same(answers, again, "after a restart on an empty disk, the same flower got another answer")


@pytest.mark.task("disposable")
@pytest.mark.needs("test_two_flowers")
def test_each_flower_has_an_id_of_its_own(heroku, rng):
    """Flowers that differ have ids that differ, even if only in one digit or in the order of numbers."""
    flower = {name: round(float(rng.uniform(1, 7)), 1) for name in FEATURES}
    flower["petal_width"] = flower["petal_length"] + 0.5
    near = {**flower, "sepal_width": flower["sepal_width"] + 0.001}
    turned = {**flower, "petal_width": flower["petal_length"], "petal_length": flower["petal_width"]}
    with heroku.dyno("web", command=_app()) as dyno:
        dyno.ready()
        ids = [dyno.predict(one)["id"] for one in (flower, near, turned, flower)]

    assert ids[0] == ids[3], "The same flower got two ids from the same dyno. Expected one."
    assert ids[0] != ids[2], (
        "Two flowers whose petals are as long as the other's are wide have the same id. Expected two."
    )
    assert ids[0] != ids[1], "Two flowers that differ by 0.001 cm have the same id. Expected two."


@pytest.mark.task("disposable")
@pytest.mark.needs("test_two_flowers")
def test_predictions_are_logged_to_the_stream(heroku, rng):
    """Each prediction is a line in the log stream, and nothing is left on the disk."""
    with heroku.dyno("web", command=_app()) as dyno:
        dyno.ready()
        answers = [dyno.predict(_flower(rng)) for _ in range(3)]
        left = heroku.files_of(dyno)
        dyno.process.stop()
        lines = dyno.said().splitlines()

    for answer in answers:
        logged = any(answer["id"] in line and answer["species"] in line for line in lines)
        assert logged, "A prediction left no line with its id and species on stdout, where Heroku collects the log."
    assert not left, f"The app wrote {min(left)[:80]}. What becomes of it when the dyno is restarted?"


@pytest.mark.task("disposable", weight=2)
@pytest.mark.needs("test_two_flowers")
def test_the_app_stops_cleanly(heroku, rng):
    """On SIGTERM, the app finishes the request in flight and ends."""
    with heroku.dyno("web", command=_app()) as dyno:
        dyno.ready()
        _expect_clean_stop(heroku, dyno, _flower(rng), pause=0)


# ----------------------------------------------------------------------------------------------- helpers


def _is_free(port):
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) != 0


def _app():
    return "uvicorn app.main:app --port $PORT"


def _cold(heroku):
    """A dyno whose interpreter is its own: texts have other hash values there."""
    return heroku.dyno("web", command=_app(), env={"PYTHONHASHSEED": "random"}, warm=False)


def _flower(rng):
    return {name: round(float(rng.uniform(0.5, 7.5)), 2) for name in FEATURES}


def _means(heroku):
    return json.loads(heroku.submission.read("model.json"))["means"]


def _flowers(means, right, total, rng):
    """Flowers for release_check.json near the means of the model; all but ``right`` have a wrong species."""
    species = list(means)
    flowers = []
    for number in rng.permutation(total):
        place = int(number) % len(species)
        name = species[place] if number < right else species[(place + 1) % len(species)]
        near = {
            feature: round(value + float(rng.uniform(-0.05, 0.05)), 2)
            for feature, value in means[species[place]].items()
        }
        flowers.append({**near, "species": name})
    return flowers


def _expect_refusal(code, said, fault):
    assert code is not None, f"The release process did not end within 20 seconds when {fault}."
    assert code != 0, f"The release went live although {fault}: its exit code was 0."
    assert said.strip(), f"The release failed, as it should when {fault}, but its log does not say why."


def _expect_same(answers, others, fault):
    for one, other in zip(answers, others, strict=True):
        keys = sorted(key for key in {*one, *other} if one.get(key) != other.get(key))
        assert one == other, f"Expected the same answer at any time from any dyno, but {fault}: see {keys[0][:40]!r}."


def _expect_clean_stop(heroku, dyno, flower, *, pause):
    before = dyno.ask("POST", "/predict", flower)
    said = "POST /predict, and SIGTERM while the request was under way"
    heroku.submission.session.note(called=said, returned="")
    after = dyno.stop_during_a_request(flower, pause)
    code = dyno.process.wait(10)

    cut = after is None or after.status != before.status
    assert not cut, "A request that was under way when SIGTERM came did not get its answer. Expected it to."
    assert code is not None, "The web process still ran 10 seconds after SIGTERM, with nothing left to do."


def _text(submission, name):
    return submission.read(name) if submission.exists(name) else ""


def _requirements(submission):
    found = []
    for line in submission.read("requirements.txt").replace("\\\n", " ").splitlines():
        words = re.split(r"\s--", re.sub(r"(^|\s)#.*", "", line).strip())[0]
        try:
            found += [Requirement(words)] if words else []
        except InvalidRequirement:
            continue  # what test_requirements_can_be_read is about
    return found


def _imports(submission):
    """Modules that the app imports and Python does not bring along: name → file."""
    found = {}
    for name in SHIPPED_CODE:
        try:
            tree = ast.parse(_text(submission, name))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in ast.walk(tree):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules = [node.module]
            for module in modules:
                top = module.partition(".")[0]
                if top not in sys.stdlib_module_names and top not in ("app", "release", "worker"):
                    found.setdefault(top, name)
    return found


@functools.lru_cache
def _distributions():
    return importlib.metadata.packages_distributions()


def _closure(direct):
    """Canonical names of what pip would install for requirements, as far as it is known here."""
    found, todo = set(), list(direct)
    seen = set()
    while todo:
        name, extras = todo.pop()
        name = canonicalize_name(name)
        if (name, frozenset(extras)) in seen:
            continue
        seen.add((name, frozenset(extras)))
        found.add(name)
        try:
            requires = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        for line in map(Requirement, requires):
            if line.marker is None or any(line.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                todo.append((line.name, line.extras))
    return found


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
