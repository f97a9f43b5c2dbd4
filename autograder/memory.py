"""Remember the last report of each lab in .grades/, as long as nothing that it depends on has changed.

It is a learner's own memory on their own machine, a file beside the page with their feedback: whoever forges it fools
nobody else. Grading a class never reads it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import sys
import sysconfig
import tempfile
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from autograder.catalog import Catalog
from autograder.errors import AutograderError
from autograder.fingerprint import Fingerprints, of_facts, of_folder
from autograder.grading import Request, hints_file
from autograder.results import LabReport, Outcome
from autograder.staging import stage

__all__ = ["Memory", "Remembered"]


class Remembered(BaseModel):
    """A report and what it depends on."""

    model_config = ConfigDict(frozen=True, extra="ignore")  # a report as it is written has fields that are computed

    key: str
    since: AwareDatetime
    report: LabReport
    page: str = ""
    """SHA-256 of the page that was written with it, if one was."""


class Memory:
    """The last report of each lab."""

    def __init__(self, catalog: Catalog) -> None:
        """Remember for the course of ``catalog``."""
        self._catalog = catalog
        self._prints = Fingerprints(catalog)
        self._keys: dict[str, str] = {}

    def recall(self, request: Request) -> Remembered | None:
        """What came of the same request the last time, if the same would come of it now."""
        key = self._key(request)
        if not key:
            return None
        try:
            found = Remembered.model_validate_json(self._file(request).read_bytes())
        except (OSError, ValidationError):
            return None
        return found if found.key == key and found.report.lab == request.lab.id else None

    def keep(self, request: Request, report: LabReport, *, page: Path | None = None) -> None:
        """Remember a report instead of the last one, unless another try could end in another way.

        So could failures of our own side, and what ran into its limit of time: it may have been the machine that was
        slow. Where nothing can be written, nothing is remembered.

        Args:
            request: what was graded.
            report: what came of it.
            page: the file with the report for people, if there is one.
        """
        key, file = self._key(request), self._file(request)
        slow = report.slowest_check_s >= request.lab.limits.check_s
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)
            if key and not slow and report.outcome is Outcome.GRADED:
                now = dt.datetime.now().astimezone()
                found = Remembered(key=key, since=now, report=report, page=_sha256(page) if page else "")
                file.parent.mkdir(exist_ok=True)
                file.write_text(found.model_dump_json(), encoding="utf-8")

    def has(self, found: Remembered, page: Path) -> bool:
        """Whether ``page`` is still the one that was written with a report."""
        with contextlib.suppress(OSError):
            return found.page == _sha256(page)
        return False

    def _file(self, request: Request) -> Path:
        return self._catalog.root / ".grades" / f".{request.lab.id}.last.json"

    def _key(self, request: Request) -> str:
        """Hash of all that decides on a report, taken once; empty if it cannot be had."""
        lab = request.lab.id
        if lab not in self._keys:
            self._keys[lab] = ""
            with contextlib.suppress(AutograderError, OSError, ValueError):  # grading will say so
                self._keys[lab] = self._hash(request)
        return self._keys[lab]

    def _hash(self, request: Request) -> str:
        hints = hints_file(self._catalog, request.lab.id)
        given = request.given or self._catalog.lab_dir(request.lab.id)
        with tempfile.TemporaryDirectory(prefix="autograder-") as folder:
            workspace = stage(request.lab, request.submission, given, Path(folder))
            work = of_folder(workspace.directory)
        facts = [
            self._prints.lab(request.lab),
            [work, workspace.missing, workspace.notices],
            [sorted(request.tasks) if request.tasks is not None else None, request.seed, request.visible_only],
            hints.read_text(encoding="utf-8") if request.hints and hints.is_file() else "",
            [sys.version, sys.prefix, os.stat(sysconfig.get_path("purelib")).st_mtime_ns],  # installing changes it
            os.geteuid(),
        ]
        return of_facts(facts)


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
