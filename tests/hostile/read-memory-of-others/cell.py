import ctypes
import os

for pid in filter(str.isdigit, os.listdir("/proc")):
    if int(pid) == os.getpid() or pid == "self":
        continue
    for name in ("mem", "environ", "maps", "auxv", "stack"):
        try:
            with open(f"/proc/{pid}/{name}", "rb") as file:
                if name == "mem":
                    file.seek(0x400000)
                if file.read(8):
                    print("LOOT", pid, name)
        except OSError:
            continue
libc = ctypes.CDLL(None, use_errno=True)
for request in (16, 0x4206):  # PTRACE_ATTACH, PTRACE_SEIZE
    if libc.ptrace(request, 1, None, None) == 0:
        print("LOOT ptrace")
buffer = ctypes.create_string_buffer(8)
local = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 8)
remote = (ctypes.c_void_p * 2)(0x400000, 8)
if libc.process_vm_readv(1, local, 1, remote, 1, 0) > 0:
    print("LOOT process_vm_readv")
print("TRIED")
