"""Run inside of a sandbox: each function tries to break one promise and returns what it could do."""

import ctypes
import os
import resource
import signal
import socket
import subprocess
import sys


def _works(attempt, *arguments):
    try:
        attempt(*arguments)
    except (OSError, ValueError):
        return False
    return True


def _reads(path):
    with open(path, "rb") as file:
        file.read(1)


def hidden_files(host):
    """Read what is not the student's."""
    paths = [host["secret"], *host["course"], "/etc/shadow"]
    doors = ["", "/proc/self/root", "/proc/1/root", f"/proc/{os.getppid()}/root", f"/proc/{host['victim']}/root"]
    os.symlink(host["secret"], "a-link")
    found = [door + path for path in paths for door in doors if _works(_reads, door + path)]
    return (
        found
        + (["a-link"] if _works(_reads, "a-link") else [])
        + (["os.link"] if _works(os.link, host["secret"], "b") else [])
    )


def unseen_files(host):
    """Notice that files of the machine exist."""
    return [
        path
        for path in (
            host["secret"],
            host["folder"],
            *host["course"],
            "/var/log",
            "/run",
            "/sys",
            "/boot",
            "/etc/shadow",
        )
        if os.path.lexists(path)
    ]


def no_writes_outside(host):
    """Write where nothing may be written."""
    table = os.path.abspath("../../datasets/tiny/tiny.csv")
    places = [
        host["folder"],
        os.path.dirname(table),
        "/",
        "/etc",
        "/usr",
        sys.prefix,
        os.path.dirname(os.__file__),
        "../..",
        "/dev",
        "/proc",
    ]
    found = [place for place in places if _works(open, os.path.join(place, "x"), "w")]
    found += [path for path in (table, host["secret"]) if _works(open, path, "a")]
    found += [path for path in (table, host["secret"]) if _works(os.rename, path, "stolen") or _works(os.remove, path)]
    assert _works(open, "mine", "w")
    assert _works(_reads, table)
    return found


def no_devices(host):
    """Open or make device nodes."""
    names = [
        "mem",
        "kmsg",
        "vda",
        "sda",
        "nvme0n1",
        "loop-control",
        "kvm",
        "fuse",
        "tty",
        "ptmx",
        "console",
        "vsock",
        "net/tun",
    ]
    found = [
        name
        for name in names
        if _works(lambda name: os.close(os.open(f"/dev/{name}", os.O_RDWR | os.O_NONBLOCK)), name)
    ]
    return found + [kind for kind in (0o060600, 0o020600) if _works(os.mknod, "node", kind, os.makedev(1, 1))]


def unseen_processes(host):
    """See processes that are not the sandbox's own."""
    return [pid for pid in (host["victim"], host["grader"]) if os.path.exists(f"/proc/{pid}") and _same(pid, host)]


def _same(pid, host):
    with open(f"/proc/{pid}/cmdline") as file:
        return "sleep" in file.read() or pid == host["grader"]


def no_signals(host):
    """Signal, trace or read other processes."""
    pids = [host["victim"], host["grader"], host["zygote"]]
    found = [("kill", pid) for pid in pids if _works(os.kill, pid, signal.SIGCONT)]
    found += [
        (name, pid)
        for pid in pids
        for name in ("mem", "environ", "fd/0")
        if _works(_reads, f"/proc/{pid}/{name}") and pid != os.getpid()
    ]
    libc = ctypes.CDLL(None)
    return found + [("ptrace", pid) for pid in pids if libc.ptrace(16, pid, None, None) == 0]


def _connect(family, kind, address):
    with socket.socket(family, kind) as sock:
        sock.settimeout(2)
        sock.connect(address)


def no_tcp(host):
    """Connect by TCP."""
    targets = [("127.0.0.1", host["port"]), ("0.0.0.0", host["port"]), ("192.0.2.1", 80)]
    return [target for target in targets if _works(_connect, socket.AF_INET, socket.SOCK_STREAM, target)]


def no_network(host):
    """Use any other network."""
    found = [
        target
        for target in [("192.0.2.1", 53), ("8.8.8.8", 53)]
        if _works(_connect, socket.AF_INET, socket.SOCK_DGRAM, target)
    ]
    for family in range(46):
        for kind in (1, 2, 3, 5):
            if (
                (family not in (1, 2, 10) or kind == 3)
                and family != 0
                and _works(lambda f, k: socket.socket(f, k).close(), family, kind)
            ):
                found.append((family, kind))
    return [pair for pair in found if pair not in ((1, 3), (1, 5))]


def no_abstract_sockets(host):
    """Connect to an abstract Unix socket."""
    return ["connected"] if _works(_connect, socket.AF_UNIX, socket.SOCK_STREAM, "\0" + host["abstract"]) else []


def no_unix_sockets(host):
    """Connect to a Unix socket by its path."""
    return ["connected"] if _works(_connect, socket.AF_UNIX, socket.SOCK_STREAM, host["socket"]) else []


def no_privileges(host):
    """Hold or regain privileges."""
    with open("/proc/self/status") as file:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    found = [name for name in ("CapInh", "CapPrm", "CapEff", "CapAmb") if int(status[name], 16)]
    found += [] if status["NoNewPrivs"] == "1" else ["NoNewPrivs"]
    if os.geteuid():
        found += [name for name in ("setuid", "setgid", "seteuid") if _works(getattr(os, name), 0)]
    return found


def filtered_calls(host):
    """Ask the kernel for what leads out."""
    libc = ctypes.CDLL(None, use_errno=True)
    calls = {
        "unshare user": lambda: libc.unshare(0x10000000),
        "unshare mount": lambda: libc.unshare(0x20000),
        "mount": lambda: libc.mount(b"tmpfs", b".", b"tmpfs", 0, None),
        "ptrace": lambda: libc.ptrace(0, 0, 0, 0),
        "shmget": lambda: libc.shmget(0, 4096, 0o1600),
        "memfd_create": lambda: libc.memfd_create(b"x", 0),
        "keyctl": lambda: libc.syscall(250 if os.uname().machine == "x86_64" else 219, 0, -3, 1),
        "io_uring_setup": lambda: libc.syscall(425, 1, None),
        "bpf": lambda: libc.syscall(321 if os.uname().machine == "x86_64" else 280, 0, None, 0),
        "pidfd_getfd": lambda: libc.syscall(438, 0, 0, 0),
    }
    found = [name for name, call in calls.items() if call() >= 0 or ctypes.get_errno() not in (1, 38)]
    return found + (["prlimit"] if _works(resource.prlimit, os.getppid(), resource.RLIMIT_NOFILE, (64, 64)) else [])


def clean_environment(host):
    """Find something of the grader's in the environment or among open files."""
    found = [key for key, value in os.environ.items() if host["word"] in value or "TOKEN" in key]
    with open("/proc/self/environ") as file:
        found += ["/proc/self/environ"] if host["word"] in file.read() else []
    for fd in range(1024):
        try:
            target = os.readlink(f"/proc/self/fd/{fd}")
        except OSError:
            continue
        if not target.startswith(("pipe:", "socket:", "/dev/null", "/proc")):
            found.append(target)
    found += ["terminal"] if any(os.isatty(fd) for fd in range(3)) else []
    return found + (["core dumps"] if resource.getrlimit(resource.RLIMIT_CORE)[1] > 1 else [])


def hoard(megabytes):
    """Take that much memory in this process."""
    return len(bytearray(megabytes << 20).replace(b"\0", b"\1"))


def hoard_together(processes, megabytes):
    """Take that much memory in each of several processes, and wait."""
    for _ in range(processes):
        if os.fork() == 0:
            block = bytearray(os.urandom(64) * (megabytes << 14))
            signal.pause()
            del block
    signal.pause()


def loop():
    """Never end."""
    for number in range(1, 32):
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_IGN)
    while True:
        pass


def talk(megabytes):
    """Print that much."""
    for _ in range(megabytes):
        os.write(1, b"spam" * (1 << 18))
    return "done"


def grow(megabytes):
    """Size that one file reaches; a signal announces the limit."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with open("big", "wb", buffering=0) as file:
        try:
            for _ in range(megabytes):
                file.write(bytes(1 << 20))
        except OSError:
            pass
    size = os.path.getsize("big")
    os.remove("big")
    return size >> 20


def fill(files, megabytes):
    """Megabytes and files that fit in every folder one may write to."""
    taken = made = 0
    for folder in (".", os.environ["TMPDIR"]):
        try:
            for number in range(megabytes):
                with open(f"{folder}/big{number}", "wb", buffering=0) as file:
                    taken += file.write(bytes(1 << 20))
        except OSError:
            pass
        try:
            for number in range(files):
                os.close(os.open(f"{folder}/{number}", os.O_CREAT | os.O_WRONLY))
                made += 1
        except OSError:
            pass
    return taken >> 20, made


def multiply(count):
    """How many processes of that many could be started."""
    started = []
    for _ in range(count):
        try:
            pid = os.fork()
        except OSError:
            break
        if pid == 0:
            signal.pause()
        started.append(pid)
    for pid in started:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return len(started)


def haunt(word):
    """Leave daemons behind that can be recognised by a word in their command lines; they are there when it returns."""
    script = "import os, signal, sys\nfor n in range(1, 32):\n    n in (9, 19) or signal.signal(n, signal.SIG_IGN)\n"
    script += "os.setsid() if os.fork() == 0 else os._exit(0)\nwhile True: signal.sigtimedwait([], 10)\n"
    command = [sys.executable, "-S", "-E", "-c", script, word]
    for parent in [subprocess.Popen(command, start_new_session=True) for _ in range(3)]:
        parent.wait()
    return "done"


def remember(word):
    """What an earlier sandbox left, and leave the same."""
    found = []
    for folder in {
        os.path.realpath(folder) for folder in (".", "/tmp", "/dev/shm", os.environ["TMPDIR"], "/var/tmp", "../..")
    }:
        if os.path.exists(f"{folder}/{word}"):
            found.append(folder)
        _works(lambda folder: open(f"{folder}/{word}", "w").close(), folder)
    return found
