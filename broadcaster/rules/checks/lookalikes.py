"""Letters of one script that pass for those of another: a reader sees the same word, a search or a filter does not.

Greek and Cyrillic letters have their right place in their own languages, and as symbols (μg, α, Ω). They are refused
where they stand in a word with Latin letters, or make up a whole word of a language that is not written with them, and
only those that look like a Latin letter. Mathematical alphabets (U+1D400) are letters only to the eye: a screen reader
spells them out or is silent. Shown as code points, with their position.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from broadcaster.model import Problem
from broadcaster.rules.checks.texts import Field

_CYRILLIC = "АВЕКМНОРСТУХЅІЈаеорсухѕіјһԁԛԝ"
_GREEK = "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧονικρ"
_ALIKE = frozenset(_CYRILLIC + _GREEK)
_OWN = {
    **dict.fromkeys(("ru", "uk", "be", "bg", "sr", "mk", "mn", "kk", "ky", "tg", "uz", "az"), frozenset(_CYRILLIC)),
    "el": frozenset(_GREEK),
}
"""Languages in which these letters are at home."""
SEEN_AS = str.maketrans("авекмнорстухѕіјһԁԛԝαβεζηικμνορτυχ", "abekmhopctyxsijhdqwabezhikmnoptyx")
"""What each small letter passes for, as it stands or as its capital."""
_SUSPECT = re.compile(f"[{_CYRILLIC}{_GREEK}\U0001d400-\U0001d7ff]")
_WORD = re.compile("[A-Za-z\u0370-\u03ff\u0400-\u052f\U0001d400-\U0001d7ff]+")
_LATIN = re.compile("[A-Za-z]")
_MATHEMATICAL = re.compile("[\U0001d400-\U0001d7ff]")
_SHOWN = 5


def problems(texts: Iterable[Field]) -> Iterator[Problem]:
    """Yield one problem per text."""
    for field in texts:
        if found := list(_found(field)):
            listed = ", ".join(f"U+{ord(field.text[at]):04X} ({at + 1})" for at in found[:_SHOWN])
            yield Problem(
                code="character_lookalike", place=field.place, params={"codepoints": listed, "count": len(found)}
            )


def _found(field: Field) -> Iterator[int]:
    own = _OWN.get(field.language.partition("-")[0], frozenset[str]())
    for match in _WORD.finditer(field.text):
        word = match[0]
        suspects = [match.start() + found.start() for found in _SUSPECT.finditer(word)]
        if suspects and _passes_for_another(word, own):
            yield from suspects


def _passes_for_another(word: str, own: frozenset[str]) -> bool:
    if _LATIN.search(word) or _MATHEMATICAL.search(word):
        return True
    return not own.intersection(word) and _ALIKE.issuperset(word)
