import json


def make(folder, course):
    path = folder / "iris_slicing.ipynb"
    notebook = json.loads(path.read_text())
    cells = notebook["cells"]
    notebook["cells"] = [None, 5, [], {}, {"cell_type": "code"}, {"cell_type": "code", "source": {"x": 1}}, {"cell_type": ["code"], "source": "1"}]
    path.write_text(json.dumps(notebook))
