import os

made = 0
try:
    for made in range(10**6):
        os.mknod(f"f{made}")
except OSError:
    print("TRIED", made < 20_000)


def double(x):
    return 2 * x
