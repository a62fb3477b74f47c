"""Reads one feed once into a store, to be killed at a named moment: `python -m tests.upstream.child STORE URL`."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from broadcaster.clock import SystemClock, SystemEntropy
from broadcaster.model import Mode
from broadcaster.rules.egress import Endpoints
from broadcaster.rules.watching import Watch
from broadcaster.store import open_store
from broadcaster.upstream import Feed, HttpFetcher, Watcher
from tests.upstream.wire import CITY

RAIN = Watch(name="rain", template="heavy-rain-caution", areas=frozenset({CITY}), codes=frozenset({"03"}))


async def main(path: Path, url: str) -> None:
    feed = Feed(name="jma", url=url, kind="jma", every_s=1.0, backlog=timedelta(hours=2))
    async with open_store(path, Mode.DRILL) as store, HttpFetcher(Endpoints(Mode.DRILL, ()), "test") as fetcher:
        watcher = Watcher(
            [feed],
            [RAIN],
            fetcher,
            store,
            clock=SystemClock(),
            entropy=SystemEntropy(),
            zone=ZoneInfo("Asia/Tokyo"),
            changed=lambda: None,
        )
        await watcher.poll_all()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
