"""What student code sees and reaches at each level of isolation."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.errors import SandboxError
from autograder.sandbox import _linux, confine
from autograder.sandbox.client import Zygote
from autograder.sandbox.confine import Cell, environment
from autograder.submission.serving import free_port

Make = Callable[..., Any]
Cells = Callable[..., Cell]

TRY = """
    import ctypes, os, socket, subprocess, sys

    def attempt(name, *args):
        '''The name of the error that os.name(*args) ends in, or nothing.'''
        try:
            getattr(os, name)(*args)
        except OSError as error:
            return type(error).__name__
        return ""

    def read(path):
        try:
            with open(path) as file:
                return file.read(1000)
        except OSError as error:
            return error

    def write(path):
        try:
            with open(path, "w") as file:
                file.write("x")
        except OSError as error:
            return type(error).__name__
        return ""
"""


# ---- what it sees


def test_only_the_allowed_environment_is_seen(
    monkeypatch: pytest.MonkeyPatch, isolation: str, cell: Cells, tmp_path: Path
) -> None:
    """The environment is exactly the allow-list; what the grader has in its own is nowhere."""
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    code = "import os, pathlib\nprint(dict(os.environ))\nprint(pathlib.Path('/proc/self/environ').read_text())\n"
    with Zygote(level=isolation) as zygote, zygote.open(cell()) as sandbox:
        with os.fdopen(sandbox.open_file("work.py", write=True), "w") as file:
            file.write(code)
        pid, out, err = sandbox.run(["python", "work.py"], env={}, folder=sandbox.cell.directory)
        sandbox.wait(pid, 20, (out, err))
        said = out.take()
        out.close()
        err.close()

    assert said.splitlines()[0] == repr(environment(sandbox.cell))
    assert "hunter2" not in said


def test_the_grader_is_not_importable(student: Make) -> None:
    """Student code finds a stand-in for the notebook's check, and nothing else of the autograder."""
    code = student("def f(name):\n    module = __import__(name, fromlist=['x'])\n    return sorted(vars(module))")
    check = code.ask("f", "autograder.notebook")["ok"]
    answer = code.ask("f", "autograder.grading")

    assert "check" in check
    assert answer["error"]["kind"] == "ModuleNotFoundError"


def test_no_descriptor_of_ours_is_open(student: Make) -> None:
    """A worker has its streams and its line to the grader."""
    code = student("import os\ndef f():\n    return sorted(int(fd) for fd in os.listdir('/proc/self/fd'))")

    assert code.call("f")[:-1] == [0, 1, 2, 3]


@pytest.mark.promised("kernel", "landlock")
def test_hidden_folders_cannot_be_read(student: Make, tmp_path: Path) -> None:
    """Graders and solutions, wherever they lie, cannot be opened or listed."""
    (tmp_path / "graders").mkdir()
    (tmp_path / "graders" / "secret.txt").write_text("42")
    code = student(TRY, hide=(str(tmp_path / "graders"),))

    assert code.ask("read", f"{tmp_path}/graders/secret.txt")["ok"].type in ("FileNotFoundError", "PermissionError")
    assert code.call("attempt", "listdir", f"{tmp_path}/graders") in ("FileNotFoundError", "PermissionError")


@pytest.mark.promised("kernel")
def test_a_hidden_folder_inside_a_readable_one_is_covered(bare: Zygote, cell: Cells) -> None:
    """Where the project lies among the system's files, its secrets look empty."""
    folder = str(Path(sys.prefix, "lib"))
    with bare.open(cell(hide=(folder,))) as sandbox:
        pid, out, err = sandbox.run(["ls", folder], env={}, folder=sandbox.cell.directory)
        code = sandbox.wait(pid, 20, (out, err))
        said = out.take() + err.take()
        out.close()
        err.close()

    assert (code, said) == (0, "")


@pytest.mark.promised("landlock")
def test_a_hidden_folder_that_cannot_be_covered_keeps_all_from_running(bare: Zygote, cell: Cells) -> None:
    """Without a file system of its own nothing runs rather than see a secret."""
    with pytest.raises(SandboxError, match="inside a folder that student code must be able to read"):
        bare.open(cell(hide=(str(Path(sys.prefix, "lib")),)))


@pytest.mark.promised("kernel", "landlock")
def test_nothing_outside_can_be_written(student: Make, tmp_path: Path) -> None:
    """Only the workspace and the place for temporary files can be written to."""
    code = student(TRY)
    outside = ["/etc/x", "/usr/x", "/x", f"{tmp_path}/x", f"{sys.prefix}/x", "/proc/sys/kernel/hostname", "/dev/x"]
    refused = {path: code.call("write", path) for path in outside}
    allowed = [code.call("write", path) for path in ("x", "/dev/null", f"{code.sandbox.cell.scratch}/x")]

    assert "" not in refused.values()
    assert allowed == ["", "", ""]
    assert not (tmp_path / "x").exists()


@pytest.mark.promised("kernel", "landlock")
def test_datasets_are_read_only(student: Make, tmp_path: Path) -> None:
    """Data sets lie where the repository has them, to be read."""
    (tmp_path / "iris").mkdir()
    (tmp_path / "iris" / "iris.csv").write_text("a,b\n")
    code = student(TRY, datasets={"iris": str(tmp_path / "iris")})

    assert code.call("read", "../../datasets/iris/iris.csv") == "a,b\n"
    assert code.call("write", "../../datasets/iris/iris.csv") != ""
    assert code.call("write", "../../datasets/iris/new.csv") != ""


@pytest.mark.promised("kernel")
def test_processes_of_the_machine_are_out_of_sight(student: Make) -> None:
    """It has process numbers of its own, and the grader's is none of them."""
    code = student(TRY + "\n    def pids():\n        return [int(n) for n in os.listdir('/proc') if n.isdigit()]\n")

    assert len(code.call("pids")) == 2
    assert max(code.call("pids")) < 100
    assert code.call("attempt", "kill", os.getpid(), 0) == "ProcessLookupError"


# ---- what it may do


@pytest.mark.promised("kernel")
def test_it_runs_as_nobody_in_particular(student: Make) -> None:
    """Its user is not root, cannot become root, and has a name."""
    code = student(
        TRY + "\n    def me():\n        import pwd\n        return os.getuid(), pwd.getpwuid(os.getuid()).pw_name\n"
    )
    uid, name = code.call("me")

    assert uid != 0
    assert name == "student"
    assert code.call("attempt", "setuid", 0) in ("PermissionError", "OSError")


@pytest.mark.promised("kernel", "landlock")
def test_it_has_no_capabilities(student: Make) -> None:
    """Every set of capabilities is empty, and no program gives any back.

    The bounding set holds what programs could give back. Only who has capabilities can empty it; for others it is
    the ban on new privileges that keeps programs from giving any.
    """
    code = student(TRY)
    status = dict(line.split(":\t") for line in code.call("read", "/proc/self/status").splitlines() if ":\t" in line)

    assert {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {"0" * 16}
    assert status["NoNewPrivs"] == "1"
    assert os.geteuid() != 0 or status["CapBnd"] == "0" * 16


@pytest.fixture
def listener() -> Iterator[int]:
    """A port of the machine on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.promised("kernel", "landlock")
def test_the_machine_s_ports_are_out_of_reach(student: Make, listener: int) -> None:
    """A server on this very machine cannot be connected to."""
    code = student(
        "import socket\ndef f(port):\n    try:\n        socket.create_connection(('127.0.0.1', port), timeout=5)\n"
        "    except OSError as error:\n        return type(error).__name__\n"
    )

    assert code.call("f", listener) in ("ConnectionRefusedError", "PermissionError")


@pytest.mark.promised("kernel")
def test_there_is_no_network(student: Make) -> None:
    """Its only interface is its own loopback, and no packet finds a way out."""
    code = student(
        TRY + "\n    def send():\n        try:\n            socket.socket(socket.AF_INET, socket.SOCK_DGRAM)"
        ".sendto(b'x', ('192.0.2.1', 53))\n        except OSError as error:\n            return error.errno\n"
    )
    interfaces = [line.split(":")[0].strip() for line in code.call("read", "/proc/net/dev").splitlines()[2:]]

    assert interfaces == ["lo"]
    assert code.call("send") is not None


# ---- ports

TCP_IS_GUARDED = _linux.landlock_abi() >= 4
PORTS = """
    import socket

    def listen(port):
        global server
        server = socket.create_server(("127.0.0.1", port))
        server.settimeout(20)

    def answer():
        with server.accept()[0] as client:
            client.sendall(b"hello")

    def dial(port):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError as error:
            return type(error).__name__
        return ""
"""


def test_a_lab_that_listens_can_be_asked(student: Make) -> None:
    """A server inside gets connections from outside, at every level."""
    code = student(PORTS, listens=True)
    port = free_port()
    code.call("listen", port)
    with code.sandbox.connect(family="tcp", host="127.0.0.1", port=port) as sock:
        code.call("answer")
        said = sock.recv(100)

    assert said == b"hello"


def test_nobody_to_ask_is_a_refused_connection(student: Make) -> None:
    """Where nobody listens the connection is refused, at every level."""
    code = student(PORTS, listens=True)

    with pytest.raises(ConnectionError):
        code.sandbox.connect(family="tcp", host="127.0.0.1", port=free_port())


@pytest.mark.promised("landlock")
def test_other_labs_open_no_ports(student: Make) -> None:
    """Without a network of its own, student code opens ports only where the lab says so, from Linux 6.7 on."""
    answer = student(PORTS).ask("listen", free_port())
    kind = answer["error"]["kind"] if "error" in answer else ""

    assert kind == ("PermissionError" if TCP_IS_GUARDED else "")


@pytest.mark.promised("landlock")
def test_who_listens_still_cannot_dial(student: Make) -> None:
    """A lab that listens gets nowhere from inside: neither to the machine's servers nor to its own."""
    code = student(PORTS, listens=True)
    with socket.create_server(("127.0.0.1", 0)) as server:
        refused = code.call("dial", server.getsockname()[1])

    assert refused == ("PermissionError" if TCP_IS_GUARDED else "")


def test_a_python_below_tmp_can_be_read_by_a_secluded_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment in /tmp lies where others write, and yet is no word of theirs; /tmp itself stays shut."""
    allowed: list[tuple[list[str], list[str]]] = []
    monkeypatch.setattr(_linux, "landlock", lambda read, write, *_, **__: allowed.append((read, write)))
    monkeypatch.setattr(sys, "prefix", "/tmp/environment")
    monkeypatch.setattr(os.path, "lexists", lambda _: True)
    confine.seclude(Cell("kernel", str(tmp_path), "lab"), "/tmp/run")

    ((read, write),) = allowed
    assert "/tmp/environment" in read
    assert "/tmp" not in read
    assert write == ["/tmp/run"]
