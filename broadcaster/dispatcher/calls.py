"""Calling a channel under a time limit, so that it can be dropped when it is overtaken or the service stops."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import datetime
from typing import Any, TypeVar

from broadcaster.errors import DeliveryError, Reason
from broadcaster.ports.store import Work
from broadcaster.ports.world import Clock

T = TypeVar("T")

_LETTING_GO = 1.0
"""Real seconds a dropped call has to end by itself; then it is left behind and counts as in doubt."""

_left_behind: set[asyncio.Task[Any]] = set()


class Flight:
    """Claimed deliveries under way in one call. `begun`: the channel was called, so something may have been sent."""

    def __init__(self, works: Sequence[Work]) -> None:
        self.works = tuple(works)
        self.begun = False
        self.newer_since: datetime | None = None
        self.dropped = asyncio.Event()

    def drop(self) -> None:
        """Give it up: its connection is closed."""
        self.dropped.set()


async def guarded(call: Coroutine[Any, Any, T], clock: Clock, seconds: float, dropped: asyncio.Event) -> T:
    """Return what `call` returns. Raise what it raises, or a `DeliveryError` (`TIMEOUT`, `CANCELLED`) that may have
    been sent, when time is up or it was dropped; unless the call, being cancelled, says more precisely what it did.
    """
    task = asyncio.create_task(call)
    timer, drop = asyncio.create_task(clock.sleep(seconds)), asyncio.create_task(dropped.wait())
    try:
        await asyncio.wait({task, timer, drop}, return_when=asyncio.FIRST_COMPLETED)
        if task.cancelled():
            raise DeliveryError(Reason.CANCELLED, maybe_sent=True, detail="cancelled by the channel itself")
        if task.done():
            return task.result()
        return await _let_go(task, Reason.CANCELLED if drop.done() else Reason.TIMEOUT)
    finally:
        for each in (task, timer, drop):
            each.cancel()


async def _let_go(task: asyncio.Task[T], reason: Reason) -> T:
    task.cancel()
    await asyncio.wait({task}, timeout=_LETTING_GO)
    if not task.done():
        _left_behind.add(task)
        task.add_done_callback(_forget)
    elif not task.cancelled() and (task.exception() is None or isinstance(task.exception(), DeliveryError)):
        return task.result()
    raise DeliveryError(reason, maybe_sent=True)


def _forget(task: asyncio.Task[Any]) -> None:
    _left_behind.discard(task)
    if not task.cancelled():
        task.exception()  # looked at, so that asyncio does not complain: the delivery is in doubt already


async def first(clock: Clock, event: asyncio.Event, seconds: float) -> None:
    """Wait for the event, at most so long."""
    timer, waiter = asyncio.create_task(clock.sleep(seconds)), asyncio.create_task(event.wait())
    try:
        await asyncio.wait({timer, waiter}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        timer.cancel()
        waiter.cancel()
