"""What ``run_autograder`` calls in Gradescope's container: ``python -m autograder.gradescope 02-iris-slicing``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path


def main() -> int:
    """Grade; the exit code is 0 exactly if there is a results.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lab")
    parser.add_argument("--root", type=Path, default=Path("/autograder"), help="what Gradescope calls /autograder")
    parser.add_argument("--hidden", default="visible", help="when students see the feedback on hidden checks")
    chosen = parser.parse_args()
    # Graders fit small models, for which threads cost more than they bring. It must be said before NumPy is imported.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    from autograder.errors import AutograderError
    from autograder.gradescope.harness import run

    try:
        run(chosen.root, chosen.lab, hidden=chosen.hidden)
    except AutograderError as error:
        sys.stderr.write(f"Our side failed, and nothing is scored: {error}\n")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
