"""Have DVC do the same in less time: without a shell that has nothing to do, and without reading a text twice."""

from __future__ import annotations

import copy
import re
from typing import Any, Final

from autograder.sandbox.programs import WarmProgram

PLAIN: Final = re.compile(r"python3? [\w./][\w./=-]*(?: [\w./=-]+)*", re.ASCII)
"""The command of a Python program, in words that mean nothing to a shell."""


def start_stages_warm(python: str) -> None:
    """Start stages such as ``python train.py`` at once; ``python`` is the folder given to ``offer_python``."""
    import dvc.stage.run
    from dvc.stage.exceptions import StageCmdFailedError

    by_shell = dvc.stage.run._run

    def run(executable: str | None, cmd: str, **how: Any) -> None:
        if PLAIN.fullmatch(cmd) is None:
            by_shell(executable, cmd, **how)
        elif code := WarmProgram(python, cmd.split()[1:], how["cwd"], how["env"]).wait():
            raise StageCmdFailedError(cmd, code)

    dvc.stage.run._run = run


def parse_once() -> None:
    """Keep what DVC makes of dvc.yaml, dvc.lock and params.yaml: it parses the same text a dozen times."""
    from dvc.utils import strictyaml
    from dvc.utils.serialize import _yaml

    parse = _yaml.parse_yaml
    known: dict[str, Any] = {}

    def parse_yaml(text: str, path: str, typ: str = "safe") -> Any:
        if typ != "safe":  # with its comments, to be written again
            return parse(text, path, typ)
        if text not in known:
            known[text] = parse(text, path, typ)
        return copy.deepcopy(known[text])

    _yaml.parse_yaml = strictyaml.parse_yaml = parse_yaml
