def make(folder, course):
    command = "!!python/object/apply:os.system ['echo LOOT']"
    for name in ("dvc.yaml", "params.yaml"):
        (folder / name).write_text(f"loot: {command}\n" + (folder / name).read_text())
