"""Find the course's labs: where each one lives, and which one a learner means."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from pathlib import Path

from autograder.errors import LabNotFound, ManifestError, UsageError
from autograder.manifest import Course, Lab, load_course, load_lab, read_toml

__all__ = ["Catalog", "find_root"]

_COURSE = "course.toml"


def find_root(start: Path | None = None) -> Path:
    """The project's root: the nearest folder with a course.toml, upwards from ``start``.

    Args:
        start: where to begin, by default the working directory; if nothing is found there, the search goes
            upwards from this package.

    Raises:
        UsageError: there is no course.toml either way.
    """
    begin = (start or Path.cwd()).resolve()
    here = Path(__file__).resolve().parent
    for folder in (begin, *begin.parents, *here.parents):
        if (folder / _COURSE).is_file():
            return folder
    raise UsageError(f"No {_COURSE} in {begin} or above it. Go to the course's folder and try again.")


class Catalog:
    """The labs of one course, in its order.

    In the author's edition a lab is read from ``solutions/<id>/lab.toml``; in the student edition, which has
    no ``solutions/``, from the copy in ``labs/<id>/``.

    Attributes:
        root: the project's root.
        course: course.toml.
    """

    def __init__(self, root: Path | None = None) -> None:
        """Read course.toml and hold it against the folders.

        Args:
            root: the project's root, by default :func:`find_root`.

        Raises:
            ManifestError: course.toml has faults, names a lab that has no folder, or leaves out one that has.
        """
        self.root = root or find_root()
        self.course = _read_course(self.root)
        self._ids = tuple(lab for part in self.course.part for lab in part.labs)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all labs, in course order."""
        return self._ids

    @property
    def for_students(self) -> bool:
        """Whether this is the student edition, without solutions."""
        return not (self.root / "solutions").is_dir()

    def labs(self) -> tuple[Lab, ...]:
        """Every lab, in course order.

        Raises:
            ManifestError: with the faults of all manifests.
        """
        labs, problems = [], []
        for lab_id in self._ids:
            try:
                labs.append(self.lab(lab_id))
            except ManifestError as error:
                file = Path(error.path).relative_to(self.root).as_posix()
                problems += [f"{file}: {line}" for line in error.problems]
        if problems:
            raise ManifestError(self.root, problems)
        return tuple(labs)

    def lab(self, lab_id: str) -> Lab:
        """The lab with exactly this id.

        Raises:
            LabNotFound: the course has no such lab.
            ManifestError: its lab.toml has faults, or does not fit the course.
        """
        if lab_id not in self._ids:
            raise LabNotFound(_unknown(lab_id, self._ids))
        source = self.solution_dir(lab_id)
        authored = (source / "lab.toml").is_file()
        folder = source if authored else self.lab_dir(lab_id)
        lab = load_lab(folder, complete=authored)
        problems = self._misfits(lab)
        if problems:
            raise ManifestError(folder / "lab.toml", problems)
        return lab

    def find(self, name: str) -> Lab:
        """The lab that a learner means by its id, its number, its slug, the beginning of it or a word of it.

        ``"02-iris-slicing"``, ``"02"``, ``"2"``, ``"iris-slicing"``, ``"iris"`` and
        ``"labs/02-iris-slicing/"`` are all the same lab.

        Raises:
            LabNotFound: none answers to that name, or several do.
            ManifestError: its lab.toml has faults.
        """
        wanted = re.sub(r"[\s_-]+", "-", name.replace("\\", "/").rstrip("/").rpartition("/")[2].lower())
        matches = _matches(wanted.strip("-"), self._ids)
        if not matches:
            raise LabNotFound(_unknown(name, self._ids))
        if len(matches) > 1:
            raise LabNotFound(f"{name!r} could be any of these labs, say which one:{_list(matches)}")
        return self.lab(matches[0])

    def solution_dir(self, lab_id: str) -> Path:
        """Where the author writes the lab; not there in the student edition."""
        return self.root / "solutions" / lab_id

    def lab_dir(self, lab_id: str) -> Path:
        """Where the student works."""
        return self.root / "labs" / lab_id

    def grader_dir(self, lab_id: str) -> Path:
        """Where the checks of the lab are."""
        return self.root / "autograder" / "graders" / lab_id

    def dataset_dir(self, name: str) -> Path:
        """Where a data set is."""
        return self.root / "datasets" / name

    def _misfits(self, lab: Lab) -> list[str]:
        """What a lab says about its surroundings that is not so."""
        part = next(part.id for part in self.course.part if lab.id in part.labs)
        problems = []
        if lab.part != part:
            problems.append(f"part: is {lab.part!r}, but {_COURSE} lists the lab under {part!r}: make them agree")
        problems += [
            f"datasets: {name!r} is not in datasets/: add the folder or correct the name"
            for name in lab.datasets
            if not self.dataset_dir(name).is_dir()
        ]
        earlier = self._ids[: self._ids.index(lab.id)]
        problems += [
            f"requires: {name!r} does not come earlier in {_COURSE}: move it or correct the name"
            for name in lab.requires
            if name not in earlier
        ]
        return problems


def _read_course(root: Path) -> Course:
    """Read course.toml and collect its faults together with those of the folders."""
    path = root / _COURSE
    raw = read_toml(path)
    course: Course | None = None
    problems: list[str] = []
    try:
        course = load_course(path)
    except ManifestError as error:
        problems += error.problems
    listed = _listed(raw)
    problems += [
        f"part.labs: {lab} has no lab.toml in solutions/ or labs/: add the lab or remove the line"
        for lab in dict.fromkeys(listed)
        if not any((root / where / lab / "lab.toml").is_file() for where in ("solutions", "labs"))
    ]
    problems += [
        f"part.labs: {name} is not listed: add it to a part or move the folder away"
        for name in _authored(root)
        if name.partition("/")[2] not in listed
    ]
    if problems or course is None:
        raise ManifestError(path, problems)
    return course


def _listed(raw: dict[str, object]) -> list[str]:
    """The labs that course.toml lists, as far as a faulty one can be read."""
    parts = raw.get("part")
    groups = [part.get("labs") for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
    labs = [lab for group in groups if isinstance(group, list) for lab in group]
    return [lab for lab in labs if isinstance(lab, str) and re.fullmatch(r"[\w-]+", lab)]


def _authored(root: Path) -> list[str]:
    """The folders that must be listed; none in the student edition, where learners add what they like."""
    solutions = root / "solutions"
    if not solutions.is_dir():
        return []
    mine = [entry for entry in solutions.iterdir() if entry.is_dir() and entry.name[0] not in "._"]
    built = [file.parent for file in (root / "labs").glob("*/lab.toml")]
    return sorted(entry.relative_to(root).as_posix() for entry in (*mine, *built))


def _matches(wanted: str, ids: Sequence[str]) -> list[str]:
    """The ids that ``wanted`` may mean, by the strictest rule that any of them meets."""
    slugs = {lab: lab.partition("-")[2] for lab in ids}
    number = int(wanted) if wanted.isascii() and wanted.isdigit() else None
    by_id = [lab for lab in ids if lab == wanted]
    by_number = [lab for lab in ids if int(lab[:2]) == number]
    by_slug = [lab for lab in ids if slugs[lab] == wanted]
    by_word = [lab for lab in ids if wanted in slugs[lab].split("-")]
    by_start = [lab for lab in ids if wanted and (lab.startswith(wanted) or slugs[lab].startswith(wanted))]
    return by_id or by_number or by_slug or by_word or by_start


def _unknown(name: str, ids: Sequence[str]) -> str:
    names = {alias: lab for lab in ids for alias in (*lab.split("-")[1:], lab.partition("-")[2], lab)}
    close = difflib.get_close_matches(name.lower(), names, n=3, cutoff=0.6)
    guesses = list(dict.fromkeys(names[alias] for alias in close))
    hint = f" Did you mean {' or '.join(guesses)}?" if guesses else ""
    return f"No lab is called {name!r}.{hint} The labs are:{_list(ids)}"


def _list(ids: Sequence[str]) -> str:
    return "".join(f"\n  {lab}" for lab in ids) or " none yet."
