"""The command palette: whatever has a key on this screen, found by its words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from broadcaster.tui.widgets.key_bar import MOVES, bindings_of

if TYPE_CHECKING:
    from broadcaster.tui.app import DeskApp


class DeskCommands(Provider):
    """The bindings of the screen the palette was opened on, and those of the app."""

    async def discover(self) -> Hits:
        """Offer all of them."""
        for said, run in self._commands():
            yield DiscoveryHit(said, run)

    async def search(self, query: str) -> Hits:
        """Offer those whose words match."""
        matcher = self.matcher(query)
        for said, run in self._commands():
            if (score := matcher.match(said)) > 0:
                yield Hit(score, matcher.highlight(said), run)

    def _commands(self) -> Iterator[tuple[str, Callable[[], object]]]:
        words = cast("DeskApp", self.app).words
        shown = [(key, active) for key, active in bindings_of(self.screen) if active.binding.description not in MOVES]
        for key, active in shown:
            said = f"{words(active.binding.description)} ({key})"
            yield said, partial(self.app.run_action, active.binding.action, active.node)
