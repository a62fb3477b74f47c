"""The event stream: what changed, for boards. Nothing depends on an event arriving: whoever misses one reads the store.

A reader that is too slow loses the oldest events and is told so by `missed`; it never slows the service down.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

KEPT = 1000
"""Events kept for one slow reader."""


class Topic(StrEnum):
    """What an event is about."""

    ALERT = "alert"
    """Something was handed in, accepted or decided; `alert` may be empty: read the board."""
    DELIVERY = "delivery"
    LANE = "lane"
    """A channel's breaker opened or closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One change. `state` is a delivery's state, or `open` or `closed` of a lane; `reason` why, as a code."""

    topic: Topic
    at: datetime
    alert: str = ""
    delivery: int = 0
    channel: str = ""
    target: str = ""
    state: str = ""
    reason: str = ""
    progress: int = 0
    total: int = 0


class Subscription:
    """One reader's view: an endless async iterator. `missed` counts events lost because the reader was too slow."""

    def __init__(self) -> None:
        self.missed = 0
        self._waiting: deque[Event] = deque()
        self._ready = asyncio.Event()

    def put(self, event: Event) -> None:
        """Add an event; the oldest gives way."""
        if len(self._waiting) >= KEPT:
            self._waiting.popleft()
            self.missed += 1
        self._waiting.append(event)
        self._ready.set()

    async def next(self) -> Event:
        """Wait for the next event."""
        while not self._waiting:
            self._ready.clear()
            await self._ready.wait()
        return self._waiting.popleft()

    async def __aiter__(self) -> AsyncIterator[Event]:
        while True:
            yield await self.next()


class Events:
    """The hub: anyone publishes, anyone listens. Belongs to one event loop."""

    def __init__(self) -> None:
        self._readers: set[Subscription] = set()

    def publish(self, event: Event) -> None:
        """Give it to every reader; never blocks, never fails."""
        for reader in self._readers:
            reader.put(event)

    @contextmanager
    def subscribe(self) -> Generator[Subscription]:
        """Listen within the block, from now on."""
        reader = Subscription()
        self._readers.add(reader)
        try:
            yield reader
        finally:
            self._readers.discard(reader)
