"""A question in a box that is answered in several fields, one after the other."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.screen import ScreenResultType
from textual.widgets import Input

from broadcaster.tui.screens.base import DeskModal


class FieldsModal(DeskModal[ScreenResultType]):
    """Enter goes on to the next field; after the last it submits that one (`on_input_submitted`)."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "go_on", "tui_key_choose", show=False, priority=True)]

    @property
    @abstractmethod
    def fields(self) -> Sequence[str]:
        """The ids of its inputs, in their order."""

    def action_go_on(self) -> None:
        """Go on to the next field, or submit the last.

        The focus moves before any further key is handed out: whoever types ahead of a slow machine must not have the
        passphrase shown as a name. The last field answers for itself, after the keys that still wait for it.
        """
        fields = self.fields
        here = self.focused.id if isinstance(self.focused, Input) and self.focused.id in fields else fields[0]
        place = fields.index(here or fields[0])
        if place + 1 < len(fields):
            self.set_focus(self.query_one(f"#{fields[place + 1]}", Input))
        else:
            last = self.query_one(f"#{fields[-1]}", Input)
            last.call_later(last.action_submit)
