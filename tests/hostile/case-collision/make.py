def make(folder, course):
    for name in ("IRIS_SLICING.IPYNB", "Iris_Slicing.ipynb", "iris_slicing.IPYNB"):
        (folder / name).write_text('{"cells": [{"cell_type": "code", "source": "raise SystemExit(0)"}]}')
