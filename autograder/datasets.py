"""Load the data sets of the labs, and say where each table came from.

A data set is a folder, ``datasets/<name>/``::

    dataset.toml     what it is: columns, rows, origin, licence, where the published table lies
    make.py          make() -> str, the shipped table as CSV text, the same bytes on every machine
    <name>.csv       the table in place: what labs read by path and what graders load
    SHA256SUMS       of the table as shipped
    README.md        for people
    published/       the fetched original, if any; never in Git (see `autograder.fetch`)

There is exactly one path, ``<name>.csv``, so a notebook and its grader always see the same table.
"""

from __future__ import annotations

import difflib
import functools
import hashlib
import os
import runpy
import tomllib
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from autograder.errors import DatasetError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Dataset",
    "Published",
    "canonical_hash",
    "describe",
    "facts",
    "load",
    "make",
    "names",
    "path",
    "root",
    "sha256",
    "shipped_sha256",
    "verify",
]

_DTYPES = {"int": "int64", "float": "float64", "str": "object"}


class Published(BaseModel):
    """Where the published table lies, and how to recognise its content."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    urls: Annotated[tuple[str, ...], Field(min_length=1)]
    """Official addresses, tried in order."""
    canonical: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    """What `canonical_hash` gives for it."""


class Dataset(BaseModel):
    """What is known about a data set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    kind: Literal["exact", "replica", "published", "changed"]
    """``exact`` or ``replica`` as shipped, ``published`` once fetched, ``changed`` if someone edited it."""
    provenance: str
    """One sentence to quote wherever a number computed from the table is reported."""
    rows: Annotated[int, Field(gt=0)]
    columns: Annotated[dict[str, Literal["int", "float", "str"]], Field(min_length=1)]
    """In the order of the file; names without the spaces that some files put around them."""
    source: str
    licence: str
    citation: str
    separator: Literal[",", ", "] = ","
    published: Published | None = None


def root() -> Path:
    """Return the folder of all data sets: ``$AUTOGRADER_DATASETS``, or ``datasets/`` beside this package."""
    override = os.environ.get("AUTOGRADER_DATASETS")
    return Path(override).resolve() if override else Path(__file__).resolve().parent.parent / "datasets"


def names() -> list[str]:
    """Return the names of all data sets, sorted."""
    return sorted(found.parent.name for found in root().glob("*/dataset.toml"))


def path(name: str) -> Path:
    """Return the file that labs read as ``../../datasets/<name>/<name>.csv``.

    Raises:
        DatasetError: there is no such data set, or its file is missing.
    """
    table = _folder(name) / f"{name}.csv"
    if not table.is_file():
        raise DatasetError(f"{table} is missing. {_remedy(name)}")
    return table


def facts(name: str) -> Dataset:
    """Return what dataset.toml says about a data set as it ships.

    Raises:
        DatasetError: there is no such data set, or its dataset.toml has faults; all are listed.
    """
    file = _folder(name) / "dataset.toml"
    try:
        return Dataset.model_validate({"name": name, **tomllib.loads(file.read_text(encoding="utf-8"))})
    except tomllib.TOMLDecodeError as error:
        raise DatasetError(f"{file} is not TOML: {error}") from error
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        raise DatasetError("\n  - ".join([f"{file} has faults:", *faults])) from error


def describe(name: str) -> Dataset:
    """Return the facts about a data set, with `kind` and `provenance` of the table that is in place now.

    Raises:
        DatasetError: there is no such data set, its dataset.toml has faults, or its table is missing.
    """
    shipped = facts(name)
    digest = sha256(path(name).read_bytes())
    if digest == shipped_sha256(name):
        return shipped
    fetched = _folder(name) / "published" / f"{name}.csv"
    if fetched.is_file() and digest == sha256(fetched.read_bytes()):
        kind, said = "published", f"{shipped.title}: the published table, from {shipped.source}."
    else:
        kind, said = "changed", f"{shipped.title}: a table changed by hand, neither shipped nor published."
    return shipped.model_copy(update={"kind": kind, "provenance": said})


def load(name: str) -> pd.DataFrame:
    """Load a data set just as ``pd.read_csv`` shows it to a lab, with types that do not depend on the rows.

    Columns are int64, float64 or object (strings); faults of the raw file, such as spaces around names and
    values, are kept.

    Raises:
        DatasetError: the data set is unknown, its file is missing, or its columns are not the declared ones.
    """
    table, declared = path(name), _folder(name) / "dataset.toml"
    # Read once for as long as its files stay the same: checks load the same table again and again.
    return _read(name, table, *(os.stat(file).st_mtime_ns for file in (table, declared))).copy()


@functools.lru_cache(maxsize=8)
def _read(name: str, table: Path, *stamps: int) -> pd.DataFrame:
    import pandas as pd

    columns = facts(name).columns
    try:
        raw = list(pd.read_csv(table, nrows=0).columns)
        if (found := [column.strip() for column in raw]) != list(columns):
            problem = f"expected the columns {', '.join(columns)}; found {', '.join(found)}"
            raise DatasetError(f"{table}: {problem}. {_remedy(name)}")
        dtypes = {column: _DTYPES[kind] for column, kind in zip(raw, columns.values(), strict=True)}
        return pd.read_csv(table, dtype=dtypes)
    except ValueError as error:
        raise DatasetError(f"{table} cannot be read as the {name} table: {error}. {_remedy(name)}") from error


def canonical_hash(df: pd.DataFrame, name: str, *, without: Collection[str] = ()) -> str:
    """Return the SHA-256 of a table's content, whatever its container, row order, line ends and spaces.

    Columns go in the declared order; strings are stripped, integers written plainly, floats rounded to nine
    decimals; rows are sorted by code point under a header line.

    Args:
        df: the table; column names may carry spaces.
        name: the data set whose columns it has.
        without: columns to leave out, such as a running number that means nothing.

    Raises:
        DatasetError: a column is missing, or a value is not of its column's type.
    """
    kinds = {column: kind for column, kind in facts(name).columns.items() if column not in without}
    found = {str(column).strip(): df[column] for column in df.columns}
    if missing := [column for column in kinds if column not in found]:
        raise DatasetError(f"{name}: the table has no column {', '.join(missing)}")
    texts = [_canonical_texts(found[column], column, kind) for column, kind in kinds.items()]
    lines = [",".join(kinds), *sorted(map(",".join, zip(*texts, strict=True)))]
    return sha256("".join(f"{line}\n" for line in lines).encode())


def make(name: str) -> bytes:
    """Build the shipped table afresh, from the figures or the library that it comes from.

    Raises:
        DatasetError: there is no such data set, or its make.py is missing or fails.
    """
    script = _folder(name) / "make.py"
    try:
        text: str = runpy.run_path(str(script))["make"]()
    except Exception as error:
        problem = f"{script} did not make the {name} table: {type(error).__name__}: {error}"
        raise DatasetError(f"{problem}. Get the folder back with: git checkout -- {script.parent}") from error
    return text.encode()


def verify(name: str) -> None:
    """Check that the table in place is the one that ships, byte for byte.

    Raises:
        DatasetError: it is not; the message shows both checksums.
    """
    wanted, found = shipped_sha256(name), sha256(path(name).read_bytes())
    if found != wanted:
        raise DatasetError(f"{path(name)}: expected SHA-256 {wanted}, found {found}. {_remedy(name)}")


def shipped_sha256(name: str) -> str:
    """Return the checksum that SHA256SUMS states for the table as shipped.

    Raises:
        DatasetError: there is no such data set, or SHA256SUMS does not name its table.
    """
    sums = _folder(name) / "SHA256SUMS"
    for line in sums.read_text(encoding="utf-8").splitlines() if sums.is_file() else []:
        if line.split()[1:] == [f"{name}.csv"]:
            return line.split()[0]
    raise DatasetError(f"{sums} has no checksum for {name}.csv. Get it back with: git checkout -- {sums}")


def sha256(content: bytes) -> str:
    """Return the SHA-256 of bytes, as hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def _folder(name: str) -> Path:
    known = names()
    if name in known:
        return root() / name
    if not known:
        raise DatasetError(f"No data sets in {root()}. Get them back with: git checkout -- datasets")
    near = difflib.get_close_matches(name.lower(), known, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(known)}."
    raise DatasetError(f"There is no data set called {name!r}. {hint}")


def _remedy(name: str) -> str:
    return f"Put the shipped table back with: nox -s datasets -- {name}"


def _canonical_texts(values: Iterable[object], column: str, kind: str) -> list[str]:
    try:
        if kind == "int":
            numbers = [float(str(value)) for value in values]
            if not all(number.is_integer() for number in numbers):
                raise ValueError("a fraction where an integer belongs")
            return [str(int(number)) for number in numbers]
        if kind == "float":
            return [repr(round(float(str(value)), 9)) for value in values]
    except ValueError as error:
        raise DatasetError(f"column {column} is not of type {kind}: {error}") from error
    texts = [str(value).strip() for value in values]
    if any(mark in text for text in texts for mark in ',"\n\r'):
        raise DatasetError(f"column {column} holds a comma, a quote or a line break")
    return texts
