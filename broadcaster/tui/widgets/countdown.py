"""Under the mode, on every screen, while something is about to go out on one person's word: what, whose, how soon."""

from __future__ import annotations

from math import ceil
from typing import Any

from textual.binding import Binding
from textual.content import Content
from textual.widget import Widget

from broadcaster.tui.drawing import fit
from broadcaster.tui.lines import moment
from broadcaster.tui.place import AtDesk
from broadcaster.tui.words import plain

TICK_S = 0.5
KEY = Binding("f8", "app.stop_breaking", "tui_key_stop", key_display="F8")
"""Among the keys of every screen: a question in a box lets no key through to the app."""


def running(board: Any) -> Any:
    """Return the countdowns that run, the one that ends first first."""
    return board["breaking"] if board else ()


class CountdownBar(AtDesk, Widget):
    """Nothing while no countdown runs."""

    def on_mount(self) -> None:
        """Follow the board, and the seconds."""
        self.watch(self.app, "board", self._changed)
        self.set_interval(TICK_S, self.refresh)

    def _changed(self) -> None:
        shown = bool(running(self.desk.board))
        if shown != self.display:
            self.display = shown
            self.screen.refresh_bindings()
        self.refresh()

    def spoken(self) -> None:
        """Say it in the other language."""
        self.refresh()

    def render(self) -> Content:
        """Draw the one that ends first."""
        countdowns = running(self.desk.board)
        if not countdowns:
            return plain("")
        first = countdowns[0]
        seconds = max(0, ceil((moment(first["due_at"]) - self.desk.now()).total_seconds()))
        by, reason = self.words.who(first["by"]), first["reason"]
        said = self.words("tui_breaking", number=first["submission"], seconds=seconds, by=by, reason=reason)
        return plain(fit(f" {said}", self.size.width), "bold")
