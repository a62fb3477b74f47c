"""What would go out, before it does: exactly the bytes, as a resident sees them."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from broadcaster.client import Client
from broadcaster.tui.handing import Handing
from broadcaster.tui.lines import serial
from broadcaster.tui.page_files import remove, write_page
from broadcaster.tui.screens.base import DeskScreen
from broadcaster.tui.screens.send import SendScreen
from broadcaster.tui.views import alert_of
from broadcaster.tui.widgets.folded import Prose
from broadcaster.tui.widgets.preview_pane import PreviewPane
from broadcaster.tui.words import plain


class Previewing(DeskScreen[Any]):
    """A screen that shows what goes out. Its result is what became of it (`desk.Submitted`), None for nothing."""

    CSS_PATH = "../css/preview.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("w", "browser", "tui_key_browser")]

    def __init__(self) -> None:
        super().__init__()
        self.shown: Any = None
        self._page: Path | None = None

    def body(self) -> Iterable[Widget]:
        """Return the head and the pane."""
        yield Prose(id="head")
        yield PreviewPane()

    def on_mount(self) -> None:
        """Fetch it."""
        self.query_one("#text").focus()
        self.load()

    @work(exclusive=True, group="load")
    async def load(self) -> None:
        """Fetch and show it."""
        with self.failing():
            self.put(await self.ask(self.fetch))

    @abstractmethod
    def fetch(self, core: Client) -> Any:
        """Return what is shown: a `desk.Preview` or a `desk.Pending`."""

    def put(self, shown: Any) -> None:
        """Show it."""
        self.shown = shown
        self.query_one(PreviewPane).show(shown)
        self.spoken()
        self.refresh_bindings()

    def spoken(self) -> None:
        """Say what it is."""
        if self.shown is None:
            self.query_one("#head", Static).update(plain(self.words("tui_loading"), "dim"))
            return
        alert = alert_of(self.shown)
        said = f"{serial(alert)} {self.words('kind_' + alert['kind'])}  {self.words.headline(alert)}"
        where = [self.words("tui_page_is_at", url=self._page.as_uri())] if self._page else []
        self.query_one("#head", Static).update(plain("\n".join([said, *self.notes(), *where]), "bold"))

    def notes(self) -> Iterable[str]:
        """Return further lines of the head."""
        return ()

    @work(exclusive=True, group="browser")
    async def action_browser(self) -> None:
        """Write the page as files, and say where: a terminal may be far from any browser."""
        if self.shown is None:
            return
        if self._page is None:
            self._page = await asyncio.to_thread(write_page, self.shown)
        if self._page is None:
            self.desk.tell(self.words("tui_no_page"))
        else:
            self.desk.tell(self.words("tui_page_written"))
            self.spoken()

    def on_unmount(self) -> None:
        """Leave nothing behind."""
        remove(self._page)


class PreviewScreen(Previewing):
    """The preview of a draft; from it one goes on to sending."""

    NAME: ClassVar[str] = "tui_preview_name"
    ABOUT: ClassVar[str] = "tui_preview_about"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "send", "tui_key_send", priority=True)]

    def __init__(self, handing: Handing) -> None:
        super().__init__()
        self._handing = handing

    def fetch(self, core: Client) -> Any:
        """Have it previewed."""
        return core.preview(self._handing.draft)

    def notes(self) -> Iterable[str]:
        """Say what stands in the way, or what comes next."""
        blocking = [each for each in self.shown["problems"] if each["blocking"]]
        if blocking:
            yield self.words("tui_blocked", count=len(blocking))
        elif self.shown["needs_approval"]:
            yield self.words("needs_approval")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 (Textual's own)
        """Offer sending only where nothing forbids it."""
        return action != "send" or (self.shown is not None and not any(p["blocking"] for p in self.shown["problems"]))

    def action_send(self) -> None:
        """Ask for the words, then hand it in."""
        digest = str(self.shown["digest"])
        verb = "tui_will_submit" if self.shown["needs_approval"] else "tui_will_send"
        asking = SendScreen(self.shown, lambda core: self._handing.send(core, digest), verb=verb)
        self.app.push_screen(asking, self._sent)

    def _sent(self, done: Any) -> None:
        """Go, or look again: what kept it from being sent may be that it is no longer what was shown."""
        if done is not None:
            self.dismiss(done)
        else:
            self.load()
