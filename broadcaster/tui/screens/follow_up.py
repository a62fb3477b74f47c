"""What may follow an alert in force, each by one key; and by how much it is extended."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from broadcaster.tui.lines import serial
from broadcaster.tui.sayings import HOURS
from broadcaster.tui.screens.base import DeskModal
from broadcaster.tui.widgets.folded import Prose
from broadcaster.tui.words import plain

CHOICES = (("u", "update"), ("c", "correct"), ("f", "retract"), ("x", "cancel"), ("e", "lift"), ("v", "extend"))
"""Key and what it does: the same keys as on the board."""


class FollowUpScreen(DeskModal[str]):
    """Lists what may follow, with a sentence on each; its result is the chosen one of `CHOICES`."""

    NAME: ClassVar[str] = "tui_follow_up_name"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, f"choose('{name}')", f"tui_key_{name}") for key, name in CHOICES
    ]

    def __init__(self, row: Any, names: Iterable[str]) -> None:
        super().__init__()
        self._row, self._names = row, frozenset(names)

    def body(self) -> Iterable[Widget]:
        """Return the list."""
        yield Prose(id="of")
        yield Prose(id="choices")

    def spoken(self) -> None:
        """Say what each does."""
        alert = self._row["alert"]
        self.query_one("#of", Static).update(plain(f"{serial(alert)} {self.words.headline(alert)}\n", "bold"))
        lines = [self._choice(key, name) for key, name in CHOICES if name in self._names]
        self.query_one("#choices", Static).update(Content("\n").join(lines))

    def _choice(self, key: str, name: str) -> Content:
        said, about = self.words(f"tui_key_{name}"), self.words(f"tui_about_{name}")
        return plain(f" {key}  {said}\n    {about}")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what can follow here."""
        return action != "choose" or parameters[0] in self._names

    def action_choose(self, name: str) -> None:
        """Take it."""
        self.dismiss(name)


class ExtendScreen(DeskModal[int]):
    """Asks how long it still holds; its result is a number of hours from now."""

    NAME: ClassVar[str] = "tui_say_extension"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(str(place), f"extend({hours})", f"tui_key_hours_{hours}") for place, hours in enumerate(HOURS, 1)
    ]

    def __init__(self, row: Any) -> None:
        super().__init__()
        self._row = row

    def body(self) -> Iterable[Widget]:
        """Return the question."""
        yield Prose(id="of")
        yield Prose(id="choices")

    def spoken(self) -> None:
        """Ask."""
        alert = self._row["alert"]
        self.query_one("#of", Static).update(plain(f"{serial(alert)} {self.words.headline(alert)}\n", "bold"))
        lines = [plain(self.words("tui_ask_hours"))]
        lines += [plain(f" {place}: {self.words(f'tui_key_hours_{hours}')}") for place, hours in enumerate(HOURS, 1)]
        self.query_one("#choices", Static).update(Content("\n").join(lines))

    def action_extend(self, hours: int) -> None:
        """Take it."""
        self.dismiss(hours)
