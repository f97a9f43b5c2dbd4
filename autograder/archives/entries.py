"""What is in a zip or a tar, one entry after the other, as streams.

Both kinds are read by the standard library, which trusts headers more than we can. So what it would believe is
checked first: in a zip the length of the list and whether entries share bytes, in a tar the size of each header.
"""

from __future__ import annotations

import bz2
import functools
import gzip
import io
import itertools
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import IO, Final, Protocol

from autograder.archives.limits import Budget
from autograder.errors import ArchiveError

__all__ = ["DAMAGE", "Entry", "entries", "kind_of"]

DAMAGE: Final = (
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    lzma.LZMAError,
    struct.error,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What the standard library raises for archives that are not sound."""

_MAX_HEADER: Final = 64 << 10
_XZ_MEMORY: Final = 160 << 20
_CHUNK: Final = 64 << 10
_BLOCK: Final = tarfile.BLOCKSIZE

_MAGIC: Final = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "gz"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
)


@dataclass(frozen=True)
class Entry:
    """One entry of an archive.

    Attributes:
        name: as the archive has it, with slashes.
        kind: ``"file"``, ``"folder"``, or what else it is, in words.
        chunks: gives its content, piece by piece, and counts it.
    """

    name: str
    kind: str
    chunks: Callable[[], Generator[bytes, None, None]]


def kind_of(beginning: bytes) -> str:
    """``"zip"``, ``"tar"``, ``"gz"``, ``"bz2"``, ``"xz"``, the name of an archive that we do not open, or nothing.

    Args:
        beginning: the first 512 bytes of a file; its name says nothing.
    """
    for magic, kind in _MAGIC:
        if beginning.startswith(magic):
            return kind
    return "tar" if _is_tar_header(beginning) else ""


def entries(stream: IO[bytes], budget: Budget) -> Iterator[Entry]:
    """The entries of an archive, each to be read before the next one is asked for.

    Raises:
        ArchiveError: it is none that we open, or it is damaged, encrypted or made to do harm.
    """
    beginning = stream.read(_BLOCK)
    stream.seek(0)
    match kind_of(beginning):
        case "zip":
            return _zip(_Reluctant(stream, budget), budget)
        case "tar":
            return _tar(stream, budget)
        case "gz":
            return _tar(gzip.GzipFile(fileobj=stream), budget)
        case "bz2":
            return _tar(bz2.BZ2File(stream), budget)
        case "xz":
            return _tar(io.BufferedReader(_Xz(stream)), budget)
        case "" if not beginning:
            raise ArchiveError("It is empty. Upload it again.")
        case "":
            raise ArchiveError("It is neither a zip nor a tar. Hand in a zip, such as `nox -s submit` makes.")
        case other:
            raise ArchiveError(f"It is {other}. Hand in a zip, such as `nox -s submit` makes.")


def _zip(stream: IO[bytes], budget: Budget) -> Iterator[Entry]:
    with zipfile.ZipFile(stream) as archive:
        listed = archive.infolist()
        for info in listed:
            budget.entry()
            _must_be_readable(info)
        _must_be_apart(listed, archive.start_dir)
        for info in listed:
            name = info.orig_filename
            if info.create_system == 0:  # Windows' own tools have been known to write backslashes
                name = name.replace("\\", "/")
            yield Entry(name, _zip_kind(info, name), functools.partial(_zip_content, archive, info, budget))


def _zip_content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: Budget) -> Generator[bytes, None, None]:
    with archive.open(info) as content:
        while chunk := content.read(_CHUNK):
            budget.unpacked(len(chunk))
            yield chunk


def _must_be_readable(info: zipfile.ZipInfo) -> None:
    if info.flag_bits & 0x2041:
        raise ArchiveError("It is encrypted. Hand in a zip without a password.")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ArchiveError("It is packed in an unusual way. Hand in an ordinary zip, such as `nox -s submit` makes.")


def _must_be_apart(listed: list[zipfile.ZipInfo], end: int) -> None:
    """Entries that share bytes make a bomb out of a small file, and let one name mean two contents."""
    spans = sorted((info.header_offset, info.header_offset + 30 + info.compress_size) for info in listed)
    for (_, before), (start, _) in itertools.pairwise([*spans, (end, end)]):
        if start < before:
            raise ArchiveError("Its entries overlap, as bombs do.")


def _zip_kind(info: zipfile.ZipInfo, name: str) -> str:
    mode = info.external_attr >> 16
    if name.endswith("/"):
        return "folder"
    if stat.S_ISLNK(mode):
        return "a symbolic link"
    return "file" if stat.S_IFMT(mode) in (0, stat.S_IFREG) else "no regular file"


def _tar(stream: _Readable, budget: Budget) -> Iterator[Entry]:
    counted = _Counted(stream, budget)
    with tarfile.open(fileobj=counted, mode="r|", bufsize=_CHUNK, tarinfo=_Wary) as archive:
        for member in archive:
            budget.entry()
            if member.size < 0:
                raise ArchiveError("It is damaged: an entry has a negative size.")
            yield Entry(member.name, _tar_kind(member), functools.partial(_tar_content, archive, member))
        while counted.read(_CHUNK):  # to the end, where the checksum of the packing is
            pass


def _tar_content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Generator[bytes, None, None]:
    content = archive.extractfile(member)
    assert content is not None, "only regular files are read"
    while chunk := content.read(_CHUNK):
        yield chunk


def _tar_kind(member: tarfile.TarInfo) -> str:
    if member.isdir():
        return "folder"
    if member.issym():
        return "a symbolic link"
    if member.islnk():
        return "a hard link"
    if member.isfifo() or member.isdev():
        return "a device or a pipe"
    return "file" if member.isreg() and not member.issparse() else "no regular file"


class _Wary(tarfile.TarInfo):
    """A header that must be whole. `tarfile` takes a broken one for the end, and reads those of names to memory."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Wary:
        if len(buf) < _BLOCK:
            raise ArchiveError("It is damaged: it ends too early.")
        if any(buf) and not _is_tar_header(bytes(buf)):
            raise ArchiveError("It is damaged: the header of an entry is broken.")
        found = super().frombuf(buf, encoding, errors)
        if found.type == tarfile.GNUTYPE_SPARSE:
            _refuse_sparse()
        special = found.type not in (*tarfile.REGULAR_TYPES, tarfile.DIRTYPE)
        if found.size < 0 or (special and found.size > _MAX_HEADER):
            raise ArchiveError("It is damaged: the header of an entry is too large.")
        return found

    def _proc_gnusparse_10(self, *_: object) -> None:
        _refuse_sparse()  # its map may be as long as the archive, and is read to memory


def _refuse_sparse() -> None:
    raise ArchiveError("It holds a file with holes. Hand in a zip, such as `nox -s submit` makes.")


def _is_tar_header(block: bytes) -> bool:
    if len(block) < _BLOCK or not any(block):
        return False
    try:
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.TarError, ValueError, OverflowError):
        return False
    return True


class _Reluctant(io.BufferedReader):
    """A file of which nobody reads much at once: a zip's list is read in one piece."""

    def __init__(self, stream: IO[bytes], budget: Budget) -> None:
        super().__init__(io.FileIO(stream.fileno(), closefd=False))
        self._budget = budget

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > self._budget.list_bytes:
            self._budget.too_many_entries()
        return super().read(size)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Counted(io.RawIOBase):
    """A stream that tells a budget what it yields."""

    def __init__(self, stream: _Readable, budget: Budget) -> None:
        self._stream = stream
        self._budget = budget

    def read(self, size: int = -1, /) -> bytes:
        content = self._stream.read(size)
        self._budget.unpacked(len(content))
        return content


class _Xz(io.RawIOBase):
    """What an .xz file holds, unpacked with bounded memory, which `lzma.LZMAFile` cannot promise."""

    def __init__(self, packed: IO[bytes]) -> None:
        self._packed = packed
        self._rest = b""
        self._unpacker = self._new()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while True:
            if self._unpacker.eof:
                self._rest = (self._unpacker.unused_data or self._packed.read(_CHUNK)).lstrip(b"\0")
                if not self._rest:
                    return 0
                self._unpacker = self._new()
            if self._unpacker.needs_input and not self._rest:
                self._rest = self._packed.read(_CHUNK)
                if not self._rest:
                    raise EOFError("it ends too early")
            content = self._unpacker.decompress(self._rest, len(buffer))
            self._rest = b""
            if content:
                buffer[: len(content)] = content
                return len(content)

    @staticmethod
    def _new() -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)
