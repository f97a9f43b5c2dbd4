import ctypes
import os
import shutil
import subprocess

for name in ("su", "sudo", "mount", "passwd", "newuidmap", "pkexec", "chsh", "ping"):
    path = shutil.which(name)
    if path and os.stat(path).st_mode & 0o6000:
        done = subprocess.run([path, "-c", "id -u"] if name == "su" else [path, "-n", "id", "-u"] if name == "sudo" else [path, "--help"], capture_output=True, stdin=subprocess.DEVNULL)
        if done.stdout.strip() == b"0":
            print("LOOT", name)
for change in (os.setuid, os.setgid, os.seteuid):
    try:
        change(0)
        print("LOOT", change)
    except OSError:
        pass
try:
    os.setgroups([0])
    print("LOOT groups")
except OSError:
    pass
status = open("/proc/self/status").read()
for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
    if f"{name}:\t0000000000000000" not in status:
        print("LOOT", name)
for line in ("NoNewPrivs:\t1", "Seccomp:\t2"):
    if line not in status:
        print("LOOT", line)
print("TRIED")
