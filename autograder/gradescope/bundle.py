"""Pack a lab into the zip that Gradescope takes for an autograder."""

from __future__ import annotations

import json
import re
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from autograder.build import student_view
from autograder.catalog import Catalog
from autograder.errors import InfrastructureError, UsageError
from autograder.manifest import Lab
from autograder.render.gradescope import VISIBILITIES

__all__ = ["bundle"]

_SETUP: Final = """\
#!/usr/bin/env bash
# Runs once, as root, when Gradescope builds the image. Choose Ubuntu 24.04 as its base: it has a Python that fits.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1
umask 022    # student code runs as a user of its own, who must be able to read Python

find_python() {
    local name
    for name in python3.12 python3.13 python3.11; do
        if command -v "$name" >/dev/null; then command -v "$name"; return; fi
    done
    return 1
}

apt-get update -qq
if ! apt-get install -y -qq python3.12 python3.12-venv git; then
    apt-get install -y -qq software-properties-common git
    add-apt-repository -y ppa:deadsnakes/ppa
    apt-get install -y -qq python3.12 python3.12-venv
fi
"$(find_python)" -m venv /opt/autograder
cd /autograder/source
/opt/autograder/bin/pip install --quiet -r requirements.txt
# Hidden checks are for root alone; the rest of the course may be read.
chmod -R go-rwx autograder/graders
chmod 755 /autograder /autograder/source
"""

_RUN: Final = """\
#!/usr/bin/env bash
# Grades one submission. Without results.json, Gradescope says that the autograder failed: never a false zero.
set -euo pipefail
root=${{AUTOGRADER_ROOT:-/autograder}}
cd "$root/source"
python=${{AUTOGRADER_PYTHON:-/opt/autograder/bin/python}}
exec "$python" -m autograder.gradescope {lab} --root "$root" --hidden {hidden}
"""

_LEFT_OUT: Final = {"__pycache__", "cases", "cases.toml", "mutants"}
"""Beside a grader: known mistakes, which prove it and grade nobody."""
_REQUIRES: Final = re.compile(r"^requires\s*=\s*\[[^\]]*\]\s*$", re.MULTILINE)
_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)


def bundle(catalog: Catalog, lab: Lab, target: Path, *, hidden: str = "visible") -> Path:
    """Write the zip: engine, this lab with its hidden checks and data, ``setup.sh`` and ``run_autograder``.

    It holds what no student may see. The same course gives the same bytes.

    Args:
        catalog: the course, in the author's edition.
        lab: the lab.
        target: the zip; its folder is made if it is not there.
        hidden: when students see the feedback on hidden checks, in Gradescope's words.

    Raises:
        UsageError: this edition has no hidden checks, or there is no such visibility.
        InfrastructureError: the zip cannot be written.
    """
    if hidden not in VISIBILITIES:
        raise UsageError(f"There is no visibility {hidden!r}: choose one of {', '.join(VISIBILITIES)}.")
    if catalog.for_students:
        raise UsageError("This is the student edition: it has no hidden checks to grade with.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = target.with_name(f".{target.name}.part")
        with scratch.open("wb") as stream:
            scratch.chmod(0o600)
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, data, mode in _files(catalog, lab, hidden):
                    info = zipfile.ZipInfo(name, _LONG_AGO)
                    info.compress_type = zipfile.ZIP_DEFLATED
                    info.external_attr = (stat.S_IFREG | mode) << 16
                    archive.writestr(info, data)
        scratch.replace(target)
    except OSError as error:
        raise InfrastructureError(f"{target} cannot be written: {error}. Choose another --to.") from None
    return target


def _files(catalog: Catalog, lab: Lab, hidden: str) -> Iterator[tuple[str, bytes, int]]:
    """Name in the zip, content, mode."""
    root = catalog.root
    yield "setup.sh", _SETUP.encode(), 0o755
    yield "run_autograder", _RUN.format(lab=lab.id, hidden=hidden).encode(), 0o755
    for name in ("requirements.txt", "pyproject.toml", "README.md", "LICENSE"):
        yield name, (root / name).read_bytes(), 0o644
    yield "course.toml", _course(catalog, lab).encode(), 0o644
    for path in _below(root / "autograder"):
        if not path.is_relative_to(root / "autograder" / "graders"):
            yield path.relative_to(root).as_posix(), path.read_bytes(), 0o644
    for path in _below(catalog.grader_dir(lab.id)):
        if not _LEFT_OUT & set(path.relative_to(catalog.grader_dir(lab.id)).parts):
            yield path.relative_to(root).as_posix(), path.read_bytes(), 0o600
    for name, data in student_view(catalog.solution_dir(lab.id)).items():
        content = _REQUIRES.sub("", data.decode()).encode() if name == "lab.toml" else data
        yield f"labs/{lab.id}/{name}", content, 0o644
    for dataset in lab.datasets:
        for path in _below(catalog.dataset_dir(dataset)):
            yield path.relative_to(root).as_posix(), path.read_bytes(), 0o644


def _course(catalog: Catalog, lab: Lab) -> str:
    """A course of this one lab."""
    part = next(part for part in catalog.course.part if part.id == lab.part)
    # A JSON string is a TOML string, too.
    title, chapter, only = (json.dumps(text, ensure_ascii=False) for text in (catalog.course.title, part.title, lab.id))
    return f'title = {title}\n\n[[part]]\nid = "{part.id}"\ntitle = {chapter}\nlabs = [{only}]\n'


def _below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and "__pycache__" not in path.parts:
            yield path
