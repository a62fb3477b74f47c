"""The hand-over sheet: what the next shift must know, on a screen or two."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from broadcaster.client import Client
from broadcaster.papers.handover import sections, sheet_markdown, title
from broadcaster.tui.screens.paper import PaperScreen
from broadcaster.tui.words import plain


class HandoverScreen(PaperScreen):
    """The sheet of this moment."""

    NAME: ClassVar[str] = "tui_handover_name"
    ABOUT: ClassVar[str] = "tui_handover_about"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("m", "save_markdown", "tui_key_markdown")]

    def fetch(self, core: Client) -> Any:
        """Return what it is made of."""
        return core.handover()

    def title_line(self) -> str:
        """Return of when it is."""
        return title(self.found, self.words)

    def lines(self) -> Iterator[Content]:
        """Yield each heading with its lines."""
        for each in sections(self.found, self.words):
            yield plain(each.title, "bold reverse")
            yield from (plain(f"  {line}") for line in each.lines)
            yield plain("")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 (Textual's own)
        """Offer saving once there is something."""
        return not action.startswith("save") or self.found is not None

    def action_save_markdown(self) -> None:
        """Write it as Markdown."""
        self.save("handover", "md", sheet_markdown(self.found, self.words))
