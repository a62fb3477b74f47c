"""What every screen and widget of the desk can reach: the app, its words, the core."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, cast

from broadcaster.client import Client
from broadcaster.tui.words import Words

if TYPE_CHECKING:
    from textual.dom import DOMNode as Base

    from broadcaster.tui.app import DeskApp
else:
    Base = object  # Textual takes the first base that is a node for the one to inherit style and keys from

T = TypeVar("T")


class AtDesk(Base):
    """Mixed in before the Textual class: `class ModeBar(AtDesk, Widget)`. It calls `spoken` when mounted and again
    whenever the language changes: put every word in place there, and nowhere else.
    """

    @property
    def desk(self) -> DeskApp:
        """The app, with `board`, `away`, `language`, `me`, `tell`, `fail` and `failing`."""
        return cast("DeskApp", self.app)

    @property
    def words(self) -> Words:
        """The catalogue in the language chosen now: `self.words("tui_left", left=...)`."""
        return self.desk.words

    async def ask(self, call: Callable[[Client], T]) -> T:
        """Ask the core beside the event loop: `await self.ask(lambda core: core.prepared("14-2"))`. Raise what `Client`
        raises, all of them `BroadcasterError`: give it to `self.desk.fail`, which words it for the officer.
        """
        return await self.desk.gateway.ask(call)

    def spoken(self) -> None:
        """Put every word in place."""

    def on_mount(self) -> None:
        """Speak now, and at each change of language. Textual calls this beside the class's own `on_mount`."""
        self.watch(self.app, "language", self.spoken)
