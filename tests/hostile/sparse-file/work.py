import os
import resource


def make():
    os.remove("out.txt") if os.path.exists("out.txt") else None
    try:
        os.truncate(os.open("out.txt", os.O_RDWR | os.O_CREAT), 1 << 40)
    except OSError:
        os.truncate("out.txt", 15 << 20)


if __name__ == "__main__":
    make()


def double(x):
    return 2 * x
