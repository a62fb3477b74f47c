"""Every key that works on the screen one comes from, made from its bindings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from broadcaster.tui.drawing import pad
from broadcaster.tui.screens.base import DeskModal
from broadcaster.tui.words import plain


class HelpScreen(DeskModal[None]):
    """The keys, and one sentence on what the screen is for."""

    NAME: ClassVar[str] = "tui_help_name"

    def __init__(self, about: str, keys: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._about, self._keys = about, keys

    def body(self) -> Iterable[Widget]:
        """Return the list."""
        with VerticalScroll():
            yield Static(id="keys")

    def spoken(self) -> None:
        """Name each key."""
        lines = [plain(self._about, "bold"), plain("")]
        lines += [plain(f"{pad(key, 12)} {said}") for key, said in self._keys]
        self.query_one("#keys", Static).update(Content("\n").join(lines))
