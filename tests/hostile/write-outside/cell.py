import os

written = []
for path in (
    "../../datasets/iris/iris.csv", "/etc/passwd", "/usr/lib/evil", "@CANARY@/written", "@COURSE@/course.toml",
    "@REPO@/course.toml", "/proc/sys/kernel/core_pattern", "/proc/1/oom_score_adj", "/proc/sysrq-trigger", "/sys/fs/cgroup/x",
    os.path.dirname(pd.__file__) + "/evil.py", "/workspace/course.toml", "/evil",
):
    try:
        with open(path, "a") as file:
            file.write("LOOT")
        written.append(path)
    except OSError:
        pass
for path in ("../../datasets/iris/iris.csv", "../../datasets/iris", "/usr", "@CANARY@/keep"):
    try:
        os.rename(path, "moved")
        written.append(path)
    except OSError:
        pass
print("LOOT" if written else "TRIED", written)
