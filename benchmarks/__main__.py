"""``python -m benchmarks``: measure, show ratios, and write the page of the documentation."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path

from benchmarks import report
from benchmarks.measures import MEASURES, Settings

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "teach" / "benchmarks.md"


def main(argv: Sequence[str] | None = None) -> None:
    """Do what the command line says."""
    asked = parser().parse_args(argv)
    settings = chosen(asked)
    for name in asked.measure or ([] if asked.summary else MEASURES):
        about = report.machine()
        print(f"{report.TITLES[name]} ({about['date']}, load {about['load_before']})", flush=True)
        report.write(RESULTS, name, about, MEASURES[name](settings))
    if asked.summary:
        PAGE.write_text(report.page(report.read(RESULTS)), encoding="utf-8")
        print(f"Written: {PAGE.relative_to(ROOT)}")


def chosen(asked: argparse.Namespace) -> Settings:
    """The settings that were asked for."""
    given = {field.name: getattr(asked, field.name) for field in dataclasses.fields(Settings)}
    return Settings(**{name: value for name, value in given.items() if value is not None})


def parser() -> argparse.ArgumentParser:
    """The command line."""
    numbers = _list(int)
    new = argparse.ArgumentParser(prog="nox -s bench --", description="Measure the autograder and other graders.")
    new.add_argument("measure", nargs="*", type=_measure, help=f"{', '.join(MEASURES)}; all if none is named")
    new.add_argument("--size", type=int, help="students in the class that all graders grade (19)")
    new.add_argument("--sizes", type=numbers, help="students in the classes that ours grades alone (20,200,2000)")
    new.add_argument("--runs", type=int, help="how often what is short is measured (5)")
    new.add_argument("--cores", type=numbers, help="numbers of cores (1,2)")
    new.add_argument("--peers", type=_list(str), help="graders beside ours (nbgrader,otter,pytest)")
    new.add_argument("--environment", type=_folder, help="environment that has them; one is made if none is named")
    new.add_argument("--lab", help="lab whose first feedback is timed (02)")
    new.add_argument("--labs", type=_list(str), help="labs that are verified (02)")
    new.add_argument("--summary", action="store_true", help="write docs/teach/benchmarks.md from the last results")
    return new


def _measure(name: str) -> str:
    if name not in MEASURES:
        raise argparse.ArgumentTypeError(f"there is no measure {name!r}: choose from {', '.join(MEASURES)}")
    return name


def _folder(text: str) -> Path:
    """An absolute path: other graders run in folders of their own."""
    return Path(text).absolute()


def _list(kind: type[int] | type[str]):
    def read(text: str) -> tuple[int | str, ...]:
        return tuple(kind(part) for part in text.split(",") if part)

    return read


if __name__ == "__main__":
    main()
