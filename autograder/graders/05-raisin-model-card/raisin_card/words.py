"""The words of a model card for metrics, classes, features and slices, and which number each of them belongs to."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

__all__ = ["ALL", "AVERAGES", "Quals", "Words", "bind", "blank", "nearest"]

ALL = "all"
"""The slice that is no slice: all validation rows."""
AVERAGES = ("macro", "weighted", "micro")

Quals = Sequence[tuple[int, str]]
"""Words in a text: where each stands, and what it stands for."""

_METRICS = {
    "balanced accuracy": r"balanced[\s-]accuracy",
    "f1": (
        r"\bmacro[\s_-]?f1|\bf[\s_-]?1(?:[\s_-]?(?:scores?|measures?))?(?![a-z0-9])|f₁"
        r"|\bf[\s-](?:score|measure)s?\b|\bf-?beta\b"
    ),
    "precision": r"\bprecisions?(?![a-z])|positive predictive value|\bppv\b",
    "recall": r"\brecalls?(?![a-z])|\bsensitivity\b|\btrue[\s-]positive rate|\btpr\b",
    "accuracy": r"\baccurac(?:y|ies)\b|\bacc\b\.?",
    "other": r"\bspecificity\b|\b(?:error|misclassification) rate|\b(?:roc|pr)?[\s_-]?auc\b"
    r"|\bmcc\b|\bmatthews\b|\bkappa\b|\bloss\b|\bbrier\b|\bjaccard\b",
}
_KINDS = {
    "difference": r"differ|\bgap\b|Δ|δ|\bdelta\b|\bvs\.?(?:\s|$)|against|compared|change|minus|[−-]\s*overall",
    "share": r"share|prevalence|proportion|balance|fraction of|% of|percentage of",
    "baseline": r"baseline|majority|always",
    "rows": r"\brows\b|support|\bcount\b|\bsize\b|^\s*n\s*$|\bgrains\b|\braisins\b|\bnumber\b",
    "threshold": r"threshold|\bmean\b|\bcut",
}
_AVERAGE_WORDS = {
    "macro": r"(?<![a-z])macro|unweighted (?:mean|average)|(?:mean|average)d? (?:of|over) (?:both|the two|the) class",
    "weighted": r"(?<!un)weighted",
    "micro": r"(?<![a-z])micro",
}
_NOUN = (
    r"(?=\W+(?:[\w-]+\W+){0,2}?"
    r"(?:raisins?|grains?|ones|slices?|half|group|fruits?|side|rows|kecimen|besni|specimens?))"
)
_CLOSED = r"(?=\s*[,;:).|/]|\s*$)"
_CENTRE = (
    r"(?:the |its |their |this |that |our )?(?:respective |training[- ]?(?:set )?)?"
    r"(?:mean|threshold|average|cut|split|it\b)"
)
_SIDES = {
    ">=": (
        r"(?:>=|≥|>|=>)\s*(?=\d{2}|the\b|its\b|training|mean|threshold|/|$|\))"
        r"|\bat or (?:above|over)\b|\bgreater (?:than )?or equal|\bor more\b"
        rf"|\b(?:above|over|at least|exceed(?:s|ing)?)\b(?:(?=\W+(?:{_CENTRE}|\d{{2}}))|{_CLOSED})"
        rf"|\b(?:large|big|long|wide|upper)(?:r|er|st|est|ger|gest)?\b(?:{_NOUN}|{_CLOSED})|(?<=\bare )(?:large|big)\b"
    ),
    "<": (
        r"(?:<=|≤|<)\s*(?=\d{2}|the\b|its\b|training|mean|threshold|/|$|\))"
        rf"|(?<!or )\b(?:below|under|beneath|(?:less|smaller) than)\b(?:(?=\W+(?:{_CENTRE}|\d{{2}}))|{_CLOSED})"
        rf"|\b(?:small|short|narrow)(?:r|er|st|est)?\b(?:{_NOUN}|{_CLOSED})|(?<=\bare )small\b"
        r"|\blower (?:half|side|slice)"
    ),
    ALL: (
        r"\boverall\b|\bwhole\b|\bentire\b|\bin total\b"
        r"|\ball (?:\d+ )?(?:validation |test )?(?:grains|raisins|rows|data)\b"
    ),
}


class Words:
    """The words for classes, features and sides of a data set, and where they stand in a text."""

    def __init__(self, classes: Iterable[str], features: Iterable[str], sliced: Iterable[str]) -> None:
        """Know the names of classes, of features (in camel case), and of those that "large" and "small" refer to."""
        self.classes, self.features, self.sliced = tuple(classes), tuple(features), tuple(sliced)
        self._class_patterns = {name: re.compile(rf"\b{re.escape(name)}\b", re.I) for name in self.classes}
        self._class_patterns |= {name: re.compile(pattern, re.I) for name, pattern in _AVERAGE_WORDS.items()}
        self._feature_patterns = {name: _feature_pattern(name) for name in sorted(self.features, key=len, reverse=True)}
        self._side_patterns = {name: re.compile(pattern, re.I) for name, pattern in _SIDES.items()}
        self._metric_patterns = {name: re.compile(pattern, re.I) for name, pattern in _METRICS.items()}
        self._kind_patterns = {name: re.compile(pattern, re.I) for name, pattern in _KINDS.items()}

    def metrics(self, text: str) -> Quals:
        """Metrics in order; of two that overlap the one that is listed first."""
        return _events(text, self._metric_patterns)

    def without_metrics(self, text: str) -> str:
        """The text with the names of metrics blanked, for the 1 of F1 is no number."""
        for pattern in self._metric_patterns.values():
            text = blank(text, [match.span() for match in pattern.finditer(text)])
        return text

    def groups(self, text: str) -> Quals:
        """Classes and averages in order."""
        return _events(text, self._class_patterns)

    def columns(self, text: str) -> Quals:
        """Features in order."""
        return _events(text, self._feature_patterns)

    def after(self, text: str, start: int, feature: str) -> str:
        """What follows the name of a feature that begins at ``start``."""
        match = self._feature_patterns[feature].match(text, start)
        return text[match.end() :] if match else ""

    def sides(self, text: str) -> Quals:
        """Sides of a mean in order, ``all`` among them."""
        return _events(text, self._side_patterns)

    def kind(self, text: str) -> str:
        """What a column of a table holds if it is no metric; empty if nobody can tell."""
        return next((name for name, pattern in self._kind_patterns.items() if pattern.search(text)), "")

    def places(self, columns: Iterable[str], sides: Iterable[str]) -> set[str]:
        """The slices that features and sides make together."""
        columns, sides = set(columns), set(sides)
        found = {ALL} & sides
        if columns or sides - {ALL}:
            for column, side in itertools.product(columns or self.sliced, sides - {ALL} or {">=", "<"}):
                found.add(f"{column} {side}")
        if columns and sides == {ALL}:
            return found
        return found or {ALL}


def bind(quals: Quals, spots: Sequence[int]) -> list[set[str]]:
    """For each number the words that it belongs to; all of them where the order does not tell."""
    everything = {name for _, name in quals}
    if len(everything) < 2:
        return [everything for _ in spots]
    line = sorted([*((spot, "") for spot in spots), *quals])
    runs = [
        (is_word, [name for _, name in run])
        for is_word, run in itertools.groupby(line, key=lambda event: event[1] != "")
    ]
    if runs[0][0] == runs[-1][0]:  # "recall 0.9 and precision": which is first, word or number?
        return [everything for _ in spots]
    pairs = zip(runs[::2], runs[1::2], strict=False)
    bound: list[set[str]] = []
    for first, second in pairs:
        names, count = (first[1], len(second[1])) if first[0] else (second[1], len(first[1]))
        names = list(dict.fromkeys(names))
        bound += [{names[n]} for n in range(count)] if len(names) == count else [set(names)] * count
    return bound if len(bound) == len(spots) else [everything for _ in spots]


def nearest(texts: Iterable[str], find: Callable[[str], Quals]) -> set[str]:
    """The words of the nearest text that has any."""
    for text in texts:
        if found := find(text[:2000]):
            return {name for _, name in found}
    return set()


def _events(text: str, patterns: Mapping[str, re.Pattern[str]]) -> list[tuple[int, str]]:
    found = []
    for name, pattern in patterns.items():
        spans = [match.span() for match in pattern.finditer(text)]
        found += [(start, name) for start, _ in spans]
        text = blank(text, spans)
    return sorted(found)


def blank(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text with underscores in the place of some spans."""
    for start, end in spans:
        text = f"{text[:start]}{'_' * (end - start)}{text[end:]}"
    return text


def _feature_pattern(name: str) -> re.Pattern[str]:
    """``MajorAxisLength``, also as "major axis" and "major-axis length"; a single word only as it is spelt."""
    parts = re.findall(r"[A-Z][a-z]*", name)
    if len(parts) < 2:
        return re.compile(rf"\b{re.escape(name)}\b")
    optional = r"(?:[\s_-]*length)?" if parts[-1] == "Length" else ""
    return re.compile(r"\b" + r"[\s_-]*".join(parts[:-1] if optional else parts) + optional, re.IGNORECASE)
