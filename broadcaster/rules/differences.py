"""What changed between two texts, in pieces a person can read.

Lines are compared first, then words within a changed passage. Japanese has no spaces between words, so a word is a
number with its colons and points (a time, a date), a run of Latin letters, of kanji or of katakana, or one other
character. A single letter that happens to be equal between two changes is no help to a reader and is told as changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import groupby

LONGEST = 4_000
"""Characters of a changed passage that are compared word by word; longer ones are told as replaced as a whole."""
_LIKE = 0.3
"""Below this likeness a passage is another one, and marks within it would only confuse."""
_SHORTEST_SAME = 2
_WORD = re.compile(r"[0-9０-９]+(?:[:：.．/／-][0-9０-９]+)*|[A-Za-z]+|[\u3400-\u9fff々]+|[ァ-ヶー]+|.", re.DOTALL)


class Mark(StrEnum):
    """What became of a piece."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of characters of one fate. What is removed stands before what came in its place."""

    mark: Mark
    text: str


def compare(old: str, new: str) -> tuple[Piece, ...]:
    """Return both texts as one run of pieces: without what was added it is the old one, without what was removed the
    new one.
    """
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    return _joined(_lines(before, after))


def changed(pieces: Iterable[Piece]) -> bool:
    """Return whether anything differs."""
    return any(piece.mark is not Mark.SAME for piece in pieces)


def _lines(before: Sequence[str], after: Sequence[str]) -> Iterator[Piece]:
    for tag, low, high, first, last in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        old, new = before[low:high], after[first:last]
        if tag == "equal":
            yield Piece(Mark.SAME, "".join(old))
        elif tag == "replace" and sum(map(len, (*old, *new))) <= LONGEST:
            yield from _passage(old, new)
        else:
            yield from _replaced("".join(old), "".join(new))


def _passage(old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    """Lay the shorter passage where it is most like the longer one, and compare line by line."""
    shorter, longer = sorted((old, new), key=len)
    likeness = [sum(map(_like, shorter, longer[start:])) for start in range(len(longer) - len(shorter) + 1)]
    start = likeness.index(max(likeness))
    end = start + len(shorter)
    mark = Mark.ADDED if longer is new else Mark.REMOVED
    yield Piece(mark, "".join(longer[:start]))
    pairs = zip(old, new[start:end], strict=True) if longer is new else zip(old[start:end], new, strict=True)
    for before, after in pairs:
        yield from _words(before, after)
    yield Piece(mark, "".join(longer[end:]))


def _like(one: str, other: str) -> float:
    return SequenceMatcher(None, _WORD.findall(one), _WORD.findall(other), autojunk=False).ratio()


def _words(old: str, new: str) -> Iterator[Piece]:
    before, after = _WORD.findall(old), _WORD.findall(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if matcher.ratio() < _LIKE:
        yield from _replaced(old, new)
        return
    for tag, low, high, first, last in matcher.get_opcodes():
        kept = "".join(before[low:high])
        if tag == "equal" and (len(kept) >= _SHORTEST_SAME or kept.isspace() or len(kept) in (len(old), len(new))):
            yield Piece(Mark.SAME, kept)
        else:
            yield from _replaced(kept, "".join(after[first:last]))


def _replaced(old: str, new: str) -> Iterator[Piece]:
    yield Piece(Mark.REMOVED, old)
    yield Piece(Mark.ADDED, new)


def _joined(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Put neighbours of one fate together; within a change, all that is gone before all that is new."""
    joined: list[Piece] = []
    for same, group in groupby((piece for piece in pieces if piece.text), key=lambda piece: piece.mark is Mark.SAME):
        run = list(group)
        marks = (Mark.SAME,) if same else (Mark.REMOVED, Mark.ADDED)
        together = [Piece(mark, "".join(piece.text for piece in run if piece.mark is mark)) for mark in marks]
        joined += [piece for piece in together if piece.text]
    return tuple(joined)
