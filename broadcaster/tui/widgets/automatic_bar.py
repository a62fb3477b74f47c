"""Under the mode, on every screen, while something may be said without a person: by which rules, or that they stop."""

from __future__ import annotations

from textual.binding import Binding
from textual.content import Content
from textual.widget import Widget

from broadcaster.papers.automatic import holds, standing
from broadcaster.tui.drawing import clock_of, fit
from broadcaster.tui.place import AtDesk
from broadcaster.tui.words import plain

KEY = Binding("f12", "app.hold_automatic", "tui_key_hold_automatic", key_display="F12", show=False)
"""Named in the bar itself. Among the keys of every screen: a question in a box lets no key through to the app."""


class AutomaticBar(AtDesk, Widget):
    """Nothing where no rule may ever speak by itself."""

    def on_mount(self) -> None:
        """Follow the board."""
        self.watch(self.app, "board", self._changed)

    def _changed(self) -> None:
        board = self.desk.board
        shown, on = bool(board and board["automatic"]["rules"]), holds(board)
        if (shown, on) != (self.display, self.has_class("-on")):
            self.display = shown
            self.set_class(on, "-on")
            self.screen.refresh_bindings()
        self.refresh()

    def spoken(self) -> None:
        """Say it in the other language."""
        self.refresh()

    def render(self) -> Content:
        """Draw the line, and the key that stops it."""
        board = self.desk.board
        said = standing(board, self.words, lambda at: clock_of(at, self.desk.zone))
        key = self.words("tui_automatic_key") if holds(board) else ""
        return plain(fit(f" {said}{key}", self.size.width), "bold")
