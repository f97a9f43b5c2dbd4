"""System calls that Python does not offer: mounts, namespaces, Landlock, capabilities (Linux, by ctypes)."""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
from collections.abc import Iterable

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x4000000, 0x8000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWCGROUP = 0x10000000, 0x20000000, 0x40000000, 0x2000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18
_ATTR_RDONLY, _ATTR_NOSUID, _ATTR_NODEV = 1, 2, 4
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SUBREAPER, _PR_NO_NEW_PRIVS = 1, 4, 24, 36, 38
_AT_FDCWD, _AT_RECURSIVE, _MNT_DETACH = -100, 0x8000, 2

# These numbers are the same on every architecture that has the calls.
_SYS_LANDLOCK_CREATE, _SYS_LANDLOCK_ADD, _SYS_LANDLOCK_RESTRICT, _SYS_MOUNT_SETATTR = 444, 445, 446, 442
_SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}

# Landlock access rights, https://docs.kernel.org/userspace-api/landlock.html
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_MAKE_CHAR, _MAKE_BLOCK, _TRUNCATE, _IOCTL_DEV = 1 << 6, 1 << 11, 1 << 14, 1 << 15
_BIND_TCP, _CONNECT_TCP = 1 << 0, 1 << 1
_RIGHTS_BY_ABI = {1: (1 << 13) - 1, 2: 1 << 13, 3: _TRUNCATE, 5: _IOCTL_DEV}
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
    return result


def _syscall(number: int, *arguments: object) -> int:
    return int(_libc.syscall(ctypes.c_long(number), *arguments))


def unshare(flags: int) -> None:
    """Leave the namespaces named by ``flags`` for new ones."""
    _check(_libc.unshare(flags), "unshare")


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """mount(2)."""
    encoded = [None if text is None else os.fsencode(text) for text in (source, target, kind)]
    options = None if data is None else data.encode()
    _check(_libc.mount(*encoded, ctypes.c_ulong(flags), options), f"mount {source} on {target}")


def mount_read_only(target: str, *, recursive: bool = True) -> None:
    """Make a mount read-only without losing the flags it has (mount_setattr(2))."""
    attributes = _ATTR_RDONLY | (_ATTR_NOSUID | _ATTR_NODEV if recursive else 0)
    packed = struct.pack("<QQQQ", attributes, 0, 0, 0)
    flags = _AT_RECURSIVE if recursive else 0
    _check(
        _syscall(_SYS_MOUNT_SETATTR, _AT_FDCWD, os.fsencode(target), flags, packed, len(packed)),
        f"make {target} read-only",
    )


def pivot_root(new: str, old: str) -> None:
    """pivot_root(2)."""
    number = _SYS_PIVOT_ROOT[os.uname().machine]
    _check(_syscall(number, os.fsencode(new), os.fsencode(old)), "pivot_root")


def detach(target: str) -> None:
    """Unmount ``target`` as soon as nothing uses it."""
    _check(_libc.umount2(os.fsencode(target), _MNT_DETACH), f"unmount {target}")


def map_user(uid: int, gid: int) -> None:
    """Enter a user namespace that knows this user only; needs a process with one thread."""
    unshare(CLONE_NEWUSER)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def loopback_up() -> None:
    """Bring up ``lo`` in this network namespace."""
    siocsifflags, up_running = 0x8914, 0x41
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, siocsifflags, struct.pack("16sH14x", b"lo", up_running))


def die_with_parent(signal_number: int) -> None:
    """Have the kernel signal this process when its parent ends."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0), "prctl PDEATHSIG")


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends."""
    _check(_libc.prctl(_PR_SUBREAPER, 1, 0, 0, 0), "prctl CHILD_SUBREAPER")


def set_dumpable(value: bool) -> None:
    """Whether processes of the same user may look into this one (ptrace, /proc/PID/mem, /proc/PID/fd)."""
    _check(_libc.prctl(_PR_SET_DUMPABLE, int(value), 0, 0, 0), "prctl DUMPABLE")


def no_new_privileges() -> None:
    """Make set-user-id programs and file capabilities powerless from here on."""
    _check(_libc.prctl(_PR_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl NO_NEW_PRIVS")


def bound_capabilities() -> None:
    """Give up the possibility to regain a capability; only who still has CAP_SETPCAP can."""
    for capability in range(64):
        if _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) < 0:
            break


def drop_capabilities() -> None:
    """Give up every capability."""
    version_3 = struct.pack("<Ii", 0x20080522, 0)
    _check(_libc.capset(version_3, struct.pack("<6I", *[0] * 6)), "capset")


def landlock_abi() -> int:
    """Version of Landlock that this kernel offers; 0 if none."""
    return max(0, _syscall(_SYS_LANDLOCK_CREATE, None, ctypes.c_size_t(0), 1))


def landlock(read: Iterable[str], write: Iterable[str], devices: Iterable[str], *, connect: bool, listen: bool) -> None:
    """Restrict this process and its children to the paths given, for good.

    Args:
        read: files and folders that may be read and executed.
        write: folders in which everything may be done but making device nodes.
        devices: device files that may be read and written.
        connect: whether TCP connections stay allowed (False where no namespace takes care of them).
        listen: whether TCP ports may be opened.

    Raises:
        OSError: the kernel refused.
    """
    abi = landlock_abi()
    handled = sum(bits for version, bits in _RIGHTS_BY_ABI.items() if abi >= version)
    tcp = 0 if abi < 4 else (0 if listen else _BIND_TCP) | (0 if connect else _CONNECT_TCP)
    scoped = 3 if abi >= 6 else 0  # abstract Unix sockets and signals stay inside
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    packed = struct.pack("<QQQ", handled, tcp, scoped)
    ruleset = _check(_syscall(_SYS_LANDLOCK_CREATE, packed, ctypes.c_size_t(size), 0), "landlock_create_ruleset")
    try:
        for path in read:
            _allow(ruleset, path, handled & (_READ_FILE | _READ_DIR | _EXECUTE))
        for path in write:
            _allow(ruleset, path, handled & ~(_MAKE_CHAR | _MAKE_BLOCK | _IOCTL_DEV))
        for path in devices:
            _allow(ruleset, path, handled & (_READ_FILE | _READ_DIR | _WRITE_FILE | _TRUNCATE))
        no_new_privileges()
        _check(_syscall(_SYS_LANDLOCK_RESTRICT, ruleset, 0), "landlock_restrict_self")
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not os.path.isdir(path):
            rights &= _FILE_RIGHTS
        rule = struct.pack("<Qi", rights, beneath)
        _check(_syscall(_SYS_LANDLOCK_ADD, ruleset, 1, rule, 0), f"landlock_add_rule {path}")
    finally:
        os.close(beneath)


def install_filter(program: bytes) -> None:
    """Install a seccomp filter (an array of ``struct sock_filter``) for this process and its children."""
    buffer = ctypes.create_string_buffer(program)
    header = struct.pack("<HxxxxxxQ", len(program) // 8, ctypes.addressof(buffer))
    no_new_privileges()
    pr_set_seccomp, mode_filter = 22, 2
    _check(_libc.prctl(pr_set_seccomp, mode_filter, header, 0, 0), "seccomp")
