import json


def make(folder, course):
    path = folder / "iris_slicing.ipynb"
    notebook = json.loads(path.read_text())
    cells = notebook["cells"]
    for cell in cells:
        if cell["cell_type"] == "code":
            html = {"text/html": ["<script>alert(1)</script>" * 20_000]}
            cell["outputs"] = [{"output_type": "display_data", "data": html, "metadata": {}}]
    path.write_text(json.dumps(notebook))
