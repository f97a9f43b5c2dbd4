"""Grade one submission for :class:`~autograder.nbcourse.GradeInSandbox`, in a process of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main(lab_id: str, folder: str, given: str, target: str) -> None:
    """Grade the files of ``folder``, with the lab's other files from ``given``, and write the report to ``target``."""
    # Graders fit small models, for which threads cost more than they bring. It must be said before NumPy is imported.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    from autograder.catalog import Catalog
    from autograder.errors import AutograderError
    from autograder.grading import Request, grade
    from autograder.manifest import preloads
    from autograder.results import Report
    from autograder.sandbox.client import Zygote
    from autograder.sandbox.policy import require_safe

    try:
        catalog = Catalog()
        lab = catalog.lab(lab_id)
        with Zygote(preloads([lab])) as zygote:
            require_safe(zygote.level)
            report = grade(Request(lab, Path(folder), given=Path(given)), catalog, zygote)
    except AutograderError as error:
        sys.exit(str(error))
    Path(target).write_text(Report(labs=(report,)).model_dump_json(), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
