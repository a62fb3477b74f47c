"""What a process does that may be killed: it drives mail to its end. Its time begins some seconds after the acceptance
and runs sixty times as fast, so that the minute an emergency waits for its doubts is a second.
"""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta
from pathlib import Path

from broadcaster.clock import SystemEntropy
from broadcaster.dispatcher import Dispatcher, LaneSettings
from broadcaster.events import Events
from broadcaster.model import Mode
from broadcaster.store import open_store
from tests.channels.kit import world
from tests.channels.mailkit import channel
from tests.contract.values import NOW

SPEED = 60.0


class FastClock:
    """Sixty seconds in one."""

    def __init__(self, ahead: float) -> None:
        self._began = time.monotonic() - ahead / SPEED

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return (time.monotonic() - self._began) * SPEED

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / SPEED)


async def main(path: Path, port: int, ahead: float) -> None:
    clock = FastClock(ahead)
    async with open_store(path, Mode.LIVE) as store, channel(world(path.parent), port) as mail:
        dispatcher = Dispatcher(
            store,
            {"mail": mail},
            {"mail": LaneSettings(rate_per_s=1000.0, burst=1000)},
            clock=clock,
            entropy=SystemEntropy(),
            events=Events(),
            node="one",
            mode=Mode.LIVE,
        )
        running = asyncio.create_task(dispatcher.run())
        while not (await store.delivery(1)).state.settled and not running.done():
            await asyncio.sleep(0.02)
        await dispatcher.stop()
        await running


def drive(path: Path, port: int, ahead: float) -> None:
    asyncio.run(main(path, port, ahead))
