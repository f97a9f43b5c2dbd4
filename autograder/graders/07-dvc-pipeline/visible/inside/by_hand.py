"""Run the scripts one by one, each in a folder that holds its own inputs and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

from helpers import INPUTS, OUTPUTS, SCRIPT_S, TAIL, Trouble, captured, decoded, md5, time_limit, with_params

from autograder.sandbox.programs import WarmProgram


class ByHand:
    """Scripts, what they read, and what they have left on the shelf."""

    def __init__(self, base: Path, origin: Path, submitted: dict[str, bytes], facts: dict[str, Any]) -> None:
        self._facts = facts["by_hand"]
        self._python = str(base / "bin")
        self._bench = base / "bench"
        self._bench.mkdir()
        for name in (".git", ".dvc"):  # dvc.api looks for them
            shutil.copytree(origin / name, self._bench / name)
        self._shelf = {name: content for name, content in submitted.items() if name != "dvc.yaml"}
        self._params = submitted.get("params.yaml")
        self._reads = {script: {f"{script}.py", "params.yaml", *inputs} for script, inputs in INPUTS.items()}

    def run(self, trials: list[dict[str, Any]]) -> None:
        """Try one thing after the other, until one takes too long."""
        for trial in trials:
            for name in (name for script in trial["run"] for name in OUTPUTS[script]):
                self._shelf.pop(name, None)
            made = {"script": "", "problem": "", "output": "", "timed_out": False, "extra": {}, "files": {}, "md5": {}}
            self._facts[trial["name"]] = made
            try:
                self._try(trial, made)
            except Trouble as trouble:
                made["problem"] = str(trouble)
            if made["timed_out"]:
                return

    def _try(self, trial: dict[str, Any], made: dict[str, Any]) -> None:
        if "data" in trial:
            self._shelf["fake.csv"] = trial["data"].encode()
        self._shelf["params.yaml"] = with_params(self._params, trial["params"])
        for script in trial["run"]:
            made["script"] = script
            if f"{script}.py" not in self._shelf:
                raise Trouble(f"{script}.py is not there.")
            code, output = self._start(script, self._reads[script])
            if code not in (0, None):
                all_files = self._shelf.keys() - set(OUTPUTS[script])
                code, output = self._start(script, all_files)
                if code == 0:
                    extra = all_files - self._reads[script]
                    extra = {name for name in extra if self._start(script, all_files - {name})[0] != 0}
                    self._reads[script] |= extra
                    made["extra"][script] = sorted(extra)
                    self._start(script, all_files)
            made["output"], made["timed_out"] = output[-TAIL:], code is None
            if code is None:
                raise Trouble(f"{script}.py did not end within {SCRIPT_S} seconds.")
            if code != 0:
                raise Trouble(f"{script}.py ended with exit code {code}.")
            self._shelf |= {path.name: path.read_bytes() for path in self._bench.iterdir() if path.is_file()}
            shown = ("X.csv", "y.csv", "validation.json")
            made["files"] = {name: decoded(self._shelf[name]) for name in shown if name in self._shelf}
            made["md5"] = {name: md5(data) for name, data in self._shelf.items()}

    def _start(self, script: str, names: Collection[str]) -> tuple[int | None, str]:
        """Exit code (None: it took too long) and output of a script in a folder with the files named."""
        for path in self._bench.iterdir():
            if path.name not in (".git", ".dvc"):
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        for name in names:
            if name in self._shelf:
                (self._bench / name).write_bytes(self._shelf[name])
        with captured() as said:
            try:
                with time_limit():
                    code = WarmProgram(self._python, [f"{script}.py"], str(self._bench)).wait()
            except Trouble:
                return None, ""
        return code, said[0]
