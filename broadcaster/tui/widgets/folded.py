"""Running text on a terminal: Japanese breaks between any two letters, others between words (JIS X 4051, in little)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from textual.content import Content
from textual.css.styles import RulesMap
from textual.geometry import Size
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual, VisualType
from textual.widget import Widget
from textual.widgets import Static

from broadcaster.tui.drawing import fit
from broadcaster.tui.words import plain, width

_PIECES = re.compile(r"[!-~\u00a1-\u024f]+ ?| |.", re.DOTALL)
"""What stays together: a word with the blank behind it, or one wide letter."""
_NOT_FIRST = "、。，．）」』】〕！？：；・ーっゃゅょぁぃぅぇぉッャュョァィゥェォ々.,;:!?)]"
"""What no line begins with."""
_NOT_LAST = "（「『【〔［(["
"""What no line ends with."""


def fold(text: str, columns: int) -> Iterator[str]:
    """Yield the lines of a text on so many columns; its own line breaks stay."""
    for line in text.split("\n"):
        yield from (row.rstrip(" ") for row in _fold(line, max(columns, 4)))


def _fold(line: str, columns: int) -> Iterator[str]:
    row, used = "", 0
    for piece in _pieces(line, columns):
        size = width(piece)
        if row and used + width(piece.rstrip()) > columns:
            kept, moved = _kept(row, piece)
            yield kept
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
    """Where the next line would begin with a full stop, or this one end with a bracket, take that letter along."""
    if len(row) > 1 and (piece[0] in _NOT_FIRST or row[-1] in _NOT_LAST):
        return row[:-1], row[-1]
    return row, ""


def folded(text: Content, columns: int, hang: int = 0) -> Content:
    """Return a text on so many columns, its styles kept. What goes on from a line stands under that line's beginning,
    and `hang` columns further in.
    """
    return Content("\n").join(row for line in text.split("\n", allow_blank=True) for row in _hung(line, columns, hang))


def _hung(line: Content, columns: int, hang: int) -> Iterator[Content]:
    said = line.plain
    deep = min(len(said) - len(said.lstrip(" ")) + hang, columns // 2)
    first, *more = _fold(said, max(columns, 4))
    if not more:
        yield line
        return
    yield line[: len(first)].rstrip()
    at = len(first)
    for row in _fold(said[at:], max(columns - deep, 4)):
        yield Content.assemble(" " * deep, line[at : at + len(row)].rstrip())
        at += len(row)


class Folding(Visual):
    """A text that is folded when it is known on how many columns."""

    def __init__(self, text: Content, hang: int = 0) -> None:
        self._text, self._hang = text, hang

    @property
    def plain(self) -> str:
        """The text itself."""
        return self._text.plain

    def __str__(self) -> str:
        return self.plain

    def render_strips(self, width: int, height: int | None, style: Style, options: RenderOptions) -> list[Strip]:
        """Draw it."""
        return folded(self._text, width, self._hang).render_strips(width, height, style, options)

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        """As wide as its longest line."""
        return self._text.get_optimal_width(rules, container_width)

    def get_minimal_width(self, rules: RulesMap) -> int:
        """As wide as its longest word."""
        return self._text.get_minimal_width(rules)

    def get_height(self, rules: RulesMap, width: int) -> int:
        """As many lines as it takes."""
        return folded(self._text, width, self._hang).get_height(rules, width)


class Fitting(Visual):
    """A text of which each line keeps to its line: what does not fit is cut, and ends in `..`."""

    def __init__(self, text: Content) -> None:
        self._lines = text.split("\n", allow_blank=True)

    def render_strips(self, width: int, height: int | None, style: Style, options: RenderOptions) -> list[Strip]:
        """Draw it."""
        cut = Content("\n").join(_cut(line, width) for line in self._lines)
        return cut.render_strips(width, height, style, options)

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:  # noqa: ARG002 (Textual's)
        """As wide as there is room."""
        return container_width

    def get_minimal_width(self, rules: RulesMap) -> int:  # noqa: ARG002 (Textual's)
        """It can always be cut."""
        return 1

    def get_height(self, rules: RulesMap, width: int) -> int:  # noqa: ARG002 (Textual's)
        """As many lines as it has."""
        return len(self._lines)


def _cut(line: Content, columns: int) -> Content:
    if width(line.plain) <= columns:
        return line
    kept = fit(line.plain, columns).removesuffix("..")
    return Content.assemble(line[: len(kept)], "..")


class Prose(Static):
    """A text, folded. `hang`: by how much the lines that go on are set in."""

    def __init__(self, *, id: str | None = None, classes: str | None = None, hang: int = 0) -> None:  # noqa: A002 (Textual's)
        super().__init__(id=id, classes=classes)
        self._hang = hang

    def update(self, content: VisualType = "", *, layout: bool = True) -> None:
        """Show another text."""
        text = content if isinstance(content, Content) else Content(str(content))
        super().update(Folding(text, self._hang), layout=layout)


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
