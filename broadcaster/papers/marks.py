"""What changed, marked in the text itself: by signs, so that it is read without colour, aloud, and on paper."""

from __future__ import annotations

from broadcaster.rules.differences import Mark, Piece, compare

SIGNS = {Mark.REMOVED: ("[-", "-]"), Mark.ADDED: ("{+", "+}"), Mark.SAME: ("", "")}
"""The signs around each piece: those of `wdiff`, which people who compare texts know."""


def marked(old: str, new: str) -> str:
    """Return both texts as one: `[-gone-]`, `{+new+}`, and between them what stayed."""
    return "".join(signed(piece) for piece in compare(old, new))


def signed(piece: Piece) -> str:
    """Return a piece between its signs, which stand on the lines of its first and its last word."""
    before, after = SIGNS[piece.mark]
    text = piece.text.lstrip("\n")
    begin, words = len(piece.text) - len(text), text.rstrip("\n")
    return f"{piece.text[:begin]}{before}{words}{after}{text[len(words) :]}"
