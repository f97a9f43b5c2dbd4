"""Take everything away from a process that student code does not need, before the first of it runs."""

from __future__ import annotations

import os
import resource
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from autograder.sandbox import _linux, seccomp

__all__ = ["FIRST_UID", "WORKSPACE", "Cell", "confine", "enter_namespaces", "environment", "seclude"]

WORKSPACE: Final = "/workspace"
"""Where the workspace lies inside a sandbox of level ``kernel``."""
_SYSTEM: Final = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib64",
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
)
_DEVICES: Final = ("/dev/full", "/dev/null", "/dev/random", "/dev/urandom", "/dev/zero")
_INODES: Final = 20_000
FIRST_UID: Final = 0x2000_0000
"""Where the grader is root, student code runs as this user plus the number of its sandbox."""
_NOBODY: Final = 65534


@dataclass(frozen=True)
class Cell:
    """What one sandbox is made of. Every path is absolute and of the host.

    Attributes:
        level: ``kernel``, ``landlock`` or ``process``: what to enforce, all of it or fail.
        root: folder that mirrors the repository: ``labs/<lab>/``. Below ``kernel`` it is the workspace itself.
        lab: name of the lab, the working directory is ``labs/<lab>``.
        datasets: name → folder, readable as ``datasets/<name>``.
        hide: folders that must not be seen even where they lie in a readable one.
        listens: whether TCP ports of the machine may be opened where there is no network of the sandbox's own.
        memory_mb, disk_mb, processes, wall_s: limits of the whole sandbox.
    """

    level: str
    root: str
    lab: str
    datasets: dict[str, str] = field(default_factory=dict)
    hide: tuple[str, ...] = ()
    listens: bool = False
    memory_mb: int = 2048
    disk_mb: int = 256
    processes: int = 64
    wall_s: float = 600.0

    @property
    def workspace(self) -> str:
        """The workspace as student code sees it."""
        return WORKSPACE if self.level == "kernel" else self.root

    @property
    def directory(self) -> str:
        """The working directory as student code sees it."""
        return f"{self.workspace}/labs/{self.lab}"

    @property
    def scratch(self) -> str:
        """A writable folder outside the workspace, for temporary files."""
        return "/tmp" if self.level == "kernel" else f"{self.root}/tmp"


def environment(cell: Cell) -> dict[str, str]:
    """The whole environment of student code; nothing of the grader's own comes along."""
    return {
        "DVC_GLOBAL_CONFIG_DIR": f"{cell.scratch}/dvc-global",
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": f"{cell.scratch}/dvc-site",
        "DVC_SYSTEM_CONFIG_DIR": f"{cell.scratch}/dvc-system",
        "HOME": cell.scratch,
        "LANG": "C.UTF-8",
        "LOKY_MAX_CPU_COUNT": "1",
        "MKL_NUM_THREADS": "1",
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": f"{cell.scratch}/matplotlib",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PATH": f"{sys.prefix}/bin:/usr/local/bin:/usr/bin:/bin",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": os.environ.get("PYTHONHASHSEED", "0"),  # the zygote's
        "TMPDIR": cell.scratch,
        "XDG_CACHE_HOME": f"{cell.scratch}/cache",
    }


def enter_namespaces() -> None:
    """Leave the host's processes, network, IPC and host name; the next child is process 1 of the new world.

    Raises:
        OSError: the kernel does not allow it.
    """
    if os.geteuid() != 0:
        _linux.map_user(os.getuid(), os.getgid())
    _linux.unshare(
        _linux.CLONE_NEWPID | _linux.CLONE_NEWNET | _linux.CLONE_NEWIPC | _linux.CLONE_NEWUTS | _linux.CLONE_NEWCGROUP
    )


def confine(cell: Cell, number: int) -> None:
    """Enforce ``cell`` on this process and all its children, for good.

    Args:
        cell: the sandbox; for level ``kernel`` :func:`enter_namespaces` has been called by the parent.
        number: a number that no other living sandbox has, below 2**22.

    Raises:
        OSError: something could not be enforced.
    """
    uid = _student_uid(cell, number)
    readable = _readable(cell.hide)
    if cell.level == "kernel":
        _build_root(cell, uid, readable)
        _linux.loopback_up()
    else:
        _own_workspace(cell, uid)
    os.chdir(cell.directory)
    if cell.level != "process":
        _landlock(cell, readable)
    _limit(cell)
    if sys.platform == "linux":
        if cell.level != "process":
            _linux.bound_capabilities()
        if uid != os.geteuid():
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        if cell.level != "process":
            _linux.drop_capabilities()
        _linux.no_new_privileges()
        if cell.level == "kernel" or (cell.level == "landlock" and seccomp.supported()):
            seccomp.install()
    variables = environment(cell)
    os.environ.clear()
    os.environ.update(variables)
    tempfile.tempdir = None  # the zygote's answer is not this process's
    sys.dont_write_bytecode = True  # a file that changes within a second must not be taken for what it was


def _student_uid(cell: Cell, number: int) -> int:
    """A user of its own for each sandbox where the grader is root, the grader's own user otherwise."""
    if os.geteuid() != 0:
        return os.geteuid()
    if cell.level != "kernel" and not _others_may_read(sys.prefix, sys.base_prefix, cell.root, *cell.datasets.values()):
        return 0
    with open("/proc/self/uid_map") as file:
        mapped = any(
            int(first) <= FIRST_UID + number < int(first) + int(count) for first, _, count in map(str.split, file)
        )
    return FIRST_UID + number if mapped else _NOBODY


def _others_may_read(*paths: str) -> bool:
    for path in paths:
        current = os.path.realpath(path)
        while current != "/":
            if not os.stat(current).st_mode & 0o001:
                return False
            current = os.path.dirname(current)
    return True


def _readable(hide: Sequence[str] = ()) -> list[str]:
    """System folders and this Python, outermost first; one inside another only where it lies in a hidden folder."""
    prefixes = {sys.prefix, sys.base_prefix, os.path.dirname(os.path.realpath(sys.executable))}
    found: list[str] = []
    for path in sorted({*_SYSTEM, *prefixes, *(os.path.realpath(prefix) for prefix in prefixes)}):
        outer = max((other for other in (*found, *hide) if path.startswith(f"{other}/")), key=len, default="")
        if os.path.lexists(path) and (not outer or outer in hide):
            found.append(path)
    return found


def _build_root(cell: Cell, uid: int, readable: list[str]) -> None:
    """A root file system of its own, on tmpfs, that holds what the cell may read and nothing else."""
    _linux.unshare(_linux.CLONE_NEWNS)
    _linux.mount(None, "/", None, _linux.MS_REC | _linux.MS_PRIVATE)
    base, old = "/tmp", "/host"
    _linux.mount("tmpfs", base, "tmpfs", _linux.MS_NOSUID | _linux.MS_NODEV, "size=4m,mode=755")
    os.mkdir(base + old)
    _linux.pivot_root(base, base + old)
    os.chdir("/")
    for folder, size in (("/tmp", cell.disk_mb), ("/dev/shm", 64), (WORKSPACE, cell.disk_mb)):
        os.makedirs(folder, exist_ok=True)
        options = f"size={size}m,nr_inodes={_INODES},mode=1777"
        _linux.mount("tmpfs", folder, "tmpfs", _linux.MS_NOSUID | _linux.MS_NODEV, options)
    for path in sorted({*readable, *cell.hide}):  # outermost first
        if path in readable:
            _bind(old, path, path, read_only=True)
        elif os.path.isdir(path):
            _linux.mount("tmpfs", path, "tmpfs", _linux.MS_NOSUID | _linux.MS_NODEV, "size=64k,mode=755")
    _fill_workspace(cell, old + cell.root, uid)
    for name, folder in cell.datasets.items():
        _bind(old, folder, f"{WORKSPACE}/datasets/{name}", read_only=True)
    for device in _DEVICES:
        _bind(old, device, device, read_only=False)
    os.symlink("/proc/self/fd", "/dev/fd")
    os.makedirs("/etc", exist_ok=True)
    _write("/etc/passwd", f"student:x:{uid}:{uid}:student:/tmp:/bin/sh\n")
    _write("/etc/group", f"student:x:{uid}:\n")
    _write("/etc/hosts", "127.0.0.1 localhost\n")
    os.mkdir("/proc")
    _linux.mount("proc", "/proc", "proc", _linux.MS_NOSUID | _linux.MS_NODEV | _linux.MS_NOEXEC)
    _linux.detach(old)
    os.rmdir(old)
    _linux.mount_read_only("/", recursive=False)


def _bind(old: str, source: str, target: str, *, read_only: bool) -> None:
    inside = old + source
    if os.path.islink(inside):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.symlink(os.readlink(inside), target)
        return
    if not os.path.exists(inside):
        return
    if os.path.isdir(inside):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        _write(target, "")
    _linux.mount(inside, target, None, _linux.MS_BIND | _linux.MS_REC)
    if read_only:
        _linux.mount_read_only(target)


def _fill_workspace(cell: Cell, source: str, uid: int) -> None:
    os.makedirs(f"{WORKSPACE}/datasets", exist_ok=True)
    shutil.copytree(f"{source}/labs", f"{WORKSPACE}/labs", symlinks=True)
    if uid != os.geteuid():
        for folder, _, files in os.walk(f"{WORKSPACE}/labs"):
            for path in (folder, *(os.path.join(folder, file) for file in files)):
                os.chown(path, uid, uid, follow_symlinks=False)


def _own_workspace(cell: Cell, uid: int) -> None:
    """The same tree without a file system of its own: data sets are links."""
    os.makedirs(f"{cell.root}/datasets", exist_ok=True)
    os.makedirs(cell.scratch, exist_ok=True)
    for name, folder in cell.datasets.items():
        link = f"{cell.root}/datasets/{name}"
        if not os.path.lexists(link):
            os.symlink(folder, link)
    if uid != os.geteuid():
        for folder, _, files in os.walk(cell.root):
            for path in (folder, *(os.path.join(folder, file) for file in files)):
                os.chown(path, uid, uid, follow_symlinks=False)


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def _landlock(cell: Cell, readable: list[str]) -> None:
    if cell.level == "kernel":
        read = ["/"]  # this root holds nothing else than what may be read
        write = [f"{WORKSPACE}/labs", "/tmp", "/dev/shm"]
    else:
        for hidden in cell.hide:
            if any(hidden == path or hidden.startswith(f"{path}/") for path in readable):
                raise OSError(f"{hidden} lies inside a folder that student code must be able to read")
        read = [
            *readable,
            *cell.datasets.values(),
            f"{cell.root}/datasets",
            "/proc",
            "/etc/passwd",
            "/etc/hosts",
        ]
        write = [f"{cell.root}/labs", f"{cell.root}/tmp"]
    own_network = cell.level == "kernel"
    _linux.landlock(read, write, _DEVICES, connect=own_network, listen=own_network or cell.listens)


def seclude(cell: Cell, folder: str) -> None:
    """Leave this process, which is confined already, one folder to write to, and nothing that others wrote.

    Raises:
        OSError: the kernel refused.
    """
    if cell.level == "process":
        return
    if cell.level == "kernel":
        shared = {"dev", "proc", "tmp", WORKSPACE.strip("/")}
        # This Python may lie below a folder that others wrote to: an environment in /tmp, say.
        read = [*(f"/{name}" for name in os.listdir("/") if name not in shared), *_readable(cell.hide)]
        read.append(f"{WORKSPACE}/datasets")
    else:
        read = [*_readable(cell.hide), *cell.datasets.values(), f"{cell.root}/datasets", "/etc/passwd", "/etc/hosts"]
    _linux.landlock([*read, folder], [folder], _DEVICES, connect=True, listen=True)


def _limit(cell: Cell) -> None:
    size = 0
    if sys.platform == "linux":
        with open("/proc/self/statm") as file:
            size = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    wanted = {
        # What the parent has mapped already is shared and does not count.
        resource.RLIMIT_AS: (cell.memory_mb << 20) + size,
        # Even 0 would start a crash reporter that the machine may have; 1 is the kernel's word for nothing at all.
        resource.RLIMIT_CORE: 1 if sys.platform == "linux" else 0,
        resource.RLIMIT_CPU: int(cell.wall_s) + 1,
        resource.RLIMIT_FSIZE: cell.disk_mb << 20,
        resource.RLIMIT_NOFILE: 1024,
    }
    if sys.platform == "linux":
        wanted[resource.RLIMIT_NPROC] = cell.processes
        wanted[resource.RLIMIT_MSGQUEUE] = 0
    else:
        del wanted[resource.RLIMIT_AS]  # macOS maps far more than it uses
    if sys.platform == "linux" and cell.level != "kernel" and os.geteuid() != 0:
        # Below kernel level the limit counts all of the user's processes, not only these.
        wanted[resource.RLIMIT_NPROC] = cell.processes + _processes_of(os.geteuid())
    for kind, value in wanted.items():
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))


def _processes_of(uid: int) -> int:
    count = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if os.stat(f"/proc/{name}").st_uid == uid:
                    count += len(os.listdir(f"/proc/{name}/task"))
            except OSError:
                continue
    return count
