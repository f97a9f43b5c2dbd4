import os
import signal

pids = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
if len(pids) > 4:
    print("LOOT", pids)
for pid in range(2, 40_000):
    if pid in (os.getpid(), os.getppid()) or pid in pids:
        continue
    try:
        os.kill(pid, 0)
        print("LOOT", pid)
    except ProcessLookupError:
        pass
print("TRIED")
