def make(folder, course):
    path = folder / "evaluate.py"
    attack = """

import glob, os, re

for name in glob.glob("/workspace/labs/*/.grader/plan*"):
    raise SystemExit(f"LOOT {name}")
pid = os.getpid()
while pid > 1:
    pid = int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1])
    if pid == 0 or open(f"/proc/{pid}/comm").read().strip() == "sh":
        continue
    for secret in ("environ", "mem"):
        try:
            open(f"/proc/{pid}/{secret}", "rb").close()
        except PermissionError:
            continue
        raise SystemExit(f"LOOT {pid} {secret} {open(f'/proc/{pid}/cmdline').read()}")
"""
    path.write_text(path.read_text() + attack)
