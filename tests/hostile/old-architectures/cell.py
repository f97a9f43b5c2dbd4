import os
import platform
import subprocess
import sys

if platform.machine() == "x86_64":
    code = "import ctypes; ctypes.CDLL(None).syscall(0x40000000 | 39); print('LOOT')"
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True)
    print(done.stdout)
    assert done.returncode == -31, done
print("TRIED")
