"""Lab 07 has DVC do the same in less time."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from dvc.stage import run as stages
from dvc.utils import strictyaml
from dvc.utils.serialize import YAMLFileCorruptedError, _yaml

INSIDE = Path(__file__).parents[1] / "autograder" / "graders" / "07-dvc-pipeline" / "visible" / "inside"
PIPELINE = "stages:\n  train:\n    cmd: python train.py\n    deps: [X.csv]\n"


@pytest.fixture
def quick_dvc(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module as the driver imports it; DVC is afterwards what it was."""
    for module, name in ((_yaml, "parse_yaml"), (strictyaml, "parse_yaml"), (stages, "_run")):
        monkeypatch.setattr(module, name, getattr(module, name))
    spec = importlib.util.spec_from_file_location("quick_dvc", INSIDE / "quick_dvc.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("command", "plain"),
    [
        ("python train.py", True),
        ("python3 src/train.py --rate=0.5 X.csv", True),
        ("python -m train", False),  # where a module is found depends on more
        ("python -u train.py", False),
        ("python", False),
        ("sh train.sh", False),
        ("python train.py && python evaluate.py", False),
        ("python train.py > log", False),
        ("python train.py # again", False),
        ("python 'my train.py'", False),
        ("python $SCRIPT", False),
        ("python ~/train.py", False),
        ("python *.py", False),
        ("python train.py\npython evaluate.py", False),
        ("SEED=1 python train.py", False),
    ],
)
def test_the_shell_is_left_out_only_where_it_does_nothing(
    quick_dvc: ModuleType, monkeypatch: pytest.MonkeyPatch, command: str, plain: bool
) -> None:
    """What a shell would change, or Python would start in another way, goes to the shell."""
    started: list[object] = []

    class Program:
        def __init__(self, *args: object) -> None:
            started.append(args)

        def wait(self) -> int:
            return 0

    monkeypatch.setattr(quick_dvc, "WarmProgram", Program)
    monkeypatch.setattr(stages, "_run", lambda executable, cmd, **how: started.append((executable, cmd, how)))
    quick_dvc.start_stages_warm("bin")
    stages._run("/bin/sh", command, cwd="lab", env={"A": "1"})

    how = {"cwd": "lab", "env": {"A": "1"}}
    assert started == [("bin", command.split()[1:], "lab", {"A": "1"}) if plain else ("/bin/sh", command, how)]


def test_a_stage_that_fails_fails_in_dvc(quick_dvc: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a shell had started it."""

    class Program:
        def __init__(self, *args: object) -> None: ...

        def wait(self) -> int:
            return 3

    monkeypatch.setattr(quick_dvc, "WarmProgram", Program)
    quick_dvc.start_stages_warm("bin")

    with pytest.raises(stages.StageCmdFailedError, match=r"failed to run: python train\.py, exited with 3"):
        stages._run("/bin/sh", "python train.py", cwd="lab", env={})


def test_a_text_is_parsed_once(quick_dvc: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks again gets the same, and not what others have changed in it."""
    parse, texts = _yaml.parse_yaml, []

    def noted(text: str, path: str, typ: str = "safe") -> object:
        texts.append(text)
        return parse(text, path, typ)

    monkeypatch.setattr(_yaml, "parse_yaml", noted)
    quick_dvc.parse_once()
    first = strictyaml.parse_yaml(PIPELINE, "dvc.yaml")
    first["stages"]["train"]["deps"].append("y.csv")
    again = [_yaml.parse_yaml(PIPELINE, "dvc.yaml"), strictyaml.parse_yaml(PIPELINE, "dvc.yaml", typ="safe")]
    other = _yaml.parse_yaml("a: 1\n", "params.yaml")

    assert again == [{"stages": {"train": {"cmd": "python train.py", "deps": ["X.csv"]}}}] * 2
    assert other == {"a": 1}
    assert texts == [PIPELINE, "a: 1\n"]


def test_what_is_to_be_written_again_is_parsed_each_time(quick_dvc: ModuleType) -> None:
    """With its comments; and what cannot be read is told under its own name each time."""
    quick_dvc.parse_once()
    first, second = (_yaml.parse_yaml_for_update(f"# why\n{PIPELINE}", "dvc.yaml") for _ in range(2))

    assert first is not second
    assert "why" in str(first.ca.comment)
    for path in ("dvc.yaml", "dvc.lock"):
        with pytest.raises(YAMLFileCorruptedError) as caught:
            _yaml.parse_yaml("a: [", path)
        assert caught.value.path == path
