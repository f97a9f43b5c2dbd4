import json


def make(folder, course):
    path = folder / "iris_slicing.ipynb"
    notebook = json.loads(path.read_text())
    cells = notebook["cells"]
    notebook["cells"] = cells[::-1]
    path.write_text(json.dumps(notebook))
