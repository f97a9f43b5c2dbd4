"""The grader reads, writes and connects to what lies in a sandbox, and nothing in there can fool it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.errors import StudentMissing

Make = Callable[..., Any]


# ---- files


def test_files_are_read_and_written(student: Make) -> None:
    """The grader writes into the workspace, folders included, and reads what student code wrote."""
    code = student("def f():\n    open('answer.txt', 'w').write(open('data/question.txt').read().upper())")
    with os.fdopen(code.sandbox.open_file("data/question.txt", write=True), "w") as file:
        file.write("why")
    code.ask("f")
    with os.fdopen(code.sandbox.open_file("answer.txt")) as file:
        answer = file.read()

    assert answer == "WHY"


def test_kinds_of_files_are_told(student: Make) -> None:
    """A file, a folder, something else, nothing."""
    code = student(
        "import os\ndef f():\n    os.mkdir('folder')\n    os.mkfifo('pipe')\n    os.symlink('nowhere', 'link')"
    )
    code.ask("f")
    kinds = [code.sandbox.kind_of(name) for name in ("work.py", "folder", "pipe", "link", "gone", "work.py/x")]

    assert kinds == ["file", "folder", "other", "none", "none", "none"]


@pytest.mark.parametrize("name", ["gone", "folder", "pipe", "socket"])
def test_only_regular_files_are_read(student: Make, name: str) -> None:
    """Whatever else lies there is refused, and does not make the grader wait."""
    code = student(
        "import os, socket\ndef f():\n    os.mkdir('folder')\n    os.mkfifo('pipe')\n"
        "    socket.socket(socket.AF_UNIX).bind('socket')"
    )
    code.ask("f")

    with pytest.raises(StudentMissing):
        code.sandbox.open_file(name)


def test_a_link_does_not_lead_the_grader_outside(student: Make, tmp_path: Path) -> None:
    """A link to a file of the grader's is not followed."""
    (tmp_path / "secret.txt").write_text("secret")
    code = student(f"import os\ndef f():\n    os.symlink({str(tmp_path / 'secret.txt')!r}, 'link.txt')")
    code.ask("f")

    with pytest.raises(StudentMissing):
        code.sandbox.open_file("link.txt")


# ---- servers


SERVER = """
    import socket
    servers = []
    def listen(address):
        server = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
        server.bind(address)
        server.listen()
        servers.append(server)
        return server.getsockname()
    def greet():
        connection, _ = servers[0].accept()
        connection.sendall(b"hello")
        connection.close()
"""


def test_unix_servers_in_the_sandbox_are_reached(student: Make) -> None:
    """A Unix socket of the sandbox can be connected to from outside."""
    code = student(SERVER)
    code.call("listen", "server.sock")
    with code.sandbox.connect(family="unix", path="server.sock") as connection:
        code.call("greet")
        said = connection.recv(10)

    assert said == b"hello"


@pytest.mark.promised("kernel", "process")
def test_tcp_servers_in_the_sandbox_are_reached(student: Make) -> None:
    """A TCP port of the sandbox can be connected to from outside; Landlock alone allows none."""
    code = student(SERVER)
    _, port = code.call("listen", ("127.0.0.1", 0))
    with code.sandbox.connect(family="tcp", host="127.0.0.1", port=port) as connection:
        code.call("greet")
        said = connection.recv(10)

    assert said == b"hello"


def test_nobody_listening_is_a_connection_error(student: Make) -> None:
    """Connecting to what is not there fails as it would anywhere."""
    sandbox = student("").sandbox

    with pytest.raises(ConnectionError):
        sandbox.connect(family="unix", path="gone.sock")
    with pytest.raises(ConnectionError):
        sandbox.connect(family="tcp", host="127.0.0.1", port=1)
