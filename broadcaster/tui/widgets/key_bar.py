"""The keys that work here and now, in the officer's language: the same bindings the help screen lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from textual.binding import ActiveBinding
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

from broadcaster.tui.place import AtDesk
from broadcaster.tui.words import Words, plain, width


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
        """Draw as many keys as fit, those of the screen first."""
        parts: list[Content] = []
        room = self.size.width - 1
        for key, said in keys_of(self.screen, self.words):
            room -= width(key) + width(said) + 3
            if room < 0:
                break
            parts += [plain(f" {key} ", "bold reverse"), plain(f"{said} ")]
        return Content.assemble(*parts)


def keys_of(screen: Screen[object], words: Words, *, every: bool = False) -> Iterator[tuple[str, str]]:
    """Yield key and description of what works on a screen now, once each; `every`: also those not shown below."""
    for key, active in bindings_of(screen):
        if active.binding.show or every:
            yield key, words(active.binding.description)


def bindings_of(screen: Screen[Any]) -> Iterator[tuple[str, ActiveBinding]]:
    """Yield the key as it is shown and the binding of whatever works on a screen now, once each, those of the widget in
    focus and of the screen before those of the app.
    """
    seen: set[str] = set()
    ours = [each for each in screen.active_bindings.values() if each.binding.description.startswith("tui_")]
    for active in sorted(ours, key=lambda each: each.node is screen.app):
        if active.enabled and active.binding.description not in seen:
            seen.add(active.binding.description)
            yield screen.app.get_key_display(active.binding), active
