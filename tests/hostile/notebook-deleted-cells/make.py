import json


def make(folder, course):
    path = folder / "iris_slicing.ipynb"
    notebook = json.loads(path.read_text())
    cells = notebook["cells"]
    notebook["cells"] = [cell for cell in cells if not cell.get("metadata", {}).get("nbgrader", {}).get("locked")]
    path.write_text(json.dumps(notebook))
