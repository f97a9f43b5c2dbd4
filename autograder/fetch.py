"""Put a table in place: the published one, from its official address or a mirror, or the shipped one again.

The published table is kept in ``datasets/<name>/published/``, which Git ignores, and copied over
``datasets/<name>/<name>.csv``, the one path that labs and graders read. Git is told to look away from that
file (skip-worktree) until the shipped table is back, so ``git add -A`` never takes the published one along.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from autograder import containers, datasets
from autograder.download import Progress, ResumingDownloader
from autograder.errors import DatasetError

__all__ = ["fetch", "place", "restore"]


def fetch(
    name: str,
    *,
    mirror: str | None = None,
    progress: bool = True,
    timeout: float = 30.0,
    backoff: float = 0.5,
) -> Path:
    """Fetch the published table of a data set, put it in place and return its path.

    A table that was fetched before is used again, without the network. The content is verified before
    anything is put in place; how it was packed does not matter.

    Args:
        name: the data set.
        mirror: a folder or web address that holds either the official file or ``<name>.csv``; by default
            ``$DATASETS_MIRROR``, or else the official address.
        progress: show a progress bar on a terminal.
        timeout: seconds without a byte before an attempt is given up.
        backoff: seconds before the second attempt; each further wait is twice as long.

    Raises:
        DatasetError: there is no published table, it could not be fetched, or has the wrong content.
    """
    facts = datasets.facts(name)
    if facts.published is None:
        raise DatasetError(f"{name} ships complete: there is no other table to fetch.")
    kept = datasets.root() / name / "published" / f"{name}.csv"
    if not _is_published(kept, facts):
        _private_folder(kept.parent)
        mirror = mirror or os.environ.get("DATASETS_MIRROR") or None
        if mirror is None:
            content = _from_web(facts, list(facts.published.urls), kept.parent, progress, timeout, backoff)
        elif "://" in mirror:
            urls = [f"{mirror.rstrip('/')}/{file}" for file in _file_names(facts)]
            content = _from_web(facts, urls, kept.parent, progress, timeout, backoff)
        else:
            content = _from_folder(facts, Path(mirror).expanduser())
        _write(kept, content)
    return place(name, kept.read_bytes())


def restore(name: str) -> Path:
    """Put the shipped table back in place and return its path; a fetched one stays in ``published/``.

    Raises:
        DatasetError: the table that make.py builds is not the one that SHA256SUMS states.
    """
    content = datasets.make(name)
    wanted, found = datasets.shipped_sha256(name), datasets.sha256(content)
    if found != wanted:
        raise DatasetError(
            f"{datasets.root() / name / 'make.py'} built a table with SHA-256 {found}, but SHA256SUMS states "
            f"{wanted}. If you changed the data set on purpose, write SHA256SUMS anew; otherwise undo it."
        )
    return place(name, content)


def place(name: str, content: bytes) -> Path:
    """Put a table where labs and graders read it, keep all but the shipped one out of Git, return its path.

    Raises:
        DatasetError: there is no such data set, or Git could not be told.
    """
    shipped = datasets.sha256(content) == datasets.shipped_sha256(name)
    table = datasets.root() / name / f"{name}.csv"
    if not shipped:
        _look_away(table)
    _write(table, content)
    if shipped and _git(table, "ls-files", "--error-unmatch", table.name):
        _git(table, "update-index", "--no-skip-worktree", table.name)
    return table


def _from_web(
    facts: datasets.Dataset, urls: list[str], folder: Path, progress: bool, timeout: float, backoff: float
) -> bytes:
    import pooch  # type: ignore[import-untyped]

    pooch.get_logger().setLevel("WARNING")
    problems = []
    for url in urls:
        file = folder / _file_name(url)
        part = file.with_name(file.name + ".part")
        file.unlink(missing_ok=True)
        try:
            with _bar(facts.name, progress) as tell:
                get = ResumingDownloader(part, timeout=timeout, backoff=backoff, progress=tell)
                pooch.retrieve(url, known_hash=None, fname=file.name, path=folder, downloader=get)
            return _verified(facts, url, file.name, file.read_bytes())
        except DatasetError as error:
            problems.append(str(error))
        finally:
            file.unlink(missing_ok=True)
    raise DatasetError(
        "\n".join(
            [
                f"The published {facts.name} table could not be fetched:",
                *(f"  - {problem}" for problem in problems),
                "Your lab works with the table that is in place. To get the published one:",
                "  - online: run the same command again; what has already come is not loaded twice.",
                f"  - offline or behind a proxy: on another machine, get {_file_names(facts)[0]} from",
                f"    {facts.source}, bring it here in a folder, and set",
                "    DATASETS_MIRROR=<that folder, or the address of a mirror>.",
            ]
        )
    )


def _from_folder(facts: datasets.Dataset, folder: Path) -> bytes:
    looked_for = _file_names(facts)
    for name in looked_for:
        file = folder / name
        if file.is_file():
            return _verified(facts, str(file), name, file.read_bytes())
    raise DatasetError(
        f"The mirror {folder} has no table for {facts.name}: put {' or '.join(looked_for)} there "
        f"(from {facts.source}), or unset DATASETS_MIRROR to use the official address."
    )


def _verified(facts: datasets.Dataset, origin: str, file: str, content: bytes) -> bytes:
    """Find the published table in a container by its content, and return it as CSV."""
    import pandas as pd

    assert facts.published is not None
    found = []
    for member, rows in containers.tables(file, content, list(facts.columns)):
        try:
            digest = datasets.canonical_hash(pd.DataFrame(rows, columns=list(facts.columns)), facts.name)
        except DatasetError as error:
            found.append(f"{member}: {error}")
            continue
        if digest == facts.published.canonical:
            return _csv(facts, rows)
        found.append(f"{member}: {digest}")
    raise DatasetError(
        f"{origin}: refused and deleted, its content is not the published {facts.name} table. "
        f"Expected {facts.published.canonical}; found {'; '.join(found) or 'no table with these columns'}"
    )


def _csv(facts: datasets.Dataset, rows: containers.Table) -> bytes:
    kinds = facts.columns.values()
    written = [[_plain(cell, kind) for cell, kind in zip(row, kinds, strict=True)] for row in rows]
    return "".join(f"{facts.separator.join(row)}\n" for row in [facts.columns, *written]).encode()


def _plain(cell: str, kind: str) -> str:
    if kind == "int":
        return str(int(float(cell)))
    return repr(round(float(cell), 9)) if kind == "float" else cell


def _is_published(kept: Path, facts: datasets.Dataset) -> bool:
    try:
        return bool(_verified(facts, str(kept), kept.name, kept.read_bytes()))
    except (OSError, DatasetError):
        return False


def _file_name(url: str) -> str:
    return unquote(Path(urlsplit(url).path).name)


def _file_names(facts: datasets.Dataset) -> list[str]:
    """Names under which a mirror may hold the table: as at the official address, or plainly."""
    official = [_file_name(url) for url in facts.published.urls] if facts.published else []
    return list(dict.fromkeys([*official, f"{facts.name}.csv"]))


@contextlib.contextmanager
def _bar(name: str, wanted: bool) -> Iterator[Progress | None]:
    """Show a progress bar on standard error, if that is a terminal."""
    if not wanted:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    shown = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Bar(*shown, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _private_folder(folder: Path) -> None:
    """Make a folder that ignores itself in Git."""
    folder.mkdir(exist_ok=True)
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")


def _write(file: Path, content: bytes) -> None:
    """Replace a file in one step: a reader sees the old table or the new one, never half of it."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        temporary.chmod(0o644)
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)


def _look_away(table: Path) -> None:
    """Tell Git not to take up changes of the table; if it is new to Git, refuse."""
    if not _git(table, "rev-parse", "--is-inside-work-tree") or _git(table, "check-ignore", "-q", table.name):
        return
    if not _git(table, "ls-files", "--error-unmatch", table.name):
        raise DatasetError(
            f"Git does not know {table} yet, so a later `git add` would take the published table with it. "
            f"Commit the shipped one first: git add {table} && git commit"
        )
    if not _git(table, "update-index", "--skip-worktree", table.name):
        raise DatasetError(
            f"Git could not be told to leave {table} alone, so the published table was not put there. "
            f"Find out why with: git update-index --skip-worktree {table}"
        )


def _git(file: Path, *arguments: str) -> bool:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    command = ["git", *arguments]
    try:
        done = subprocess.run(command, cwd=file.parent, env=clean, capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return done.returncode == 0
