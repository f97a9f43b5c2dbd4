"""Record the feedback that each wrong case of a lab gets, for review.

Run in the checkout: python tests/golden/feedback/make.py [LAB …] [--only WORDS] [--check]

Each wrong case of autograder/graders/LAB/cases.toml is graded once with seed 0, and what its learner would read is
written to tests/golden/feedback/LAB/. Read what `git diff` shows before you commit it. `nox -s verify` compares; files
of cases that are no more are removed. --check writes nothing and shows what differs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from autograder import cases, goldens
from autograder.catalog import Catalog
from autograder.grading import Request, grade
from autograder.manifest import Lab, preloads
from autograder.render.feedback import feedback
from autograder.results import Outcome
from autograder.sandbox.client import Zygote


def main() -> int:
    """Record or check the labs named, or all of them; the number of cases that could not be graded."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labs", nargs="*", metavar="LAB")
    parser.add_argument("--only", default="", help="cases whose name contains these words")
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args()
    catalog = Catalog()
    labs = [catalog.find(name) for name in options.labs] or list(catalog.labs())
    with Zygote(preloads(labs)) as zygote:
        return sum(_lab(catalog, zygote, lab, options.only, check=options.check) for lab in labs)


def _lab(catalog: Catalog, zygote: Zygote, lab: Lab, only: str, *, check: bool) -> int:
    listed = cases.load_cases(catalog.grader_dir(lab.id) / "cases.toml", lab, catalog.solution_dir(lab.id))
    wrong = [case for case in listed if case.fails]
    faults = 0
    for case in wrong:
        if only not in case.name:
            continue
        with tempfile.TemporaryDirectory(prefix="autograder-case-") as folder:
            cases.apply(case, catalog.solution_dir(lab.id), lab, Path(folder))
            report = grade(Request(lab, Path(folder)), catalog, zygote)
        if report.outcome is not Outcome.GRADED:
            faults += 1
            print(f"FAULT {lab.id}: {case.name}: {report.problem}", flush=True)
        elif check:
            said = feedback(report)
            problem = goldens.difference(catalog.root, lab.id, case.name, said, by_chance=case.by_chance)
            faults += bool(problem)
            print(f"{'DIFFERS' if problem else 'same'} {lab.id}: {case.name}: {problem}", flush=True)
        elif goldens.write(catalog.root, lab.id, case.name, feedback(report)):
            print(f"wrote {lab.id}: {case.name}", flush=True)
    if not check:
        known = {goldens.golden(catalog.root, lab.id, case.name) for case in wrong}
        for path in sorted(goldens.golden(catalog.root, lab.id, "any").parent.glob("*.txt")):
            if path not in known:
                path.unlink()
                print(f"removed {lab.id}: {path.name}", flush=True)
    return faults


if __name__ == "__main__":
    sys.exit(min(main(), 100))
