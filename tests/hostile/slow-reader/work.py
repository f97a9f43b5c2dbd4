import os
import struct
import time


def double(x):
    for byte in struct.pack("<II", 1000, 0) + bytes(1000):
        os.write(3, bytes([byte]))
        time.sleep(0.2)
