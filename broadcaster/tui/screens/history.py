"""Everything that was sent, newest first; Enter shows how its incident went."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from textual.content import Content
from textual.widgets import OptionList

from broadcaster.client import Client
from broadcaster.papers.telling import Teller
from broadcaster.tui.drawing import hands, joined, pad
from broadcaster.tui.lines import serial
from broadcaster.tui.screens.incident import IncidentScreen
from broadcaster.tui.screens.paged import PAGE, PagedScreen
from broadcaster.tui.words import plain


class HistoryScreen(PagedScreen):
    """All alerts."""

    NAME: ClassVar[str] = "tui_history_name"
    ABOUT: ClassVar[str] = "tui_history_about"

    def fetch(self, core: Client, start: int | None) -> tuple[Sequence[Any], int | None]:
        """Return a page of them."""
        found = core.history(start, PAGE)
        return found["rows"], found["before"]

    def title_line(self) -> str:
        """Return what it is, or that there is nothing."""
        return self.words("tui_history_head") if self.items else self.words("board_empty")

    def line(self, item: Any) -> Content:
        """Return time, serial, kind, headline."""
        alert = item["alert"]
        at = Teller(self.words, self.desk.zone).local(item["accepted_at"])
        force = self.words("in_force" if item["in_force"] else "not_in_force")
        kind = self.words(f"kind_{alert['kind']}")
        front = f" {at:%Y-%m-%d %H:%M}  {pad(serial(alert), 7)}{pad(force, 10)}{pad(kind, 16)}"
        return plain(f"{front}{self.words.headline(alert)}")

    def detail(self, item: Any) -> Content:
        """Return who sent it, and where each delivery stands."""
        teller = Teller(self.words, self.desk.zone)
        by = joined(teller.clock(item["accepted_at"]), hands(item, self.words))
        told = [each for each in (self.words.headline(item["alert"]), self.words.beside(item["alert"])) if each]
        states = [
            f"{teller.place(each['channel'], each['target'])} {self.words('state_' + each['state'])}"
            for each in item["deliveries"]
        ]
        return plain("\n".join([*told, by, "  ".join(states)]))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Show its incident."""
        event.stop()
        self.app.push_screen(IncidentScreen(int(self.items[event.option_index]["alert"]["incident"])))
