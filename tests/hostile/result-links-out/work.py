import os


def double(x):
    return 2 * x


if __name__ == "__main__":
    for name in os.listdir('.'):
        if name == 'out.txt':
            os.remove(name)
    os.symlink("@SECRET@", "out.txt")
