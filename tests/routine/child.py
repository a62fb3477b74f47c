"""A service that may be killed: it looks once at what was due a minute ago."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from tests.routine.house import HandClock, house
from tests.unit.plans import jst

DUE = jst(11, 25, 16, 30)


async def main(folder: Path) -> None:
    async with house(folder, HandClock(DUE + timedelta(minutes=1))) as here:
        await here.runner.turn()


def serve(folder: Path) -> None:
    asyncio.run(main(folder))
