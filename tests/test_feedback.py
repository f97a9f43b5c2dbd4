"""What learners read after a known mistake says what happened and what was expected, and gives nothing away."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from autograder import cases, goldens
from autograder.catalog import Catalog
from autograder.render.feedback import feedback
from autograder.results import CheckStatus, LabReport, Report

if TYPE_CHECKING:
    from tests.conftest import Course

ROOT = Path(__file__).parents[1]
CATALOG = Catalog(ROOT)
LABS = CATALOG.ids

_NUMBER = re.compile(r"(?<![\w.\-])-?\d+(?:[.,]\d+)*(?:e[+-]?\d+)?(?![\w])")
_GROUP = re.compile(r"[\[({][^\[\](){}]*[\])}]")
_SAYS = re.compile(
    r"xpected|\?|\b(?:[Nn]o|[Nn]obody|[Nn]ot|[Nn]one|although|and yet|but|only|still|without)\b"
    r"|\b(?:[Cc]ompare|[Cc]ompute|Let|Look|Names? of|Recomputed|State|Texts stand|Write|lacks|takes|notices? \d+ of)\b"
)
"""How a message says what should have been: in so many words, by a question, by what is not so, or by what to do."""
_ROW = re.compile(r"\s*\S+(?:\s{2,}(?:-?[\d.]+(?:e-?\d+)?|NaN))+")
_HOST = re.compile(r"(?<![\w…/.])/(?:etc|opt|proc|root|srv|tmp|usr|var|work|workspace)/")
_INTERNAL = re.compile(r"\b(?:autograder\.\w+|test_hidden|test_visible|_pytest|GraderError|at 0x[0-9a-f]+)\b")
_OWN = re.compile(r"^\s*line \d+: |^\s*(?:E\s+)?assert |^\s*\d+ (?:│|   )")
"""A line of the learner's own file, quoted."""
_LONGEST_LINE, _LONGEST, _MOST_LINES = 420, 1250, 15


class Finding(NamedTuple):
    """One finding of a golden file."""

    lab: str
    case: str
    task: str
    mark: str
    headline: str
    hidden: bool
    called: str
    returned: str
    message: str


def parse(lab: str, text: str) -> Iterator[Finding]:
    """The findings of a golden file."""
    case, task = "", ""
    blocks: list[list[str]] = []
    for line in text.splitlines():
        if line.startswith("# "):
            case = line[2:]
        elif line and not line.startswith(" "):
            task = line
        elif re.match(r"  [✗!–] ", line):
            blocks.append([task, line])
        elif line:
            blocks[-1].append(line)
    for task, head, *rest in blocks:
        body = [line[6:] for line in rest if line.startswith("    |")]
        yield Finding(
            lab,
            case,
            task,
            head[2],
            head[4:].removesuffix(" (hidden check)"),
            head.endswith(" (hidden check)"),
            next((line[11:-1] for line in rest if line.startswith("    Called ")), ""),
            next((line[16:-1] for line in rest if line.startswith("    It returned ")), ""),
            "\n".join(body),
        )


@cache
def recorded(lab: str) -> tuple[Finding, ...]:
    """Every finding recorded for a lab."""
    files = sorted((ROOT / "tests" / "golden" / "feedback" / lab).glob("*.txt"))
    return tuple(finding for path in files for finding in parse(lab, path.read_text(encoding="utf-8")))


@cache
def grader_lines(lab: str) -> frozenset[str]:
    """Lines of a lab's graders that are code, and long enough to be recognised."""
    return frozenset(
        line for path in CATALOG.grader_dir(lab).rglob("*.py") if "cases" not in path.parts for line in _code(path)
    )


@cache
def solution_lines(lab: str) -> frozenset[str]:
    """Lines of a lab's solution regions that are code, and long enough to be recognised."""
    found: set[str] = set()
    for name in CATALOG.lab(lab).submit:
        inside = False
        for line in _text(CATALOG.solution_dir(lab) / name).splitlines():
            inside = (inside or "BEGIN SOLUTION" in line) and "END SOLUTION" not in line
            if inside and _is_telling(line):
                found.add(line.strip())
    return frozenset(found)


def _text(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return text
    return "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "code")


def _code(path: Path) -> Iterator[str]:
    source = path.read_text(encoding="utf-8")
    texts = {
        number
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    for number, line in enumerate(source.splitlines(), start=1):
        if number not in texts and _is_telling(line):
            yield line.strip()


def _is_telling(line: str) -> bool:
    """Whether a line is more than a word or a bracket, and looks like code."""
    return len(line.strip()) >= 20 and any(sign in line for sign in "=([") and not line.strip().startswith(("#", "|"))


def gives_away(message: str, title: str = "") -> str:
    """What in a hidden check's message is an answer of more than one number; empty if nothing is."""
    known = {"0", "1", *_NUMBER.findall(title)}
    message = re.sub(r"It raised .*", "", message)
    for line in message.splitlines():
        for group in re.split(r"(?<=[.:;]) (?=[A-Z])", line):
            _, expected, wanted = group.partition("xpected")
            wanted = re.split(r", got |; found |\. ", wanted)[0]
            numbers = [number for number in _NUMBER.findall(wanted) if number not in known]
            if expected and len(numbers) > 1:
                return f"expected: {wanted.strip()}"
        for found in _GROUP.findall(line):
            inside = found[1:-1]
            if len(_NUMBER.findall(inside)) > 1 and re.fullmatch(r"[^A-Za-z]*|.*[:'\"].*", inside):
                return f"a list: {found}"
        if re.search(r"\b(?:array|DataFrame|Series)\(|dtype[:=]", line):
            return f"a table: {line}"
    rows = [
        line for line in message.splitlines() if re.fullmatch(r"\s*\S+(?:\s{2,}-?[\d.]+(?:e-?\d+)?|\s{2,}NaN)+", line)
    ]
    return f"a table: {rows[0]}" if len(rows) > 1 else ""


def faults(finding: Finding) -> list[str]:
    """What is wrong with a finding, in words."""
    said = finding.message
    text = f"{finding.headline}\n{said}"
    theirs = "\n".join(line for line in text.splitlines() if not _OWN.search(line))
    found = []
    if finding.mark == "✗" and not said.strip():
        found.append("there is no message")
    if finding.mark == "✗" and not _SAYS.search(said):
        found.append("nothing says what was expected")
    if finding.returned and not finding.called:
        found.append("something was returned, but nothing says what was called")
    if finding.hidden and finding.mark == "✗" and (answer := gives_away(theirs, finding.headline)):
        found.append(f"it gives away {answer}")
    if quoted := [line for line in grader_lines(finding.lab) if line in theirs]:
        found.append(f"it quotes the grader: {quoted[0]}")
    if quoted := [line for line in solution_lines(finding.lab) if line in theirs]:
        found.append(f"it quotes the solution: {quoted[0]}")
    if path := _HOST.search(text):
        found.append(f"it names a folder of this machine: {text[path.start() :][:40]}")
    if name := _INTERNAL.search(theirs):
        found.append(f"it names what is ours: {name[0]}")
    if len(said) > _LONGEST or said.count("\n") >= _MOST_LINES or any(len(x) > _LONGEST_LINE for x in said.split("\n")):
        found.append("it is too long to be read")
    return found


@pytest.mark.parametrize("lab", LABS)
def test_every_known_mistake_has_its_feedback_recorded(lab: str) -> None:
    """One golden file for each wrong case of a lab, and no others."""
    listed = cases.load_cases(CATALOG.grader_dir(lab) / "cases.toml", CATALOG.lab(lab), CATALOG.solution_dir(lab))
    wanted = {goldens.golden(ROOT, lab, case.name) for case in listed if case.fails}

    assert set((ROOT / "tests" / "golden" / "feedback" / lab).glob("*")) == wanted
    assert len(wanted) == sum(bool(case.fails) for case in listed)


@pytest.mark.parametrize("lab", LABS)
def test_every_finding_tells_enough_and_not_too_much(lab: str) -> None:
    """No recorded message is empty, too long, or shows answers, sources or paths."""
    wrong = {f"{each.case} · {each.headline}": found for each in recorded(lab) if (found := faults(each))}

    assert wrong == {}


@pytest.mark.parametrize("lab", LABS)
def test_every_task_that_should_lose_points_says_why(lab: str) -> None:
    """A golden file has a finding for each task that its case must fail."""
    numbers = {task.id: number for number, task in enumerate(CATALOG.lab(lab).task, start=1)}
    listed = cases.load_cases(CATALOG.grader_dir(lab) / "cases.toml", CATALOG.lab(lab), CATALOG.solution_dir(lab))
    told = {(each.case, int(each.task.partition(".")[0])) for each in recorded(lab)}

    assert {(case.name, numbers[task]) for case in listed for task in case.fails} <= told


GOOD = Finding(
    "02-iris-slicing",
    "a case",
    "1. Describe each class",
    "✗",
    "Of 60 rows each is in one slice",
    True,
    "slice_stats(df, cut=[0.25, 0.75])",
    "a dict of 3 items",
    "The count of setosa is 3, expected 4.",
)


@pytest.mark.parametrize(
    "message",
    [
        "The count of setosa is 3, expected 4.",
        "The PNG has 400 × 250 pixels. Expected at least 600.",
        "It lists ['setosa', 'virginica']. Expected alphabetical order.",
        "3 of 60 rows are in no slice. Where does a row go that equals the cut?",
        "The p-value is 0, expected 2.11349e-37.",
        "With f1 0.6, 0.8 the verdict was 'better', expected 'worse'.",
    ],
)
def test_good_messages_pass(message: str) -> None:
    """One number may be told, and whatever is the learner's own."""
    assert faults(GOOD._replace(message=message)) == []


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        ("", "there is no message"),
        ("That is wrong.", "nothing says what was expected"),
        ("The means are off. Expected 5.006, 5.936 and 6.588.", "it gives away expected"),
        ("The counts are wrong, expected [50, 50, 50].", "it gives away expected"),
        ("Wrong? The right ones are [5.006, 5.936].", "it gives away a list"),
        ("Wrong? The right ones are {'setosa': 5.006, 'virginica': 6.588}.", "it gives away a list"),
        ("Expected array([0.1])", "it gives away a table"),
        ("Expected this:\n  setosa   5.006  0.352\n  virginica  6.588  0.636", "it gives away a table"),
        (
            'Expected what `stats = submission.load(NOTEBOOK).slice_stats(flowers, "petal_width")` gives.',
            "it quotes the grader",
        ),
        ('Expected `return df.groupby(by)[feature].agg(["count", "mean", "std"])`.', "it quotes the solution"),
        ("Expected no error in /work/course/labs/x.py.", "it names a folder of this machine"),
        ("Expected what autograder.expect says.", "it names what is ours"),
        ("Expected <Thing at 0x7f73f43358d0>.", "it names what is ours"),
        ("Expected more. " * 100, "it is too long to be read"),
        ("Expected\n" * 20, "it is too long to be read"),
    ],
)
def test_bad_messages_are_found(message: str, fault: str) -> None:
    """Each kind of bad message is told from a good one."""
    found = faults(GOOD._replace(message=message))

    assert any(each.startswith(fault) for each in found), found


def test_a_result_without_its_call_is_found() -> None:
    """What came back means nothing without what was called."""
    assert faults(GOOD._replace(called="")) == ["something was returned, but nothing says what was called"]


def test_a_visible_check_may_show_its_numbers() -> None:
    """Who can read a check can read what it expects."""
    assert faults(GOOD._replace(hidden=False, message="Expected [[294, 19], [7, 112]].")) == []


def test_what_a_learner_wrote_may_be_quoted() -> None:
    """A line of the learner's own file is no leak, though the solution has the same one."""
    line = 'return df.groupby(by)[feature].agg(["count", "mean", "std"])'
    said = f"It fails on a correct app:\n  line 4:  {line}\nWhat does it rely on?"

    assert faults(GOOD._replace(message=said)) == []


def _report(repository: Path, name: str) -> LabReport:
    text = (repository / "tests" / "reports" / name / "report.json").read_text(encoding="utf-8")
    return Report.model_validate_json(text).labs[0]


def test_nothing_is_said_about_full_marks(repository: Path) -> None:
    """A report without findings has no feedback."""
    assert feedback(_report(repository, "full")) == ""


def test_feedback_has_every_message_and_nothing_that_varies(repository: Path) -> None:
    """Messages and calls are there, but neither points nor times nor what was printed."""
    report = _report(repository, "learner")
    again = report.model_copy(update={"seconds": 99.0, "score": 0.5, "started": "2000-01-01T00:00:00Z"})
    text = feedback(report)

    failed = [check for task in report.tasks for check in task.checks if check.status is CheckStatus.FAILED]
    assert failed
    assert all(check.title in text and check.message.splitlines()[0] in text for check in failed)
    assert feedback(again) == text
    assert not any(check.output.strip() in text for task in report.tasks for check in task.checks if check.output)


def test_feedback_is_the_same_for_every_call(course: Course) -> None:
    """Grading twice gives the same text, and parsing it gives what was wrong."""
    first, second = (feedback(course.grade("def double(x):\n    return x + 2\n")) for _ in range(2))

    assert first == second
    assert {finding.task for finding in parse("01-tiny-lab", first)} == {"1. Double a number", "2. Greet someone"}
