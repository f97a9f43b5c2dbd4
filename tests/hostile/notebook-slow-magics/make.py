import json


def make(folder, course):
    path = folder / "iris_slicing.ipynb"
    notebook = json.loads(path.read_text())
    cells = notebook["cells"]
    source = " " * 200_000 + "x" + ("a," * 100_000) + "\n"
    cells.append({"cell_type": "code", "source": source, "metadata": {}, "outputs": []})
    path.write_text(json.dumps(notebook))
