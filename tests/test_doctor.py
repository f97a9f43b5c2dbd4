"""The doctor names every part of the isolation, what it found, and how to get what is missing."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from autograder import doctor
from autograder.doctor import Finding, examine, text
from autograder.errors import SandboxError, UsageError
from autograder.sandbox.client import LEVELS, Zygote
from autograder.sandbox.policy import require_safe

ALL_IS_WELL = {name: [True, "fine"] for name in (*doctor._LEVELS, *doctor._REMEDIES)}


@pytest.fixture
def survey(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let the survey find what a test says."""

    def found(**parts: list[object]) -> None:
        answer = ALL_IS_WELL | {name.replace("_", " "): entry for name, entry in parts.items()}
        done = subprocess.CompletedProcess([], 0, json.dumps(answer), "")
        monkeypatch.setattr(doctor.subprocess, "run", lambda *_, **__: done)

    monkeypatch.setattr(sys, "platform", "linux")
    return found


def test_this_machine() -> None:
    """The level that the doctor announces is the one that sandboxes get, and each missing part has a remedy."""
    findings = {finding.part: finding for finding in examine()}
    with Zygote() as zygote:
        best = zygote.level

    assert next(name for name in reversed(LEVELS) if findings[name].works) == best
    assert f"Student code will run at level {best}." in text(tuple(findings.values()))
    assert [
        part for part, finding in findings.items() if not finding.works and part not in LEVELS and not finding.remedy
    ] == []
    assert set(findings) == set(ALL_IS_WELL)


def test_missing_parts(survey: Any) -> None:
    """A part that is missing is named under the level that needs it, with its reason; its remedy stands at the end."""
    survey(namespaces=[False, "unshare: Operation not permitted"], kernel=[False, "unshare: Operation not permitted"])
    shown = text(examine())

    assert "no  kernel: unshare: Operation not permitted\n" in shown
    assert "no      namespaces: unshare: Operation not permitted\n" in shown
    assert "Student code will run at level landlock." in shown
    assert "  - namespaces: In a container, start it with" in shown


def test_nothing_missing(survey: Any) -> None:
    """Where everything works, nothing is asked for."""
    survey()
    shown = text(examine())

    assert "Student code will run at level kernel." in shown
    assert "missing" not in shown
    assert "no " not in [line[:3] for line in shown.splitlines()]


def test_elsewhere_than_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    """On macOS the level is process, and the others say what they need."""
    monkeypatch.setattr(sys, "platform", "darwin")
    findings = examine()

    assert findings[0] == Finding("kernel", "kernel", False, "needs Linux", "")
    assert "Student code will run at level process." in text(findings)


def test_a_survey_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """If not even that can be tried, the reason is told."""
    done = subprocess.CompletedProcess([], 1, "", "No module named msgpack")
    monkeypatch.setattr(doctor.subprocess, "run", lambda *_, **__: done)
    monkeypatch.setattr(sys, "platform", "linux")

    with pytest.raises(SandboxError, match="No module named msgpack"):
        examine()


def test_classes_need_a_safe_level() -> None:
    """Level process is refused for classes unless it is allowed by name."""
    for level in ("kernel", "landlock"):
        require_safe(level)
    require_safe("process", allow_unsafe=True)

    with pytest.raises(UsageError, match="--allow-unsafe"):
        require_safe("process")
