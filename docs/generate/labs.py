"""Pages of labs and data sets, made from their own READMEs, hints and manifests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from autograder.catalog import Catalog
from autograder.clearing import clear
from autograder.hints import parse_hints
from autograder.manifest import Lab
from generate import text

__all__ = ["Chapter", "cards", "course_page", "dataset_page", "lab_page", "pages"]

_PICTURES = {".gif", ".jpeg", ".jpg", ".png", ".svg", ".webp"}


@dataclass(frozen=True)
class Chapter:
    """A page of the course text.

    Attributes:
        path: relative to docs/.
        title: its first heading.
        labs: ids of the labs that it links to.
    """

    path: str
    title: str
    labs: tuple[str, ...]


def pages(catalog: Catalog, chapters: Sequence[Chapter]) -> dict[str, str | Path]:
    """Every page and picture: its place in docs/ → Markdown, or the file that it is.

    Raises:
        LookupError: a README lacks the heading of a task, or a link leads nowhere.
        ManifestError: hints do not fit their lab.
    """
    made: dict[str, str | Path] = {}
    for lab in catalog.labs():
        source = _source(catalog, lab)
        made[f"labs/{lab.id}.md"] = lab_page(catalog, lab, chapters)
        for path in sorted(source.rglob("*")):
            if path.suffix.lower() in _PICTURES:
                made[f"labs/{lab.id}/{path.relative_to(source).as_posix()}"] = path
    for readme in sorted((catalog.root / "datasets").glob("*/README.md")):
        made[f"datasets/{readme.parent.name}.md"] = dataset_page(readme.parent)
    return made


def lab_page(catalog: Catalog, lab: Lab, chapters: Sequence[Chapter]) -> str:
    """A lab: its README, with facts and points from lab.toml and every hint folded away below its task.

    Raises:
        LookupError: the README lacks the heading of a task, or a link leads nowhere.
        ManifestError: the hints do not fit the lab.
    """
    source = _source(catalog, lab)
    files = {name: (source / name).read_bytes() for name in ("README.md", "HINTS.md")}
    shown = {name: content.decode("utf-8") for name, content in clear(files).items()}
    hints = parse_hints(shown["HINTS.md"], lab, source / "HINTS.md")
    # Pictures and links in hints are relative to the same folder.
    hints = {task: tuple(_relink(hint, catalog, lab) for hint in found) for task, found in hints.items()}
    (_, head), *rest = text.sections(_relink(shown["README.md"], catalog, lab))

    pieces = [_with_facts(head, catalog, lab).rstrip(), _task_table(lab, hints)]
    tasks = {f"{number}. {task.title}": task.id for number, task in enumerate(lab.task, start=1)}
    for heading, piece in rest:
        pieces.append(piece.rstrip())
        task = tasks.pop(heading, None)
        pieces += _folded(hints[task]) if task else []
    if tasks:
        missing = ", ".join(f'"## {heading}"' for heading in tasks)
        raise LookupError(f"{source / 'README.md'}: lacks {missing}: the headings are the tasks of lab.toml")
    related = [f"- [{chapter.title}](../{chapter.path})" for chapter in chapters if lab.id in chapter.labs]
    if related:
        pieces.append("\n".join(["## In the course text", "", *related]))
    return "\n\n".join(pieces) + "\n"


def dataset_page(folder: Path) -> str:
    """A data set: its README.

    Raises:
        LookupError: a link leads nowhere.
    """

    def resolve(target: str) -> str | None:
        path = PurePosixPath(target)
        if path.name == "README.md" and len(path.parts) == 3 and path.parts[0] == "..":
            return f"{path.parts[1]}.md"
        if (folder / target).exists():
            return None
        raise LookupError(f"{folder.name}/README.md: the link to {target} leads nowhere")

    return text.relink((folder / "README.md").read_text(encoding="utf-8"), resolve)


def cards(catalog: Catalog) -> str:
    """All labs as cards, part by part, with links that are relative to docs/."""
    pieces = []
    labs = {lab.id: lab for lab in catalog.labs()}
    for part in catalog.course.part:
        if not part.labs:
            continue
        found = [labs[lab] for lab in part.labs]
        pieces.append(f"### {part.title}")
        pieces.append('<div class="grid cards" markdown>')
        for lab in found:
            body = [f"**[{_number(lab)} · {lab.title}](labs/{lab.id}.md)**"]
            goal = _goal(catalog, lab)
            body += [goal] if goal else []
            body.append(f"{_facts(lab, labs, 'labs/')}\n{{ .lab-facts }}")
            pieces.append("-   " + text.indent("\n\n".join(body)).lstrip())
        pieces.append("</div>")
    return "\n\n".join(pieces)


def course_page(catalog: Catalog, chapters: Mapping[str, Sequence[Chapter]]) -> str:
    """The course at a glance, to stand in docs/learn/: every part with its chapters and labs.

    Args:
        catalog: the course.
        chapters: title of a part → its chapters; parts that course.toml does not know come first.
    """
    labs = {lab.id: lab for lab in catalog.labs()}
    known = {part.title: part for part in catalog.course.part}
    order = [*(name for name in chapters if name not in known), *known]
    pieces = [
        "# The course",
        "Read a chapter in five minutes, then do the lab that it prepares. Parts build on each other; if you are in a "
        "hurry, go by the prerequisites of the lab you want.",
    ]
    points = sum(lab.points for lab in labs.values())
    minutes = sum(lab.minutes for lab in labs.values())
    count = sum(map(len, chapters.values()))
    pieces.append(
        f"{count} chapters, {len(labs)} labs, {points:g} points, about {round(minutes / 60)} hours of practice."
    )
    for number, name in enumerate(order, start=1):
        own = [labs[lab] for lab in known[name].labs] if name in known else []
        read = chapters.get(name, ())
        if not own and not read:
            continue
        lines = [f"- [{chapter.title}]({PurePosixPath(chapter.path).name})" for chapter in read]
        lines += [
            f"- **[Lab {_number(lab)}: {lab.title}](../labs/{lab.id}.md)** · "
            f"{_duration(lab.minutes)}, {lab.points:g} points"
            for lab in own
        ]
        pieces += [f"## {number}. {name}", "\n".join(lines)]
    return "\n\n".join(pieces) + "\n"


def _source(catalog: Catalog, lab: Lab) -> Path:
    return catalog.lab_dir(lab.id) if catalog.for_students else catalog.solution_dir(lab.id)


def _relink(markdown: str, catalog: Catalog, lab: Lab) -> str:
    source = _source(catalog, lab)

    def resolve(target: str) -> str | None:
        path, mark, fragment = target.partition("#")
        parts = PurePosixPath(path).parts
        if parts[:3] == ("..", "..", "datasets") and parts[4:] == ("README.md",):
            return f"../datasets/{parts[3]}.md{mark}{fragment}"
        if len(parts) == 3 and parts[0] == ".." and parts[2] == "README.md":
            return f"{parts[1]}.md{mark}{fragment}"
        if not (source / path).exists():
            raise LookupError(f"{source / 'README.md'}: the link to {target} leads nowhere")
        # Pictures come along; other files are in the reader's own copy, and named rather than linked.
        return f"{lab.id}/{path}" if PurePosixPath(path).suffix.lower() in _PICTURES else None

    return text.relink(markdown, resolve)


def _with_facts(head: str, catalog: Catalog, lab: Lab) -> str:
    first, _, rest = head.partition("\n")
    labs = {other.id: other for other in catalog.labs()}
    return f"{first}\n\n{_facts(lab, labs)}\n{{ .lab-facts }}\n{rest}"


def _facts(lab: Lab, labs: Mapping[str, Lab], folder: str = "") -> str:
    tasks = "1 task" if len(lab.task) == 1 else f"{len(lab.task)} tasks"
    before = ", ".join(f"[{_number(labs[other])}]({folder}{other}.md)" for other in lab.requires)
    return " · ".join(
        (
            _duration(lab.minutes),
            f"{lab.points:g} points in {tasks}",
            f"after lab {before}" if before else "no lab before it",
        )
    )


def _task_table(lab: Lab, hints: Mapping[str, Sequence[str]]) -> str:
    rows = []
    for number, task in enumerate(lab.task, start=1):
        heading = f"{number}. {task.title}"
        rows.append(
            (f"[{heading}](#{text.anchor(heading)})", f"`{task.id}`", f"{len(hints[task.id])}", f"{task.points:g}")
        )
    rows.append(("**All**", "", "", f"**{lab.points:g}**"))
    return text.table(("task", "`--task`", ">hints", ">points"), rows)


def _folded(hints: Sequence[str]) -> list[str]:
    return [
        f'??? tip "Hint {number} of {len(hints)}"\n\n{text.indent(hint)}' for number, hint in enumerate(hints, start=1)
    ]


def _goal(catalog: Catalog, lab: Lab) -> str:
    """What the README says that one will learn; empty if it does not say so in the usual words."""
    start = "**You will learn** "
    lines = (_source(catalog, lab) / "README.md").read_text(encoding="utf-8").splitlines()
    found = next((line for line in lines if line.startswith(start)), "")
    goal = found.removeprefix(start)
    return f"You learn {goal}" if goal else ""


def _number(lab: Lab) -> str:
    return lab.id.partition("-")[0]


def _duration(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    if minutes <= 90 or not hours:
        return f"{minutes} minutes"
    return f"{hours} h {rest} min" if rest else f"{hours} hours"
