"""Every key that works on the screen one comes from, made from its bindings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from math import ceil
from typing import ClassVar

from textual.binding import ActiveBinding
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from broadcaster.tui.drawing import pad
from broadcaster.tui.screens.base import DeskModal
from broadcaster.tui.widgets.folded import Prose
from broadcaster.tui.widgets.key_bar import MOVES
from broadcaster.tui.widgets.reading import Reading
from broadcaster.tui.words import plain

COLUMN = 38
"""Half of what a box holds on 80 columns."""


class HelpScreen(DeskModal[None]):
    """What the screen is for, then its keys; those that only move in a line."""

    NAME: ClassVar[str] = "tui_help_name"

    def __init__(self, name: str, about: str, keys: Sequence[ActiveBinding]) -> None:
        super().__init__()
        self._heading, self._about, self._keys = name, about, keys

    def body(self) -> Iterable[Widget]:
        """Return the list."""
        with Reading():
            yield Prose(id="keys")

    def spoken(self) -> None:
        """Name each key."""
        lines = [self.words(self._about), ""] if self._about else []
        lines += [*self._columns(), "", self._moves()]
        said = [plain(self.words(self._heading), "bold"), *(plain(line) for line in lines)]
        self.query_one("#keys", Static).update(Content("\n").join(said))

    def _moves(self) -> str:
        """Return the keys that only move, on a line."""
        keys = [self.app.get_key_display(each.binding) for each in self._keys if each.binding.description in MOVES]
        return self.words("tui_moves", keys=" ".join(keys)) if keys else ""

    def _columns(self) -> Iterator[str]:
        """Yield the other keys two on a line, to be read downwards: all are seen at once."""
        cells = [self._key(each) for each in self._keys if each.binding.description not in MOVES]
        down = ceil(len(cells) / 2)
        for left, right in zip_longest(cells[:down], cells[down:], fillvalue=""):
            yield f"{pad(left, COLUMN)}{right}".rstrip()

    def _key(self, active: ActiveBinding) -> str:
        return f"{pad(self.app.get_key_display(active.binding), 8)}{self.words(active.binding.description)}"
