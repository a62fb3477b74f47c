"""The board, the first screen: what needs a person, the channels, and every incident with its deliveries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from textual.widget import Widget

from broadcaster.tui.lines import lines_of
from broadcaster.tui.screens.base import DeskScreen
from broadcaster.tui.widgets.board_table import BoardTable


class BoardScreen(DeskScreen[None]):
    """The live board."""

    NAME: ClassVar[str] = "tui_board_name"

    def body(self) -> Iterable[Widget]:
        """Return the table."""
        yield BoardTable()

    def on_mount(self) -> None:
        """Follow the board."""
        self.query_one(BoardTable).focus()
        self.watch(self.app, "board", self._show)

    def _show(self, board: Any) -> None:
        if board is not None:
            self.query_one(BoardTable).show(lines_of(board, self.desk.now(), self.desk.hint))

    def action_leave(self) -> None:
        """Stay: it is the first screen; the desk is left with its own key."""
