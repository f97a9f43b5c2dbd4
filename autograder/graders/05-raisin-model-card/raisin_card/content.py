"""What a model card says besides numbers: text of its own, a source, uses that are out of scope."""

from __future__ import annotations

import functools
import re

from huggingface_hub.repocard import TEMPLATE_MODELCARD_PATH

__all__ = ["cites_authors", "cites_source", "is_prompt", "names_out_of_scope", "placeholder", "tells_replica"]

_PLACEHOLDER = re.compile(
    r"\[?more information needed\]?|\b(?:TODO|TBD|FIXME)\b|lorem ipsum|YOUR TEXT HERE|\{\{.*?\}\}|\?\?\?|\bX{2,}\b"
    r"|\b0\.[xX]+|\bto be (?:added|done|written|completed|filled in|determined)\b|\binsert (?:\w+ ){1,3}here\b"
    r"|\[(?:insert|your|name|author|date|citation|link|placeholder|optional|describe|add)\b[^\]]{0,60}\](?!\()",
    re.IGNORECASE,
)
_OUT_OF_SCOPE = re.compile(
    r"out[\s-]of[\s-](?:the )?scope|outside (?:the|its|of its) (?:intended )?(?:scope|use)"
    r"|(?:\bnot|n['’]t) (?:be )?(?:\w+ )?(?:intended|used?|meant|suitable|suited|fit|designed|made|for|deploy\w*"
    r"|appropriate|apply|applied|rely|relied)\b|\bno (?:basis|tool|product)\b"
    r"|\b(?:misuse|unsuitable|inappropriate|prohibited|forbidden|never|nobody|no one)\b",
    re.IGNORECASE,
)
_AUTHORS = (r"[cç].nar", r"k[oö]klu", r"ta[sş]dem.r")  # the dots stand for i with and without its dot
_ET_AL = re.compile(r"[cç].nar,? et al|[cç].nar and (?:others|colleagues|co-authors)", re.IGNORECASE)
_DOI = re.compile(r"10\.30855/gmbd\.2020\.03\.03", re.IGNORECASE)
_UCI = re.compile(r"archive\.ics\.uci\.edu/dataset/850|10\.24432/C5660T|\bUCI\b.{0,60}\b850\b", re.IGNORECASE)
_TITLE = re.compile(r"\bUCI\b|\bGazi\b|Classification of Raisin", re.IGNORECASE)
_REPLICA = re.compile(r"replica|synthetic|simulat|generated|artificial data|drawn (?:at random )?from", re.IGNORECASE)
_STARTER_PROMPTS = """
Who made the model, when, and which version is it? What kind of model, trained how, under which licence?
Who may use it, and for what? What must nobody use it for? Precision, recall and F1 overall, then F1 per slice.
Of which class, or averaged how? On which rows? Where do the data come from, who is cited for them?
How were they split and processed? Which slices does the model serve worse? Does that hold for both classes, and for
accuracy? Where does it come from? What should a reader know before trusting the figures? What would you do next?
"""


def placeholder(text: str) -> str:
    """The first thing that still waits to be filled in, empty if there is none."""
    found = _PLACEHOLDER.search(text)
    return found[0] if found else ""


def is_prompt(sentence: str) -> bool:
    """Whether a sentence is one of a template, which nobody wrote about this model."""
    return _normal(sentence) in _prompts()


def names_out_of_scope(text: str) -> bool:
    """Whether a text says what something is not for."""
    return bool(_OUT_OF_SCOPE.search(text))


def cites_authors(text: str) -> bool:
    """Whether the authors of the Raisin data are named, or a DOI that names them."""
    everyone = all(re.search(name, text, re.IGNORECASE) for name in _AUTHORS)
    return bool(everyone or _ET_AL.search(text) or _DOI.search(text))


def cites_source(text: str) -> bool:
    """Whether a reader can find the Raisin data: by DOI, by link, or by title and year."""
    return bool(_DOI.search(text) or _UCI.search(text) or (re.search(r"\b2020\b", text) and _TITLE.search(text)))


def tells_replica(text: str) -> bool:
    """Whether a text says that its data are made, not measured."""
    return bool(_REPLICA.search(text))


@functools.lru_cache(maxsize=1)
def _prompts() -> frozenset[str]:
    template = TEMPLATE_MODELCARD_PATH.read_text(encoding="utf-8")
    defaults = re.findall(r'<!--(.*?)-->|default\("([^"]{20,})"', template, re.DOTALL)
    texts = [_STARTER_PROMPTS, *(one or other for one, other in defaults)]
    sentences = [sentence for text in texts for sentence in re.split(r"(?<=[.?!])\s+", text)]
    return frozenset(map(_normal, [*texts, *sentences])) - {""}


def _normal(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))
