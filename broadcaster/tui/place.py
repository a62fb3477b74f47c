"""What every screen and widget of the desk can reach: the app, its words, the core."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar, cast

from textual.css.query import NoMatches

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
        raises, all of them `BroadcasterError`: ask within `self.failing()`, which words it for the officer.
        """
        return await self.desk.gateway.ask(call)

    @contextmanager
    def failing(self) -> Generator[None, None, None]:
        """Say what went wrong within the block, and go on after it. Whoever was closed while the core was asked has
        nothing left to show the answer in: what it can no longer find is then no error.
        """
        try:
            with self.desk.failing():
                yield
        except NoMatches:
            if self.is_attached and self.display:  # Textual: False as soon as it is being taken away
                raise

    def spoken(self) -> None:
        """Put every word in place."""

    def on_mount(self) -> None:
        """Speak now, and at each change of language. Textual calls this beside the class's own `on_mount`."""
        self.watch(self.app, "language", self.spoken)
