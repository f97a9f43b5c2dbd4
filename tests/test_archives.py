from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import random
import stat
import struct
import tarfile
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.archives import LIMITS, Limits, extract, is_archive
from autograder.errors import ArchiveError, InfrastructureError, UsageError

MB = 1 << 20
WORK = {"work.py": b"def double(x):\n    return 2 * x\n", "app/main.py": b"app = None\n"}
PACKINGS = ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"]


def zipped(files: Mapping[str, bytes], **about: Any) -> bytes:
    """A zip whose entries all have the attributes given."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            for key, value in about.items():
                setattr(info, key, value)
            archive.writestr(info, content)
    return target.getvalue()


def tarred(files: Mapping[str, bytes], *extra: tarfile.TarInfo, packing: str = "", **about: Any) -> bytes:
    """A tar whose entries all have the attributes given, and further ones without content."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=f"w{packing}", **about.pop("options", {})) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for key, value in about.items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(content))
        for info in extra:
            archive.addfile(info)
    return target.getvalue()


def packed(packing: str, files: Mapping[str, bytes]) -> bytes:
    """Files in an archive of a kind."""
    if packing == "zip":
        return zipped(files)
    return tarred(files, packing=packing.removeprefix("tar").replace(".", ":"))


class Bench:
    """A place to unpack, and what is in it afterwards."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.into = folder / "in" / "to"
        self.notices: list[str] = []
        (folder / "in").mkdir()
        (folder / "outside.txt").write_text("untouched")

    def extract(self, content: bytes, **options: Any) -> tuple[str, ...]:
        """Unpack bytes."""
        (self.folder / "archive").write_bytes(content)
        return extract(self.folder / "archive", self.into, notice=self.notices.append, **options)

    def refuse(self, content: bytes, **options: Any) -> str:
        """Why bytes are refused; nothing may be left of them."""
        with pytest.raises(ArchiveError) as refused:
            self.extract(content, **options)
        assert list(self.into.iterdir()) == []
        self.assert_nothing_outside()
        return str(refused.value)

    def files(self) -> dict[str, bytes]:
        """Name → content of what was unpacked."""
        found = {path.relative_to(self.into).as_posix(): path for path in self.into.rglob("*") if not path.is_dir()}
        return {name: found[name].read_bytes() for name in sorted(found)}

    def assert_nothing_outside(self) -> None:
        """Nothing was written but in the folder given."""
        assert (self.folder / "outside.txt").read_text() == "untouched"
        assert sorted(path.name for path in self.folder.iterdir()) == ["archive", "in", "outside.txt"]
        assert [path.name for path in (self.folder / "in").iterdir()] == ["to"]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A place of its own."""
    return Bench(tmp_path)


# What is honest


@pytest.mark.parametrize("packing", PACKINGS)
def test_files_come_out_as_they_went_in(bench: Bench, packing: str) -> None:
    """Every kind of archive gives names and contents back, whatever it is called."""
    names = bench.extract(packed(packing, WORK))

    assert names == ("app/main.py", "work.py")
    assert bench.files() == {name: WORK[name] for name in names}
    assert bench.notices == []


@pytest.mark.parametrize("packing", PACKINGS)
def test_an_archive_is_known_by_its_content(tmp_path: Path, packing: str) -> None:
    """The first bytes tell what is an archive; neither a name nor a folder does."""
    (tmp_path / "no-ending").write_bytes(packed(packing, WORK))
    (tmp_path / "notes.zip").write_text("no archive")

    assert is_archive(tmp_path / "no-ending")
    assert not is_archive(tmp_path / "notes.zip")
    assert not is_archive(tmp_path)
    assert not is_archive(tmp_path / "missing")


@pytest.mark.parametrize("content", [tarred(WORK, mode=0o104777), zipped(WORK, external_attr=0o104777 << 16)])
def test_modes_are_ours(bench: Bench, content: bytes) -> None:
    """A set-user-id program becomes a file that its owner may read and write, and no more."""
    bench.extract(content)
    modes = {oct(path.stat().st_mode) for path in bench.into.rglob("*")}

    assert modes == {"0o100600", "0o40700"}


@pytest.mark.parametrize("packing", ["zip", "tar.gz"])
def test_a_folder_around_everything_is_dropped(bench: Bench, packing: str) -> None:
    """Who packs the folder and not its files has handed in the same."""
    names = bench.extract(packed(packing, {f"my work/02/{name}": content for name, content in WORK.items()}))

    assert names == ("app/main.py", "work.py")
    assert bench.files() == WORK


def test_a_folder_that_contains_its_own_name_is_dropped_once(bench: Bench) -> None:
    """A folder inside one of the same name takes its place."""
    names = bench.extract(zipped({"lab/lab/work.py": b"1", "lab/notes.txt": b"2"}))

    assert names == ("lab/work.py", "notes.txt")
    assert bench.files() == {"lab/work.py": b"1", "notes.txt": b"2"}


@pytest.mark.parametrize("around", ["", "10-heroku/", "a/b/"])
def test_a_folder_that_the_lab_asks_for_stays(bench: Bench, around: str) -> None:
    """Only as many folders go as it takes to find what the lab asks for."""
    names = bench.extract(zipped({f"{around}app/main.py": b""}), wanted=["Procfile", "app/main.py"])

    assert names == ("app/main.py",)


def test_litter_stays_behind_without_a_word(bench: Bench) -> None:
    """What macOS, Windows, Git and virtual environments leave is not worth a notice."""
    litter = ["__MACOSX/._work.py", ".DS_Store", "lab/._work.py", "lab/.git/HEAD", "lab/venv/bin/x", "Thumbs.db"]
    names = bench.extract(zipped({name: b"x" for name in litter} | {"lab/work.py": b"1"}))

    assert names == ("work.py",)
    assert bench.notices == []


def test_backslashes_of_windows_tools_are_folders(bench: Bench) -> None:
    """An archive of an old PowerShell is read as its maker meant it."""
    content = zipped({"app\\main.py": b"1"}, create_system=0)

    assert bench.extract(content, wanted=["app/main.py"]) == ("app/main.py",)


def test_dots_in_names_of_tar_are_passed_over(bench: Bench) -> None:
    """``tar czf x.tgz .`` writes names that begin with a dot."""
    assert bench.extract(tarred({"./work.py": b"1", "./app/./main.py": b"2"})) == ("app/main.py", "work.py")


def test_empty_folders_are_not_made(bench: Bench) -> None:
    """Folders without files are of no use to a grader, and thousands of them would be a harm."""
    bench.extract(zipped({"work.py": b"1", "empty/": b"", "a/b/": b""}))

    assert [path.name for path in bench.into.iterdir()] == ["work.py"]


# What is left out


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../outside.txt", "its name leads out of the archive"),
        ("app/../../outside.txt", "its name leads out of the archive"),
        ("/tmp/evil", "its name is an absolute path"),
        ("//server/share", "its name is an absolute path"),
        ("C:/evil", "its name is an absolute path"),
        ("c:evil", "its name is an absolute path"),
        ("..\\outside.txt", "its name has a backslash"),
        ("a\nb.py", "its name has characters that cannot be seen"),
        ("a\x1b[31m.py", "its name has characters that cannot be seen"),
        ("invoice\u202eyp.exe", "its name has characters that cannot be seen"),
        ("x" * 201, "its name is too long"),
        ("é" * 101, "its name is too long"),
        ("/".join("abcdefghijklmnopqrstuvw"), "its name is too long"),
        ("/".join(["x" * 190] * 6), "its name is too long"),
        (".", "its name is empty"),
    ],
)
@pytest.mark.parametrize("pack", [zipped, tarred])
def test_a_bad_name_is_left_out(bench: Bench, pack: Callable[..., bytes], name: str, why: str) -> None:
    """A name that could lead anywhere else, or that hides something, becomes no file; the rest is kept."""
    names = bench.extract(pack({"work.py": b"1", name: b"evil"}))

    assert names == ("work.py",)
    assert len(bench.notices) == 1
    assert why in bench.notices[0]
    assert bench.notices[0].isprintable()
    bench.assert_nothing_outside()


def test_a_zip_slip_of_windows_is_left_out(bench: Bench) -> None:
    """Backslashes that become slashes are examined as slashes."""
    names = bench.extract(zipped({"..\\..\\outside.txt": b"evil", "work.py": b"1"}, create_system=0))

    assert names == ("work.py",)
    bench.assert_nothing_outside()


def test_a_nul_in_a_name_hides_nothing(bench: Bench) -> None:
    """A name with a NUL is examined whole, not up to the NUL."""
    content = zipped({"work.pyX.txt": b"evil", "a.py": b"1"}).replace(b"work.pyX", b"work.py\0")

    assert bench.extract(content) == ("a.py",)
    assert "cannot be seen" in bench.notices[0]


def test_a_name_that_is_no_text_is_left_out(bench: Bench) -> None:
    """Bytes that are no UTF-8 become no file."""
    content = tarred({"work.py": b"1", "caf\udce9.py": b"2"}, options={"errors": "surrogateescape"})

    assert bench.extract(content) == ("work.py",)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices_in_a_zip_are_left_out(bench: Bench, kind: int) -> None:
    """A zip entry that is marked as anything but a regular file becomes no file."""
    target = io.BytesIO(zipped(WORK))
    with zipfile.ZipFile(target, "a") as archive:
        info = zipfile.ZipInfo("link.py")
        info.external_attr = (kind | 0o777) << 16
        archive.writestr(info, "/etc/passwd")

    assert bench.extract(target.getvalue()) == ("app/main.py", "work.py")
    assert bench.notices[0].startswith("'link.py' in the archive was left out: it is ")


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, b"9"]
)
def test_links_and_devices_in_a_tar_are_left_out(bench: Bench, kind: bytes) -> None:
    """A symbolic or hard link, device, pipe or unknown thing becomes no file."""
    info = tarfile.TarInfo("thing.py")
    info.type, info.linkname = kind, "/etc/passwd"

    assert bench.extract(tarred(WORK, info)) == ("app/main.py", "work.py")
    assert bench.notices[0].startswith("'thing.py' in the archive was left out: it is ")


def test_a_file_does_not_follow_a_link_of_the_archive(bench: Bench) -> None:
    """The old trick, a link and then a file through it, ends in a folder of that name."""
    link = tarfile.TarInfo("app")
    link.type, link.linkname = tarfile.SYMTYPE, "../.."
    first, second = tarred({}, link), tarred({"app/outside.txt": b"evil", "work.py": b"1"})
    names = bench.extract(first[:512] + second)

    assert names == ("app/outside.txt", "work.py")
    assert not (bench.into / "app").is_symlink()
    bench.assert_nothing_outside()


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_file_that_is_too_large_is_left_out(bench: Bench, packing: str) -> None:
    """One file too many bytes long does not cost the others."""
    limits = Limits(file_mb=0.5)
    names = bench.extract(packed(packing, {"data.bin": random.Random(1).randbytes(MB), **WORK}), limits=limits)

    assert names == ("app/main.py", "work.py")
    assert bench.files() == WORK
    assert bench.notices == ["'data.bin' in the archive was left out: it is larger than 0.5 MB."]


def test_an_archive_in_the_archive_stays_closed(bench: Bench) -> None:
    """It is a file like any other, and a notice says so."""
    inner = zipped({"../../outside.txt": b"evil"})
    names = bench.extract(zipped({"work.py": b"1", "inner.zip": inner}))

    assert names == ("inner.zip", "work.py")
    assert bench.files()["inner.zip"] == inner
    assert bench.notices == ["'inner.zip' is an archive in the archive; it stays closed."]


def test_a_thousand_notices_are_twenty(bench: Bench) -> None:
    """Who sends a thousand bad names does not fill anyone's screen."""
    bench.extract(zipped({f"../{number}": b"" for number in range(1000)}))

    assert len(bench.notices) == 21
    assert bench.notices[-1] == "There are 980 more notices about the archive."


# What is refused


@pytest.mark.parametrize("pack", [zipped, tarred])
@pytest.mark.parametrize(
    "other", ["Work.py", "WORK.PY", "work.py/x", "App/other.py", "app", "app/main.py/x", "app/MAIN.py"]
)
def test_two_names_for_one_file_are_refused(bench: Bench, pack: Callable[..., bytes], other: str) -> None:
    """Where upper and lower case are the same, one would overwrite the other."""
    said = bench.refuse(pack({**WORK, other: b"other"}))

    assert "on many systems" in said or "twice" in said


def test_two_spellings_of_an_accent_are_refused(bench: Bench) -> None:
    """Composed and decomposed letters are one name on macOS."""
    assert "on many systems" in bench.refuse(zipped({"caf\u00e9.py": b"1", "cafe\u0301.py": b"2"}))


def test_a_name_twice_is_refused(bench: Bench) -> None:
    """Nobody could tell which content counts."""
    in_zip = zipped({"a.py": b"1", "b.py": b"2"}).replace(b"b.py", b"a.py")
    in_tar = tarred({"a.py": b"1"})[:1024] + tarred({"a.py": b"2"})

    assert "'a.py' twice" in bench.refuse(in_zip)
    assert "'a.py' twice" in bench.refuse(in_tar)


def test_an_encrypted_zip_is_refused(bench: Bench) -> None:
    """A password cannot be asked for."""
    content = bytearray(zipped({"work.py": b"1"}))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1

    assert "It is encrypted" in bench.refuse(bytes(content))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_of_another_method_is_refused(bench: Bench, method: int) -> None:
    """Methods that cannot be unpacked within bounds are not tried."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        archive.writestr("work.py", b"\0" * MB)

    assert "unusual way" in bench.refuse(target.getvalue())


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"Rar!\x1a\x07\x01\x00" + b"x" * 600, "a RAR archive"), (b"7z\xbc\xaf\x27\x1c" + b"x" * 600, "a 7-Zip archive")],
)
def test_archives_of_other_kinds_are_named(bench: Bench, content: bytes, kind: str) -> None:
    """The message says what it is and what to hand in."""
    assert f"It is {kind}. Hand in a zip" in bench.refuse(content)


@pytest.mark.parametrize(
    "content",
    [b"", b"x", b"hello " * 500, b"\0" * 10240, b"PK", gzip.compress(b"no tar" * 999)],
    ids=[
        "nothing",
        "a letter",
        "text",
        "zeros",
        "a beginning",
        "gzip of text",
    ],  # by content, gzip's would tell the time
)
def test_what_is_no_archive_is_refused(bench: Bench, content: bytes) -> None:
    """Text, zeros, the beginning of something, a packed file that is no tar."""
    assert bench.refuse(content).startswith("archive cannot be opened. It is ")


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_truncated_archive_is_refused(bench: Bench, packing: str) -> None:
    """Wherever an upload broke off, nobody is graded on the part that came."""
    files = {f"{number}.py": random.Random(number).randbytes(700) for number in range(5)}
    content = packed(packing, files)
    end = len(content) if packing != "tar" else 5 * 1536  # what follows in a tar are zeros
    for cut in sorted({*range(1, end, end // 40), *range(512, end, 512), end - 1}):
        bench.refuse(content[:cut])


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_flipped_bit_of_a_file_is_noticed(bench: Bench, packing: str) -> None:
    """Checksums of the packing are checked; a plain tar has one for its headers only."""
    content = bytearray(packed(packing, {"a.py": random.Random(3).randbytes(3000), "work.py": b"1"}))
    content[3584 + 100 if packing == "tar" else 1500] ^= 4

    assert "damaged" in bench.refuse(bytes(content))


# Bombs


def nested_zeros(size: int) -> bytes:
    """Zeros, packed a thousand to one."""
    return zipped({"zeros.bin": b"\0" * size})


def test_a_zip_bomb_is_refused_as_it_grows(bench: Bench) -> None:
    """Zeros that unpack to a thousand times their size are noticed on the way."""
    said = bench.refuse(nested_zeros(60 * MB), limits=Limits(file_mb=1000))

    assert "200-fold" in said


def test_a_size_that_the_header_hides_does_not_count(bench: Bench) -> None:
    """A header that says 10 bytes does not let 20 MB through."""
    content = nested_zeros(20 * MB).replace(struct.pack("<L", 20 * MB), struct.pack("<L", 10))

    assert "damaged" in bench.refuse(content)


def test_a_size_that_the_header_invents_does_no_harm(bench: Bench) -> None:
    """A header that says 4 GB makes nobody reserve 4 GB."""
    content = zipped({"work.py": b"1" * 1000}).replace(struct.pack("<L", 1000), struct.pack("<L", 0xFFFFFFF0))
    bench.extract(content, limits=LIMITS)

    assert bench.files() == {"work.py": b"1" * 1000}


def test_many_bombs_that_are_each_left_out_are_refused_together(bench: Bench) -> None:
    """Work for files that are too large counts, although none of it is kept."""
    content = zipped({f"{number}.bin": random.Random(1).randbytes(MB) for number in range(12)})

    assert "more than 8 MB" in bench.refuse(content, limits=Limits(file_mb=0.9, total_mb=8))


def overlapping() -> bytes:
    """A zip of a hundred names whose entries are all the same bytes."""
    first = zipped({"00.py": b"\0" * 50_000})
    directory = first.index(b"PK\x01\x02")
    end = first.index(b"PK\x05\x06")
    entries = [first[directory:end].replace(b"00.py", f"{number:02}.py".encode()) for number in range(100)]
    listed = b"".join(entries)
    closing = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 100, 100, len(listed), directory, 0)
    return first[:directory] + listed + closing


def test_overlapping_entries_are_refused(bench: Bench) -> None:
    """A hundred names for the same bytes are a bomb without nesting."""
    assert "overlap" in bench.refuse(overlapping())


def test_an_entry_that_reaches_into_the_list_is_refused(bench: Bench) -> None:
    """An entry cannot take the list of entries for its content, as a quine does."""
    content = bytearray(zipped({"work.py": b"1" * 100}))
    at = content.index(b"PK\x01\x02") + 20
    content[at : at + 4] = struct.pack("<L", 10_000)

    assert "overlap" in bench.refuse(bytes(content))


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_tar_bomb_is_refused_as_it_grows(bench: Bench, pack: Callable[[bytes], bytes]) -> None:
    """Packed tars of zeros are noticed on the way."""
    content = pack(tarred({"zeros.bin": b"\0" * 40 * MB}))

    assert "200-fold" in bench.refuse(content, limits=Limits(file_mb=1000))


def test_a_tar_that_is_skipped_over_counts(bench: Bench) -> None:
    """What lies in a tar behind a link that nobody follows has to be unpacked all the same."""
    content = gzip.compress(tarred({"../zeros.bin": b"\0" * 40 * MB}))

    assert "200-fold" in bench.refuse(content)


def test_zeros_after_a_tar_count(bench: Bench) -> None:
    """The end of a tar is not the end of what is packed."""
    content = gzip.compress(tarred(WORK) + b"\0" * 40 * MB)

    assert "200-fold" in bench.refuse(content)


def test_members_of_gzip_and_xz_are_read_to_the_last(bench: Bench) -> None:
    """A packed file may consist of several, and each counts."""
    half = len(tarred(WORK)) // 2
    for pack in (gzip.compress, bz2.compress, lzma.compress):
        bench.into = bench.folder / "in" / pack.__module__
        names = bench.extract(pack(tarred(WORK)[:half]) + pack(tarred(WORK)[half:]))

        assert names == ("app/main.py", "work.py")


def test_xz_that_wants_gigabytes_is_refused(bench: Bench) -> None:
    """An .xz file may ask for a dictionary of 4 GB; it gets an error."""
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 20}]
    content = bytearray(lzma.compress(tarred(WORK), filters=filters))
    block = content.index(b"\x21\x01", 12)
    content[block + 2] = 39  # 3 GB
    size = (content[12] + 1) * 4
    content[12 + size - 4 : 12 + size] = struct.pack("<L", zlib.crc32(content[12 : 12 + size - 4]))

    assert "damaged (LZMAError)" in bench.refuse(bytes(content))


def test_too_many_files_are_refused(bench: Bench) -> None:
    """A lab asks for a handful."""
    for pack in (zipped, tarred):
        assert "more than 50 files" in bench.refuse(pack({f"{n}.py": b"" for n in range(51)}), limits=Limits(files=50))


def test_too_many_entries_are_refused(bench: Bench) -> None:
    """Entries that are left out take time, too."""
    for pack in (zipped, tarred):
        content = pack({f".git/{n}": b"" for n in range(51)})

        assert "more than 50 entries" in bench.refuse(content, limits=Limits(entries=50))


def test_a_list_of_entries_that_is_too_long_is_not_read(bench: Bench) -> None:
    """The list is read in one piece, so its size is held against the limit before."""
    content = zipped({f"{'x' * 100}{n}": b"" for n in range(100)})

    assert "entries" in bench.refuse(content, limits=Limits(list_mb=0.01))


def test_an_archive_that_is_too_large_is_not_read(bench: Bench) -> None:
    """The packed size has a limit of its own."""
    content = zipped({"work.py": random.Random(1).randbytes(MB)})

    assert "larger than 0.5 MB" in bench.refuse(content, limits=Limits(archive_mb=0.5))


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK])
def test_a_huge_header_of_a_tar_is_refused(bench: Bench, kind: bytes) -> None:
    """A name of megabytes is not read to memory."""
    info = tarfile.TarInfo("x")
    info.type, info.size = kind, 8 * MB
    content = info.tobuf() + random.Random(1).randbytes(8 * MB) + tarred(WORK)

    assert "header of an entry is too large" in bench.refuse(content)


def test_a_sparse_file_is_refused(bench: Bench) -> None:
    """A file with holes may be all hole; and its map may be endless."""
    old = tarfile.TarInfo("holes")
    old.type, old.size = tarfile.GNUTYPE_SPARSE, 0
    headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "99", "GNU.sparse.name": "x"}
    new = tarred({"x": b"9\n" + b"0\n" * 999}, pax_headers=headers, options={"format": tarfile.PAX_FORMAT})

    assert "a file with holes" in bench.refuse(old.tobuf() + b"\0" * 1024)
    assert "a file with holes" in bench.refuse(new)


def test_a_negative_size_is_refused(bench: Bench) -> None:
    """A tar whose sizes lead backwards does not make the reader go in circles."""
    info = tarfile.TarInfo("work.py")
    block = bytearray(info.tobuf())
    block[124:136] = b"\xff" * 12
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    pax = tarred({"work.py": b""}, pax_headers={"size": "-1024"}, options={"format": tarfile.PAX_FORMAT})

    bench.refuse(bytes(block) + tarred(WORK))
    bench.refuse(pax)


def test_memory_stays_small(bench: Bench) -> None:
    """However large a file is, it passes through in pieces."""
    content = zipped({"data.bin": b"\0" * 30 * MB, "more.bin": random.Random(1).randbytes(8 * MB)})
    tracemalloc.start()
    bench.extract(content, limits=Limits(ratio=1000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 20 * MB  # the archive itself, which the test holds twice
    assert (bench.into / "data.bin").stat().st_size == 30 * MB


# The places


def test_the_folder_must_be_empty(bench: Bench) -> None:
    """Nothing that is there already is overwritten or followed."""
    bench.into.mkdir()
    (bench.into / "work.py").symlink_to(bench.folder / "outside.txt")

    with pytest.raises(UsageError, match="is not empty"):
        bench.extract(zipped(WORK))
    bench.assert_nothing_outside()


def test_an_archive_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    """Among submissions, a link would lead to someone else's."""
    (tmp_path / "other.zip").write_bytes(zipped(WORK))
    (tmp_path / "mine.zip").symlink_to("other.zip")

    with pytest.raises(UsageError, match="cannot be read"):
        extract(tmp_path / "mine.zip", tmp_path / "into")


def test_an_archive_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """A pipe that nobody writes to holds nobody up."""
    os.mkfifo(tmp_path / "mine.zip")

    with pytest.raises(ArchiveError, match="no regular file"):
        extract(tmp_path / "mine.zip", tmp_path / "into")


def test_a_missing_archive_is_wrong_usage(tmp_path: Path) -> None:
    """The message names it."""
    with pytest.raises(UsageError, match=r"mine\.zip cannot be read: No such file"):
        extract(tmp_path / "mine.zip", tmp_path / "into")


def test_a_full_disk_is_not_the_students_fault(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be written is our failure, and what was written is removed."""
    real = os.open

    def full(path: Any, flags: int, *rest: Any, **more: Any) -> int:
        if str(path).endswith("work.py"):
            raise OSError(28, "No space left on device")
        return real(path, flags, *rest, **more)

    monkeypatch.setattr("autograder.archives.extraction.os.open", full)
    with pytest.raises(InfrastructureError, match="No space left"):
        bench.extract(zipped({"a.py": b"1", "work.py": b"2"}))

    assert list(bench.into.iterdir()) == []


# Whatever else


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all examples leave what they unpacked."""
    return tmp_path_factory.mktemp("fuzz")


def survive(scratch: Path, content: bytes) -> None:
    """Unpack or refuse; nothing else may happen."""
    folder = scratch / str(len(list(scratch.iterdir())))
    folder.mkdir()
    (folder / "archive").write_bytes(content)
    limits = Limits(file_mb=1, total_mb=4, files=50, entries=200)
    try:
        names = extract(folder / "archive", folder / "into", limits=limits)
    except ArchiveError:
        names = ()
    found = [path for path in folder.rglob("*") if not path.is_dir()]

    assert sorted(path.name for path in folder.iterdir()) == ["archive", "into"]
    assert sorted(path.relative_to(folder / "into").as_posix() for path in found if path.name != "archive") == sorted(
        name for name in names if name != "archive"
    )
    assert {stat.S_IFMT(path.lstat().st_mode) for path in found} <= {stat.S_IFREG}


MAGIC = [b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\0\0", b""]


@settings(max_examples=150)
@given(st.sampled_from(MAGIC), st.binary(max_size=2000))
def test_random_bytes_are_refused(scratch: Path, magic: bytes, rest: bytes) -> None:
    """No bytes whatever end in anything but files or an ArchiveError."""
    survive(scratch, magic + rest)


@settings(max_examples=300)
@given(
    st.sampled_from(PACKINGS),
    st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 255)), min_size=1, max_size=8),
    st.sampled_from(["replace", "insert", "delete", "repeat"]),
)
def test_mutated_archives_are_unpacked_or_refused(
    scratch: Path, packing: str, edits: list[tuple[int, int]], how: str
) -> None:
    """Archives with a few bytes changed, added, removed or doubled do no harm either."""
    content = bytearray(packed(packing, {**WORK, "data.csv": b"a,b\n" * 300, "lab/deep/er.txt": b"x"}))
    for at, value in edits:
        at %= len(content)
        match how:
            case "replace":
                content[at] = value
            case "insert":
                content.insert(at, value)
            case "delete":
                del content[at : at + value]
            case "repeat":
                content[at:at] = content[at : at + value * 4]
        content = content or bytearray(b"x")
    survive(scratch, bytes(content))


@settings(max_examples=150)
@given(
    st.dictionaries(st.text(max_size=30).filter(bool), st.binary(max_size=50), max_size=6),
    st.sampled_from([zipped, tarred]),
)
def test_any_names_are_survived(scratch: Path, files: dict[str, bytes], pack: Callable[..., bytes]) -> None:
    """Whatever a name consists of, it stays inside or is left out."""
    try:
        content = pack(files)
    except (ValueError, UnicodeError, struct.error):
        return  # not even Python can write such a name
    survive(scratch, content)
