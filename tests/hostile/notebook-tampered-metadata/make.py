import json


def make(folder, course):
    path = folder / "iris_slicing.ipynb"
    notebook = json.loads(path.read_text())
    cells = notebook["cells"]
    for cell in cells:
        cell["metadata"] = {"nbgrader": {"grade": True, "points": 1000, "locked": False, "solution": True, "grade_id": "slice-stats", "schema_version": 99}}
    notebook["metadata"] = {"kernelspec": {"name": "bash", "language": "sh"}, "otter": {"assignment_name": "x"}, "score": 12}
    notebook["nbformat"], notebook["nbformat_minor"] = -1, 10**9
    path.write_text(json.dumps(notebook))
