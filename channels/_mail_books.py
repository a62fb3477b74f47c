"""Results on their way to disk: at most 50 ms or 50 replies wait, so that a kill leaves few mails in doubt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from broadcaster.failpoints import hit
from broadcaster.ports.channel import Handed, Ledger

WINDOW = 50
WINDOW_SECONDS = 0.05


class Books:
    """Collects results and records them through the ledger, batch by batch, in one task; `written` hears of each."""

    def __init__(self, ledger: Ledger, written: Callable[[], None]) -> None:
        self._ledger = ledger
        self._written = written
        self._open: list[Handed] = []
        self._closed = False
        self._some = asyncio.Event()
        self._many = asyncio.Event()

    def note(self, result: Handed) -> None:
        """Take a result."""
        self._open.append(result)
        self._some.set()
        if len(self._open) >= WINDOW:
            self._many.set()

    def close(self) -> None:
        """Write down what is left, without waiting for more."""
        self._closed = True
        self._some.set()
        self._many.set()

    async def run(self) -> None:
        """Record until closed and empty. Raise what the ledger raises."""
        while self._open or not self._closed:
            await self._some.wait()
            self._some.clear()
            await self._window()
            batch, self._open = self._open, []
            if batch:
                hit("m2")
                await self._ledger.record(batch)
                self._written()
                hit("m3")

    async def _window(self) -> None:
        """Wait for 50 replies, but not longer than 50 ms."""
        try:
            async with asyncio.timeout(WINDOW_SECONDS):
                await self._many.wait()
        except TimeoutError:
            pass
        if not self._closed:
            self._many.clear()
