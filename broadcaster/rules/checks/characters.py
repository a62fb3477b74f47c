"""Characters that are not seen, or that make a text look like another. Shown as code points, with their position."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from broadcaster.model import Problem
from broadcaster.rules.checks.texts import Field

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and marks by their category, yet nothing is seen (Hangul fillers and their like)."""
_JOINERS = frozenset("\u200c\u200d")
_JOINING = frozenset(
    {"fa", "ur", "ps", "ckb", "hi", "mr", "ne", "bn", "si", "ml", "kn", "te", "ta", "gu", "pa", "or", "my"}
)
"""Languages whose spelling needs the joiners."""
_MANY_LINES = frozenset({"description", "instruction", "note"})
_SHOWN = 5


def problems(texts: Iterable[Field]) -> Iterator[Problem]:
    """Yield one problem per text and sort of character."""
    for field in texts:
        found: dict[str, list[str]] = {}
        for position, char in enumerate(field.text, 1):
            if not char.isprintable() or char in _BLANK:
                code = _code(char, field)
                if code:
                    found.setdefault(code, []).append(f"U+{ord(char):04X} ({position})")
        for code, points in found.items():
            listed = ", ".join(points[:_SHOWN])
            yield Problem(code=code, place=field.place, params={"codepoints": listed, "count": len(points)})


def _code(char: str, field: Field) -> str:
    """Return the code for this character, empty where it is allowed."""
    if char == "\n" and field.name in _MANY_LINES:
        return ""
    if char in _JOINERS and field.language.partition("-")[0] in _JOINING:
        return ""
    if char in _BIDI:
        return "character_bidi"
    category = unicodedata.category(char)
    if char in _BLANK or category == "Cf":
        return "character_invisible"
    return {"Cs": "character_surrogate", "Co": "character_private", "Zs": ""}.get(category, "character_control")
