"""Find the numbers that a model card states about its model, and what each of them is said to be.

A number is bound to a metric, a class and a slice by the words around it. Where these leave a choice, every reading
stays open, so that a true statement is never called wrong because of the way it is put.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from raisin_card.ruling import NOT_OURS, Claim, Key
from raisin_card.words import ALL, AVERAGES, Words, bind, blank, nearest

__all__ = ["claims_in_meta", "claims_in_tables", "claims_in_text", "claims_of_thresholds"]

_MASKED = re.compile(
    r"https?://\S+|www\.\S+|\bdoi:\s*\S+|\b10\.\d{4,}/\S+|\barxiv:?\s*\d{4}\.\d+|\d{4}-\d{2}-\d{2}|\b\d+(?:\.\d+){2,}"
    r"|\b(?:scikit-?learn|sklearn|python|pandas|numpy|version|release|v|cc[\s-]by[\w-]*|apache|gpl\w*|\w*gpl)[\s=v-]*\d+(?:\.\d+)*"
    r"|\b(?!f1|precision|recall|accuracy)[a-z_]*[a-z]\s*=(?!\s*0?\.\d{2,})\s*[\w.]+"
    r"|\b(?:test_size|train_size|random_state|seed|C|alpha|tol|tau)\s*(?:=|of|:)?\s*\d+(?:\.\d+)?"
    r"|±\s*\d*\.?\d+|[\[(]\s*\d*\.?\d+\s*%?\s*(?:,|–|-|to)\s*\d*\.?\d+\s*%?\s*[\])]"
    r"|\b\d+\s*[/:]\s*\d+\b(?!\.)|\b\d+\s+(?:of|out of)\b",
    re.IGNORECASE,
)
_NOT_INSIDE = r"(?<![\w.,])"
_NUMBER = re.compile(
    _NOT_INSIDE + r"(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+|0,\d+|\.\d+|\d+)(?![\w]|[.,]\d)"
    r"(?:\s*(?P<percent>%|per ?cent\b|percentage points?|pp\b|points?\b))?"
)
_CLAUSES = re.compile(
    r";\s+|,\s+(?=(?:while|whereas|but|although|though)\b)|,\s+(?=and\s+(?:the\s+|its\s+)?(?:accuracy|precision|recall|f1)\b)",
    re.IGNORECASE,
)
_SIGN = re.compile(r"[<>≥≤]|above|over|below|under", re.I)
_SPLITS = re.compile(rf"{_SIGN.pattern}|mean|threshold|split", re.I)
_SPLIT_AT = re.compile(
    r"(?P<between>(?:[\s(:=<>≥≤,]|\b(?:at|or|above|over|below|under|the|its|of|is|training|mean|threshold|split)\b){1,16})"
    + _NUMBER.pattern.removeprefix(_NOT_INSIDE),
    re.I,
)
_PLAIN_ZERO = re.compile(r"(?:\b(?:is|are|was|to|at|of|exactly|only|even|stays)|[=:|])\s*$", re.I)


@dataclass(frozen=True)
class _Column:
    """A column of a table: its name, the whole header, and the texts that introduce the table."""

    name: str
    table: str
    before: tuple[str, ...]


def claims_in_text(passages: Iterable[tuple[str, Sequence[str]]], words: Words) -> Iterator[Claim]:
    """The claims of sentences, each given with the texts that introduce it, the nearest first."""
    for text, before in passages:
        clauses = _CLAUSES.split(text[:2000])
        for number, clause in enumerate(clauses):
            yield from _claims_in_clause(clause, (*reversed(clauses[:number]), *before), text, words)


def claims_in_tables(tables: Iterable[tuple[Sequence[Sequence[str]], Sequence[str]]], words: Words) -> Iterator[Claim]:
    """The claims of tables, each given as rows of cells, header first, with the texts that introduce it."""
    for (header, *rows), before in tables:
        columns = [_Column(name, " ".join(header), tuple(before)) for name in header]
        for row in rows:
            labels = " ".join(cell for cell in row if not _is_value(cell))
            for column, cell in zip(columns, row, strict=False):
                if _is_value(cell):
                    quote = f"{labels}, {column.name}: {cell}".lstrip(", ")
                    yield from _claims_in_cell(column, labels, cell, quote, words)


def claims_in_meta(results: Iterable[tuple[str, str, object]], words: Words) -> Iterator[Claim]:
    """The claims of a front matter: metric type, all words about it, value."""
    for metric, about, value in results:
        found = words.metrics(metric.replace("_", " ")) or words.metrics(about.replace("_", " "))
        number = _NUMBER.search(str(value))
        if not found or number is None or isinstance(value, bool):
            continue
        size, unit = _size(number)
        if size > 1:
            size, unit = size / 100, unit / 100
        readings = _readings(
            {kind for _, kind in found},
            {name for _, name in words.groups(about)},
            words.places({name for _, name in words.columns(about)}, {name for _, name in words.sides(about)}),
            words,
        )
        yield Claim(f"{about}: {value}", number[0].strip(), size, unit, readings)


def claims_of_thresholds(texts: Iterable[str], words: Words) -> Iterator[Claim]:
    """The claims about where a feature is split: "MajorAxisLength ≥ 430.5", "mean MajorAxisLength of 430.5"."""
    for text in texts:
        for start, feature in words.columns(text[:2000]):
            after = words.after(text, start, feature)
            if match := _SPLIT_AT.match(after):
                size, unit = _size(match)
                if size > 2 and not match["percent"] and _SPLITS.search(match["between"]):
                    kinds = ("threshold",) if _SIGN.search(match["between"]) else ("threshold", "mean of all")
                    readings = tuple((kind, "", feature) for kind in kinds)
                    yield Claim(text, match["number"], size, unit, readings)


def _claims_in_clause(clause: str, before: Sequence[str], quote: str, words: Words) -> Iterator[Claim]:
    metrics = words.metrics(clause)
    masked = blank(clause, [*(match.span() for match in _MASKED.finditer(clause))])
    masked = words.without_metrics(masked)
    groups, columns, sides = words.groups(clause), words.columns(clause), words.sides(clause)
    inherited = False
    if not metrics and (groups or columns or sides):
        metrics = [(0, name) for name in nearest(before, words.metrics)]
        inherited = True
    if not metrics:
        return
    numbers = [found for match in _NUMBER.finditer(masked) if (found := _fraction(match, masked))]
    numbers += [(match.start(), 0.0, 0.005, True, match[0]) for match in re.finditer(r"\bzero\b", masked, re.I)]
    spots = [number[0] for number in numbers if not number[3]] or [number[0] for number in numbers]
    for start, value, unit, soft, shown in numbers:
        all_spots = sorted({*spots, start})
        place = all_spots.index(start)
        named = [bind(quals, all_spots)[place] for quals in (metrics, groups, columns, sides)]
        kinds, names, cols, ends = named
        many = len(all_spots) > 1
        told = [len({name for _, name in quals}) >= len(all_spots) for quals in (metrics, groups, columns, sides)]
        if many and len({name for _, name in groups}) == 1 and not any((told[0], told[2], told[3])):
            names = {*names, *AVERAGES}
        loose = many and len({name for _, name in sides}) == 1 and not any(told[:3])
        if loose and cols:
            ends = set()
        places = words.places(cols or (nearest(before, words.columns) if ends - {ALL} else ()), ends)
        if loose or not (cols or ends):
            near = words.places(nearest(before, words.columns), nearest(before, words.sides))
            places |= {ALL} | near | (words.places((), ("<", ">=")) if loose and not cols else set())
        if not names and (close := nearest(before, words.groups)):
            names = {*close, *AVERAGES}
        readings = _readings(kinds, names, places, words)
        around = (clause[:start] or " ", clause[start:].removeprefix(shown))
        yield Claim(quote, shown, value, unit, readings, *around, soft=soft or (inherited and len(clause.split()) > 12))


def _claims_in_cell(column: _Column, labels: str, cell: str, quote: str, words: Words) -> Iterator[Claim]:
    header, before = column.name, column.before
    own = f"{header} {labels}"
    if NOT_OURS.search(own):
        return
    metrics, kind = _what(column, labels, words)
    groups = [name for _, name in words.groups(header)] + [name for _, name in words.groups(labels)]
    cols = [name for _, name in words.columns(header) or words.columns(labels)]
    cols = cols or sorted(nearest(before, words.columns))
    sides = [name for _, name in words.sides(header) or words.sides(labels)]
    own_place = bool(words.columns(own) or sides)
    if not sides and re.search(r"\b(?:in|out)side\b", own) and (near := nearest(before, words.sides) - {ALL}):
        sides = [{">=": "<", "<": ">="}[side] for side in near] if "outside" in own else list(near)
        own_place = True
    numbers = list(_NUMBER.finditer(_MASKED.sub(lambda match: " " * len(match[0]), cell)))
    for number, match in enumerate(numbers):
        end = {sides[number]} if len(set(sides)) == len(numbers) > 1 else set(sides)
        group = {groups[number]} if len(set(groups)) == len(groups) == len(numbers) > 1 else set(groups)
        places = words.places(cols if own_place else (), end)
        if not own_place:
            places |= words.places(nearest(before, words.columns), nearest(before, words.sides))
        value, unit = _size(match)
        if kind in ("rows", "threshold"):
            readings = _table_readings(kind, header, group, places, cols, words)
        else:
            if match["percent"] or "%" in header or value > 1:
                value, unit = value / 100, unit / 100
            elif unit == 1:
                unit = 0.005
            if value > 1:
                continue
            kinds = {kind} if kind else metrics
            if kind == "difference":
                kinds = {f"difference of {name}" for name in metrics}
                places |= {f"{name} gap" for name in cols} if not sides else set()
            if not group and (close := nearest(before, words.groups)):
                group = {*close, *AVERAGES}
            readings = _readings(kinds, group, places, words)
            if kind == "share":
                readings += tuple(("part", "", place) for place in places)
        if readings:
            yield Claim(quote, match[0].strip(), value, unit, readings)


def _what(column: _Column, labels: str, words: Words) -> tuple[set[str], str]:
    """The metrics that a cell may hold, or what else it holds: a kind of :class:`Words`."""
    header = column.name
    in_header, in_labels = words.metrics(header), words.metrics(labels)
    metrics = {name for _, name in in_header or in_labels}
    kind = words.kind(header)
    placed = bool(words.sides(header) or words.groups(header))
    if kind != "difference" and (in_header or (in_labels and placed) or (kind == "threshold" and placed)):
        kind = ""
    if not metrics and not kind:
        kind = words.kind(labels)
    own = f"{header} {labels}"
    if not metrics and kind == "difference":
        metrics = {name for _, name in words.metrics(column.table)} or {"f1"}
    elif not metrics and not kind and (words.groups(own) or words.columns(own) or words.sides(own)):
        metrics = nearest(column.before, words.metrics)
    return metrics, kind


def _table_readings(
    kind: str, header: str, group: set[str], places: set[str], cols: Iterable[str], words: Words
) -> tuple[Key, ...]:
    if kind == "threshold":
        kinds = ["threshold"] if re.search("threshold|train|cut", header, re.I) else ["threshold", "mean of all"]
        return () if group else tuple((name, "", feature) for name in kinds for feature in cols or words.features)
    kinds = ["rows", "rows of training", "rows of all"]
    return tuple((name, whose, place) for name in kinds for whose in group - {*AVERAGES} or {ALL} for place in places)


def _readings(kinds: Iterable[str], names: set[str], places: Iterable[str], words: Words) -> tuple[Key, ...]:
    given, names = names, names or {*AVERAGES, *words.classes}
    found = [(kind, name, place) for kind in sorted(kinds) for name in sorted(names) for place in sorted(places)]
    # "Accuracy of Kecimen" is what some call its recall.
    found += [("recall", name, place) for kind, name, place in found if kind == "accuracy" and name in given]
    return tuple(found) if "other" not in kinds else ()


def _size(match: re.Match[str]) -> tuple[float, float]:
    """A number and one unit of its last digit; zeros at the end of a large whole number are no digits."""
    text = match["number"]
    text = text.replace(",", ".") if text.startswith("0,") else text.replace(",", "")
    decimals = len(text.partition(".")[2])
    zeros = len(text) - len(text.rstrip("0")) if "." not in text and float(text) >= 1000 else 0
    return float(text[:40]), 10.0 ** (zeros - decimals)


def _fraction(match: re.Match[str], text: str) -> tuple[int, float, float, bool, str] | None:
    """Where, value, unit, whether soft, and text of a number that may be a metric; None if it cannot be one."""
    value, unit = _size(match)
    if match["percent"]:
        return (match.start(), value / 100, unit / 100, False, match[0].strip()) if value <= 100 else None
    if unit < 1:
        return (match.start(), value, unit, False, match[0].strip()) if value <= 1 else None
    if (
        value <= 1
        and _PLAIN_ZERO.search(text[: match.start()])
        and not re.match(r"\s*(?:of|out)\b", text[match.end() :])
    ):
        return match.start(), value, 0.005, True, match[0].strip()
    return None


def _is_value(cell: str) -> bool:
    """Whether a cell holds a number and hardly anything else, ``≥ 430.5`` being a label."""
    rest = _NUMBER.sub("", cell)
    return rest != cell and not re.search(r"[^\W\d_]{2}|[<>≥≤]", _MASKED.sub("", rest).replace("%", ""))
