"""The filter refuses what it says, on both architectures, by running its program on made-up system calls."""

from __future__ import annotations

import errno
import struct

import pytest

from autograder.sandbox import seccomp

X86_64, AARCH64 = 0xC000003E, 0xC00000B7
ALLOW, KILL = 0x7FFF0000, 0x80000000
MACHINES = {"x86_64": (X86_64, 0), "aarch64": (AARCH64, 1)}


def refused(number: int) -> int:
    """What the filter returns to fail a call with an errno."""
    return 0x50000 | number


def verdict(machine: str, call: int, *arguments: int, audit: int | None = None) -> int:
    """What the filter of ``machine`` says to a system call."""
    lines = list(struct.iter_unpack("<HBBI", seccomp._program(machine)))
    registers = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("<IIQ6Q", call, MACHINES[machine][0] if audit is None else audit, 0, *registers)
    at, value = 0, 0
    while True:
        code, if_true, if_false, operand = lines[at]
        at += 1
        match code:
            case 0x20:
                (value,) = struct.unpack_from("<I", data, operand)
            case 0x15:
                at += if_true if value == operand else if_false
            case 0x35:
                at += if_true if value >= operand else if_false
            case 0x45:
                at += if_true if value & operand else if_false
            case 0x06:
                return int(operand)


@pytest.mark.parametrize("machine", MACHINES)
def test_every_call_of_the_list_is_refused(machine: str) -> None:
    """Each call on the list fails with EPERM, by the number that it has on this architecture."""
    column = MACHINES[machine][1]
    answers = {name: verdict(machine, numbers[column]) for name, numbers in seccomp._REFUSED.items()}

    assert set(answers.values()) == {refused(errno.EPERM)}


@pytest.mark.parametrize(
    ("machine", "calls"),
    [
        ("x86_64", {"read": 0, "open": 2, "mmap": 9, "fork": 57, "execve": 59, "kill": 62, "futex": 202, "bind": 49}),
        ("aarch64", {"read": 63, "openat": 56, "mmap": 222, "execve": 221, "kill": 129, "futex": 98, "bind": 200}),
    ],
)
def test_calls_that_programs_live_on_are_allowed(machine: str, calls: dict[str, int]) -> None:
    """Files, memory, processes and sockets work."""
    answers = {name: verdict(machine, number) for name, number in calls.items()}

    assert set(answers.values()) == {ALLOW}


@pytest.mark.parametrize(("machine", "clone"), [("x86_64", 56), ("aarch64", 220)])
def test_clone_makes_processes_and_no_namespaces(machine: str, clone: int) -> None:
    """A fork and a thread are allowed, a new namespace of any kind is not."""
    thread, sigchld = 0x3D0F00, 17
    namespaces = [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000]

    assert {verdict(machine, clone, flags) for flags in (thread, sigchld)} == {ALLOW}
    assert {verdict(machine, clone, flags | sigchld) for flags in namespaces} == {refused(errno.EPERM)}


@pytest.mark.parametrize("machine", MACHINES)
def test_clone3_seems_not_to_exist(machine: str) -> None:
    """Libraries fall back to clone, whose flags can be read."""
    assert verdict(machine, 435) == refused(errno.ENOSYS)


@pytest.mark.parametrize(("machine", "socket"), [("x86_64", 41), ("aarch64", 198)])
def test_sockets_are_of_the_common_families(machine: str, socket: int) -> None:
    """Unix, IPv4 and IPv6 sockets are allowed; netlink, packet, vsock and all others are not."""
    assert {verdict(machine, socket, family) for family in (1, 2, 10)} == {ALLOW}
    assert {verdict(machine, socket, family) for family in (0, 3, 16, 17, 38, 40)} == {refused(errno.EAFNOSUPPORT)}


@pytest.mark.parametrize("machine", MACHINES)
def test_other_architectures_end_the_process(machine: str) -> None:
    """Calls in 32-bit or x32 fashion, whose numbers mean something else, kill."""
    assert verdict(machine, 1, audit=0x40000003) == KILL
    assert verdict(machine, 0x40000000 | 1) == KILL


def test_machines_without_a_filter_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """On any other architecture level ``kernel`` is not offered."""
    monkeypatch.setattr("os.uname", lambda: type("Uname", (), {"machine": "riscv64"})())

    assert not seccomp.supported()
