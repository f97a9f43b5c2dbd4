"""Output of student code is taken in without end, kept up to a limit, and what was cut is said."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from autograder.sandbox.output import KEEP, Output


@pytest.fixture
def output() -> Iterator[Output]:
    """An output whose writer is still open."""
    output = Output()
    yield output
    output.close()


def test_what_was_printed_is_kept(output: Output) -> None:
    """Everything short comes back as it was printed."""
    os.write(output.writer, "Größe\n".encode())

    assert output.take() == "Größe\n"


def test_each_take_starts_anew(output: Output) -> None:
    """What was taken is not shown again."""
    os.write(output.writer, b"first")
    output.take()
    os.write(output.writer, b"second")

    assert output.take() == "second"
    assert output.take() == ""


def test_long_output_is_cut_with_a_note(output: Output) -> None:
    """The beginning is kept, and a note tells how much there was."""
    for _ in range(10):
        os.write(output.writer, b"x" * (16 << 10))
        output.drain()
    text = output.take()

    assert text == "x" * KEEP + "\n[… cut: 160 KB were printed]"


def test_the_note_is_about_one_take_only(output: Output) -> None:
    """After output that was cut, short output is whole again."""
    for _ in range(10):
        os.write(output.writer, b"x" * (16 << 10))
        output.drain()
    output.take()
    os.write(output.writer, b"short")

    assert output.take() == "short"


def test_a_cut_through_a_letter_is_no_error(output: Output) -> None:
    """Bytes that are no text, and letters cut in two, become the sign for that."""
    os.write(output.writer, b"a\xff" + "é".encode()[:1])

    assert output.take() == "a��"


def test_the_end_of_the_writer_closes_the_output(output: Output) -> None:
    """When nobody can write any more, what was written is still there."""
    os.write(output.writer, b"last words")
    output.opened()
    output.drain()

    assert output.closed
    assert output.take() == "last words"


def test_nothing_printed_does_not_block(output: Output) -> None:
    """Taking returns at once while the writer is silent."""
    assert output.take() == ""
    assert not output.closed


def test_both_ends_are_given_back() -> None:
    """Closing leaves no descriptor open, however often it is done."""
    output = Output()
    ends = output.reader, output.writer
    output.close()
    output.close()

    for end in ends:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(end)


@pytest.mark.parametrize(("count", "shown"), [(70 << 10, "70 KB"), (3 << 20, "3 MB"), (5 << 30, "5 GB")])
def test_sizes_are_told_in_units_that_people_read(output: Output, count: int, shown: str) -> None:
    """The note counts in KB, MB or GB."""
    output._kept += b"x" * KEEP
    output._total = count

    assert f"[… cut: {shown} were printed" in output.take()
