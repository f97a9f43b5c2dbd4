"""Compare what the Bias section of a model card says in words with which slices are served well."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from raisin_card.words import ALL, Words

__all__ = ["agreeing", "contradictions", "denials"]

_LOW = re.compile(
    r"\b(?:worse|worst|lower|lowest|low|poor(?:ly|er)?|bad(?:ly)?|weak(?:er|est|ness)?"
    r"|fail(?:s|ed|ing|ures?)?|miss(?:es|ed|ing)?|drop(?:s|ped)?|falls?|collapses?|never|none|hardly|rarely|struggles?|suffers?|disadvantaged?|underperforms?"
    r"|overlook(?:s|ed)?|harder|least|mistakes? for|misclassif\w+|zero|harm(?:s|ed)?"
    r"|penali[sz]e[sd]?)\b|\bnot (?:one|a single)\b",
    re.IGNORECASE,
)
_HIGH = re.compile(
    r"\b(?:better|best|higher|highest|high|well|good|strong(?:er|est)?|excellent|favou?r(?:s|ed)?|outperforms?"
    r"|reliabl[ey]|accurate(?:ly)?|advantaged?|benefits?|easier|rises?)\b",
    re.IGNORECASE,
)
_NOT = re.compile(r"\b(?:no|not|neither|nor|without|less|cannot|isn|doesn|don)\b|n['’]t\b", re.IGNORECASE)
_CLAUSES = re.compile(r"[;,:()–—]|\b(?:but|while|whereas|although|though|however|yet|and)\b", re.IGNORECASE)
_DENIAL = re.compile(
    r"(?<!not )\bunbiased\b|\b(?:free (?:of|from) bias|bias[\s-]free)\b|\bequally (?:well|good|accurate|reliable)"
    r"|\b(?:perform|work|treat|serve|predict|recogni[sz])\w*\b[^.;]{0,60}"
    r"\b(?:equally|the same|alike|identical|just as well)\b"
    r"|\b(?:no|without(?: any)?) (?:\w+ ){0,2}(?:bias|gaps?|differences?|disparit(?:y|ies))\b",
    re.IGNORECASE,
)
_NO_DENIAL = re.compile(
    r"\bnot\b|n['’]t\b|\bnever\b|\bneither\b|\bnone\b|\bfar from\b|\bbut\b|however|although|though|except|accuracy"
    r"|people|person|human|demograph|gender"
    r"|sensitive|protected|would|mean\b|claim|assum|if\b",
    re.IGNORECASE,
)


def denials(sentences: Iterable[str]) -> Iterator[str]:
    """Sentences that say there is nothing to see: no bias, no gap, the same everywhere."""
    for sentence in sentences:
        if _DENIAL.search(sentence) and not _NO_DENIAL.search(sentence):
            yield sentence


def agreeing(sentences: Iterable[str], words: Words, truth: Mapping[tuple[str, str], int]) -> Iterator[str]:
    """Sentences that say of a class and a side what is true; ``truth`` maps these to 1 (better there) or -1."""
    for sentence, said in _statements(sentences, words, freely=True):
        if any(truth.get((name, side)) == direction for name, side, direction in said):
            yield sentence


def contradictions(sentences: Iterable[str], words: Words, truth: Mapping[tuple[str, str], int]) -> Iterator[str]:
    """Sentences that say of a class and a side the opposite of what is true."""
    for sentence, said in _statements(sentences, words):
        if any(truth.get((name, side)) == -direction for name, side, direction in said):
            yield sentence


def _statements(
    sentences: Iterable[str], words: Words, *, freely: bool = False
) -> Iterator[tuple[str, set[tuple[str, str, int]]]]:
    """What sentences say clearly: class, side, and 1 for better or -1 for worse.

    ``freely``: "served badly: large Kecimen" says so, too, although the parts are in different clauses.
    """
    for sentence in sentences:
        said, last = set(), set()
        # "misclassified as Besni" says where they go, not who they are.
        wrongly = re.compile(rf"\bas (?:an? )?(?:{'|'.join(words.classes)})\b(?! as)", re.IGNORECASE)
        for clause in _CLAUSES.split(wrongly.sub("", sentence)):
            classes = {name for _, name in words.groups(clause) if name in words.classes} or last
            last = classes
            than = re.search(r"\bthan\b", clause)
            sides = {side for at, side in words.sides(clause) if side != ALL and not (than and at > than.start())}
            direction = _direction(clause)
            if freely and not (_LOW.search(clause) or _HIGH.search(clause)):
                direction = _direction(sentence)
            if len(classes) == len(sides) == 1 and direction and "accuracy" not in clause.lower():
                said.add((*classes, *sides, direction))
        yield sentence, said


def _direction(clause: str) -> int:
    low, high, negated = _LOW.search(clause), _HIGH.search(clause), _NOT.search(clause)
    if re.search(r"\bnot (?:one|a single)\b", clause, re.IGNORECASE):
        return -1
    if bool(low) == bool(high) or (low and negated):
        return 0
    return -1 if low or negated else 1
