def make(folder, course):
    path = folder / "prepare.py"
    attack = f"""
import os
for top in ({str(course)!r}, "/proc/1/root" + {str(course)!r}):
    for inside, _, names in os.walk(top):
        for name in names:
            if name in ("test_hidden.py", "cases.toml", "driver.py") or "solutions" in inside:
                raise SystemExit(f"LOOT {{inside}} {{name}}")
"""
    path.write_text(path.read_text() + attack)
