"""クロノロジー: all that happened to one incident, to be read, and to be taken along as CSV or Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content

from broadcaster.client import Client
from broadcaster.papers.chronology import as_csv, as_markdown, title, told
from broadcaster.tui.lines import serial
from broadcaster.tui.screens.paper import PaperScreen
from broadcaster.tui.screens.reason import ReasonScreen
from broadcaster.tui.words import plain


class IncidentScreen(PaperScreen):
    """The chronology, oldest first."""

    NAME: ClassVar[str] = "tui_incident_name"
    ABOUT: ClassVar[str] = "tui_incident_about"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "save_csv", "tui_key_csv"),
        Binding("m", "save_markdown", "tui_key_markdown"),
        Binding("y", "review", "tui_key_review"),
    ]

    def __init__(self, incident: int) -> None:
        super().__init__()
        self._incident = incident

    def fetch(self, core: Client) -> Any:
        """Return the chronology."""
        return core.chronology(self._incident)

    def title_line(self) -> str:
        """Return which incident it is."""
        return title(self.found, self.words)

    def lines(self) -> Iterator[Content]:
        """Yield when, which version and where; then what, and who."""
        day = ""
        for each in told(self.found, self.words):
            if day != (day := f"{each.at:%Y-%m-%d}"):
                yield plain(day, "bold reverse")
            where = "  ".join(part for part in (f"{each.at:%H:%M:%S}", each.serial, each.where) if part)
            yield Content.assemble(plain(f"{where}  ", "dim"), plain(each.what), plain(f"  ({each.who})", "dim"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 (Textual's own)
        """Offer saving once there is something, and looking at what one person sent alone."""
        if action == "review":
            return bool(self._unreviewed)
        return not action.startswith("save") or self.found is not None

    @property
    def _unreviewed(self) -> list[str]:
        """The serials of what went out without a second person and nobody has looked at yet."""
        rows = self.found["rows"] if self.found else ()
        return [serial(row["alert"]) for row in rows if row["unreviewed"]]

    def action_review(self) -> None:
        """Ask what was found, and put it on record."""
        self.app.push_screen(ReasonScreen("tui_why_review"), self._reviewed)

    def _reviewed(self, note: str | None) -> None:
        if note is not None:
            self.review(self._unreviewed[0], note)

    @work(exclusive=True, group="review")
    async def review(self, alert: str, note: str) -> None:
        """Put on record that an approver has looked at it."""
        with self.failing():
            await self.ask(lambda core: core.review(alert, note))
            self.desk.tell(self.words("reviewed", alert=alert))
            self.action_fetch_again()

    def action_save_csv(self) -> None:
        """Write it as CSV."""
        self.save(f"chronology-{self._incident}", "csv", as_csv(self.found, self.words))

    def action_save_markdown(self) -> None:
        """Write it as Markdown."""
        self.save(f"chronology-{self._incident}", "md", as_markdown(self.found, self.words))
