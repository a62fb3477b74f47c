"""The keys by which the board opens composing, what waits for approval, and the records."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from textual.binding import Binding, BindingType

from broadcaster.tui.widgets.board_table import BoardTable

if TYPE_CHECKING:
    from textual.screen import Screen

    Base = Screen[None]
else:
    Base = object  # Textual takes the first base that is a node for the one to inherit style and keys from

FIRST: list[BindingType] = [
    Binding("n", "compose", "tui_key_compose"),
    Binding("a", "approve", "tui_key_approve_list"),
]
"""What is always worth a place at the bottom."""
KEYS: list[BindingType] = [
    Binding("i", "incident", "tui_key_incident"),
    Binding("t", "handover", "tui_key_handover", show=False),
    Binding("p", "history", "tui_key_history", show=False),
    Binding("g", "log", "tui_key_log", show=False),
    Binding("b", "routine", "tui_key_routine", show=False),
    Binding("s", "subscribers", "tui_key_subscribers", show=False),
    Binding("w", "automatic", "tui_key_automatic", show=False),
]
"""To be among the screen's own: Textual takes no keys from a class that is no node."""
SCREENS = ("compose", "approve", "incident", "handover", "history", "log", "routine", "subscribers", "automatic")
"""Screens that are loaded when they are opened, or by `warm`: together they take longer than the first picture may."""


def warm() -> None:
    """Load the other screens, beside the event loop and after the first picture, so that no key has to wait for it."""
    for name in SCREENS:
        import_module(f"broadcaster.tui.screens.{name}")


class Opens(Base):
    """Mixed into the board's screen, with `FIRST` and `KEYS` among its bindings."""

    def action_compose(self, of: str = "", kind: str = "update") -> None:
        """Say something new, or go on with a draft; `of` an alert, write what follows it."""
        from broadcaster.tui.screens.compose import ComposeScreen  # noqa: PLC0415 - see `SCREENS`

        self.app.push_screen(ComposeScreen(of=of or None, kind=kind))

    def open_draft(self, row: Any) -> None:
        """Go on with a draft that stands on the board."""
        from broadcaster.sheet import from_json  # noqa: PLC0415 - see `SCREENS`
        from broadcaster.tui.screens.compose import ComposeScreen  # noqa: PLC0415 - see `SCREENS`

        self.app.push_screen(ComposeScreen(from_json(row["body"]), row=row))

    def action_approve(self) -> None:
        """Show the one the cursor is on, else everything that waits."""
        from broadcaster.tui.screens.approve import ApproveScreen, ReviewScreen  # noqa: PLC0415 - see `SCREENS`

        line = self.query_one(BoardTable).line
        if line is not None and line.submission is not None:
            self.app.push_screen(ReviewScreen(int(line.submission["id"])))
        else:
            self.app.push_screen(ApproveScreen())

    def show_incident(self, number: int) -> None:
        """Show how an incident went."""
        from broadcaster.tui.screens.incident import IncidentScreen  # noqa: PLC0415 - see `SCREENS`

        self.app.push_screen(IncidentScreen(number))

    def action_handover(self) -> None:
        """Show the hand-over sheet."""
        from broadcaster.tui.screens.handover import HandoverScreen  # noqa: PLC0415 - see `SCREENS`

        self.app.push_screen(HandoverScreen())

    def action_history(self) -> None:
        """Show everything that was sent."""
        from broadcaster.tui.screens.history import HistoryScreen  # noqa: PLC0415 - see `SCREENS`

        self.app.push_screen(HistoryScreen())

    def action_log(self) -> None:
        """Show the audit log."""
        from broadcaster.tui.screens.log import LogScreen  # noqa: PLC0415 - see `SCREENS`

        self.app.push_screen(LogScreen())

    def action_routine(self) -> None:
        """Show the announcements by the calendar."""
        from broadcaster.tui.screens.routine import RoutineScreen  # noqa: PLC0415 - see `SCREENS`

        self.app.push_screen(RoutineScreen())

    def action_automatic(self) -> None:
        """Show what may be said without a person."""
        from broadcaster.tui.screens.automatic import AutomaticScreen  # noqa: PLC0415 - see `SCREENS`

        self.app.push_screen(AutomaticScreen())

    def action_subscribers(self) -> None:
        """Show the subscribers, counted."""
        from broadcaster.tui.screens.subscribers import SubscribersScreen  # noqa: PLC0415 - see `SCREENS`

        self.app.push_screen(SubscribersScreen())
