"""What widgets tell their screens, in the past tense."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.message import Message

from broadcaster.tui.lines import Line

if TYPE_CHECKING:
    from broadcaster.sheet import Sheet


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


class TextCleaned(Message):
    """Characters that nobody sees were taken out of what was typed or pasted."""

    def __init__(self, removed: tuple[str, ...]) -> None:
        super().__init__()
        self.removed = removed


class PasteRefused(Message):
    """A paste was longer than any text, and nothing of it was taken."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length


class Chosen(Message):
    """One of several was chosen in a field of the sheet."""

    def __init__(self, place: str, value: str) -> None:
        super().__init__()
        self.place, self.value = place, value


class AreasChosen(Message):
    """Other areas are chosen."""

    def __init__(self, areas: tuple[str, ...]) -> None:
        super().__init__()
        self.areas = areas


class Picked(Message):
    """What to fill was picked: a new sheet, or a draft with its row."""

    def __init__(self, sheet: Sheet, row: Any = None) -> None:
        super().__init__()
        self.sheet, self.row = sheet, row


class DraftsChanged(Message):
    """A draft is no longer among those that can be gone on with."""
