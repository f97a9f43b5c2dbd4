"""Compare a number that a model card states with the truth, and give it the benefit of the doubt."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["NOT_OURS", "Claim", "Key", "Ruling"]

Key = tuple[str, str, str]
"""What is measured, of which class or average, in which slice."""

NOT_OURS = re.compile(
    r"publish|paper|\breport(?:s|ed)?\b|authors|literature|cinar|et al|original|cross-valid|\bfolds?\b|bootstrap"
    r"|confidence|interval|training (?:set|rows|data|grains|accuracy|f1|score)|other seeds|another (?:seed|split)|guess"
    r"|coin|chance|probabilit|perfect|ideal|target|goal|alarm|alert|retrain|should|must|require|falls? below"
    r"|drops? below|hypothetical|standard deviation|spread",
    re.IGNORECASE,
)
_DIFFERS = re.compile(r"\bdiffer|\bgaps?\b|Δ|\bmargin\b|\bapart\b", re.I)
_BY = re.compile(r"\b(?:by|(?:drop|loss|fall|gain|rise|improvement|advantage) of)\s*$", re.I)
_THAN = re.compile(
    r"\s*(?:percent\w*|points?|pp)?\s*\b(?:points?|lower|higher|less|more|worse|better|apart"
    r"|(?:below|above) (?:the )?(?:overall|average|others?|that|this|besni|kecimen))\b",
    re.IGNORECASE,
)
_SHARES = re.compile(
    r"share|proportion|balance|baseline|majority|always|mak(?:es?|ing) up|consist|\bhalf\b|more (?:common|frequent)"
    r"|dummy|\bare (?:\w+ ){0,2}(?:kecimen|besni)\b",
    re.IGNORECASE,
)
_EXTREMES = re.compile(
    r"\b(?:best|worst|lowest|highest|largest|smallest|maximum|minimum|between|ranges?|vary|varies)\b", re.I
)
_OF_THEM = re.compile(r"\s*of (?:the|them|all|these|those|its|large|small|grains|raisins|rows|kecimen|besni|\d)", re.I)
_SPLIT = re.compile(r"split|held|hold|valid|test|train|\bkept\b", re.I)
_AT_LEAST = re.compile(r"(?:over|more than|above|at least|exceeds?|greater than|beyond|>=?|≥)\s*$", re.I)
_AT_MOST = re.compile(r"(?:under|less than|below|at most|up to|nearly|almost|not even|just short of|<=?|≤)\s*$", re.I)
_ROUGHLY = re.compile(r"(?:about|around|roughly|approximately|approx\.?|circa|ca\.?|some|~|≈|close to)\s*$", re.I)


@dataclass(frozen=True)
class Ruling:
    """What came of comparing a claim with the truth.

    Attributes:
        wrong: whether it contradicts every reading.
        meant: the readings that it agrees with.
        nearest: the reading that comes closest, and its value.
    """

    wrong: bool
    meant: frozenset[Key]
    nearest: tuple[Key, float] | None


@dataclass(frozen=True)
class Claim:
    """A number that a card states.

    Attributes:
        quote: the sentence or table row around it.
        shown: the number as it is written.
        value, unit: the number, and one unit of its last digit, as fractions (or plain numbers, for rows and means).
        readings: what it may be said to be.
        before, after: the text around it, for words like "about" and "points lower"; in tables empty.
        soft: whether it may be no statement about the model at all.
    """

    quote: str
    shown: str
    value: float
    unit: float
    readings: tuple[Key, ...]
    before: str = ""
    after: str = ""
    soft: bool = False

    def rule(self, truth: Mapping[Key, float]) -> Ruling:
        """Compare it with the truth: key → value, NaN where a metric is undefined."""
        known = {key: truth[key] for key in self.readings if not math.isnan(truth.get(key, math.nan))}
        off = {key: abs(self.value - abs(value)) for key, value in known.items()}
        # One unit of the last digit; a single decimal must at least be rounded well.
        is_count = any(kind.startswith("rows") for kind, _, _ in known)
        allowed = self.unit if not is_count and (self.unit <= 0.011 or self.value > 1) else self.unit / 2
        if _ROUGHLY.search(self.before):
            allowed = max(allowed, min(5 * self.unit, 0.05))
        meant = frozenset(key for key, difference in off.items() if difference <= allowed + 1e-9)
        nearest = min(off, key=lambda key: off[key]) if off else None
        wrong = bool(known) and not meant and not self.soft and not self._explained(known, truth)
        return Ruling(wrong, meant, (nearest, known[nearest]) if nearest else None)

    def _explained(self, known: Mapping[Key, float], truth: Mapping[Key, float]) -> bool:
        """Whether the sentence says that the number is something else: a bound, a share, a difference."""
        if not self.before:
            return False
        values = list(known.values())
        if _AT_LEAST.search(self.before) and any(value >= self.value for value in values):
            return True
        if _AT_MOST.search(self.before) and any(value <= self.value for value in values):
            return True
        others: list[float] = []
        if _SHARES.search(self.quote) or _OF_THEM.match(self.after):
            others += [value for (kind, _, _), value in truth.items() if kind in ("share", "baseline", "part")]
        if _SPLIT.search(self.quote):
            others += [value for (kind, name, _), value in truth.items() if kind == "part" and name == "split"]
        if _EXTREMES.search(self.quote):
            others += [value for key, value in truth.items() if key[0] in {kind for kind, _, _ in known}]
        if _DIFFERS.search(self.quote) or _BY.search(self.before) or _THAN.match(self.after):
            kinds = {kind for kind, _, _ in known}
            same = [value for (kind, _, _), value in truth.items() if kind in kinds and not math.isnan(value)]
            others += [abs(a - b) for a, b in itertools.combinations(same, 2)]
        return any(abs(self.value - other) <= self.unit + 1e-9 for other in others) or bool(NOT_OURS.search(self.quote))
