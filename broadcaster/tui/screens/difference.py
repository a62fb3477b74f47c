"""Two officers changed one draft: what differs, and whose words stay. Nothing is overwritten that one has not seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Literal

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from broadcaster.sheet import Difference
from broadcaster.tui.drawing import clock_of, pad
from broadcaster.tui.screens.base import DeskModal
from broadcaster.tui.widgets.folded import Prose
from broadcaster.tui.widgets.reading import Reading
from broadcaster.tui.words import plain, width

Stays = Literal["ours", "theirs"]


class DifferenceScreen(DeskModal["Stays | None"]):
    """The fields that differ, ours over theirs. Its result says whose stay, None to decide later."""

    NAME: ClassVar[str] = "tui_difference_name"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "stay('ours')", "tui_key_ours"),
        Binding("2", "stay('theirs')", "tui_key_theirs"),
    ]

    def __init__(self, row: Any, found: Sequence[Difference], names: Sequence[str]) -> None:
        super().__init__()
        self._row, self._found, self._names = row, found, names

    def body(self) -> Iterable[Widget]:
        """Return the list."""
        with Reading():
            yield Prose(id="differences")

    def spoken(self) -> None:
        """Say who changed it, then each field."""
        time = clock_of(self._row["updated_at"], self.desk.zone)
        by = self.words.who(self._row["updated_by"]["name"])
        ours = self.words("tui_ours")
        columns = max(width(ours), width(by)) + 2
        lines = [plain(self.words("tui_difference", by=by, time=time, number=self._row["id"]), "bold"), plain("")]
        for name, each in zip(self._names, self._found, strict=True):
            lines.append(plain(name, "underline"))
            lines.append(plain(f" 1 {pad(ours, columns)}{each.ours or '-'}"))
            lines.append(plain(f" 2 {pad(by, columns)}{each.theirs or '-'}"))
        self.query_one("#differences", Static).update(Content("\n").join(lines))

    def action_stay(self, whose: Stays) -> None:
        """Decide."""
        self.dismiss(whose)
