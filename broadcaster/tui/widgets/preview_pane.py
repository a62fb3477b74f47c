"""What goes out, channel by channel: names on top, figures below them, then the text as a resident gets it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from broadcaster.tui.place import AtDesk
from broadcaster.tui.views import Page, has_previous, pages
from broadcaster.tui.widgets.folded import Prose
from broadcaster.tui.words import plain


class PreviewPane(AtDesk, Vertical):
    """Shows a `desk.Preview` or a `desk.Pending`. Left and right change the channel, `d` shows or hides differences."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l,right", "channel(1)", "tui_key_channel", key_display="<- ->"),
        Binding("h,left", "channel(-1)", "tui_key_channel", show=False),
        Binding("d", "differences", "tui_key_differences"),
    ]

    at: reactive[int] = reactive(0)
    """Which page is shown; 0 are the points to check."""
    differences: reactive[bool] = reactive(True)
    """Whether what changed is marked."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: Any = None
        self._pages: list[Page] = []

    def compose(self) -> ComposeResult:
        """Put names, figures and text one under the other."""
        yield Prose(id="names")
        yield Prose(id="figures")
        with VerticalScroll(id="text"):
            yield Prose(id="said")

    def show(self, shown: Any) -> None:
        """Show this from now on."""
        self._shown = shown
        self.refresh_bindings()
        self.spoken()

    def spoken(self) -> None:
        """Word it anew."""
        if self._shown is not None:
            marked = self.differences and has_previous(self._shown)
            self._pages = pages(self._shown, self.words, self.desk.zone, differences=marked)
            self._draw()

    def watch_at(self) -> None:
        """Show the other page, from its top."""
        self._draw()
        self.query_one("#text", VerticalScroll).scroll_home(animate=False)

    def watch_differences(self) -> None:
        """Mark, or do not."""
        self.spoken()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 (Textual's own)
        """Offer differences only where there is something to compare with."""
        return action != "differences" or (self._shown is not None and has_previous(self._shown))

    def action_channel(self, step: int) -> None:
        """Go to the next channel, or the one before."""
        if self._pages:
            self.at = (self.at + step) % len(self._pages)

    def action_differences(self) -> None:
        """Show or hide what changed."""
        self.differences = not self.differences

    def _draw(self) -> None:
        if not self._pages:
            return
        page = self._pages[self.at]
        self.query_one("#names", Static).update(Content(" ").join(self._names()))
        legend = self.words("differences_legend") if self.differences and has_previous(self._shown) else ""
        self.query_one("#figures", Static).update(
            plain("  ".join(each for each in (page.facts, legend) if each), "dim")
        )
        self.query_one("#said", Static).update(page.text)

    def _names(self) -> Iterable[Content]:
        """The chosen one stands in brackets: reverse video alone could not be heard or printed."""
        for place, page in enumerate(self._pages):
            chosen = place == self.at
            yield plain(f"[{page.name}]" if chosen else f" {page.name} ", "bold reverse" if chosen else "")
