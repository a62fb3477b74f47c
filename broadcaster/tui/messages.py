"""What widgets tell their screens, in the past tense."""

from __future__ import annotations

from textual.message import Message

from broadcaster.tui.lines import Line


class LineChosen(Message):
    """A line of the board was chosen with Enter or a click."""

    def __init__(self, line: Line) -> None:
        super().__init__()
        self.line = line


class LineReached(Message):
    """The cursor of the board has moved to another line."""

    def __init__(self, line: Line | None) -> None:
        super().__init__()
        self.line = line
