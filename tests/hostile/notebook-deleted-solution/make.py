import json


def make(folder, course):
    path = folder / "iris_slicing.ipynb"
    notebook = json.loads(path.read_text())
    cells = notebook["cells"]
    notebook["cells"] = [cell for cell in cells if "def slice_stats" not in "".join(cell["source"])]
    path.write_text(json.dumps(notebook))
