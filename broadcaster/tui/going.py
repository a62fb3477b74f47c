"""Going from field to field of a form, before the next key is read: what a slow line brings in one piece, or a hand
that types far ahead of a busy machine, must not land in the field one has left.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from textual.binding import Binding, BindingType
from textual.widgets import Input, TextArea

from broadcaster.tui.widgets.safe_input import SafeArea, SafeInput, caught_up

if TYPE_CHECKING:
    from textual.screen import Screen

    Base = Screen[object]
else:
    Base = object  # Textual takes the first base that is a node for the one to inherit style and keys from

KEYS: list[BindingType] = [
    Binding("tab", "app.focus_next", priority=True, show=False),
    Binding("shift+tab", "app.focus_previous", priority=True, show=False),
    Binding("enter", "go_on('enter')", priority=True, show=False),
    Binding("down", "go_on('down')", priority=True, show=False),
]
"""To be among the screen's own: Textual takes no keys from a class that is no node."""


class GoesOn(Base):
    """Mixed into a form that has `KEYS` among its bindings: fills it with what is typed. A field is left by the keys in
    its `LEAVES`; any other key it has a use for itself.
    """

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave a key to the field that uses it."""
        return action != "go_on" or parameters[0] in getattr(self.focused, "LEAVES", ())

    def action_go_on(self, key: str) -> None:  # noqa: ARG002 (told apart by `check_action`)
        """Go to the next field."""
        self.focus_next()

    @abstractmethod
    def fill(self, place: str, value: str) -> None:
        """Put a field's value into what is filled."""

    def on_input_changed(self, event: Input.Changed) -> None:
        """Take what is typed into a line."""
        self.fill(getattr(event.input, "place", ""), event.value)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Take what is typed into several lines."""
        self.fill(getattr(event.text_area, "place", ""), getattr(event.text_area, "cleaned", ""))

    async def take_typed(self) -> None:
        """Fill with every line as it is, once the field in focus has taken all keys that wait for it."""
        if self.focused is not None:
            await caught_up(self.focused)
        for line in self.query(SafeInput):
            self.fill(line.place, line.value)
        for area in self.query(SafeArea):
            self.fill(area.place, area.cleaned)
