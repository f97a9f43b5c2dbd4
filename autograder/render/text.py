"""Make text that a student's program wrote safe to show, and short enough to read."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["UNSEEN", "cap", "capped", "clean", "count", "legible", "number", "short"]

UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)
"""What moves the cursor, changes colours, reverses the reading direction or cannot be seen at all: C0 and C1
controls but for tab and line feed, bidirectional controls, other invisible characters, surrogates."""
_PLAIN = str.maketrans(
    {
        "✓": "+",
        "◐": "~",
        "✗": "x",
        "–": "-",
        "·": "-",
        "→": "->",
        "…": "...",
        "│": "|",
        "─": "-",
        "×": "x",
        "−": "-",
        "“": '"',
        "”": '"',
        "‘": "'",
        "’": "'",
    }
)


def clean(text: str) -> str:
    """The text with every control or invisible character spelled out, as in ``\\x1b[31m``.

    Line feeds stay, tabs become spaces, and a carriage return starts a new line, so a progress bar shows all
    of its steps. Joiners stay too: emoji and several scripts need them.
    """
    lines = re.sub(r"\r\n?", "\n", text).expandtabs(4)
    return UNSEEN.sub(lambda match: _spelled(ord(match[0])), lines)


def cap(text: str, *, lines: int, chars: int) -> tuple[str, str]:
    """The beginning of a text, and a note on what was left out (empty if nothing was)."""
    rows = text.rstrip().split("\n")
    shown = "\n".join(rows[:lines])
    if len(shown) > chars:
        left = len(text.rstrip()) - chars
        return shown[:chars].rstrip(), f"… {left:,} more {'character' if left == 1 else 'characters'}"
    left = len(rows) - lines
    return shown, f"… {count(left, 'more line', 'more lines')}" if left > 0 else ""


def capped(text: str, *, lines: int, chars: int) -> Iterator[str]:
    """The lines of a text made safe and capped, and a last one on what was left out."""
    shown, note = cap(clean(text), lines=lines, chars=chars)
    yield from shown.split("\n")
    if note:
        yield note


def short(line: str) -> str:
    """The text made safe, on one line of at most 300 characters, and what was left out."""
    shown, note = cap(clean(line), lines=1, chars=300)
    return f"{shown} {note}" if note else shown


def count(number: int, one: str, many: str = "") -> str:
    """``"1 check"`` or ``"1,234 checks"``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def number(points: float) -> str:
    """Points as people write them: ``3``, ``1.5``, ``0.25``."""
    return f"{points:.2f}".rstrip("0").rstrip(".")


def legible(text: str, encoding: str) -> str:
    """The text in characters that the encoding has; our own symbols get plain stand-ins."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_PLAIN).encode(encoding, "backslashreplace").decode(encoding)
    return text


def _spelled(code: int) -> str:
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
