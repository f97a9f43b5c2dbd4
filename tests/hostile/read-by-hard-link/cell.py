import os

for source in ("@COURSE@/course.toml", "/proc/1/root@COURSE@/course.toml", "/etc/shadow", "/proc/self/environ"):
    try:
        os.link(source, "linked")
    except OSError:
        continue
    print("LOOT", source)
print("TRIED")
