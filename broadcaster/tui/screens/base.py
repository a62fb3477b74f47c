"""What all screens are: the mode over the whole width on top, the keys at the bottom, the flow between.

A screen of its own:

    class LogScreen(DeskScreen[None]):
        NAME = "tui_log_name"                       # a code of locale/*/tui*.toml; also its name in the help
        ABOUT = "tui_log_about"                     # a sentence for the help
        CSS_PATH = "../css/log.tcss"                # only where it needs style of its own
        BINDINGS = [Binding("v", "verify", "tui_key_verify")]   # descriptions are codes too

        def body(self) -> ComposeResult:
            yield LogTable()

        def spoken(self) -> None:                   # at mount, and when the language changes
            self.query_one(LogTable).border_title = self.words("tui_log_title")

        async def action_verify(self) -> None:      # errors are worded by the app
            with self.failing():
                found = await self.ask(lambda core: core.verify())

Texts of alerts and people go through `words.plain`, never into markup. Long calls belong into `@work` methods.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.screen import ModalScreen, Screen, ScreenResultType
from textual.widget import Widget

from broadcaster.tui.place import AtDesk
from broadcaster.tui.widgets.automatic_bar import KEY as HOLD
from broadcaster.tui.widgets.automatic_bar import AutomaticBar
from broadcaster.tui.widgets.countdown import KEY, CountdownBar
from broadcaster.tui.widgets.key_bar import KeyBar
from broadcaster.tui.widgets.mode_bar import ModeBar


class DeskScreen(AtDesk, Screen[ScreenResultType]):
    """A whole screen. Escape leaves it, for the one it was opened from."""

    NAME: ClassVar[str] = "tui_desk"
    """The code of its name."""
    ABOUT: ClassVar[str] = ""
    """The code of a sentence on what it is for, shown by the help; empty for none."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "tui_key_back"),
        KEY,
        HOLD,
    ]

    @property
    def called(self) -> str:
        """The code of its name; a screen that has several overrides it."""
        return self.NAME

    def compose(self) -> ComposeResult:
        """Put the flow between mode and keys."""
        yield ModeBar()
        yield CountdownBar()
        yield AutomaticBar()
        yield from self.body()
        yield KeyBar()

    def body(self) -> Iterable[Widget]:
        """Return what is between mode and keys."""
        return ()

    def action_leave(self) -> None:
        """Go back, with nothing done."""
        self.dismiss(None)

    async def put_away(self) -> None:
        """Keep what must not be lost with the desk, which is about to end. Raise what the core raises."""


class DeskModal(AtDesk, ModalScreen[ScreenResultType]):
    """A question in a box over a screen: the mode stays on top of it, its keys at the bottom. Escape closes it."""

    NAME: ClassVar[str] = "tui_desk"
    ABOUT: ClassVar[str] = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "tui_key_back"),
        KEY,
        HOLD,
        Binding("f1", "app.help", "tui_key_help", key_display="F1"),
        Binding("f2", "app.switch_language", "tui_key_language", key_display="F2"),
        Binding("ctrl+q", "app.quit", "tui_key_quit", show=False, priority=True),
    ]

    @property
    def called(self) -> str:
        """The code of its name; a screen that has several overrides it."""
        return self.NAME

    def compose(self) -> ComposeResult:
        """Put the question into the box."""
        with Vertical(classes="top"):
            yield ModeBar()
            yield CountdownBar()
            yield AutomaticBar()
        with Container(classes="box"):
            yield from self.body()
        yield KeyBar()

    def body(self) -> Iterable[Widget]:
        """Return what is in the box."""
        return ()

    def action_leave(self) -> None:
        """Close it, with nothing done."""
        self.dismiss(None)
