"""Servers of students are started in the sandbox, asked over HTTP, and stopped."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace

import pytest

from autograder.errors import GraderError, StudentCrash, StudentTimeout
from autograder.submission import Submission

Submit = Callable[..., Submission]

APP = """
    import os

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": message["type"] + ".complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        path = scope["path"]
        print("asked for", path, flush=True)
        if path == "/hang":
            while True:
                pass
        if path == "/die":
            os._exit(3)
        if path == "/raise":
            raise ValueError("no")
        if path == "/shout":
            print("x" * 300_000, flush=True)
        body = (await receive())["body"]
        headers = [(b"content-type", b"text/plain")]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        await send({"type": "http.response.body", "body": scope["method"].encode() + b" " + body})
"""
SERVER = """
    import http.server, os, signal, sys

    def stop(*_):
        print("stopping", flush=True)
        sys.exit(0)

    if "--stubborn" in sys.argv:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        signal.signal(signal.SIGTERM, stop)
    port = int(os.environ.get("PORT", "8000"))
    print("port", port, flush=True)
    http.server.ThreadingHTTPServer(("127.0.0.1", port), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


# ---- ASGI applications


def test_an_application_is_served(submit: Submit) -> None:
    """Requests of any method are answered, one after the other."""
    with submit({"main.py": APP}).serve("main:app") as client:
        answers = [client.get("/a"), client.post("/b", content=b"body")]

    assert [(answer.status_code, answer.text) for answer in answers] == [(201, "GET "), (201, "POST body")]


def test_requests_and_output_are_in_the_transcript(submit: Submit) -> None:
    """The last request, its status, and what the server printed go with the check."""
    submission = submit({"main.py": APP})
    with submission.serve("main:app") as client:
        client.get("/a", params={"q": "ä"})
    told = submission.session.transcript()

    assert (told.called, told.returned) == ("GET /a?q=%C3%A4", "status 201")
    assert "asked for /a" in told.output


def test_an_exception_is_an_answer(submit: Submit) -> None:
    """An endpoint that raises answers 500, as it would in production."""
    submission = submit({"main.py": APP})
    with submission.serve("main:app") as client:
        status = client.get("/raise").status_code

    assert status == 500
    assert "ValueError: no" in submission.session.transcript().output


def test_a_server_that_prints_a_lot_still_answers(submit: Submit) -> None:
    """Output is taken in while the grader waits, and does not block the server."""
    with submit({"main.py": APP}).serve("main:app") as client:
        statuses = [client.get("/shout").status_code for _ in range(3)]

    assert statuses == [201, 201, 201]


def test_an_answer_that_does_not_come_is_the_student_s(submit: Submit) -> None:
    """An endless endpoint is a timeout that names the request."""
    with (
        submit({"main.py": APP}, check_s=60).serve("main:app") as client,
        pytest.raises(StudentTimeout, match=r"The server did not answer GET /hang in time\."),
    ):
        client.get("/hang", timeout=0.3)


def test_a_server_that_dies_is_the_student_s(submit: Submit) -> None:
    """An endpoint that ends the process is a crash that names the request; so is asking afterwards."""
    with submit({"main.py": APP}).serve("main:app") as client:
        for path in ("/die", "/a"):
            with pytest.raises(StudentCrash, match=rf"The server broke off instead of answering GET {path}"):
                client.get(path)


@pytest.mark.parametrize(
    ("app", "target", "said"),
    [
        ("import no_such_module", "main:app", "No module named 'no_such_module'"),
        ("x = 1", "main:app", 'Attribute "app" not found in module "main"'),
        ("x = 1", "mian:app", 'Could not import module "mian"'),
    ],
)
def test_an_application_that_cannot_start_is_told(submit: Submit, app: str, target: str, said: str) -> None:
    """The last line of its output says why."""
    with pytest.raises(StudentCrash) as caught:
        submit({"main.py": app}).serve(target)

    assert f"The server for {target} ended before it answered: " in str(caught.value)
    assert said in str(caught.value)


def test_an_application_that_never_starts_is_told(submit: Submit) -> None:
    """A module that does not come to its end is a timeout."""
    with pytest.raises(StudentTimeout, match="The server for main:app did not answer in time"):
        submit({"main.py": "while True: pass"}, check_s=0.5).serve("main:app")


def test_a_server_can_be_started_again(submit: Submit) -> None:
    """Closing the client stops the server; the next one starts afresh."""
    submission = submit({"main.py": APP})
    for _ in range(2):
        with submission.serve("main:app") as client:
            status = client.get("/a").status_code

    assert status == 201


# ---- processes


def test_a_process_listens_and_answers(submit: Submit) -> None:
    """A line of a Procfile gets its port from the environment and is asked over TCP."""
    process = submit({"web.py": SERVER, "data.txt": "hello"}).start("python web.py", env={"PORT": "8123"})
    listens = process.listens(8123)
    with process.client(8123) as client:
        text = client.get("/data.txt").text

    assert (listens, text, process.running) == (True, "hello", True)
    assert "port 8123" in process.output()[0]


def test_a_lab_that_does_not_listen_has_no_ports(submit: Submit) -> None:
    """Asking for a port where lab.toml promises none is a bug of the grader, wherever it runs."""
    submission = submit({"web.py": SERVER})
    submission.session._cell = replace(submission.session._cell, listens=False)
    process = submission.start("python web.py")

    with pytest.raises(GraderError, match="listens = true"):
        process.listens(8000)


def test_a_shell_reads_the_command(submit: Submit) -> None:
    """Variables of a Procfile line are filled in."""
    process = submit({"a.txt": ""}).start("echo $GREETING | tr a-z A-Z", env={"GREETING": "hi"})
    code = process.wait(20)

    assert (code, process.output()[0]) == (0, "HI\n")


def test_a_process_that_ends_does_not_listen(submit: Submit) -> None:
    """Waiting for a port ends with the process."""
    process = submit({"a.txt": ""}).start("sh -c 'exit 7'")

    assert not process.listens(8123, within=60)
    assert (process.running, process.wait(0)) == (False, 7)


def test_a_process_is_stopped(submit: Submit) -> None:
    """SIGTERM lets it end in its own way, and its last words are kept."""
    process = submit({"web.py": SERVER}).start("python web.py")
    process.listens(8000)
    code = process.stop()

    assert code == 0
    assert process.output()[0].endswith("stopping\n")


def test_a_process_that_does_not_stop_is_killed(submit: Submit) -> None:
    """One that ignores SIGTERM does not get more time than given."""
    process = submit({"web.py": SERVER}).start("python web.py --stubborn")
    process.listens(8000)

    assert process.stop(0.2) == -signal.SIGKILL


def test_nothing_is_left_open(submit: Submit) -> None:
    """Processes that a grader forgot end with the submission, and give their descriptors back."""
    submission = submit({"web.py": SERVER})
    submission.session.sandbox()
    before = len(os.listdir("/proc/self/fd"))
    process = submission.start("python web.py")
    process.listens(8000)
    submission.close()

    assert len(os.listdir("/proc/self/fd")) < before
