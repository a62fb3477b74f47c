"""A countdown that runs, and all automatic sending, can be stopped from every screen, by whoever sits here."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import work

from broadcaster.papers.automatic import holds
from broadcaster.tui.screens.reason import ReasonScreen
from broadcaster.tui.widgets.countdown import running

if TYPE_CHECKING:
    from textual.app import App

    from broadcaster.tui.app import DeskApp

    Base = App[object]
else:
    Base = object  # Textual takes the first base that is a node for the one to inherit style and keys from


class Stops(Base):
    """Mixed into the app."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 (Textual's own)
        """Offer each key only while there is something to stop."""
        board = cast("DeskApp", self).board
        if action == "hold_automatic":
            return holds(board)
        return action != "stop_breaking" or bool(running(board))

    def action_stop_breaking(self) -> None:
        """Ask why, then stop the countdown that ends first."""
        desk = cast("DeskApp", self)
        number = int(running(desk.board)[0]["submission"])
        self.push_screen(ReasonScreen("tui_why_stop", "why_default"), lambda reason: self._stop(number, reason))

    def _stop(self, number: int, reason: str | None) -> None:
        if reason is not None:
            self.stop_breaking(number, reason)

    def action_hold_automatic(self) -> None:
        """Ask why, then stop all automatic sending."""
        self.push_screen(ReasonScreen("tui_why_hold_automatic", "why_default"), self._hold)

    def _hold(self, reason: str | None) -> None:
        if reason is not None:
            self.hold_automatic(reason)

    @work(group="hold", exclusive=True)
    async def hold_automatic(self, reason: str) -> None:
        """Stop it, and say so."""
        desk = cast("DeskApp", self)
        with desk.failing():
            await desk.gateway.ask(lambda core: core.hold_automatic(reason))
            desk.tell(desk.words("automatic_held"))

    @work(group="stop", exclusive=True)
    async def stop_breaking(self, number: int, reason: str) -> None:
        """Stop it, and say so."""
        desk = cast("DeskApp", self)
        with desk.failing():
            await desk.gateway.ask(lambda core: core.stop_breaking(number, reason))
            desk.tell(desk.words("break_glass_stopped", number=number))
