"""Residents who take mail, counted: nobody's address is shown here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from textual.content import Content

from broadcaster.client import Client
from broadcaster.tui.screens.paper import PaperScreen
from broadcaster.tui.words import plain


class SubscribersScreen(PaperScreen):
    """The counts, by language and by area."""

    NAME: ClassVar[str] = "tui_subscribers_name"
    ABOUT: ClassVar[str] = "tui_subscribers_about"

    def fetch(self, core: Client) -> Any:
        """Return the counts."""
        return core.subscriber_stats()

    def title_line(self) -> str:
        """Return how many there are."""
        return self.words("subscribers_total", count=f"{self.found['total']:,}")

    def lines(self) -> Iterator[Content]:
        """Yield each count."""
        if self.found["suppressed"]:
            yield plain(self.words("subscribers_suppressed", count=self.found["suppressed"]))
        for kind in ("language", "area"):
            for name, count in self.found[f"by_{kind}"].items():
                said = self.words.tongue(name) if kind == "language" else name
                yield plain(self.words(f"subscribers_{kind}", name=said, count=f"{count:,}"))
