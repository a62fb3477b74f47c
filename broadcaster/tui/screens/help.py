"""Every key that works on the screen one comes from, made from its bindings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.binding import ActiveBinding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from broadcaster.tui.drawing import pad
from broadcaster.tui.screens.base import DeskModal
from broadcaster.tui.widgets.key_bar import MOVES
from broadcaster.tui.words import plain


class HelpScreen(DeskModal[None]):
    """What the screen is for, then its keys; those that only move come last."""

    NAME: ClassVar[str] = "tui_help_name"

    def __init__(self, name: str, about: str, keys: Sequence[ActiveBinding]) -> None:
        super().__init__()
        self._heading, self._about, self._keys = name, about, keys

    def body(self) -> Iterable[Widget]:
        """Return the list."""
        with VerticalScroll():
            yield Static(id="keys")

    def spoken(self) -> None:
        """Name each key."""
        lines = [plain(self.words(self._heading), "bold")]
        lines += [plain(self.words(self._about))] if self._about else []
        lines += [plain(""), *(self._key(each) for each in self._keys if each.binding.description not in MOVES)]
        lines += [plain(""), *(self._key(each) for each in self._keys if each.binding.description in MOVES)]
        self.query_one("#keys", Static).update(Content("\n").join(lines))

    def _key(self, active: ActiveBinding) -> Content:
        return plain(f"{pad(self.app.get_key_display(active.binding), 12)} {self.words(active.binding.description)}")
