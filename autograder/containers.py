"""Find a table in whatever it was packed in: CSV, a headerless file, ARFF, a spreadsheet, zips of those."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

__all__ = ["Table", "tables"]

Table = list[list[str]]
"""Rows of stripped cells, without a header."""

_MAX_BYTES = 64 * 2**20
_MAX_DEPTH = 3
_TEXT = (".csv", ".data", ".arff", ".txt", ".test")
_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def tables(name: str, content: bytes, columns: Sequence[str]) -> Iterator[tuple[str, Table]]:
    """Yield every table with the right number of columns, with the name of the file it was found in.

    Args:
        name: file name of the container; its ending tells how to read it.
        content: the container.
        columns: the column names; a header line that repeats them is dropped.
    """
    for member, raw in _members(name, content, _MAX_DEPTH):
        rows = _spreadsheet(raw) if member.endswith(".xlsx") else _text(raw)
        known = {column.lower() for column in columns}
        rows = [row for row in rows if {cell.lower() for cell in row} != known]
        if rows and all(len(row) == len(columns) for row in rows):
            yield member, rows


def _members(name: str, content: bytes, depth: int) -> Iterator[tuple[str, bytes]]:
    """Walk through zip files in zip files, as far down as is sane."""
    if name.endswith((*_TEXT, ".xlsx")):
        yield name, content
        return
    if not depth or not name.endswith(".zip"):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                if member.file_size <= _MAX_BYTES:
                    yield from _members(member.filename, archive.read(member), depth - 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError):
        return


def _text(raw: bytes) -> Table:
    """Read lines of comma-separated cells; of an ARFF file, those after ``@data``."""
    text = raw.decode("utf-8-sig", errors="replace")
    data = re.search(r"^@data\s*$", text, flags=re.IGNORECASE | re.MULTILINE)
    lines = text[data.end() :].splitlines() if data else text.splitlines()
    lines = [line for line in lines if line.strip() and not (data and line.startswith("%"))]
    try:
        return [[cell.strip() for cell in row] for row in csv.reader(lines, skipinitialspace=True)]
    except csv.Error:
        return []


def _spreadsheet(raw: bytes) -> Table:
    """Read the first sheet of an .xlsx file."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as book:
            shared: list[str] = []
            if "xl/sharedStrings.xml" in book.namelist():
                for item in ElementTree.fromstring(book.read("xl/sharedStrings.xml")).iter(f"{_SHEET}si"):
                    shared.append("".join(part.text or "" for part in item.iter(f"{_SHEET}t")))
            sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError):
        return []
    rows = [[_cell(cell, shared) for cell in row.iter(f"{_SHEET}c")] for row in sheet.iter(f"{_SHEET}row")]
    return [row for row in rows if any(row)]


def _cell(cell: ElementTree.Element, shared: Sequence[str]) -> str:
    value = cell.findtext(f"{_SHEET}v") or "".join(part.text or "" for part in cell.iter(f"{_SHEET}t"))
    if cell.get("t") == "s" and value.isdigit() and int(value) < len(shared):
        value = shared[int(value)]
    return value.strip()
