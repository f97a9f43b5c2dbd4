"""How reports look in a terminal.

Each folder of tests/reports/ is a case: report.json, and terminal.txt as it must look at 80 columns. After a
change of looks, write the texts anew with `python tests/test_render_terminal.py` and read the difference.
"""

from __future__ import annotations

import io
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from autograder.render import terminal
from autograder.render.progress import Progress
from autograder.render.text import cap, clean, legible
from autograder.render.text import number as written
from autograder.results import CheckResult, CheckStatus, LabReport, Report, TaskResult

CASES = sorted(Path(__file__).with_name("reports").iterdir())
WIDTHS = [24, 40, 80, 120, 200]


def _read(name: str | Path) -> Report:
    return Report.model_validate_json((CASES[0].parent / name / "report.json").read_bytes())


def _text(name: str | Path, **more: Any) -> str:
    report = _read(name)
    return terminal.text(report, saved={lab.lab: f".grades/{lab.lab}.html" for lab in report.labs}, **more)


def _printed(report: Report, **console: Any) -> str:
    file = io.StringIO()
    terminal.show(report, Console(file=file, width=80, **console))
    return file.getvalue()


def _one_task(*checks: dict[str, Any], state: str = "none", **lab: Any) -> Report:
    facts = {"task": "one", "title": "A claim", "hidden": False, "status": "failed"}
    done = tuple(CheckResult(**{"id": f"test_{i}", **facts, **check}) for i, check in enumerate(checks))
    task = TaskResult(id="one", title="Do it", number=1, points=2, score=0, state=state, checks=done)
    basis = {
        "lab": "02-iris-slicing",
        "title": "Slice Iris",
        "outcome": "graded",
        "isolation": "kernel",
        "tasks": (task,),
        "points": 2,
        "score": 0,
        "started": "2026-01-31T12:00:00+00:00",
        "seconds": 1,
        "engine": "0.1.0",
    }
    return Report(labs=(LabReport(**{**basis, **lab}),))


# ---- the whole look


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_report_looks_as_agreed(case: Path) -> None:
    """At 80 columns, without colour, each case looks as its terminal.txt."""
    wanted = (case / "terminal.txt").read_text(encoding="utf-8")

    assert _text(case) == wanted, "if this is the new look: python tests/test_render_terminal.py"


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_line_is_wider_than_the_terminal(case: Path, width: int) -> None:
    """From a phone to a wide screen nothing is broken by the terminal; very wide ones are not used up."""
    lines = _text(case, width=width).splitlines()

    assert max(map(cell_len, lines)) <= min(width, 100)
    assert all(line == line.rstrip() for line in lines)


def test_without_a_terminal_there_is_no_escape_sequence() -> None:
    """Piped into a file, a report is plain text."""
    assert "\x1b" not in _printed(_read("learner"))


def test_no_color_means_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR is obeyed even on a terminal."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    codes = set(re.findall(r"\x1b\[([\d;]*)m", _printed(_read("learner"), force_terminal=True)))

    assert codes <= {"0", "1", "2"}  # reset, bold and dim are no colours


def test_colors_show_the_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """Green, yellow and red marks on a terminal that has them."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    printed = _printed(_read("learner"), force_terminal=True, color_system="standard")

    assert "\x1b[32m✓" in printed
    assert "\x1b[33m◐" in printed
    assert "\x1b[31m✗" in printed


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_ascii_terminal_gets_ascii(case: Path) -> None:
    """Where the encoding has no ✓, plain signs stand in and nothing crashes."""
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="strict")
    terminal.show(_read(case), Console(file=file, width=80))
    file.seek(0)
    text = file.read()

    assert text.isascii()
    assert "\\u2713" not in text
    assert text.splitlines()[0].split()[0] == _text(case).splitlines()[0].split()[0]


# ---- what is said


def test_every_task_shows_its_points() -> None:
    """Scores are aligned at the decimal point."""
    text = _text("learner")

    assert re.search(r"✓ 1\. Describe each class +3   / 3$", text, re.M)
    assert re.search(r"◐ 2\. Cut a numeric feature into slices +1\.5 / 3$", text, re.M)
    assert re.search(r"– 5\. Test your slices +not started   0   / 2$", text, re.M)


def test_same_error_is_told_once() -> None:
    """Four checks that met the same exception make one finding, led by the visible one."""
    text = _text("learner")

    assert text.count("worst_slice raised KeyError") == 1
    assert re.search(r"! worst_slice raised KeyError: 'sepal length \(cm\)' +\(and 3 more checks\)", text)


def test_hidden_lead_says_so() -> None:
    """A finding of hidden checks only is marked as hidden, with its number."""
    text = terminal.text(_one_task(*[{"hidden": True, "message": "Too many rows."}] * 3))

    assert "(hidden check, and 2 more)" in text
    assert text.count("Too many rows.") == 1


def test_checks_without_a_message_stay_apart() -> None:
    """Only the same words are told once; no words are no words."""
    text = terminal.text(_one_task({"title": "First claim"}, {"title": "Second claim"}))

    assert "✗ First claim" in text
    assert "✗ Second claim" in text


def test_same_output_is_shown_once_per_task() -> None:
    """What a module prints on import does not fill the screen."""
    text = terminal.text(_one_task({"message": "a", "output": "noise"}, {"message": "b", "output": "noise"}))

    assert text.count("│ noise") == 1


def test_output_of_passed_checks_is_not_shown() -> None:
    """Prints are interesting where something went wrong."""
    report = _one_task({"status": "passed", "output": "chatter"}, {"message": "b"}, state="partial", score=1)

    assert "chatter" not in terminal.text(report)


def test_not_started_is_not_scolded() -> None:
    """An untouched task is one line: no checks, no messages, no pointer to hints."""
    text = _text("learner")

    assert "test_slices.py has no test yet" not in text
    assert 'HINTS.md, "5.' not in text


def test_untouched_lab_is_friendly() -> None:
    """The starter gets a first step, not a list of failures."""
    text = _text("starter")

    assert "Nothing handed in yet. Start with labs/02-iris-slicing/README.md." in text
    assert "✗" not in text
    assert "!" not in text


@pytest.mark.parametrize("case", [case.name for case in CASES if not case.name.startswith("full")])
def test_full_marks_are_claimed_only_when_reached(case: str) -> None:
    """Nothing sounds like success while points are missing."""
    labs = _read(case).labs
    praise = [word for word in ("Full marks", "Well done", "passed") if word in _text(case)]

    assert bool(praise) == any(lab.full_marks for lab in labs)


def test_full_marks_say_how_many_were_hidden() -> None:
    """The praise is honest about what was checked."""
    assert "Full marks: all 15 checks passed, 10 of them hidden." in _text("full")


def test_visible_checks_alone_are_named_as_such() -> None:
    """In the student edition full marks do not pretend that hidden checks have run."""
    text = _text("full-visible")

    assert "15 visible checks, hidden checks did not run here" in text
    assert "Full marks from the visible checks." in text
    assert "all 15 checks passed" not in text


def test_our_failure_is_ours() -> None:
    """No score, no zero, no next task: a plain sentence and the problem."""
    text = _text("our-failure")

    assert "Not graded: our side failed." in text
    assert "your work is untouched" in " ".join(text.split())
    assert "the zygote ended with signal 9" in text
    assert "0 /" not in text
    assert "Next:" not in text


def test_several_labs_get_a_total() -> None:
    """The total names the lab that is missing from it, and the lab to go on with."""
    text = _text("course")

    assert re.search(r"^Total without 1 lab that could not be graded +19\.5 / 48$", text, re.M)
    assert re.search(r"! 04-car-bias +not graded +– +/ 10$", text, re.M)
    assert text.rstrip().endswith("Next: 02-iris-slicing, task 4.")


def test_untouched_course_fits_a_screen() -> None:
    """The first call on a fresh machine shows one line per lab and the first step."""
    lines = _text("untouched-course").strip().splitlines()

    assert len(lines) == 5
    assert lines[-1].strip() == "Next: 02-iris-slicing. Start with labs/02-iris-slicing/README.md."


def test_course_with_full_marks_says_so() -> None:
    """When every lab is complete, there is no next step."""
    labs = _read("full").labs

    assert "Full marks in 2 labs." in terminal.text(Report(labs=labs * 2))


def test_hints_replace_the_pointer() -> None:
    """Hints that were asked for stand below their task, numbered; finished tasks have none."""
    text = _text("hints")

    assert "→ HINTS.md" not in text
    assert text.count("Hint 1") == 3
    assert "Try it on paper" in text


def test_code_in_a_hint_keeps_its_lines() -> None:
    """Paragraphs flow anew, code does not."""
    report = _one_task({"message": "a"}, hints={"one": ("Some\nwords.\n\n```\na = 1\nb = 2\n```",)})
    lines = [line.strip() for line in terminal.text(report).splitlines()]

    assert "Some words." in lines
    assert "a = 1" in lines
    assert "b = 2" in lines


@pytest.mark.parametrize(
    ("level", "note"),
    [("kernel", ""), ("landlock", "network"), ("process", "ordinary process"), ("none", "this notebook")],
)
def test_weaker_isolation_is_explained(level: str, note: str) -> None:
    """The full level needs no words; every other one gets a sentence."""
    lines = terminal.text(_one_task({"message": "a"}, isolation=level)).splitlines()
    index = next(i for i, line in enumerate(lines) if f"isolation: {level}" in line)

    assert note in lines[index + 1]
    assert ("Next:" in lines[index + 1]) == (not note)


def test_deep_recursion_shows_its_ends() -> None:
    """A thousand frames are cut in the middle, visibly."""
    text = _text("hostile")

    assert "a.py, line 0:   return f(n - 0)" in text
    assert "… 34 more lines" in text
    assert "a.py, line 39:   return f(n - 39)" in text


@pytest.mark.parametrize(
    ("states", "number"),
    [
        (["full", "partial", "none"], 3),
        (["partial", "not started"], 1),
        (["full", "not started", "partial"], 3),
        (["full", "not started"], 2),
    ],
)
def test_next_task_is_where_most_can_be_won(states: list[str], number: int) -> None:
    """First what gave nothing, then what gave a part, then what is not begun."""
    check = CheckResult(id="a", task="t", title="A claim", hidden=True, status="failed", message="no")
    tasks = tuple(
        TaskResult(id=f"t{i}", title="Do it", number=i, points=1, score=0, state=kind, checks=(check,))
        for i, kind in enumerate(states, start=1)
    )

    assert f"Next: task {number}." in terminal.text(_one_task(tasks=tasks))


def test_blocked_task_is_not_the_next_one() -> None:
    """A task whose checks all wait for another one is neither judged nor proposed."""
    failed = CheckResult(id="a", task="t", title="A claim", hidden=True, status="failed", message="no")
    waits = failed.model_copy(update={"status": CheckStatus.SKIPPED})
    tasks = tuple(
        TaskResult(id=f"t{i}", title="Do it", number=i, points=1, score=0, state="none", checks=(check,))
        for i, check in enumerate([waits, failed], start=1)
    )
    text = terminal.text(_one_task(tasks=tasks))

    assert re.search(r"– 1\. Do it +waiting", text)
    assert "Next: task 2." in text


# ---- text that students wrote


def test_markup_of_students_is_text() -> None:
    """Rich's tags are not obeyed."""
    assert "[bold red]markup[/]" in " ".join(_text("hostile").split())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_control_character_gets_through(case: Path) -> None:
    """Not even on a colour terminal does student text reach the terminal's controls."""
    printed = _printed(_read(case), force_terminal=True, color_system="truecolor")
    ours = re.sub(r"\x1b\[[\d;]*m", "", printed)

    assert not [char for char in ours if unicodedata.category(char) in ("Cc", "Cf", "Cs") and char != "\n"]
    assert "\x1b[31mred" not in printed


@given(st.text(alphabet=st.characters(codec=None)))
def test_cleaned_text_is_harmless(text: str) -> None:
    """Whatever a program prints: no controls, nothing invisible, no half characters are left."""
    cleaned = clean(text)
    allowed = {"\n", "\u200c", "\u200d"}
    suspects = {char for char in cleaned if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")} - allowed

    assert not suspects
    assert not set(cleaned) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\ufeff")
    cleaned.encode("utf-8")


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x9b31m", "\\x9b31m"),
        ("a\u202eb", "a\\u202eb"),
        ("a\U000e0041b", "a\\U000e0041b"),
        ("\ud800", "\\ud800"),
        ("10%\r20%\r\nend", "10%\n20%\nend"),
        ("a\tb", "a   b"),
        ("Zoë 日本 👩\u200d🔬", "Zoë 日本 👩\u200d🔬"),
    ],
)
def test_controls_are_spelled_out(raw: str, shown: str) -> None:
    """What was removed can still be seen; ordinary text of any script stays."""
    assert clean(raw) == shown


@pytest.mark.parametrize(
    ("text", "shown", "note"),
    [
        ("a\nb\n", "a\nb", ""),
        ("a\nb\nc", "a\nb", "… 1 more line"),
        ("a\nb\nc\nd", "a\nb", "… 2 more lines"),
        ("x" * 11, "x" * 10, "… 1 more character"),
        ("x" * 1500, "x" * 10, "… 1,490 more characters"),
    ],
)
def test_long_text_is_cut_visibly(text: str, shown: str, note: str) -> None:
    """Never silently: the note counts what is left out."""
    assert cap(text, lines=2, chars=10) == (shown, note)


@pytest.mark.parametrize(("points", "shown"), [(3, "3"), (1.5, "1.5"), (0.25, "0.25"), (10, "10"), (0, "0")])
def test_points_are_written_as_people_do(points: float, shown: str) -> None:
    """No trailing zeros, and no 1e1."""
    assert written(points) == shown


def test_letters_that_an_encoding_has_stay() -> None:
    """Latin-1 keeps its umlauts and loses only what it cannot write."""
    assert legible("✓ Zoë 日", "latin-1") == "+ Zoë \\u65e5"
    assert legible("✓ Zoë", "utf-8") == "✓ Zoë"


# ---- the progress bar


def _terminal() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=80, color_system=None)


def test_progress_is_silent_without_a_terminal() -> None:
    """Logs of CI are not filled with bars."""
    console = Console(file=io.StringIO(), force_terminal=False)
    with Progress(console) as bar:
        bar.lab("Slice Iris", 2)
        bar.check("A claim")
        bar.advance()

    assert console.file.getvalue() == ""  # type: ignore[attr-defined]


def test_progress_shows_lab_count_and_check() -> None:
    """While grading, one sees what runs now and how much is left."""
    console = _terminal()
    with Progress(console) as bar:
        bar.lab("Slice Iris", 17)
        bar.check("Every row lands in exactly one slice")
        bar.advance()
        bar._bar.refresh()
    drawn = console.file.getvalue()  # type: ignore[attr-defined]

    assert "Slice Iris" in drawn
    assert "1/17" in drawn
    assert "Every row lands" in drawn


def test_progress_treats_titles_as_text() -> None:
    """Markup and control characters in a title are shown, not obeyed."""
    console = _terminal()
    with Progress(console) as bar:
        bar.lab("[blink]Lab", None)
        bar.check("a [/nonsense] \x1b]0;owned\x07")
        bar._bar.refresh()
    drawn = console.file.getvalue()  # type: ignore[attr-defined]

    assert "[blink]Lab" in drawn
    assert "[/nonsense] \\x1b]0;owned\\x07" in drawn


def test_progress_forgives_calls_out_of_order() -> None:
    """A check before any lab, or a second lab, is no error."""
    console = _terminal()
    with Progress(console) as bar:
        bar.check("A claim")
        bar.advance()
        bar.lab("First", 1)
        bar.lab("Second", 2)
        bar._bar.refresh()
        shown = bar._bar.tasks

    assert [task.total for task in shown] == [2]


if __name__ == "__main__":
    for case in CASES:
        (case / "terminal.txt").write_text(_text(case), encoding="utf-8")
