"""Find the submissions in a folder, whoever laid it out; what is none is told, with what was expected.

Understood, and free to be mixed: nbgrader's ``<student>/<lab>/``, folders and flat files as Moodle and Canvas name
them, archives of ``nox -s submit``, clones of the course (``<student>/labs/<lab>/``), archives in a student's folder,
and folders called like a lab around any of these. Nothing in a clone's ``.git`` is run, so Git tells no times.
"""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from autograder import handin
from autograder.archives import extract, is_archive
from autograder.batch import layouts
from autograder.batch.content import (
    archives_in,
    best,
    changed,
    core,
    differs,
    listed,
    meant,
    timestamp,
    uploaded_as,
)
from autograder.batch.found import Broken, Found, Item, Sender, Stray, Untouched
from autograder.batch.layouts import Named
from autograder.catalog import Catalog
from autograder.errors import ArchiveError, UsageError
from autograder.handin import Handin
from autograder.manifest import Lab

__all__ = ["find"]

_EXPECTED: Final = (
    "expected <student>/<lab>/ as nbgrader has it, names as Moodle and Canvas give them, "
    "<student>--<lab>.zip of `nox -s submit`, or a clone of the course"
)
_MAX_DEPTH: Final = 4


def find(folder: Path, catalog: Catalog, scratch: Path, *, only: Lab | None = None) -> Iterator[Item]:
    """Look through a folder of submissions.

    Args:
        folder: the submissions of a class.
        catalog: the course.
        scratch: a folder in which archives are opened, one after the other.
        only: the lab that everything is for; without it folders, manifests and names of files tell.

    Raises:
        UsageError: ``folder`` is not a folder.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder. Name the folder that holds what the class handed in.")
    yield from _Intake(catalog, scratch).a_class(folder, "", only)


@dataclass(frozen=True)
class _Place:
    """A folder with one student's work, and what is known about it so far."""

    sender: Sender
    folder: Path
    source: str
    lab: Lab | None
    depth: int = 0
    submitted: dt.datetime | None = None
    changed: dt.datetime | None = None
    notices: tuple[str, ...] = ()


class _Intake:
    def __init__(self, catalog: Catalog, scratch: Path) -> None:
        self._catalog = catalog
        self._scratch = scratch
        self._labs = {lab.id: lab for lab in catalog.labs()}
        self._meant = meant(self._labs.values())

    # The work of many.

    def a_class(self, folder: Path, source: str, lab: Lab | None) -> Iterator[Item]:
        flat: dict[tuple[str, str], list[tuple[Named, Path]]] = {}
        for entry in listed(folder):
            path, where = folder / entry.name, f"{source}{entry.name}"
            named = layouts.moodle(entry.name) or layouts.canvas(entry.name)
            if entry.is_symlink():
                yield Stray(where, "is a symbolic link: put the files themselves here")
            elif named is not None and not named.is_file:
                yield Stray(where, "is text typed into Moodle; labs are handed in as files")
            elif entry.is_dir():
                if entry.name in self._labs:
                    if lab is None or entry.name == lab.id:
                        yield from self.a_class(path, f"{where}/", self._labs[entry.name])
                else:
                    sender = _sender([named]) if named else Sender(layouts.safe_id(entry.name))
                    yield from self._work(_Place(sender, path, where, lab))
            elif named is not None and named.file:
                flat.setdefault((named.system, named.student), []).append((named, path))
            elif entry.is_file() and is_archive(path):
                yield from self._loose_archive(path, where, lab)
            else:
                yield Stray(where, _EXPECTED)
        for uploads in flat.values():
            yield from self._uploads(uploads, source, lab)

    def _uploads(self, uploads: Sequence[tuple[Named, Path]], source: str, lab: Lab | None) -> Iterator[Item]:
        """What a student uploaded to a platform that laid it flat: files one by one, or an archive."""
        # The latest upload of a name comes last.
        uploads = sorted(uploads, key=lambda upload: (upload[0].attachment, upload[1].name))
        notices = []
        with self._room() as room:
            for named, path in uploads:
                target = Path(room) / uploaded_as(named, [lab] if lab else self._labs.values())
                if target.exists():
                    notices.append(f"{target.name} was uploaded more than once; the latest was graded.")
                    target.unlink()
                target.parent.mkdir(parents=True, exist_ok=True)
                try:
                    shutil.copy2(path, target, follow_symlinks=False)
                except OSError as error:
                    yield Stray(f"{source}{path.name}", f"cannot be read: {error.strerror}")
            sender = _sender([named for named, _ in uploads])
            place = _Place(sender, Path(room), f"{source}{uploads[-1][1].name}", lab, notices=tuple(notices))
            yield from self._work(place)

    def _loose_archive(self, path: Path, source: str, lab: Lab | None) -> Iterator[Item]:
        """An archive of one student, or the download of a whole class."""
        student, named_lab = layouts.packed(path.name, self._labs)
        lab = lab or self._labs.get(named_lab)
        sender = Sender(layouts.safe_id(student) if student else "")
        for inside in self._opened(path, _Place(sender, path.parent, source, lab)):
            if not isinstance(inside, _Place):
                yield inside if student or isinstance(inside, Stray) else Stray(source, inside.problem)
            elif self._is_class(inside.folder):
                yield from self.a_class(inside.folder, f"{source}/", lab)
            else:
                # A name in our own form says whose it is; otherwise the manifest knows better than a file's name.
                own = inside if student and named_lab else self._signed(inside)
                if own.sender.student:
                    yield from self._work(own)
                else:
                    yield Stray(source, "does not say whose it is: call it <student>--<lab>.zip")

    def _signed(self, place: _Place) -> _Place:
        try:
            said = handin.read(place.folder)
        except ArchiveError:
            return place
        if said is None or said.student is None:
            return place
        return replace(place, sender=Sender(layouts.safe_id(said.student)))

    def _is_class(self, folder: Path) -> bool:
        """Whether an archive holds the work of many."""
        return any(
            layouts.moodle(entry.name)
            or layouts.canvas(entry.name)
            or ("--" in entry.name and layouts.packed(entry.name, self._labs)[1])
            or (entry.name not in self._labs and any((folder / entry.name / lab).is_dir() for lab in self._labs))
            for entry in listed(folder)
        )

    # The work of one.

    def _work(self, place: _Place) -> Iterator[Item]:
        wanted = [place.lab] if place.lab else list(self._labs.values())
        place = replace(
            place,
            folder=core(place.folder, self._meant),
            submitted=place.submitted or timestamp(place.folder),
            depth=place.depth + 1,
        )
        inside = listed(place.folder)
        labs = [entry.name for entry in inside if entry.name in self._labs and entry.is_dir(follow_symlinks=False)]
        cloned = place.folder / "labs"
        try:
            said = handin.read(place.folder)
        except ArchiveError as error:
            yield self._unreadable(place, str(error))
            return
        if said is not None:
            yield self._declared(place, said)
        elif not inside:
            yield self._unreadable(place, " ".join(place.notices)) if place.notices else Stray(place.source, "is empty")
        elif labs and place.depth < _MAX_DEPTH:
            yield from self._by_lab(place, labs, [entry.name for entry in inside if entry.name not in labs])
        elif not cloned.is_symlink() and any((cloned / lab).is_dir() for lab in self._labs):
            yield from self._clone(place)
        elif fitting := best(place.folder, wanted):
            if len(fitting) == 1:
                yield self._found(replace(place, lab=fitting[0]))
            else:
                names = " or ".join(lab.id for lab in fitting)
                yield Stray(place.source, f"could be {names}: put it into a folder of that name, or use --lab")
        elif (archives := archives_in(place.folder)) and place.depth < _MAX_DEPTH:
            for name in archives:
                yield from self._inner_archive(place, name)
        elif place.lab is not None:
            yield self._found(place)
        else:
            names = ", ".join(entry.name for entry in inside[:3])
            yield Stray(place.source, f"holds no file of any lab ({names}): name the lab with --lab if it is for one")

    def _by_lab(self, place: _Place, labs: Sequence[str], others: Sequence[str]) -> Iterator[Item]:
        """``<student>/<lab>/``, and archives beside them."""
        for lab in labs:
            if place.lab is None or place.lab.id == lab:
                inner = replace(place, folder=place.folder / lab, source=f"{place.source}/{lab}", submitted=None)
                yield from self._work(replace(inner, lab=self._labs[lab]))
        archives = archives_in(place.folder)
        for name in others:
            if name in archives:
                yield from self._inner_archive(place, name)
            else:
                yield Stray(f"{place.source}/{name}", _EXPECTED)

    def _clone(self, place: _Place) -> Iterator[Item]:
        """``<student>/labs/<lab>/``: a lab counts once its files differ from those handed out."""
        for lab in self._labs.values():
            mine = place.folder / "labs" / lab.id
            if (place.lab is None or place.lab.id == lab.id) and mine.is_dir() and not mine.is_symlink():
                if differs(mine, self._catalog.lab_dir(lab.id), lab.submit):
                    yield self._found(replace(place, folder=mine, source=f"{place.source}/labs/{lab.id}", lab=lab))
                else:
                    yield Untouched(place.sender, lab)

    def _inner_archive(self, place: _Place, name: str) -> Iterator[Item]:
        lab = place.lab or self._labs.get(layouts.packed(name, self._labs)[1])
        inner = replace(place, folder=place.folder / name, source=f"{place.source}/{name}", lab=lab)
        for inside in self._opened(inner.folder, inner):
            if isinstance(inside, _Place):
                yield from self._work(inside)
            else:
                yield inside

    def _opened(self, path: Path, place: _Place) -> Iterator[_Place | Broken | Stray]:
        """The place with its archive unpacked, as long as nobody asks for the next one."""
        place = replace(place, changed=changed(path))
        labs = [place.lab] if place.lab else list(self._labs.values())
        notices: list[str] = []
        with self._room() as room:
            try:
                wanted = {handin.FILE, *(name for lab in labs for name in lab.submit)}
                extract(path, Path(room), wanted=wanted, notice=notices.append)
            except (ArchiveError, UsageError) as error:
                yield self._unreadable(place, str(error))
            else:
                yield replace(place, folder=Path(room), notices=(*place.notices, *notices))

    def _declared(self, place: _Place, said: Handin) -> Item:
        """What has a manifest is for the lab that it names."""
        lab = self._labs.get(said.lab)
        if lab is None:
            return Stray(place.source, f"is for {said.lab}, which is no lab of this course")
        if place.lab is not None and place.lab.id != lab.id:
            return Stray(place.source, f"says that it is for {lab.id}, but it lies among those for {place.lab.id}")
        return replace(self._found(replace(place, lab=lab, submitted=said.time)), handin=said)

    def _found(self, place: _Place) -> Found:
        assert place.lab is not None
        when = place.changed or changed(*(place.folder / name for name in place.lab.submit))
        return Found(place.sender, place.lab, place.folder, place.source, place.submitted, when, None, place.notices)

    def _unreadable(self, place: _Place, problem: str) -> Broken | Stray:
        if place.lab is None:
            return Stray(place.source, problem)
        return Broken(place.sender, place.lab, place.source, problem, place.changed or changed(place.folder))

    def _room(self) -> tempfile.TemporaryDirectory[str]:
        return tempfile.TemporaryDirectory(dir=self._scratch)


def _sender(uploads: Sequence[Named]) -> Sender:
    first = uploads[0]
    return Sender(layouts.safe_id(first.student), first.name, any(named.late for named in uploads))
