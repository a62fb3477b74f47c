"""Whether words that were written freely are given up for the template's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from broadcaster.tui.screens.base import DeskModal
from broadcaster.tui.widgets.folded import Prose
from broadcaster.tui.words import plain


class GiveBackScreen(DeskModal[bool]):
    """A question. Its result is true where the template's words are taken again."""

    NAME: ClassVar[str] = "tui_give_back_name"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "give_back", "tui_key_give_back")]

    def __init__(self, language: str) -> None:
        super().__init__()
        self._tag = language

    def body(self) -> Iterable[Widget]:
        """Return the question."""
        yield Prose(id="question")

    def spoken(self) -> None:
        """Ask."""
        name = self.words.tongue(self._tag)
        self.query_one("#question", Static).update(plain(self.words("tui_give_back", language=name)))

    def action_give_back(self) -> None:
        """Take the template's."""
        self.dismiss(True)
