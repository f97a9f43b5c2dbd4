"""The system calls that student code is refused, as a seccomp filter for x86_64 and aarch64."""

from __future__ import annotations

import os
import struct

from autograder.sandbox import _linux

__all__ = ["install", "supported"]

# name: (x86_64, aarch64). They reach for the kernel, for other processes or for new namespaces, or hold memory
# that belongs to no process and is seen by no limit.
_REFUSED = {
    "acct": (163, 89),
    "add_key": (248, 217),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "delete_module": (176, 106),
    "finit_module": (313, 273),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "init_module": (175, 105),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "kcmp": (312, 272),
    "memfd_secret": (447, 447),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "mq_open": (240, 180),
    "msgget": (68, 186),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "personality": (135, 92),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "reboot": (169, 142),
    "process_madvise": (440, 440),
    "request_key": (249, 218),
    "semget": (64, 190),
    "setns": (308, 268),
    "shmget": (29, 194),
    "swapon": (167, 224),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
}
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_CLONE, _SOCKET, _PRLIMIT, _MEMFD, _CLONE3 = (56, 220), (41, 198), (302, 261), (319, 279), 435
_NAMESPACE_FLAGS = 0x7E020000
_X32 = 0x40000000

_LOAD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _JUMP_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x50000
_EPERM, _ENOSYS, _EAFNOSUPPORT = 1, 38, 97
_FAMILIES = (1, 2, 10)  # AF_UNIX, AF_INET, AF_INET6


def supported() -> bool:
    """Whether a filter exists for this machine's architecture."""
    return os.uname().machine in _ARCHITECTURES


def install() -> None:
    """Refuse the calls for this process and all its children, for good.

    Raises:
        OSError: the kernel refused the filter.
    """
    _linux.install_filter(_program(os.uname().machine))


def _program(machine: str) -> bytes:
    column, audit = _ARCHITECTURES[machine]
    lines = [
        _line(_LOAD, _ARCHITECTURE),
        _line(_JUMP_EQUAL, audit, 1, 0),
        _line(_RETURN, _KILL),
        _line(_LOAD, _NUMBER),
        _line(_JUMP_GREATER_EQUAL, _X32, 0, 1),
        _line(_RETURN, _KILL),
    ]
    for numbers in _REFUSED.values():
        lines += [_line(_JUMP_EQUAL, numbers[column], 0, 1), _line(_RETURN, _ERRNO | _EPERM)]
    # The flags of clone3 lie behind a pointer: glibc falls back to clone, whose flags can be read. Whoever wants a
    # file in memory falls back to one in /tmp, where its size counts.
    for number in (_CLONE3, _MEMFD[column]):
        lines += [_line(_JUMP_EQUAL, number, 0, 1), _line(_RETURN, _ERRNO | _ENOSYS)]
    lines += [
        # One's own limits may be lowered, those of other processes may not.
        _line(_JUMP_EQUAL, _PRLIMIT[column], 0, 4),
        _line(_LOAD, _FIRST_ARGUMENT),
        _line(_JUMP_EQUAL, 0, 1, 0),
        _line(_RETURN, _ERRNO | _EPERM),
        _line(_LOAD, _NUMBER),
        _line(_JUMP_EQUAL, _CLONE[column], 0, 4),
        _line(_LOAD, _FIRST_ARGUMENT),
        _line(_JUMP_SET, _NAMESPACE_FLAGS, 0, 1),
        _line(_RETURN, _ERRNO | _EPERM),
        _line(_LOAD, _NUMBER),
        _line(_JUMP_EQUAL, _SOCKET[column], 0, 2 + len(_FAMILIES)),
        _line(_LOAD, _FIRST_ARGUMENT),
        *(_line(_JUMP_EQUAL, family, len(_FAMILIES) - i, 0) for i, family in enumerate(_FAMILIES)),
        _line(_RETURN, _ERRNO | _EAFNOSUPPORT),
        _line(_RETURN, _ALLOW),
    ]
    return b"".join(lines)


def _line(code: int, value: int, jump_true: int = 0, jump_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, jump_true, jump_false, value)
