import os


def double(x):
    block = b"spam" * (1 << 18)
    for _ in range(1024):
        os.write(1, block)
        os.write(2, b"!")
    return 2 * x
