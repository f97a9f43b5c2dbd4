"""Tests of autograder.containers."""

from __future__ import annotations

import io
import zipfile

import pytest

from autograder import containers

COLUMNS = ["Size", "Name"]
ROWS = [["1", "a"], ["2", "b c"]]
ARFF = "% about\n@RELATION toy\n@ATTRIBUTE Size REAL\n@ATTRIBUTE Name {a,b c}\n\n@DATA\n1,a\n% note\n2,b c\n"
SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    '<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>'
    '<row><c><v>1</v></c><c t="s"><v>2</v></c></row>'
    '<row><c><v>2</v></c><c t="inlineStr"><is><t>b c</t></is></c></row><row><c/><c/></row>'
    "</sheetData></worksheet>"
)
SHARED = (
    '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    "<si><t>Size</t></si><si><t>Name</t></si><si><t>a</t></si></sst>"
)


def packed(**files):
    """Zip some files up; two underscores in a name stand for a slash, the last one for a dot."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(".".join(name.replace("__", "/").rsplit("_", 1)), content)
    return stream.getvalue()


BOOK = packed(xl__worksheets__sheet1_xml=SHEET, xl__sharedStrings_xml=SHARED)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("toy.csv", b"Size,Name\n1,a\n2,b c\n"),
        ("toy.csv", b"\xef\xbb\xbfSize,Name\r\n1,a\r\n2,b c\r\n"),
        ("toy.data", b"1, a\n2, b c\n\n"),
        ("toy.arff", ARFF.encode()),
        ("toy.xlsx", BOOK),
        ("toy.zip", packed(toy_csv="1,a\n2,b c\n")),
        ("toy.zip", packed(inner_zip=packed(folder__toy_arff=ARFF))),
        ("toy.zip", packed(inner_zip=packed(folder__toy_xlsx=BOOK))),
    ],
)
def test_table_is_found_in_every_container(name, content):
    """The same rows come out of every container, without header and padding."""
    assert [rows for _, rows in containers.tables(name, content, COLUMNS)] == [ROWS]


def test_other_members_are_passed_over():
    """Descriptions and tables of another width are not candidates."""
    content = packed(about_txt="Some words, about, this", toy_data="1,a\n2,b c\n", wide_csv="1,2,3\n", Index_=b"x")

    assert list(containers.tables("toy.zip", content, COLUMNS)) == [("toy.data", ROWS)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("toy.zip", b"PK\x03\x04 this is no zip file"),
        ("toy.xlsx", b"nor is this a spreadsheet"),
        ("toy.xlsx", packed(xl__worksheets__sheet1_xml="<unclosed>")),
        ("toy.csv", b"\x00\xff\xfe\x00"),
        ("toy.csv", b""),
        ("toy.exe", b"1,a\n"),
        ("a.zip", packed(b_zip=packed(c_zip=packed(d_zip=packed(e_csv="1,a\n"))))),
    ],
)
def test_junk_holds_no_table(name, content):
    """Broken, empty, foreign and too deeply packed files give nothing, and raise nothing."""
    assert list(containers.tables(name, content, COLUMNS)) == []


def test_broken_member_gives_nothing():
    """A zip file with a damaged member does not raise."""
    content = packed(toy_csv="1,a\n" * 50).replace(b"1,a\n1,a\n", b"1,a\n9,z\n", 1)

    assert list(containers.tables("toy.zip", content, COLUMNS)) == []
