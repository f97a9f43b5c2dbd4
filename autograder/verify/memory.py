"""Remember verdicts that were as they should be, until something that they depend on changes.

They lie in ``.cache/verify/``, a file for each lab: a first line that says what state of engine, packages, graders and
data it is about, then a line for each verdict. An author's own memory on their own machine: a fresh checkout has none.
"""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

import autograder
from autograder import goldens
from autograder.catalog import Catalog
from autograder.fingerprint import Fingerprints, of_facts, of_folder
from autograder.manifest import Lab
from autograder.mutants.proof import Verdict
from autograder.verify.plan import Job

__all__ = ["Memory"]

_VERDICT: TypeAdapter[Verdict] = TypeAdapter(Verdict)


class Memory:
    """What is known of a course from earlier runs; several processes may read, one writes."""

    def __init__(self, catalog: Catalog, level: str) -> None:
        """Remember for a course.

        Args:
            catalog: the course.
            level: of isolation that submissions are graded at.
        """
        self._root = catalog.root
        self._level = level
        self._prints = Fingerprints(catalog)
        self._engine = of_folder(Path(autograder.__file__).parent, without={"graders"}, ending=".py")
        self._states: dict[str, str] = {}
        self._known: dict[str, dict[str, Verdict]] = {}

    def key(self, job: Job, submission: Path, hash_seed: int) -> str:
        """Hash of what one submission's verdict depends on, beside the lab's state."""
        case, golden = job.case, goldens.golden(self._root, job.lab.id, job.case.name)
        reviewed = golden.read_text(encoding="utf-8") if golden.is_file() else ""
        claim = [job.kind, case.name, sorted(case.fails), case.by_chance, reviewed]
        return of_facts([claim, of_folder(submission), job.seed, hash_seed])

    def recall(self, lab: Lab, key: str) -> Verdict | None:
        """The verdict under a key; None if there is none, or not for today's state of the lab."""
        if lab.id not in self._known:
            self._known[lab.id] = self._read(lab)
        return self._known[lab.id].get(key)

    def keep(self, lab: Lab, verdict: Verdict) -> None:
        """Remember a verdict under its key.

        Raises:
            OSError: the file cannot be written.
        """
        path = self._path(lab)
        if self._head(path) != self._state(lab):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self._state(lab), encoding="utf-8")
        with path.open("ab") as file:
            file.write(b"\n" + _VERDICT.dump_json(verdict))  # a line that was cut off ends here at the latest

    def _read(self, lab: Lab) -> dict[str, Verdict]:
        path = self._path(lab)
        if self._head(path) != self._state(lab):
            return {}
        found = {}
        for line in path.read_bytes().splitlines()[1:]:
            try:
                verdict = _VERDICT.validate_json(line)
            except ValidationError:  # whoever wrote it was stopped
                continue
            found[verdict.key] = verdict
        return found

    def _path(self, lab: Lab) -> Path:
        return self._root / ".cache" / "verify" / f"{lab.id}.jsonl"

    def _head(self, path: Path) -> str:
        try:
            with path.open(encoding="utf-8") as file:
                return file.readline().rstrip("\n")
        except OSError:
            return ""

    def _state(self, lab: Lab) -> str:
        if lab.id not in self._states:
            self._states[lab.id] = of_facts([self._engine, self._prints.lab(lab), self._level, os.geteuid()])
        return self._states[lab.id]
