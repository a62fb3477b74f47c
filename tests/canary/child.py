"""A service that may be killed: it lets an hour pass from when a test is due."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from tests.canary.house import house
from tests.routine.house import HandClock
from tests.unit.plans import jst

DUE = jst(11, 25, 10)


async def main(folder: Path) -> None:
    async with house(folder, HandClock(DUE + timedelta(minutes=1))) as here:
        await here.until(DUE + timedelta(minutes=31), pace=600)


def serve(folder: Path) -> None:
    asyncio.run(main(folder))
