"""What is typed or pasted, made fit for a text: one spelling of each letter, and nothing that is not seen.

Terminals hand over whatever a clipboard holds. Letters come in Unicode's composed form (NFC), so that が is one letter
and is counted as one; control and bidi characters go, and the person is told which; a paste of several lines into a
field of one line becomes one line. Nothing else is changed, and nothing is ever cut: what is too long is refused whole.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from broadcaster.model import JAPANESE

LONGEST_PASTE = 20_000
"""Characters. More than any field holds; a wrong clipboard (a whole log, a file of 10 MB) is refused as it is."""
_LINES = re.compile(r"\s*(?:\r\n|[\n\r\v\f\x85\u2028\u2029])\s*")
_BREAK = re.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")
_ENDED = "。．.、，,！!？?：:・」』）)"
_JOINERS = "\u200c\u200d"
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The text, and the code points that were taken out of it, each once, as `U+202E`."""

    text: str
    removed: tuple[str, ...] = ()


def clean(raw: str, *, lines: bool = False, language: str = JAPANESE) -> Cleaned:
    """Return what may stand in a field; `lines` keeps line breaks. Raise `ValueError` for more than `LONGEST_PASTE`.

    Joiners stay: Persian and Hindi are spelt with them, and emoji; whether the language may have them is checked with
    the draft.
    """
    if len(raw) > LONGEST_PASTE:
        msg = "longer than any text"
        raise ValueError(msg)
    text = _BREAK.sub("\n", raw) if lines else _one_line(_LINES.sub("\n", raw).strip("\n"), language)
    text = text.replace("\t", " ")
    removed = dict.fromkeys(f"U+{ord(char):04X}" for char in text if _goes(char))
    kept = "".join(char for char in text if not _goes(char))
    return Cleaned(unicodedata.normalize("NFC", kept), tuple(removed))


def _goes(char: str) -> bool:
    return char != "\n" and char not in _JOINERS and unicodedata.category(char) in _HIDDEN


def _one_line(text: str, language: str) -> str:
    """Put lines one after the other as a list is written, or as sentences where they end as such."""
    japanese = language.partition("-")[0] == JAPANESE
    made = ""
    for line in text.split("\n"):
        if made and line:
            made += ("" if japanese else " ") if made[-1] in _ENDED else "、" if japanese else ", "
        made += line
    return made
