"""A Python program in a warm interpreter behaves as it does when it is started cold."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping

import pytest

from autograder.sandbox.box import Sandbox
from autograder.sandbox.programs import is_python_program

Run = Callable[..., tuple[int | None, str, str]]

PROGRAMS = {
    "prints": "import sys\nprint('out')\nprint('err', file=sys.stderr)",
    "knows its arguments": "import sys\nprint(sys.argv)",
    "knows its file": "print(__name__, __file__, __package__, __builtins__ is not None)",
    "finds its neighbours": "import sys, helper\nprint(helper.VALUE, sys.path[0])",
    "knows the folder": "import os\nprint(os.getcwd(), sorted(os.listdir()))",
    "has no input": "import sys\nprint(repr(sys.stdin.read()))",
    "has the environment": "import os\nprint(sorted(os.environ.items()))",
    "hashes alike": "print(hash('text'), sorted({'a', 'b'}, key=hash))",
    "exits with a number": "import sys\nprint('bye')\nsys.exit(7)",
    "exits with True": "raise SystemExit(True)",
    "exits with a text": "import sys\nsys.exit('no such luck')",
    "exits with nothing": "import sys\nsys.exit()",
    "exits hard": "import os\nprint('flushed', flush=True)\nos._exit(9)",
    "raises": "def f():\n    raise ValueError('wrong')\n\nf()",
    "raises from within a library": "import json\njson.loads('{')",
    "does not compile": "x = 1\ndef f(:\n    pass",
    "is killed": "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)",
    "interrupts itself": "import os, signal\nos.kill(os.getpid(), signal.SIGINT)",
    "cleans up at its end": "import atexit\natexit.register(print, 'cleaned')\nprint('working')",
    "cleans up after an error": "import atexit\natexit.register(print, 'cleaned')\n1 / 0",
    "waits for its threads": (
        "import threading\ndone = threading.Event()\n"
        "threading.Thread(target=lambda: (done.wait(), print('thread'))).start()\ndone.set()"
    ),
    "starts processes of its own": (
        "import multiprocessing as mp\n\ndef square(n):\n    return n * n\n\nif __name__ == '__main__':\n"
        "    with mp.get_context('fork').Pool(2) as pool:\n        print(pool.map(square, [1, 2, 3]))"
    ),
    "pickles its own classes": (
        "import pickle\n\nclass A:\n    n = 1\n\nprint(pickle.loads(pickle.dumps(A())).n, A.__module__)"
    ),
    "reads its own source": "import inspect\n\ndef f():\n    return 1\n\nprint(inspect.getsource(f))",
}


@pytest.fixture
def run(sandbox: Sandbox) -> Run:
    """Run a program to its end; exit code, stdout and stderr."""

    def run(
        *argv: str, files: Mapping[str, str] | None = None, warm: bool = True, env: Mapping[str, str] | None = None
    ) -> tuple[int | None, str, str]:
        for name, text in (files or {}).items():
            with os.fdopen(sandbox.open_file(name, write=True), "w") as file:
                file.write(text)
        pid, out, err = sandbox.run(argv, env=env or {}, folder=sandbox.cell.directory, warm=warm)
        code = sandbox.wait(pid, 20, (out, err))
        said = out.take(), err.take()
        out.close()
        err.close()
        return code, *said

    return run


@pytest.mark.parametrize("source", PROGRAMS.values(), ids=PROGRAMS)
def test_a_warm_start_is_like_a_cold_one(run: Run, source: str) -> None:
    """Exit code, output and error message are the same."""
    argv = ["python", "work.py", "a", "--b"]
    cold = run(*argv, files={"work.py": source, "helper.py": "VALUE = 5\n"}, warm=False)
    warm = run(*argv)

    assert warm == cold


@pytest.mark.parametrize("warm", [True, False])
def test_modules_are_run_by_name(run: Run, warm: bool) -> None:
    """``python -m`` finds modules and packages in the working directory."""
    files = {"app/__init__.py": "", "app/__main__.py": "import sys\nprint(__name__, sys.argv[1:])"}

    assert run("python", "-m", "app", "x", files=files, warm=warm) == (0, "__main__ ['x']\n", "")


def test_console_scripts_start_warm(run: Run) -> None:
    """A program that pip installed with this Python runs, and finds its own name."""
    code, out, _ = run("pytest", "--version")

    assert code == 0
    assert out.startswith("pytest ")


def test_the_environment_is_extended(run: Run) -> None:
    """What the caller adds to the environment arrives."""
    program = "import os\nprint(os.environ['PORT'], os.environ['HOME'] != '')"

    assert run("python", "work.py", files={"work.py": program}, env={"PORT": "8000"})[1] == "8000 True\n"


@pytest.mark.parametrize("warm", [True, False])
@pytest.mark.parametrize(("env", "arrives"), [({"PYTHONUNBUFFERED": "1"}, "é half a li"), ({}, "")])
def test_output_is_unbuffered_where_asked(run: Run, warm: bool, env: dict[str, str], arrives: str) -> None:
    """With PYTHONUNBUFFERED each piece of text arrives at once, otherwise what is not flushed can be lost."""
    program = "import os\nprint('é half a li', end='')\nos._exit(0)"

    assert run("python", "work.py", files={"work.py": program}, env=env, warm=warm) == (0, arrives, "")


@pytest.mark.parametrize("warm", [True, False])
def test_a_program_that_is_not_there_says_so(run: Run, warm: bool) -> None:
    """A missing script or command ends as a shell has it: 2 or 127, and the name in the message."""
    script, command = run("python", "gone.py", warm=warm), run("no-such-command", warm=warm)

    assert (script[0], "gone.py" in script[2]) == (2, True)
    assert (command[0], "no-such-command" in command[2]) == (127, True)


def test_other_programs_run_as_they_are(run: Run) -> None:
    """Anything that is not Python is executed."""
    assert run("sh", "-c", "echo $0; exit 3") == (3, "sh\n", "")


STARTER = """
import subprocess, sys, tempfile
from autograder.sandbox.programs import offer_python
offer_python(tempfile.mkdtemp() + "/bin")
sys.exit(subprocess.run(sys.argv[1:]).returncode & 0xFF)
"""


AT_ONCE = """
import os, sys, tempfile
from autograder.sandbox.programs import WarmProgram, offer_python
folder = tempfile.mkdtemp() + "/bin"
offer_python(folder)
sys.exit(WarmProgram(folder, sys.argv[2:], os.getcwd()).wait() & 0xFF)
"""


@pytest.mark.parametrize("starter", [STARTER, AT_ONCE], ids=["by a script", "at once"])
@pytest.mark.parametrize("source", PROGRAMS.values(), ids=PROGRAMS)
def test_a_program_of_a_program_starts_like_a_cold_one(run: Run, source: str, starter: str) -> None:
    """Where ``python`` is offered warm, exit code and output of what a program starts are those of a cold start."""
    source = f"import os\nos.environ.pop('PATH')  # may differ\n{source}"
    files = {"work.py": source, "helper.py": "VALUE = 5\n", "starter.py": starter}
    argv = ["python", "work.py", "a", "--b"]
    cold, out, err = run(*argv, files=files, warm=False)
    nested = run("python", "starter.py", *argv)

    assert cold is not None
    assert nested == (cold & 0xFF, out, err)


def test_a_program_of_a_program_is_warm(run: Run) -> None:
    """It finds loaded what the program before it had, and not that program's neighbours."""
    work = "import sys\nprint('autograder.sandbox.programs' in sys.modules, sys.path.count(sys.path[0]))"
    files = {"starter.py": STARTER, "work.py": work}

    assert run("python", "starter.py", "sh", "-c", "python3 work.py", files=files) == (0, "True 1\n", "")
    assert run("python", "starter.py", "python", "-c", "print(1)") == (0, "1\n", "")


def test_a_program_of_a_program_has_the_environment_it_is_given(run: Run) -> None:
    """All of it, and nothing else; without one, that of who starts it."""
    starter = """
import os, tempfile
from autograder.sandbox.programs import WarmProgram, offer_python
folder = tempfile.mkdtemp() + "/bin"
offer_python(folder)
os.environ["OWN"] = "1"
for env in ({"GIVEN": "2"}, None):
    assert WarmProgram(folder, ["work.py"], os.getcwd(), env).wait() == 0
"""
    work = "import os\nprint({name: os.environ.get(name) for name in ('OWN', 'GIVEN')})"

    assert run("python", "starter.py", files={"starter.py": starter, "work.py": work})[1].splitlines() == [
        "{'OWN': None, 'GIVEN': '2'}",
        "{'OWN': '1', 'GIVEN': None}",
    ]


STARTED_BY_A_SCRIPT = """
    process = subprocess.Popen(["python", "work.py"])
    with open("fifo") as fifo:
        print(fifo.read(5))
        process.kill()
        print(process.wait(), repr(fifo.read()))  # the end of what is read: nobody writes any more
"""
STARTED_AT_ONCE = """
    program = WarmProgram(folder, ["work.py"], os.getcwd())
    with open("fifo") as fifo:
        print(fifo.read(5))
        signal.signal(signal.SIGALRM, lambda *_: exec("raise TimeoutError"))
        signal.alarm(1)
        try:
            program.wait()
        except TimeoutError:
            print(-9, repr(fifo.read()))
"""


@pytest.mark.parametrize("starting", [STARTED_BY_A_SCRIPT, STARTED_AT_ONCE], ids=["by a script", "at once"])
def test_a_program_of_a_program_ends_with_who_waits_for_it(run: Run, starting: str) -> None:
    """Whoever does not wait any longer ends the program itself, although another process runs it."""
    starter = f"""
import os, signal, subprocess, tempfile
from autograder.sandbox.programs import WarmProgram, offer_python
folder = tempfile.mkdtemp() + "/bin"
offer_python(folder)
os.mkfifo("fifo")
if True:{starting}"""
    work = "import signal\nfifo = open('fifo', 'w')\nprint('alive', file=fifo, flush=True)\nsignal.pause()"

    assert run("python", "starter.py", files={"starter.py": starter, "work.py": work})[1] == "alive\n-9 '\\n'\n"


@pytest.mark.parametrize("answer", ["b'junk'", "b''"])
def test_whoever_takes_over_the_socket_only_fails(run: Run, answer: str) -> None:
    """An answer that is no number is an exit code of failure, not an exception of whoever waits."""
    starter = f"""
import os, socket, tempfile, threading
from autograder.sandbox.programs import WarmProgram, offer_python
folder = tempfile.mkdtemp() + "/bin"
offer_python(folder)
os.unlink(folder + "/socket")
listener = socket.socket(socket.AF_UNIX)
listener.bind(folder + "/socket")
listener.listen()

def answer():
    sock = listener.accept()[0]
    sock.recv(1 << 20)
    sock.recv(1 << 20)
    sock.sendall({answer})
    sock.close()

threading.Thread(target=answer, daemon=True).start()
print(WarmProgram(folder, ["work.py"], os.getcwd()).wait())
"""

    assert run("python", "starter.py", files={"starter.py": starter, "work.py": ""}) == (0, "70\n", "")


@pytest.mark.parametrize(
    ("argv", "is_python"),
    [
        (["python", "work.py"], True),
        (["python3", "-m", "pytest"], True),
        ([sys.executable, "work.py"], True),
        (["pytest"], True),
        (["python"], False),
        (["python", "-c", "1"], False),
        (["python", "-u", "work.py"], False),
        (["sh", "-c", "python"], False),
        (["no-such-command"], False),
    ],
)
def test_what_can_start_warm(monkeypatch: pytest.MonkeyPatch, argv: list[str], is_python: bool) -> None:
    """Scripts, modules and console scripts of this Python start warm; anything with options starts cold."""
    monkeypatch.setenv("PATH", f"{sys.prefix}/bin:/usr/bin:/bin")

    assert is_python_program(argv) is is_python
