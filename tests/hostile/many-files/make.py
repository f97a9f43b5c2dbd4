def make(folder, course):
    (folder / "many").mkdir()
    for number in range(10_000):
        (folder / "many" / f"{number}.txt").touch()
