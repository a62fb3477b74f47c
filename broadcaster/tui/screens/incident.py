"""クロノロジー: all that happened to one incident, to be read, and to be taken along as CSV or Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from broadcaster.client import Client
from broadcaster.papers.chronology import as_csv, as_markdown, title, told
from broadcaster.tui.screens.paper import PaperScreen
from broadcaster.tui.words import plain


class IncidentScreen(PaperScreen):
    """The chronology, oldest first."""

    NAME: ClassVar[str] = "tui_incident_name"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "save_csv", "tui_key_csv"),
        Binding("m", "save_markdown", "tui_key_markdown"),
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
        """Offer saving once there is something."""
        return not action.startswith("save") or self.found is not None

    def action_save_csv(self) -> None:
        """Write it as CSV."""
        self.save(f"chronology-{self._incident}", "csv", as_csv(self.found, self.words))

    def action_save_markdown(self) -> None:
        """Write it as Markdown."""
        self.save(f"chronology-{self._incident}", "md", as_markdown(self.found, self.words))
