"""Show a report in a terminal, as wide as it is up to 100 columns, with or without colour."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.text import Text

from autograder.render import story
from autograder.render.text import capped, clean, count, legible, number, short
from autograder.results import LabReport, Outcome, Report, TaskResult, TaskState

__all__ = ["Page", "columns", "show", "show_task", "text"]

_WIDEST = 100
_MARKS = {
    TaskState.FULL: ("✓", "green"),
    TaskState.PARTIAL: ("◐", "yellow"),
    TaskState.NONE: ("✗", "red"),
    TaskState.NOT_STARTED: ("–", "dim"),
}


def show(report: Report, console: Console | None = None, *, saved: Mapping[str, str] | None = None) -> None:
    """Print a report.

    Args:
        report: what to show.
        console: where to, by default standard output.
        saved: lab id → the file with its full report, to be named at the end.
    """
    page = Page(console or Console())
    saved = saved or {}
    several = len(report.labs) > 1
    if not report.labs:
        page.put("There is no lab to grade.")
    for lab in report.labs:
        if several and story.untouched(lab) and not lab.notices:
            continue  # the total says all there is to say
        _show_lab(page, lab, saved.get(lab.lab, ""))
    if several:
        _show_total(page, report)


def text(report: Report, *, width: int = 80, saved: Mapping[str, str] | None = None) -> str:
    """The report as :func:`show` prints it, without colour."""
    file = io.StringIO()
    # Rich would hand the text to Jupyter itself where there is one, and leave the file empty.
    plain = Console(file=file, width=width, color_system=None, force_terminal=False, force_jupyter=False)
    show(report, plain, saved=saved)
    return file.getvalue()


class Page:
    """Lines with a hanging indent and, if wanted, something at the right edge."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.width = min(console.width, _WIDEST)

    def put(
        self,
        body: str = "",
        style: str = "",
        *,
        indent: int = 0,
        mark: str = "",
        edge: str = "",
        tint: str = "",
        tag: str = "",
    ) -> None:
        """Print ``body``, wrapped; ``tint`` colours the mark before it and ``edge``, what stands to the right.

        ``tag`` stands to the right, too, if the line has room for it, and follows the text otherwise.
        """
        head = self._text(" " * indent) + self._text(f"{mark} " if mark else "", tint)
        main, last = self._text(body, style), self._text(edge, tint) if edge else self._text(tag, "dim")
        room = self.width - head.cell_len - (last.cell_len + 2 if last else 0)
        if tag and main.cell_len > room:
            main, last, room = main + Text(" ") + last, Text(), self.width - head.cell_len
        if edge and room < self.width // 3:  # too narrow for both: what stands at the edge goes below
            self.put(body, style, indent=indent, mark=mark, tint=tint)
            self.put(edge, tint, indent=head.cell_len)
            return
        rows = main.wrap(self._console, max(room, 8), overflow="fold") or [Text()]
        for index, row in enumerate(rows):
            row.rstrip()
            line = (head if index == 0 else Text(" " * head.cell_len)) + row
            if index == 0 and last:
                line = line + Text(" " * (self.width - line.cell_len - last.cell_len)) + last
            line.rstrip()
            self._console.print(line, soft_wrap=True)

    def block(self, lines: Sequence[str], style: str = "", *, indent: int, bar: str = "") -> None:
        """Print lines one below the other, each behind ``bar``."""
        for line in lines:
            self.put(line, style, indent=indent, mark=bar, tint="dim")

    def _text(self, content: str, style: str = "") -> Text:
        return Text(legible(clean(content), self._console.encoding), style)


def _show_lab(page: Page, lab: LabReport, saved: str) -> None:
    graded = lab.outcome is Outcome.GRADED
    edges = columns([(lab.score, lab.points), *((task.score, task.points) for task in lab.tasks)])
    tint = "bold green" if lab.full_marks else "bold" if graded else "bold red"
    edge = edges[0].rstrip() if graded else story.lab_word(lab)
    page.put(f"{lab.lab} · {lab.title}", "bold", edge=edge, tint=tint)
    if story.scope(lab):
        page.put(edge=story.scope(lab), tint="dim")
    for notice in lab.notices[:10]:
        page.put(notice, indent=2, mark="!", tint="yellow")
    if len(lab.notices) > 10:
        page.put(f"… {count(len(lab.notices) - 10, 'more notice')}", "dim", indent=4)
    if graded:
        for task, edge in zip(lab.tasks, edges[1:], strict=True):
            show_task(page, task, edge, lab.hints.get(task.id, ()))
        page.put()
        page.put(story.summary(lab), "dim", indent=2)
        if story.isolation_note(lab):
            page.put(story.isolation_note(lab), "dim", indent=2)
    if not graded:
        page.put()
    closing = [story.verdict(lab), f"Your report: {saved}" if saved else ""]
    if graded and len(" ".join(closing)) < page.width - 2:
        closing = [" ".join(closing), ""]
    page.put(closing[0], tint, indent=2)
    if lab.problem:
        page.put("What went wrong:", indent=2)
        page.block(list(capped(lab.problem, lines=12, chars=1500)), indent=2, bar="│")
    if closing[1]:
        page.put(closing[1], indent=2)
    page.put()


def show_task(page: Page, task: TaskResult, edge: str, hints: Sequence[str]) -> None:
    """Print a task and what was found in it, with ``edge`` (its points) at the right."""
    mark, tint = _MARKS[task.state]
    found = story.findings(task)
    idle = story.idle(task)
    if idle:
        mark, tint = _MARKS[TaskState.NOT_STARTED]
        edge = f"{story.status_word(task)}   {edge}"
    page.put(story.heading(task), "dim" if idle else "", indent=2, mark=mark, edge=edge, tint=tint)
    if task.state is TaskState.FULL:
        return
    if not idle:
        printed: set[str] = set()
        for finding in found:
            _show_finding(page, finding, printed)
        if story.waiting(task):
            page.put(story.waiting_line(task), "dim", indent=6, mark="–", tint="dim")
    if hints:
        for index, hint in enumerate(hints, start=1):
            page.put(f"Hint {index}", "cyan", indent=8)
            page.block(_flow(hint), indent=10)
    elif found and not idle:
        page.put(f'→ HINTS.md, "{story.heading(task)}"', "cyan", indent=8)


def _show_finding(page: Page, finding: story.Finding, printed: set[str]) -> None:
    check = finding.lead
    if check.not_started:
        page.put(finding.headline, "dim", indent=6, mark="–", tint="dim", tag=finding.tag)
        return
    mark = "!" if finding.raised else "✗"
    page.put(short(finding.headline), indent=6, mark=mark, tint="red", tag=finding.tag)
    if finding.raised:
        page.block(story.places(check.locations), indent=10)
    if finding.raised and not finding.more and finding.headline != check.title:
        page.put(f"Checked: {check.title}", "dim", indent=8)
    if check.called:
        page.put(f"Called {short(check.called)}.", "dim", indent=8)
    if check.returned:
        page.put(f"It returned {short(check.returned)}.", "dim", indent=8)
    if finding.body:
        page.block(list(capped(finding.body, lines=14, chars=1200)), indent=8)
    if not finding.raised:
        page.block(story.places(check.locations), indent=10)
    if check.output.strip() and check.output not in printed:
        printed.add(check.output)
        page.put("It printed:", "dim", indent=8)
        page.block(list(capped(check.output, lines=8, chars=800)), "dim", indent=8, bar="│")


def _show_total(page: Page, report: Report) -> None:
    edges = columns([story.total_points(report), *((lab.score, lab.points) for lab in report.labs)])
    page.put(story.total_name(report), "bold", edge=edges[0], tint="bold")
    for lab, edge in zip(report.labs, edges[1:], strict=True):
        mark, tint = _lab_mark(lab)
        note = f"{story.lab_word(lab)}   " if lab.score is None or story.untouched(lab) else ""
        page.put(lab.lab, indent=2, mark=mark, edge=note + edge, tint=tint)
    page.put()
    page.put(story.next_step(report), "bold", indent=2)


def _lab_mark(lab: LabReport) -> tuple[str, str]:
    if lab.outcome is Outcome.INFRASTRUCTURE_ERROR:
        return "!", "red"
    if story.untouched(lab):
        return _MARKS[TaskState.NOT_STARTED]
    if lab.full_marks:
        return _MARKS[TaskState.FULL]
    return _MARKS[TaskState.PARTIAL if lab.score else TaskState.NONE]


def columns(pairs: Sequence[tuple[float | None, float]]) -> list[str]:
    """Scores and points below each other, aligned at the decimal point: ``"1.5 / 3 "``."""
    scores = ["–" if score is None else number(score) for score, _ in pairs]
    whole = max(len(score.partition(".")[0]) for score in scores)
    split = [score.partition(".") for score in scores]
    decimals = max(len(dot + rest) for _, dot, rest in split)
    left = [f"{one.rjust(whole)}{(dot + rest).ljust(decimals)}" for one, dot, rest in split]
    right = [number(points) for _, points in pairs]
    return [f"{one} / {two.ljust(max(map(len, right)))}" for one, two in zip(left, right, strict=True)]


def _flow(markdown: str) -> list[str]:
    """Markdown as lines: paragraphs joined so that they wrap anew, code blocks as they are."""
    lines: list[str] = []
    fenced = joined = False
    for line in markdown.split("\n"):
        fence = line.lstrip().startswith("```")
        item = line.lstrip().startswith(("- ", "* ", "> ", "#")) or line.lstrip()[:1].isdigit()
        if joined and line.strip() and not (fenced or fence or item):
            lines[-1] += f" {line.strip()}"
        else:
            lines.append(line)
        fenced ^= fence
        joined = bool(line.strip()) and not fenced and not fence
    return lines
