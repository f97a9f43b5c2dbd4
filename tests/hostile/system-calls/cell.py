import ctypes

libc = ctypes.CDLL(None, use_errno=True)
ASKED = {
    "mount": (b"tmpfs", b"/tmp", b"tmpfs", 0, None), "umount2": (b"/proc", 2), "chroot": (b"/tmp",), "pivot_root": (b"/", b"/"),
    "ptrace": (0, 0, 0, 0), "bpf": (0, None, 0), "perf_event_open": (None, 0, -1, -1, 0), "keyctl": (0, -3, 1), "add_key": (b"user", b"x", b"y", 1, -3),
    "userfaultfd": (0,), "io_uring_setup": (1, None), "init_module": (None, 0, b""), "kexec_load": (0, 0, None, 0), "reboot": (0, 0, 0, None),
    "swapon": (b"/tmp/x", 0), "acct": (b"/tmp/x",), "personality": (0x0040000,), "process_vm_writev": (1, None, 0, None, 0, 0),
    "pidfd_getfd": (0, 0, 0), "fsopen": (b"tmpfs", 0), "open_tree": (-100, b"/", 1), "move_mount": (0, b"", 0, b"", 0), "sethostname": (b"x", 1),
    "setdomainname": (b"x", 1), "settimeofday": (None, None), "syslog": (3, None, 0), "quotactl": (0, None, 0, None), "iopl": (3,), "vhangup": (),
    "memfd_secret": (0,), "shmget": (0, 4096, 0o1600), "msgget": (0, 0o1600), "semget": (0, 1, 0o1600), "mq_open": (b"/x", 0o102, 0o600, None),
}
NUMBERS = {
    "mount": 165, "umount2": 166, "chroot": 161, "pivot_root": 155, "ptrace": 101, "bpf": 321, "perf_event_open": 298, "keyctl": 250, "add_key": 248,
    "userfaultfd": 323, "io_uring_setup": 425, "init_module": 175, "kexec_load": 246, "reboot": 169, "swapon": 167, "acct": 163, "personality": 135,
    "process_vm_writev": 311, "pidfd_getfd": 438, "fsopen": 430, "open_tree": 428, "move_mount": 429, "sethostname": 170, "setdomainname": 171,
    "settimeofday": 164, "syslog": 103, "quotactl": 179, "iopl": 172, "vhangup": 153, "memfd_secret": 447, "shmget": 29, "msgget": 68, "semget": 64, "mq_open": 240,
}
import platform

if platform.machine() == "x86_64":
    for name, arguments in ASKED.items():
        ctypes.set_errno(0)
        got = libc.syscall(NUMBERS[name], *arguments)
        if got >= 0 or ctypes.get_errno() not in (1, 38):
            if name not in ("settimeofday", "quotactl") or got >= 0 and name != "settimeofday":
                print("LOOT", name, got, ctypes.get_errno())
print("TRIED")
