"""Tests of autograder.fetch and autograder.download, against a small server of our own."""

from __future__ import annotations

import http.server
import io
import os
import shutil
import subprocess
import threading
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from autograder import datasets
from autograder.download import ResumingDownloader
from autograder.errors import DatasetError
from autograder.fetch import fetch, restore

SHIPPED = b"size,weight,name\n1,0.5,a\n"
PUBLISHED = "".join(["size,weight,name\n", *(f"{n},{n / 8},row{n * 7919}\n" for n in range(2000))]).encode()
TOML = """
title = "Toy"
kind = "replica"
rows = 1
provenance = "Toy: a replica."
source = "{url}"
licence = "MIT"
citation = "none"

[columns]
size = "int"
weight = "float"
name = "str"

[published]
urls = ["{url}/toy.zip"]
canonical = "{canonical}"
"""


def zipped(content, member="toy.csv"):
    """Put one file into a zip file, uncompressed, so that it can be cut anywhere."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(zipfile.ZipInfo(member), content)
    return stream.getvalue()


class Server(http.server.ThreadingHTTPServer):
    """Serves `files`; takes a fault from `faults` for each request, and keeps the headers of all requests."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.files = {}
        self.etag = '"v1"'
        self.faults = []
        self.requests = []
        self.closing = threading.Event()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        server = self.server
        server.requests.append(dict(self.headers) | {"path": self.path})
        fault = server.faults.pop(0) if server.faults else None
        content = server.files.get(self.path.lstrip("/"))
        if content is None or isinstance(fault, int):
            self.send_error(404 if content is None else fault)
            return
        start, wanted = 0, self.headers.get("Range")
        if wanted and self.headers.get("If-Range") == server.etag and fault != "no ranges":
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
        self.send_response(206 if start else 200)
        if start:
            said = start + 5 if fault == "wrong range" else start
            self.send_header("Content-Range", f"bytes {said}-{len(content) - 1}/{len(content)}")
        if server.etag:
            self.send_header("ETag", server.etag)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if fault == "stall":
            server.closing.wait(5)
        elif fault == "truncate":
            self.wfile.write(content[start : (start + len(content)) // 2])
        else:
            self.wfile.write(content[start:])
        self.close_connection = bool(fault)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    """A web server on this machine that has the published table as toy.zip."""
    with Server() as running:
        running.files["toy.zip"] = zipped(PUBLISHED)
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.closing.set()
        running.shutdown()
        thread.join()


@pytest.fixture
def toy(tmp_path, monkeypatch, server):
    """A data set that ships a replica, and whose published table lies on the server."""
    folder = tmp_path / "datasets" / "toy"
    folder.mkdir(parents=True)
    (folder / "toy.csv").write_bytes(SHIPPED)
    (folder / "make.py").write_text(f"def make():\n    return {SHIPPED.decode()!r}\n")
    (folder / "SHA256SUMS").write_text(f"{datasets.sha256(SHIPPED)}  toy.csv\n")
    monkeypatch.setenv("AUTOGRADER_DATASETS", str(folder.parent))
    monkeypatch.delenv("DATASETS_MIRROR", raising=False)
    (folder / "dataset.toml").write_text(TOML.format(url=server.url, canonical="0" * 64))
    canonical = datasets.canonical_hash(pd.read_csv(io.BytesIO(PUBLISHED)), "toy")
    (folder / "dataset.toml").write_text(TOML.format(url=server.url, canonical=canonical))
    return folder


def get(name="toy", **options):
    """Fetch without waiting long."""
    return fetch(name, **({"timeout": 5.0, "backoff": 0.001, "progress": False} | options))


def left_behind(folder):
    """What lies in the private folder."""
    return sorted(file.name for file in (folder / "published").iterdir())


# From the official address


def test_published_table_is_put_in_place(toy):
    """The table that labs read is the published one afterwards, and says so."""
    table = get()

    assert table == toy / "toy.csv"
    assert table.read_bytes() == PUBLISHED
    assert datasets.describe("toy").kind == "published"
    assert "published table" in datasets.describe("toy").provenance


def test_only_the_table_is_kept(toy):
    """The container is gone after its table was taken out."""
    get()

    assert left_behind(toy) == [".gitignore", "toy.csv"]


def test_fetched_table_needs_no_network_again(toy, server):
    """A second fetch takes the table that is kept."""
    get()
    restore("toy")
    server.files.clear()

    assert get().read_bytes() == PUBLISHED
    assert len(server.requests) == 1


def test_damaged_copy_is_not_used(toy, server):
    """A kept table that someone edited is fetched anew."""
    get()
    (toy / "published" / "toy.csv").write_bytes(PUBLISHED.replace(b"row0", b"row1", 1))

    assert get().read_bytes() == PUBLISHED
    assert len(server.requests) == 2


def test_shipped_table_comes_back(toy):
    """Restoring puts the replica in place and keeps what was fetched."""
    get()

    assert restore("toy").read_bytes() == SHIPPED
    assert datasets.describe("toy").kind == "replica"
    assert left_behind(toy) == [".gitignore", "toy.csv"]


def test_script_that_went_astray_is_not_restored(toy):
    """If make.py no longer builds the shipped table, nothing is put in place."""
    (toy / "make.py").write_text("def make():\n    return 'size\\n'\n")

    with pytest.raises(DatasetError, match="SHA256SUMS states"):
        restore("toy")
    assert (toy / "toy.csv").read_bytes() == SHIPPED


@pytest.mark.parametrize("name", ["iris", "fake"])
def test_complete_data_set_has_nothing_to_fetch(name):
    """A data set without another published table says so."""
    with pytest.raises(DatasetError, match=f"{name} ships complete"):
        get(name)


def test_progress_is_quiet_without_a_terminal(toy, capsys):
    """A log is not littered with bars."""
    get(progress=True)

    assert "".join(capsys.readouterr()).strip() == ""


# What goes wrong on the way


def test_broken_off_download_is_resumed(toy, server):
    """After a truncated body, only the rest is asked for, on condition that it is the same file."""
    server.faults = ["truncate"]
    half = len(server.files["toy.zip"]) // 2

    assert get().read_bytes() == PUBLISHED
    assert [request.get("Range") for request in server.requests] == [None, f"bytes={half}-"]
    assert server.requests[1]["If-Range"] == '"v1"'


def test_next_call_goes_on_where_the_last_gave_up(toy, server):
    """What came before all attempts were used up is kept for the next time."""
    server.faults = ["truncate"] * 4
    with pytest.raises(DatasetError, match=r"4 attempts; [\d,]+ bytes are kept"):
        get()
    have = (toy / "published" / "toy.zip.part").stat().st_size

    assert get().read_bytes() == PUBLISHED
    assert server.requests[-1]["Range"] == f"bytes={have}-"
    assert left_behind(toy) == [".gitignore", "toy.csv"]


def test_other_version_is_not_glued_on(toy, server):
    """If the file changed meanwhile, it is loaded from its start."""
    server.faults = ["truncate"] * 4
    server.files["toy.zip"] = zipped(PUBLISHED[::-1])
    with pytest.raises(DatasetError):
        get()
    server.files["toy.zip"], server.etag = zipped(PUBLISHED), '"v2"'

    assert get().read_bytes() == PUBLISHED


@pytest.mark.parametrize("etag", ["", 'W/"v1"'])
def test_without_a_strong_validator_nothing_is_resumed(toy, server, etag):
    """A server that cannot say whether it is the same file is asked for all of it."""
    server.faults, server.etag = ["truncate"], etag

    assert get().read_bytes() == PUBLISHED
    assert "Range" not in server.requests[1]


@pytest.mark.parametrize("fault", ["no ranges", "wrong range", 416, 500, 503, 429])
def test_passing_fault_is_survived(toy, server, fault):
    """A server that ignores ranges, confuses them or is busy for a moment is asked again."""
    server.faults = ["truncate", fault]

    assert get().read_bytes() == PUBLISHED


def test_slow_server_is_given_up(toy, server):
    """A server that goes silent is asked four times, then the message says how long was waited."""
    server.faults = ["stall"] * 4

    with pytest.raises(DatasetError, match=r"nothing came for 0.1 s \(4 attempts"):
        get(timeout=0.1)
    assert len(server.requests) == 4


def test_missing_file_is_not_asked_for_again(toy, server):
    """404 is an answer; the message names the address and what to do."""
    server.files.clear()

    with pytest.raises(DatasetError) as caught:
        get()
    assert f"{server.url}/toy.zip: the server answered 404" in str(caught.value)
    assert "DATASETS_MIRROR" in str(caught.value)
    assert len(server.requests) == 1


def test_offline_is_explained(toy, tmp_path):
    """Without a connection the message says what works, what to do, and where to look."""
    port = Server()
    port.server_close()

    with pytest.raises(DatasetError) as caught:
        get(mirror=port.url)
    message = str(caught.value)
    assert "no connection" in message
    assert "Your lab works with the table that is in place" in message
    assert "get toy.zip from" in message
    assert (toy / "toy.csv").read_bytes() == SHIPPED


def test_address_without_a_protocol_we_speak_is_refused(toy):
    """An address that cannot be fetched is named, without attempts."""
    with pytest.raises(DatasetError, match=r"ftp://example.org/toy.zip: "):
        get(mirror="ftp://example.org")


# What must not get in


@pytest.mark.parametrize(
    "content",
    [
        zipped(PUBLISHED.replace(b"row0", b"row1", 1)),
        zipped(PUBLISHED.replace(b"\n8,", b"\neight,", 1)),
        zipped(b"size,weight\n1,2\n"),
        b"<html>Please log in</html>",
    ],
    ids=["one value", "a word for a number", "other columns", "a login page"],
)
def test_wrong_content_is_refused(toy, server, content):
    """Anything but the published table is refused, and nothing of it is left behind."""
    server.files["toy.zip"] = content

    with pytest.raises(DatasetError, match="refused and deleted") as caught:
        get()
    assert datasets.facts("toy").published.canonical in str(caught.value)
    assert left_behind(toy) == [".gitignore"]
    assert (toy / "toy.csv").read_bytes() == SHIPPED


@pytest.fixture
def git(toy):
    """Git, in a repository where the toy data set is committed."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}

    def run(*arguments):
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        done = subprocess.run(
            ["git", *who, *arguments], cwd=toy.parent, env=clean, capture_output=True, text=True, check=True
        )
        return done.stdout

    run("init", "--quiet")
    run("add", "-A")
    run("commit", "--quiet", "-m", "Ship a replica")
    return run


def test_published_table_stays_out_of_git(toy, git):
    """Neither the table in place nor the copy is seen or taken up by Git."""
    get()
    git("add", "-A")

    assert git("status", "--porcelain") == ""
    assert git("show", "HEAD:./toy/toy.csv") == SHIPPED.decode()


def test_shipped_table_is_an_ordinary_file_again(toy, git):
    """After restoring, Git sees changes of the table as before."""
    get()
    restore("toy")
    assert git("status", "--porcelain") == ""
    (toy / "toy.csv").write_text("edited")

    assert git("status", "--porcelain") == " M toy/toy.csv\n"


def test_table_that_git_does_not_know_is_protected(toy, git):
    """Where a later `git add` would take the published table along, it is not put in place."""
    git("rm", "--quiet", "--cached", "toy/toy.csv")

    with pytest.raises(DatasetError, match="Commit the shipped one first"):
        get()
    assert (toy / "toy.csv").read_bytes() == SHIPPED


def test_locked_git_protects_the_table(toy, git):
    """If Git cannot be told to look away, nothing is put in place."""
    (toy.parent / ".git" / "index.lock").touch()

    with pytest.raises(DatasetError, match="Git could not be told"):
        get()
    assert (toy / "toy.csv").read_bytes() == SHIPPED


# Mirrors


@pytest.mark.parametrize("file", ["toy.zip", "toy.csv"])
def test_mirror_on_the_web(toy, server, file, monkeypatch):
    """A mirror may hold the official file or the plain table; the official address is left alone."""
    content = {"toy.zip": zipped(PUBLISHED), "toy.csv": PUBLISHED}[file]
    server.files = {f"mirror/{file}": content}
    monkeypatch.setenv("DATASETS_MIRROR", f"{server.url}/mirror/")

    assert get().read_bytes() == PUBLISHED
    assert {Path(request["path"]).parent.name for request in server.requests} == {"mirror"}


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("toy.zip", zipped(PUBLISHED)),
        ("toy.csv", b"\xef\xbb\xbf" + PUBLISHED.replace(b"\n", b"\r\n")),
    ],
)
def test_mirror_folder(toy, server, tmp_path, monkeypatch, file, content):
    """A folder serves as a mirror, without any network."""
    (tmp_path / file).write_bytes(content)
    monkeypatch.setenv("DATASETS_MIRROR", str(tmp_path))

    assert get().read_bytes() == PUBLISHED
    assert server.requests == []


def test_mirror_folder_without_the_table(toy, tmp_path):
    """The message names the files that were looked for."""
    with pytest.raises(DatasetError, match=r"has no table for toy: put toy.zip or toy.csv there"):
        get(mirror=str(tmp_path))


def test_mirror_folder_with_a_wrong_table(toy, tmp_path):
    """A mirror's table is verified like any other, and the mirror is left as it is."""
    (tmp_path / "toy.csv").write_bytes(SHIPPED)

    with pytest.raises(DatasetError, match="is not the published toy table"):
        get(mirror=str(tmp_path))
    assert (tmp_path / "toy.csv").read_bytes() == SHIPPED
    assert left_behind(toy) == [".gitignore"]


# The data sets of the course


def _real_tables():
    """The published tables on this machine, if any."""
    root = Path(datasets.__file__).resolve().parent.parent
    folder = Path(os.environ.get("AUTOGRADER_REAL_DATA") or root / ".." / "shared" / "data" / "real")
    return sorted(folder.glob("*.csv"))


def _own_copy(name, target, monkeypatch):
    source = Path(datasets.__file__).resolve().parent.parent / "datasets" / name
    shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("published"))
    monkeypatch.setenv("AUTOGRADER_DATASETS", str(target))


@pytest.mark.parametrize("header", [b"", b"buying,maint,doors,persons,lug_boot,safety,car\n"])
def test_car_as_it_is_published(tmp_path, monkeypatch, header):
    """The official zip of Car Evaluation, whose table has no header, becomes the table that ships."""
    _own_copy("car", tmp_path / "own", monkeypatch)
    shipped = datasets.make("car")
    content = zipped(header + shipped.split(b"\n", 1)[1], "car.data")
    (tmp_path / "car+evaluation.zip").write_bytes(content)

    assert get("car", mirror=str(tmp_path)).read_bytes() == shipped
    assert datasets.describe("car").kind == "exact"


if REAL_TABLES := _real_tables():

    @pytest.mark.parametrize("table", REAL_TABLES, ids=lambda table: table.stem)
    def test_real_table_is_accepted(tmp_path, monkeypatch, table):
        """Each published table at hand passes, and comes out as the CSV file that labs know."""
        _own_copy(table.stem, tmp_path, monkeypatch)
        plain = table.read_bytes().removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").rstrip(b"\n")

        assert get(table.stem, mirror=str(table.parent)).read_bytes() == plain + b"\n"
        assert len(datasets.load(table.stem)) == datasets.facts(table.stem).rows


# The downloader alone


def test_progress_is_told(server, tmp_path):
    """Each piece that arrives is told with the size of the whole."""
    told = []
    size = len(server.files["toy.zip"])
    download = ResumingDownloader(tmp_path / "p", progress=lambda done, total: told.append((done, total)))
    download(f"{server.url}/toy.zip", str(tmp_path / "file"))

    assert told[-1] == (size, size)
    assert (tmp_path / "file").read_bytes() == server.files["toy.zip"]
    assert [file.name for file in tmp_path.iterdir()] == ["file"]
