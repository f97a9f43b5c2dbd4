"""Heroku's part for 10-heroku-procfile: a slug, and dynos that run it in the sandbox, each on a disk of its own."""

from __future__ import annotations

import contextlib
import itertools
import json
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from honcho.environ import parse_procfile

from autograder.errors import StudentError
from autograder.submission import Submission
from autograder.submission.serving import Process, free_port

SUBMITTED = ("Procfile", "app/main.py", "requirements.txt", ".python-version", ".slugignore", "release.py")
GIVEN = ("app/__init__.py", "app/model.py", "model.json", "release_check.json", "worker.py")
STOP_S = 10.0


@dataclass(frozen=True)
class Answer:
    """What came back for a request."""

    status: int
    value: object
    """Of its JSON; None if it is none."""


class Dyno:
    """One process type on one machine."""

    def __init__(self, process: Process, folder: str, port: int) -> None:
        self.process = process
        self.folder = folder
        self.port = port
        self._said = ""

    def ready(self) -> None:
        """Wait until it accepts connections."""
        self.process.ready(self.port)

    def ask(self, method: str, path: str, body: object = None) -> Answer:
        """An answer of the web process."""
        with self.process.client(self.port) as client:
            response = client.request(method, path, json=body)
        return Answer(response.status_code, _json(response.content))

    def predict(self, flower: Mapping[str, float]) -> Mapping[str, object]:
        """What it answers for a flower, as it should be: an object with two texts."""
        answer = self.ask("POST", "/predict", flower)
        assert answer.status == 200, f"POST /predict answered with status {answer.status}, expected 200."
        value = answer.value
        sound = isinstance(value, dict) and all(isinstance(value.get(key), str) for key in ("id", "species"))
        assert sound, "Expected an object with the texts id and species as the answer to POST /predict."
        return value

    def said(self) -> str:
        """All that it has written to stdout and stderr so far."""
        self._said += "".join(self.process.output())
        return self._said

    def stop_during_a_request(self, flower: Mapping[str, float], pause: float) -> Answer | None:
        """Send SIGTERM while the app waits for the second half of a request, which comes ``pause`` seconds later.

        Returns:
            The answer, None if it never came.
        """
        body = json.dumps(flower).encode()
        head = (
            "POST /predict HTTP/1.1\r\nHost: sandbox\r\nContent-Type: application/json\r\nConnection: close\r\n"
            f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
        ).encode()
        with self.process.connect(self.port) as sock:
            try:
                sock.sendall(head)
                sock.sendall(body[:10])
                got = _until(sock, b"\r\n\r\n", 3)  # 100 Continue: it has begun to read the body
                self.process.signal(signal.SIGTERM)
                self._wait_until_it_has_heard()
                self.process.wait(pause)
                sock.sendall(body[10:])
                got += _until(sock, b"", STOP_S)
            except OSError:
                return None
        return _parsed(got)

    def _wait_until_it_has_heard(self) -> None:
        """A server that stops takes no more connections."""
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline and self.process.listens(self.port, within=0):
            self.process.wait(0.05)


class Heroku:
    """Releases a submission and starts its dynos."""

    def __init__(self, submission: Submission) -> None:
        self.submission = submission
        self._numbers = itertools.count(1)
        self._handed_in: dict[str, bytes | None] = {}

    def line(self, kind: str) -> str:
        """The command of a process type.

        Raises:
            StudentError: there is none yet.
        """
        text = self.submission.read("Procfile")
        try:
            lines = parse_procfile(text).processes
        except AssertionError:
            raise AssertionError("The Procfile has two lines for the same process type. Expected one.") from None
        if not lines:
            raise StudentError("The Procfile has no process type yet.", kind="NotImplementedError")
        assert kind in lines, f"The Procfile has no line that begins with '{kind}:'."
        return str(lines[kind]).strip()

    @contextlib.contextmanager
    def dyno(
        self,
        kind: str = "web",
        *,
        command: str | None = None,
        port: int | None = None,
        files: Mapping[str, str | None] | None = None,
        env: Mapping[str, str] | None = None,
        warm: bool = True,
    ) -> Iterator[Dyno]:
        """Start a dyno on a fresh copy of the slug, and end it afterwards.

        Args:
            kind: its process type.
            command: what to run instead of that type's line.
            port: what $PORT says; a free port for "web" if not given, 0 for no $PORT at all.
            files: name → content (None: gone) of files that differ from the slug's.
            env: config vars.
            warm: False for an interpreter of its own.
        """
        line = self.line(kind) if command is None else command
        folder = self._slug(files or {})
        port = port if port is not None else free_port() if kind == "web" else 0
        variables = {
            "DYNO": f"{kind}.1",
            "PYTHONUNBUFFERED": "1",
            **(env or {}),
            **({"PORT": str(port)} if port else {}),
        }
        self.submission.session.note(called=f"`{line}`", returned="")
        process = Process(self.submission.session, line, variables, folder=folder, warm=warm)
        dyno = Dyno(process, folder, port)
        try:
            yield dyno
        finally:
            process.stop(0)  # how it ends is for checks to ask
            self.submission.session.note(printed=dyno.said())

    def release(self, files: Mapping[str, str | None] | None = None) -> tuple[int | None, str]:
        """Run the release process; its exit code (None: it did not end), and what it said."""
        with self.dyno("release", files=files) as dyno:
            code = dyno.process.wait(20)
        said = dyno.said()
        if "NotImplementedError" in said:
            raise StudentError("release.py is still to be written.", kind="NotImplementedError")
        return code, said

    def files_of(self, dyno: Dyno) -> set[str]:
        """The files on a dyno's disk that were not in the slug."""
        run = self.submission.run("find", dyno.folder, "-type", "f")
        self.submission.session.note(called="", returned="")
        names = {line.removeprefix(f"{dyno.folder}/") for line in run.stdout.splitlines()}
        return {name for name in names if "__pycache__" not in name} - {*SUBMITTED, *GIVEN}

    def _slug(self, files: Mapping[str, str | None]) -> str:
        folder = f"../dyno-{next(self._numbers)}"
        for name in (*SUBMITTED, *GIVEN):
            content = files[name] if name in files else self._content(name)
            if content is not None:
                self.submission.write(f"{folder}/{name}", content)
        return folder

    def _content(self, name: str) -> bytes | None:
        if name not in self._handed_in:
            self._handed_in[name] = self.submission.read_bytes(name) if self.submission.exists(name) else None
        return self._handed_in[name]


@pytest.fixture(scope="session")
def heroku(submission: Submission) -> Heroku:
    """The platform."""
    return Heroku(submission)


def _until(sock: socket.socket, end: bytes, seconds: float) -> bytes:
    """What arrives up to ``end``, or until the other side closes or the time is up."""
    got, deadline = b"", time.monotonic() + seconds
    while not (end and end in got) and len(got) < 1 << 20 and (left := deadline - time.monotonic()) > 0:
        sock.settimeout(left)
        try:
            data = sock.recv(1 << 16)
        except TimeoutError:
            break
        if not data:
            break
        got += data
    return got


def _parsed(got: bytes) -> Answer | None:
    while got.startswith(b"HTTP/1.1 100"):
        got = got.partition(b"\r\n\r\n")[2]
    head, _, body = got.partition(b"\r\n\r\n")
    words = head.split(maxsplit=2)
    if len(words) < 2 or not words[1].isdigit():
        return None
    return Answer(int(words[1]), _json(body))


def _json(content: bytes) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
