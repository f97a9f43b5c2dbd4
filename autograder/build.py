"""Build the labs that learners get from the solutions that authors write, and spare what learners changed.

What a build wrote is recorded in ``labs/.build.json``, path → SHA-256. A file in ``labs/`` that differs from
its record was changed by someone: it is kept and named, unless the caller insists.
"""

from __future__ import annotations

import difflib
import hashlib
import itertools
import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.clearing import clear
from autograder.errors import BuildError, LabNotFound

__all__ = ["BuildResult", "build", "check", "student_view"]

_RECORD = "labs/.build.json"
_ABOUT = "What the last build wrote, path and SHA-256: how a build tells a learner's work from its own. Commit it."

_DOTFILES = {
    *(".dockerignore", ".dvc", ".dvcignore", ".editorconfig", ".env.example", ".flake8", ".gitattributes"),
    *(".github", ".gitignore", ".gitkeep", ".pre-commit-config.yaml", ".python-version", ".slugignore"),
}
"""Names with a leading dot that belong to labs; every other one is some tool's and stays behind."""

_JUNK = re.compile(r"__pycache__|.*\.py[co]|.*\.egg-info|.*~|.*\.sw[op]|Thumbs\.db|desktop\.ini")
_DVC_JUNK = {"cache", "config.local", "tmp"}


@dataclass(frozen=True)
class BuildResult:
    """What became of each file: sorted POSIX paths relative to the repository (``labs/02-…/README.md``)."""

    written: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    """Changed since the last build, or not made by one: a learner's work, left alone."""
    removed: tuple[str, ...] = ()
    """Written by an earlier build, no longer part of the lab."""


def build(root: Path, labs: Sequence[str] | None = None, *, force: bool = False) -> BuildResult:
    """Bring ``labs/`` in step with ``solutions/``; nothing is written unless every lab chosen is sound.

    Args:
        root: the repository.
        labs: ids of the labs to build; all of them by default.
        force: overwrite and remove files that were changed since the last build, too.

    Raises:
        BuildError: a solution would leak, or a file cannot be written.
        LabNotFound: ``solutions/`` has no lab of that id.
    """
    wanted = _wanted(root, labs)
    record = _read_record(root)
    new = dict(record)
    fate: dict[str, list[str]] = {"written": [], "unchanged": [], "kept": [], "removed": []}
    for path, data in wanted.items():
        found = _content(root / path)
        if found is None or (found != data and (force or _sha256(found) == record.get(path))):
            _write(root / path, data)
            fate["written"].append(path)
        else:
            fate["unchanged" if found == data else "kept"].append(path)
        if path not in fate["kept"]:
            _match_mode(root / "solutions" / Path(path).relative_to("labs"), root / path)
            new[path] = _sha256(data)
    for path in sorted(record.keys() - wanted.keys()):
        if labs is not None and Path(path).parts[1] not in labs:
            continue
        found = _content(root / path)
        if found is not None and not force and _sha256(found) != record[path]:
            fate["kept"].append(path)
            continue
        if found is not None:
            _remove(root / path, stop=root / "labs")
            fate["removed"].append(path)
        del new[path]
    if new != record:
        _write(root / _RECORD, _record_bytes(new))
    return BuildResult(**{name: tuple(sorted(paths)) for name, paths in fate.items()})


def check(root: Path) -> list[str]:
    """Compare ``labs/`` with what a build would write there; an empty list means that they are in step.

    Raises:
        BuildError: a solution cannot be built at all.
    """
    wanted = _wanted(root, None)
    record = _read_record(root)
    found = {f"labs/{name}": path for name, path in _files_in(root / "labs")}
    problems = {}
    for path, data in wanted.items():
        content = _content(root / path)
        if content is None:
            problems[path] = "is missing: run `nox -s build`"
        elif content != data:
            by_hand = _sha256(content) != record.get(path)
            hint = "change it in solutions/, then run `nox -s build -- --force`" if by_hand else "run `nox -s build`"
            problems[path] = f"{'was changed by hand' if by_hand else 'is out of date'}: {hint}"
    for path in found.keys() - wanted.keys():
        problems[path] = "is not made from solutions/: move it there or delete it"
    if not problems and record != {path: _sha256(data) for path, data in wanted.items()}:
        problems[_RECORD] = "does not match the labs: run `nox -s build`"
    return [f"{path}: {problems[path]}" for path in sorted(problems)]


def student_view(solution_dir: Path) -> dict[str, bytes]:
    """Every file of a lab as the student gets it; reads only, and gives the same bytes at any time and place.

    Returns:
        POSIX path relative to the lab's folder → content, sorted by path.

    Raises:
        BuildError: with every fault found, see :func:`autograder.clearing.clear`.
    """
    files = dict(_files_in(solution_dir))
    links = [name for name, path in files.items() if path.is_symlink()]
    problems = [f"{name}: is a symbolic link: put a copy in its place" for name in links]
    try:
        if not problems:
            return clear({name: path.read_bytes() for name, path in files.items()})
    except BuildError as error:
        problems = str(error).split("\n")
    raise BuildError("\n".join([f"{solution_dir}: not fit for students", *(f"  - {p}" for p in problems)]))


def _files_in(folder: Path) -> Iterator[tuple[str, Path]]:
    """The files below a folder that belong to labs, sorted by name: POSIX path relative to it, and path.

    Symbolic links are named, not followed; what tools left behind is passed over.
    """
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    for name in sorted(found):
        if (found[name].is_file() or found[name].is_symlink()) and not _is_junk(name.split("/")):
            yield name, found[name]


def _is_junk(parts: Sequence[str]) -> bool:
    if any((part.startswith(".") and part not in _DOTFILES) or _JUNK.fullmatch(part) for part in parts):
        return True
    return any(part == ".dvc" and after in _DVC_JUNK for part, after in itertools.pairwise(parts))


def _wanted(root: Path, labs: Sequence[str] | None) -> dict[str, bytes]:
    """Every file that the labs chosen should have, sorted by path, relative to the repository."""
    known = sorted(path.parent.name for path in (root / "solutions").glob("*/lab.toml"))
    for lab in labs or ():
        if lab not in known:
            near = difflib.get_close_matches(lab, known, n=1, cutoff=0.4)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known) or 'none'}"
            raise LabNotFound(f"solutions/ has no lab {lab!r}: {hint}")
    chosen = known if labs is None else sorted(set(labs))
    views = {lab: student_view(root / "solutions" / lab) for lab in chosen}
    return {f"labs/{lab}/{name}": data for lab, view in views.items() for name, data in view.items()}


def _read_record(root: Path) -> dict[str, str]:
    data = _content(root / _RECORD)
    if data is None:
        return {}
    try:
        files = json.loads(data)["files"]
        return {str(path): str(digest) for path, digest in files.items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        remedy = f"restore it (`git checkout -- {_RECORD}`), or delete it: files that differ are then kept"
        raise BuildError(f"{_RECORD}: is damaged: {remedy}") from None


def _record_bytes(record: dict[str, str]) -> bytes:
    return (json.dumps({"about": _ABOUT, "files": dict(sorted(record.items()))}, indent=1) + "\n").encode()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _content(path: Path) -> bytes | None:
    """What a file holds, None if there is none. A link counts as a file that holds its target's name."""
    try:
        return os.readlink(path).encode() if path.is_symlink() else path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise BuildError(f"{path}: cannot be read ({error.strerror}): move it out of the way") from None


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, in the place of whatever was there."""
    scratch = path.with_name(f"{path.name}.new~")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch.write_bytes(data)
        scratch.replace(path)
    except OSError as error:
        raise BuildError(f"{path}: cannot be written ({error.strerror}): move what is in its way") from None


def _match_mode(source: Path, target: Path) -> None:
    """Let a script that the author made executable stay so."""
    if source.stat().st_mode & 0o111 and not target.is_symlink():
        target.chmod(target.stat().st_mode | 0o111)


def _remove(path: Path, stop: Path) -> None:
    path.unlink()
    for folder in path.parents:
        if folder == stop or any(folder.iterdir()):
            return
        folder.rmdir()
