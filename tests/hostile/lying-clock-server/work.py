import os

print("done")


def double(x):
    return 2 * x


if __name__ == "__main__":
    os._exit(0)
