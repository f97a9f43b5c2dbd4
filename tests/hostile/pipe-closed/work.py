import os
import time


def double(x):
    os.closerange(0, 1024)
    time.sleep(100)
