"""Running text on a terminal: Japanese breaks between any two letters, others between words (JIS X 4051, in little)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from broadcaster.tui.words import plain, width

_PIECES = re.compile(r"[!-~\u00a1-\u024f]+ ?| |.", re.DOTALL)
"""What stays together: a word with the blank behind it, or one wide letter."""
_NOT_FIRST = "、。，．）」』】〕！？：；・ーっゃゅょぁぃぅぇぉッャュョァィゥェォ々"
"""What no line begins with."""


def fold(text: str, columns: int) -> Iterator[str]:
    """Yield the lines of a text on so many columns; its own line breaks stay."""
    for line in text.split("\n"):
        yield from _fold(line, max(columns, 4))


def _fold(line: str, columns: int) -> Iterator[str]:
    row, used = "", 0
    for piece in _pieces(line, columns):
        size = width(piece)
        if row and used + width(piece.rstrip()) > columns:
            kept, moved = _kept(row, piece)
            yield kept.rstrip(" ")
            row, used = moved, width(moved)
        row, used = row + piece, used + size
    yield row


def _pieces(line: str, columns: int) -> Iterator[str]:
    """A word longer than the line is broken after all."""
    for found in _PIECES.findall(line):
        if width(found) <= columns:
            yield found
        else:
            yield from found


def _kept(row: str, piece: str) -> tuple[str, str]:
    """Where the next line would begin with a full stop, take the letter before it along."""
    if piece[0] in _NOT_FIRST and len(row) > 1:
        return row[:-1], row[-1]
    return row, ""


class Folded(Widget):
    """Paragraphs, each in a style of its own."""

    def __init__(self, *, classes: str = "") -> None:
        super().__init__(classes=classes)
        self._parts: tuple[tuple[str, str], ...] = ()

    def put(self, parts: Sequence[tuple[str, str]]) -> None:
        """Show these texts, each with its style."""
        if tuple(parts) != self._parts:
            self._parts = tuple(parts)
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 (Textual's)
        """As many lines as it takes."""
        return sum(1 for text, _ in self._parts for _ in fold(text, width))

    def render(self) -> Content:
        """Draw it."""
        lines = [_marked(line, style) for text, style in self._parts for line in fold(text, self.size.width)]
        return Content("\n").join(lines)


def _marked(text: str, style: str) -> Content:
    """Draw 〔what is missing〕 in another way than the words around it, as far as it is on one line."""
    parts = text.replace("〔", "\0〔").replace("〕", "〕\0").split("\0")
    return Content("").join(plain(piece, "reverse" if piece.startswith("〔") else style) for piece in parts)
