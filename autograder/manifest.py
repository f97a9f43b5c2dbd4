"""Read lab.toml and course.toml into frozen facts, and report every fault of a file at once."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator

from autograder.errors import ManifestError

__all__ = [
    "Course",
    "Lab",
    "LatePolicy",
    "Limits",
    "Part",
    "Task",
    "explain",
    "load_course",
    "load_lab",
    "preloads",
    "read_toml",
]

_SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
_LAB_ID = r"^\d{2}-[a-z0-9]+(-[a-z0-9]+)*$"
_HTTPS = r"^https://"
_PATTERNS = {
    _SLUG: "must be lower-case words joined by dashes, such as 'slice-stats'",
    _LAB_ID: "must be two digits and lower-case words joined by dashes, such as '02-iris-slicing'",
    _HTTPS: "must begin with https://",
}
_Slug = Annotated[str, Field(pattern=_SLUG)]
_LabId = Annotated[str, Field(pattern=_LAB_ID)]
_Title = Annotated[str, Field(min_length=3, max_length=100)]
_Model = TypeVar("_Model", bound=BaseModel)


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Limits(_Strict):
    """What a submission may use. Times count from the moment student code starts."""

    wall_s: Annotated[float, Field(gt=0, le=3600)] = 60
    """Seconds of student code for the whole lab."""
    check_s: Annotated[float, Field(gt=0, le=3600)] = 10
    """Seconds of student code for one check."""
    memory_mb: Annotated[int, Field(ge=64, le=65536)] = 2048
    """Megabytes of memory for all its processes together."""
    disk_mb: Annotated[int, Field(ge=1, le=65536)] = 256
    """Megabytes that it may write, in one file or in all."""
    processes: Annotated[int, Field(ge=4, le=4096)] = 64
    """Processes and threads at the same time."""


class Task(_Strict):
    """One graded piece of a lab."""

    id: _Slug
    """What the task is called on the command line, in graders and in the gradebook."""
    title: _Title
    """The heading in README.md and HINTS.md, without its number."""
    points: Annotated[float, Field(ge=0.1, le=1000, multiple_of=0.01)]
    """Scores are rounded to hundredths, so points have at most two decimals."""
    files: tuple[str, ...] = ()
    """Those of `submit` that the task is about: its checks, and what they run, see no others. All if none is named."""


class Lab(_Strict):
    """A lab as its manifest describes it. Nothing here is secret."""

    id: _LabId
    """The name of the lab's folder."""
    title: _Title
    """What the lab is called everywhere."""
    part: _Slug
    """The part of course.toml that lists the lab."""
    minutes: Annotated[int, Field(gt=0, le=1200)]
    """How long a learner needs, roughly."""
    datasets: tuple[_Slug, ...] = ()
    """Folders of datasets/ that the lab reads; student code sees no others."""
    submit: Annotated[tuple[str, ...], Field(min_length=1)]
    """Files a student hands in, relative to the lab's folder; only these are taken from a submission."""
    preload: tuple[str, ...] = ()
    """Modules imported once before student code is forked, because nearly every submission needs them."""
    listens: bool = False
    """Whether student code listens on TCP ports, as a server that a platform starts does."""
    requires: tuple[_LabId, ...] = ()
    """Labs that should be done before this one."""
    docs: Annotated[str, Field(pattern=_HTTPS)] | None = None
    """Where to read more."""
    limits: Limits = Limits()
    """What a submission may use, where the defaults do not suit."""
    task: Annotated[tuple[Task, ...], Field(min_length=1)]
    """The tasks, in order."""

    @property
    def points(self) -> float:
        """What the whole lab can give."""
        return round(sum(task.points for task in self.task), 2)

    def scopes(self, tasks: Collection[str]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
        """Files of `submit`, and those of ``tasks`` that are about these and no others, in the order of the tasks."""
        found: dict[tuple[str, ...], list[str]] = {}
        for task in self.task:
            if task.id in tasks:
                about = tuple(name for name in self.submit if not task.files or name in task.files)
                found.setdefault(about, []).append(task.id)
        return [(files, tuple(ids)) for files, ids in found.items()]

    @field_validator("submit")
    @classmethod
    def _stay_inside(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        faults = [
            f"{name!r} must be a plain path inside the lab's folder, such as 'app/main.py'"
            for name in names
            if not _is_plain(name)
        ]
        if len({name.casefold() for name in names}) < len(names):
            faults.append("the same file is named twice (upper and lower case count as the same)")
        if faults:
            raise ValueError("; ".join(faults))
        return names


class Part(_Strict):
    """A chapter of the course and its labs, in order."""

    id: _Slug
    """What labs call it in their `part`."""
    title: _Title
    """What it is called on the site and in reports."""
    labs: tuple[_LabId, ...] = ()
    """Its labs, in the order in which they are taught."""


class LatePolicy(_Strict):
    """What being late costs. Without a line in course.toml it costs nothing."""

    grace_minutes: Annotated[float, Field(ge=0, le=10080)] = 0
    """As late as this is not late at all."""
    per_day: Annotated[float, Field(ge=0, le=100)] = 0
    """Per cent of a lab's points that each day costs, begun days included, counted from the due date."""
    at_most: Annotated[float, Field(ge=0, le=100)] = 100
    """Per cent of a lab's points that lateness costs at the most."""
    closes_after_days: Annotated[float, Field(ge=0, le=366)] | None = None
    """After so many days nothing is accepted any more: all points are lost."""


class Course(_Strict):
    """The course: its title, its parts in order, and when labs are due."""

    title: _Title
    """What the course is called."""
    part: Annotated[tuple[Part, ...], Field(min_length=1)]
    """The parts, in the order in which they are taught."""
    due: dict[_LabId, AwareDatetime] = {}
    """Lab → when it is due, with time zone: ``02-iris-slicing = 2026-03-01T23:59:00+01:00``."""
    late: LatePolicy = LatePolicy()
    """What being late costs."""


def read_toml(path: Path) -> dict[str, object]:
    """Parse a TOML file.

    Raises:
        ManifestError: the file is missing, not UTF-8 or not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ManifestError(path, ["the file is missing: create it (see docs/reference)"]) from None
    except (UnicodeDecodeError, OSError) as error:
        raise ManifestError(path, [f"cannot be read: {error}"]) from None
    except tomllib.TOMLDecodeError as error:
        raise ManifestError(path, [f"is not valid TOML: {error}"]) from None


def load_lab(folder: Path, *, complete: bool = True) -> Lab:
    """Read ``folder/lab.toml``; the folder's name is the lab's id.

    Args:
        folder: the lab's folder.
        complete: whether every file in ``submit`` must be there. True where authors write labs; False in a
            learner's copy, where a file not there (yet) is no fault of the manifest.

    Raises:
        ManifestError: with every fault found, among them files in ``submit`` that the folder does not have.
    """
    path = folder / "lab.toml"
    raw = read_toml(path)
    problems, lab = _validate(Lab, {**raw, "id": folder.name})
    if "id" in raw:
        problems.append("id: remove it, the folder's name is the lab's id")
    problems += _twice(_each(raw.get("task"), "id"), "task.id: each task needs an id of its own")
    if lab is not None:
        problems += [
            f"task.{number}.files: {name!r} is not in submit: correct the name or hand it in, too"
            for number, task in enumerate(lab.task, 1)
            for name in task.files
            if name not in lab.submit
        ]
    submit = raw.get("submit")
    for name in submit if complete and isinstance(submit, list) else ():
        if isinstance(name, str) and not (folder / name).is_file():
            problems.append(f"submit: {name!r} is not in {folder.name}/: add the file or correct the name")
    if problems or lab is None:
        raise ManifestError(path, problems)
    return lab


def load_course(path: Path) -> Course:
    """Read course.toml.

    Raises:
        ManifestError: with every fault found.
    """
    raw = read_toml(path)
    problems, course = _validate(Course, raw)
    problems += _twice(_each(raw.get("part"), "id"), "part.id: each part needs an id of its own")
    labs = [lab for group in _each(raw.get("part"), "labs") if isinstance(group, list) for lab in group]
    problems += _twice(labs, "part.labs: a lab belongs to one part, and there once")
    due = raw.get("due")
    problems += [
        f"due.{lab}: no part lists that lab: correct the id or remove the line"
        for lab in (due if isinstance(due, dict) else ())
        if lab not in labs and re.fullmatch(_LAB_ID, lab)
    ]
    if problems or course is None:
        raise ManifestError(path, problems)
    return course


def _is_plain(name: str) -> bool:
    path = PurePosixPath(name)
    inside = bool(path.parts) and not path.is_absolute() and ".." not in path.parts
    return inside and "\\" not in name and str(path) == name


def _each(tables: object, key: str) -> list[object]:
    """The values of ``key`` in a list of tables that nobody has checked yet."""
    rows = tables if isinstance(tables, list) else []
    return [row[key] for row in rows if isinstance(row, dict) and key in row]


def _twice(names: Sequence[object], rule: str) -> list[str]:
    again = sorted({name for name in names if isinstance(name, str) and names.count(name) > 1})
    return [f"{rule} (found twice: {', '.join(again)})"] if again else []


def _validate(model: type[_Model], raw: dict[str, object]) -> tuple[list[str], _Model | None]:
    try:
        # From JSON-like input: lists become tuples although the models are strict about everything else.
        return [], model.model_validate_json(json.dumps(raw, default=str))
    except ValidationError as error:
        return [explain(fault) for fault in error.errors()], None


def preloads(labs: Iterable[Lab]) -> tuple[str, ...]:
    """The modules that submissions to these labs need, each once."""
    return tuple(dict.fromkeys(name for lab in labs for name in lab.preload))


def explain(fault: object) -> str:
    """One fault that pydantic found, as a line for the author: key, what is wrong, remedy."""
    assert isinstance(fault, dict)
    where = ".".join(str(part + 1) if isinstance(part, int) else str(part) for part in fault["loc"])
    what = str(fault["msg"]).removeprefix("Value error, ")
    match fault["type"]:
        case "extra_forbidden":
            what = "unknown key: remove it or correct its spelling"
        case "missing":
            what = "is required: add it"
        case "timezone_aware" | "datetime_type" | "datetime_parsing" | "datetime_from_date_parsing":
            what = "must be a date and time with time zone, such as 2026-03-01T23:59:00+01:00"
        case "string_pattern_mismatch":
            what = _PATTERNS.get(fault["ctx"]["pattern"], what)
    found = fault.get("input")
    shown = f" (found {found!r})" if isinstance(found, str | int | float | bool) and where else ""
    return f"{where}: {what}{shown}" if where else what
