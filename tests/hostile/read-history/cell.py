def look(path):
    try:
        with open(path, "rb") as file:
            print("LOOT", path, file.read(80))
    except OSError as error:
        return type(error).__name__


for name in ("HEAD", "config", "index", "packed-refs", "logs/HEAD"):
    look(f"@REPO@/.git/{name}")
    look(f"../../.git/{name}")
print("TRIED")
