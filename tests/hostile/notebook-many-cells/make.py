import json


def make(folder, course):
    path = folder / "iris_slicing.ipynb"
    notebook = json.loads(path.read_text())
    cells = notebook["cells"]
    notebook["cells"] = [{"cell_type": "code", "source": "1"}] * 20_000 + cells
    path.write_text(json.dumps(notebook))
