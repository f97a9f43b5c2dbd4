def make(folder, course):
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    for name in ("dvc.yaml", "dvc.lock", "params.yaml", ".dvc/config"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(bomb + "stages: !!python/object/apply:os.system ['echo LOOT']\n")
