from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import autograder
from autograder.catalog import Catalog
from autograder.manifest import load_course

ROOT = Path(__file__).parents[1]
PYTHONS = ["3.11", "3.12", "3.13"]


def pyproject() -> dict[str, Any]:
    """pyproject.toml, parsed."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def pins() -> list[Requirement]:
    """The packages that requirements.txt names, with their markers."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return [Requirement(line) for line in wanted if line != "-e ."]


def pinned(python: str) -> dict[str, str]:
    """Canonical name → version that requirements.txt gives a Python on Linux."""
    system = {
        "python_version": python,
        "python_full_version": f"{python}.9",
        "sys_platform": "linux",
        "os_name": "posix",
        "platform_system": "Linux",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    chosen = [pin for pin in pins() if pin.marker is None or pin.marker.evaluate(system)]
    names = [canonicalize_name(pin.name) for pin in chosen]
    assert len(set(names)) == len(names), f"two versions of one package for Python {python}"
    return {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in chosen}


# ---- requirements.txt


def test_every_package_is_pinned_exactly() -> None:
    """Each line of requirements.txt names one version."""
    loose = [str(pin) for pin in pins() if not re.fullmatch(r"==[\w.+!]+", str(pin.specifier))]

    assert loose == []
    assert len(pins()) > 100


def test_the_checkout_itself_is_installed() -> None:
    """The first requirement makes ``autograder`` importable from a lab's notebook."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()

    assert next(line for line in lines if not line.startswith("#")) == "-e ."


def test_the_environment_stays_light() -> None:
    """No torch, and the Aequitas that does without it."""
    versions = pinned("3.11")

    assert versions["aequitas"] == "1.1.0"
    assert [name for name in versions if name.startswith(("torch", "nvidia", "triton"))] == []


def test_requirements_name_no_path_of_a_machine() -> None:
    """What was compiled on one machine installs on any."""
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")

    assert re.findall(r"(?m)(?:file:|^-[^e]|/(?:home|root|tmp|work|Users)/).*", text) == []


@pytest.mark.parametrize("python", PYTHONS)
def test_every_dependency_is_pinned_within_its_bounds(python: str) -> None:
    """requirements.txt answers pyproject.toml on each Python that is supported."""
    versions = pinned(python)
    wanted = [Requirement(line) for line in pyproject()["project"]["dependencies"]]
    off = [str(r) for r in wanted if versions.get(canonicalize_name(r.name), "none") not in r.specifier]

    assert off == []


def test_this_environment_is_the_one_that_is_pinned() -> None:
    """The tests run with the versions that learners install."""
    from importlib.metadata import version

    versions = pinned(f"{sys.version_info.major}.{sys.version_info.minor}")
    teaching = ("pandas", "scikit-learn", "fastapi", "pytest", "nbgrader", "aequitas", "dvc")

    assert {name: version(name) for name in teaching} == {name: versions[name] for name in teaching}


# ---- pyproject.toml


def test_the_version_is_written_once() -> None:
    """The package takes its version from ``autograder.__version__``, and the changelog knows it."""
    project = pyproject()

    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["hatch"]["version"]["path"] == "autograder/__init__.py"
    assert re.fullmatch(r"\d+\.\d+\.\d+", autograder.__version__)
    assert f"## [{autograder.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_supported_pythons_agree_everywhere() -> None:
    """Package, classifiers and CI name the same versions of Python."""
    project = pyproject()["project"]
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    classifiers = [c.rsplit(" ", 1)[1] for c in project["classifiers"] if "Python :: 3." in c]
    bounds = SpecifierSet(project["requires-python"])

    assert classifiers == PYTHONS
    assert workflow["jobs"]["test"]["strategy"]["matrix"]["python"] == PYTHONS
    assert [f"3.{minor}" for minor in range(8, 20) if f"3.{minor}.0" in bounds] == PYTHONS


def test_the_wheel_leaves_the_graders_out() -> None:
    """Hidden checks do not travel in a package that anyone could unpack."""
    targets = pyproject()["tool"]["hatch"]["build"]["targets"]

    assert targets["wheel"]["exclude"] == ["autograder/graders"]
    assert targets["sdist"]["exclude"] == ["autograder/graders"]


# ---- files beside the code


@pytest.mark.parametrize(
    "name",
    ["LICENSE", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "course.toml", "noxfile.py", ".ci/run"],
)
def test_the_files_that_a_newcomer_looks_for_are_there(name: str) -> None:
    """Licence, readme and the rest exist and say something."""
    assert len((ROOT / name).read_text(encoding="utf-8")) > 200


def test_the_course_is_sound() -> None:
    """course.toml can be read, and each of its labs has a solution."""
    course = load_course(ROOT / "course.toml")
    missing = [lab for part in course.part for lab in part.labs if not (ROOT / "solutions" / lab).is_dir()]

    assert [part.id for part in course.part] == [
        "performance",
        "versioning",
        "cicd",
        "apis",
        "capstone",
        "containers",
    ]
    assert missing == []


def test_the_readme_links_to_what_exists() -> None:
    """Every relative link in the Markdown files at the top leads to a file."""
    dead = []
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        links = re.findall(r"\]\((?!https?:)([^)#]+)\)", (ROOT / name).read_text(encoding="utf-8"))
        dead += [f"{name}: {link}" for link in links if not (ROOT / link).exists()]

    assert dead == []


# ---- continuous integration


def steps() -> list[dict[str, Any]]:
    """The steps of the workflow's job."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    return list(workflow["jobs"]["test"]["steps"])


def test_the_workflow_has_least_rights() -> None:
    """The token may read the code, is not left on disk, and every action is pinned to a commit."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    actions = [step for step in steps() if "uses" in step]

    assert workflow["permissions"] == {"contents": "read"}
    assert "permissions" not in workflow["jobs"]["test"]
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step["uses"]) for step in actions)
    assert actions[0]["with"]["persist-credentials"] is False


def test_every_lab_is_held_against_chance() -> None:
    """On Sundays no lab is left out when verdicts must be the same twenty times."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/proofs.yml").read_text(encoding="utf-8"))
    catalog = Catalog(ROOT)

    proved = [catalog.find(name).id for name in workflow["jobs"]["chance"]["strategy"]["matrix"]["lab"]]
    assert proved == list(catalog.ids)


def test_the_workflow_calls_the_sessions_that_ci_run_calls() -> None:
    """GitHub and a bare machine prove the same things in the same order."""
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    here = re.findall(r"(?m)^nox .*", script)
    there = [step["run"] for step in steps() if step.get("run", "").startswith("nox ")]

    assert here == there
    assert here[0] == "nox -s lint tests"


def test_ci_run_is_sound_bash_and_executable() -> None:
    """The script parses and can be called by its name."""
    script = ROOT / ".ci/run"
    parsed = subprocess.run(["bash", "-n", str(script)], capture_output=True, text=True, check=False)

    assert parsed.stderr == ""
    assert script.stat().st_mode & 0o111
    assert "set -euo pipefail" in script.read_text(encoding="utf-8")


# ---- house rules


def test_every_test_says_what_it_claims() -> None:
    """Each test function under tests/ has a docstring of one sentence or more."""
    silent = []
    for path in sorted((ROOT / "tests").glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_test = isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
            if is_test and not ast.get_docstring(node):
                silent.append(f"{path.name}: {node.name}")

    assert silent == []


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("zygote", "from autograder.sandbox.client import Zygote; print(Zygote().level)"),
        ("survey", "from autograder import doctor; print(doctor.examine())"),
    ],
)
def test_a_checkout_beside_an_installed_one(module: str, code: str, tmp_path: Path) -> None:
    """The sandbox of a checkout runs that checkout's code, whichever autograder is installed."""
    shutil.copytree(ROOT / "autograder", tmp_path / "autograder", ignore=shutil.ignore_patterns("graders"))
    (tmp_path / "autograder" / "sandbox" / f"{module}.py").write_text("raise SystemExit('I am the checkout')\n")
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "I am the checkout" in done.stderr
