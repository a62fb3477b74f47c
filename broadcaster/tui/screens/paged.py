"""A list read page by page, newest first, with what the cursor is on told below it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static

from broadcaster.client import Client
from broadcaster.tui.screens.base import DeskScreen
from broadcaster.tui.widgets.choices import Choices
from broadcaster.tui.widgets.folded import Prose
from broadcaster.tui.words import plain

PAGE = 100


class PagedScreen(DeskScreen[None]):
    """`n` fetches what is older, `g` begins again at the newest."""

    CSS_PATH = "../css/records.tcss"
    OPENS: ClassVar[bool] = True
    """Whether a line leads on to another screen."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "older", "tui_key_older"),
        Binding("g", "newest", "tui_key_newest"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.items: Sequence[Any] = ()
        """What is listed, newest first."""
        self.next: int | None = None
        """Where the older ones begin; None where there are none."""

    def body(self) -> Iterable[Widget]:
        """Return head, list and detail."""
        yield Prose(id="head")
        yield Choices(opens=self.OPENS)
        yield Prose(id="detail")

    def on_mount(self) -> None:
        """Begin with the newest."""
        self.query_one(OptionList).focus()
        self.load(None)

    @work(exclusive=True, group="load")
    async def load(self, start: int | None) -> None:
        """Fetch a page."""
        with self.failing():
            self.items, self.next = await self.ask(lambda core: self.fetch(core, start))
            self.query_one(OptionList).highlighted = None
            self.spoken()
            self.refresh_bindings()

    def spoken(self) -> None:
        """List them, the cursor where it was."""
        self.query_one("#head", Static).update(plain(self.title_line(), "bold"))
        shown = self.query_one(Choices)
        here = shown.highlighted or 0
        shown.put(map(self.line, self.items), map(str, range(len(self.items))))
        shown.highlighted = here if here < len(self.items) else None
        self._detail()

    def on_option_list_option_highlighted(self) -> None:
        """Tell more about it."""
        self._detail()

    def _detail(self) -> None:
        place = self.query_one(OptionList).highlighted
        text = self.detail(self.items[place]) if place is not None and place < len(self.items) else plain("")
        self.query_one("#detail", Static).update(text)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 (Textual's own)
        """Offer older ones only where there are some."""
        return action != "older" or self.next is not None

    def action_older(self) -> None:
        """Fetch what is older."""
        self.load(self.next)

    def action_newest(self) -> None:
        """Begin again at the newest."""
        self.load(None)

    @abstractmethod
    def fetch(self, core: Client, start: int | None) -> tuple[Sequence[Any], int | None]:
        """Return a page, newest first, and where the next one begins."""

    @abstractmethod
    def title_line(self) -> str:
        """Return the head."""

    @abstractmethod
    def line(self, item: Any) -> Content:
        """Return one line."""

    @abstractmethod
    def detail(self, item: Any) -> Content:
        """Return more about one."""
