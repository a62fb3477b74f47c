"""What changed, marked in the text itself: by signs, so that it is read without colour, aloud, and on paper."""

from __future__ import annotations

from broadcaster.rules.differences import Mark, compare

LEGEND = {Mark.REMOVED: ("[-", "-]"), Mark.ADDED: ("{+", "+}"), Mark.SAME: ("", "")}
"""The signs around each piece: those of `wdiff`, which people who compare texts know."""


def marked(old: str, new: str) -> str:
    """Return both texts as one: `[-gone-]`, `{+new+}`, and between them what stayed."""
    return "".join(f"{LEGEND[piece.mark][0]}{piece.text}{LEGEND[piece.mark][1]}" for piece in compare(old, new))
