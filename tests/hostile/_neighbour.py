"""An innocent submission that is graded beside the attacks: a line in asks for it, a line out says what it got."""

import json
import sys
import time
from pathlib import Path

from autograder.catalog import Catalog
from autograder.grading import Request, grade
from autograder.sandbox.client import Zygote


def main() -> None:
    """Grade the folder argv[2] of the course argv[1] three times for every line read."""
    catalog = Catalog(Path(sys.argv[1]))
    lab = catalog.labs()[0]
    with Zygote(lab.preload) as zygote:
        print("ready", zygote.level, flush=True)
        for _ in sys.stdin:
            start = time.monotonic()
            reports = [grade(Request(lab, Path(sys.argv[2])), catalog, zygote) for _ in range(3)]
            seconds = time.monotonic() - start
            print(json.dumps([[report.score, report.problem] for report in reports] + [seconds]), flush=True)


main()
