"""Read cases.toml: the submissions that a lab's graders are held against, right and wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from autograder.errors import ManifestError
from autograder.manifest import Lab, explain, read_toml

__all__ = ["Case", "Equivalent", "Standard", "apply", "load_cases", "load_standard"]


class _Edit(BaseModel):
    """One of several changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    """The file to change, relative to the solution's folder."""
    replace: Annotated[str, Field(min_length=1)]
    """Text that occurs exactly once in the file; in a notebook, in one of its code cells."""
    by: str
    """What takes its place."""


class _Entry(BaseModel):
    """A submission: the solution with a change, given by ``file``, ``replace`` and ``by``, or ``edits``, or ``dir``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=3)]
    """What was done, in words: "population standard deviation"."""
    file: str | None = None
    """The file to change, relative to the solution's folder."""
    replace: Annotated[str, Field(min_length=1)] | None = None
    """Text that occurs exactly once in the file; in a notebook, in one of its code cells."""
    by: str | None = None
    """What takes its place."""
    edits: tuple[_Edit, ...] = ()
    """Several such changes together, each a table with ``file``, ``replace`` and ``by``."""
    dir: str | None = None
    """A folder beside cases.toml whose files take the place of the solution's."""
    fails: tuple[str, ...] = ()
    """Ids of the tasks that must lose points, these and no others; not for a right submission."""
    by_chance: bool = False
    """Student code comes to another result each time, so its feedback is reviewed but not compared."""


class Equivalent(BaseModel):
    """A generated mutant that does the same as the solution, so that no check can tell them apart.

    It is named by its lines, not by a number, so that edits elsewhere in the solution leave the entry valid.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    """The file that is mutated, relative to the solution's folder."""
    where: str = ""
    """The function, section or key, as `verify` names it; needed only where several have the same lines."""
    replace: Annotated[str, Field(min_length=1)]
    """The lines that the mutant changes, as `verify` shows them; white space at the ends of lines does not matter."""
    by: str
    """What stands in their place."""
    times: Annotated[int, Field(ge=1)] = 1
    """How many mutants this is, where the same lines occur again and again in one function."""
    reason: Annotated[str, Field(min_length=15)]
    """Why nobody can tell the mutant from the solution, or why it is right as well."""


class _Floor(BaseModel):
    """What the graders must reach."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mutation_score: Annotated[float, Field(ge=0, le=1)]
    """The share of all mutants but the equivalent ones that must lose points, 0 to 1."""


class _Cases(BaseModel):
    """The submissions that a lab's graders are held against."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    wrong: tuple[_Entry, ...] = ()
    """Mistakes that people really make; each must cost what it says, and nothing else."""
    right: tuple[_Entry, ...] = ()
    """Other ways to be right; each must get full marks."""
    equivalent: tuple[Equivalent, ...] = ()
    """Generated mutants that need not lose points, each with the reason."""
    floor: _Floor | None = None
    """What `verify` must find, or it fails."""


@dataclass(frozen=True)
class Standard:
    """What the graders of a lab are held to.

    Attributes:
        equivalents: mutants that need not be found.
        mutation_score: the share of all other mutants that must be found, 0 to 1; 0 if none is stated.
    """

    equivalents: tuple[Equivalent, ...]
    mutation_score: float


@dataclass(frozen=True)
class Case:
    """One variation of the exemplar.

    Attributes:
        name: what it is, in words.
        fails: ids of the tasks that must lose points, all of them and no others; empty: full marks.
        files: what it puts in place of the exemplar's files: name → content.
        by_chance: it comes to another result each time.
    """

    name: str
    fails: tuple[str, ...]
    files: Mapping[str, bytes]
    by_chance: bool = field(default=False, kw_only=True)


def load_cases(path: Path, lab: Lab, exemplar: Path) -> tuple[Case, ...]:
    """Every case of a cases.toml, wrong ones first.

    Args:
        path: the file; folders that it names lie beside it.
        lab: the lab.
        exemplar: folder with the reference solution.

    Raises:
        ManifestError: with every fault: unknown keys and tasks, edits whose text is not there exactly once.
    """
    cases = _read(path)
    problems: list[str] = []
    found = []
    names: set[str] = set()
    for wanted, entries in ((True, cases.wrong), (False, cases.right)):
        for entry in entries:
            problems += [f"{entry.name!r}: {problem}" for problem in _problems(entry, lab, wrong=wanted)]
            if entry.name in names:
                problems.append(f"{entry.name!r}: there is another case of that name")
            names.add(entry.name)
            try:
                files = dict(_files(entry, path.parent, exemplar))
            except _Misfit as misfit:
                problems.append(f"{entry.name!r}: {misfit}")
                continue
            problems += [
                f"{entry.name!r}: {name} is not a file that students hand in ({', '.join(lab.submit)})"
                for name in sorted(set(files) - set(lab.submit))
            ]
            found.append(Case(entry.name, entry.fails, files, by_chance=entry.by_chance))
    if problems:
        raise ManifestError(path, problems)
    return tuple(found)


def load_standard(path: Path) -> Standard:
    """What a cases.toml says about mutants.

    Raises:
        ManifestError: with every fault of the file's form.
    """
    cases = _read(path)
    return Standard(cases.equivalent, cases.floor.mutation_score if cases.floor else 0.0)


def apply(case: Case, exemplar: Path, lab: Lab, target: Path) -> None:
    """Write the submission that a case stands for: the exemplar's files with the case's over them."""
    for name in lab.submit:
        content = case.files.get(name)
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((exemplar / name).read_bytes() if content is None else content)


def _read(path: Path) -> _Cases:
    try:
        return _Cases.model_validate_json(json.dumps(read_toml(path), default=str))
    except ValidationError as error:
        raise ManifestError(path, [explain(fault) for fault in error.errors()]) from None


class _Misfit(Exception):
    """A case does not fit the exemplar."""


def _problems(entry: _Entry, lab: Lab, *, wrong: bool) -> Iterator[str]:
    ways = [entry.file is not None or entry.replace is not None, bool(entry.edits), entry.dir is not None]
    if sum(ways) != 1:
        yield "give either file, replace and by, or edits, or dir"
    elif ways[0] and None in (entry.file, entry.replace, entry.by):
        yield "file, replace and by belong together"
    known = {task.id for task in lab.task}
    for task in entry.fails:
        if task not in known:
            yield f"fails: the lab has no task {task!r}, only {', '.join(sorted(known))}"
    if wrong and not entry.fails:
        yield "fails: name the tasks that must lose points"
    if not wrong and entry.fails:
        yield "fails: a right case loses no points; remove it"
    if not wrong and entry.by_chance:
        yield "by_chance: the feedback of a right case is not compared; remove it"


def _files(entry: _Entry, beside: Path, exemplar: Path) -> Iterator[tuple[str, bytes]]:
    if entry.dir is not None:
        folder = beside / entry.dir
        inside = [path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
        if not inside:
            raise _Misfit(f"dir: {folder} has no files")
        for path in inside:
            yield path.relative_to(folder).as_posix(), path.read_bytes()
        return
    edits = list(entry.edits)
    if entry.file is not None and entry.replace is not None and entry.by is not None:
        edits.append(_Edit(file=entry.file, replace=entry.replace, by=entry.by))
    contents: dict[str, str] = {}
    for edit in edits:
        if edit.file not in contents:
            try:
                contents[edit.file] = (exemplar / edit.file).read_text(encoding="utf-8")
            except FileNotFoundError:
                raise _Misfit(f"file: the solution has no {edit.file}") from None
        edit_in = _edit_notebook if edit.file.endswith(".ipynb") else _edit_text
        contents[edit.file] = edit_in(contents[edit.file], edit)
    for name, text in contents.items():
        yield name, text.encode("utf-8")


def _edit_text(text: str, edit: _Edit) -> str:
    count = text.count(edit.replace)
    if count != 1:
        raise _Misfit(f"replace: {edit.replace!r} occurs {count} times in {edit.file}, it must occur once")
    return text.replace(edit.replace, edit.by)


def _edit_notebook(text: str, edit: _Edit) -> str:
    notebook = json.loads(text)
    count = 0
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code" and edit.replace in source:
            count += source.count(edit.replace)
            cell["source"] = source.replace(edit.replace, edit.by).splitlines(keepends=True)
    if count != 1:
        raise _Misfit(f"replace: {edit.replace!r} occurs {count} times in {edit.file}, it must occur once")
    return json.dumps(notebook)
