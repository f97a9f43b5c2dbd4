while True:
    try:
        with open("fill", "ab", buffering=0) as file:
            file.write(bytes(1 << 16))
    except OSError:
        break


def double(x):
    return 2 * x
