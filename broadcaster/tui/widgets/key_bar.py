"""The keys that work here and now, in the officer's language: the same bindings the help screen lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from textual.binding import ActiveBinding
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

from broadcaster.tui.place import AtDesk
from broadcaster.tui.words import plain, width

LAST = ("tui_key_back", "tui_key_help")
"""Descriptions of the keys that always have their place, at the end."""
LATE = frozenset({"tui_key_browser", "tui_key_language", "tui_key_quit"})
"""Those that come after the screen's own, whoever binds them."""
MOVES = frozenset(f"tui_key_{name}" for name in ("up", "down", "page_up", "page_down", "top", "bottom"))
"""Descriptions of keys that do nothing but move: told in one line, and no command to be found by words."""


class KeyBar(AtDesk, Widget):
    """The bottom line. A binding's description is a code of the catalogue."""

    def on_mount(self) -> None:
        """Follow the bindings: they change with focus and with what may be done."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, _: Screen[object]) -> None:
        self.refresh()

    def spoken(self) -> None:
        """Say it in the other language."""
        self.refresh()

    def render(self) -> Content:
        """Draw as many keys as fit, those of the screen first, and always the way back and the help."""
        shown = [(key, each.binding.description) for key, each in bindings_of(self.screen) if each.binding.show]
        last = sorted((pair for pair in shown if pair[1] in LAST), key=lambda pair: LAST.index(pair[1]))
        room, parts = self.size.width - sum(self._columns(pair) for pair in last), list[tuple[str, str]]()
        for pair in shown:
            if pair not in last and (room := room - self._columns(pair)) >= 0:
                parts.append(pair)
        return Content.assemble(*(piece for pair in (*parts, *last) for piece in self._drawn(pair)))

    def _columns(self, pair: tuple[str, str]) -> int:
        return width(pair[0]) + width(self.words(pair[1])) + 3

    def _drawn(self, pair: tuple[str, str]) -> tuple[Content, Content]:
        return plain(f" {pair[0]} ", "bold reverse"), plain(f"{self.words(pair[1])} ")


def bindings_of(screen: Screen[Any]) -> Iterator[tuple[str, ActiveBinding]]:
    """Yield the key as it is shown and the binding of whatever works on a screen now, once each, those of the widget in
    focus and of the screen before those of the app.
    """
    seen: set[str] = set()
    ours = [each for each in screen.active_bindings.values() if each.binding.description.startswith("tui_")]
    for active in sorted(ours, key=lambda each: each.node is screen.app or each.binding.description in LATE):
        if active.enabled and active.binding.description not in seen:
            seen.add(active.binding.description)
            yield screen.app.get_key_display(active.binding), active
