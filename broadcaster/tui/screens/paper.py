"""A screen that shows one paper: something fetched once, put into words, and read by scrolling."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from broadcaster.client import Client
from broadcaster.tui.screens.base import DeskScreen
from broadcaster.tui.widgets.folded import Prose
from broadcaster.tui.words import plain


class PaperScreen(DeskScreen[None]):
    """Fetches, then words; `g` fetches again."""

    CSS_PATH = "../css/records.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("g", "fetch_again", "tui_key_again", show=False)]

    def __init__(self) -> None:
        super().__init__()
        self.found: Any = None

    def body(self) -> Iterable[Widget]:
        """Return head and text."""
        yield Prose(id="head")
        with VerticalScroll(id="paper"):
            yield Prose(id="said", hang=2)

    def on_mount(self) -> None:
        """Fetch it."""
        self.query_one("#paper").focus()
        self.action_fetch_again()

    @work(exclusive=True, group="fetch")
    async def action_fetch_again(self) -> None:
        """Fetch it from the core."""
        with self.failing():
            self.found = await self.ask(self.fetch)
            self.refresh_bindings()
            self.spoken()

    def spoken(self) -> None:
        """Word it."""
        if self.found is None:
            self.query_one("#head", Static).update(plain(self.words("tui_loading"), "dim"))
            return
        self.query_one("#head", Static).update(plain(self.title_line(), "bold"))
        self.query_one("#said", Static).update(Content("\n").join(self.lines()))

    @abstractmethod
    def fetch(self, core: Client) -> Any:
        """Return what it is about."""

    @abstractmethod
    def title_line(self) -> str:
        """Return the head."""

    @abstractmethod
    def lines(self) -> Iterable[Content]:
        """Return the text."""

    @work(exclusive=True, group="save")
    async def save(self, stem: str, suffix: str, text: str) -> None:
        """Write a paper into the folder the desk was opened in, under a name that is not taken, and say where."""
        path = Path.cwd() / f"{stem}-{self.desk.now():%Y%m%d-%H%M%S}.{suffix}"
        try:
            await asyncio.to_thread(_write, path, text)
        except OSError as error:
            self.desk.tell(self.words("tui_not_written", path=path, why=error.strerror or ""), grave=True)
        else:
            self.desk.tell(self.words("written", file=path))


def _write(path: Path, text: str) -> None:
    with path.open("x", encoding="utf-8", newline="") as file:
        file.write(text)
