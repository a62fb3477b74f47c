"""What a process does that is killed at a named moment: it reads one feed once into a city's store.

One rule drafts what it hears; another one speaks by itself.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from broadcaster.clock import SystemEntropy
from broadcaster.model import Mode
from broadcaster.ports.store import Limits
from broadcaster.rules.automatic import Guards
from broadcaster.rules.egress import Endpoints
from broadcaster.rules.watching import Watch
from broadcaster.upstream import Feed, HttpFetcher, Watcher
from tests.desk.world import OFFICER, SECOND, world
from tests.upstream.wire import CITY

RAIN = Watch(name="rain", template="heavy-rain-caution", areas=frozenset({CITY}), codes=frozenset({"03"}))
QUAKE = Watch(
    name="quake",
    template="earthquake-observed",
    areas=frozenset({CITY}),
    types=frozenset({"VXSE53"}),
    codes=frozenset({"intensity:5-"}),
    values={"occurred": "{occurred}", "intensity": "{intensity}"},
    places=("東大和市全域",),
    automatic=Guards(max_age_minutes=10, limits=Limits(per_hour=5, per_day=5)),
)


async def main(folder: Path, url: str) -> None:
    feed = Feed(name="jma", url=url, kind="jma", every_s=1.0, backlog=timedelta(hours=2))
    async with world(folder) as here, HttpFetcher(Endpoints(Mode.DRILL, ()), "test") as fetcher:
        here.book.watches = (RAIN, QUAKE)
        for officer in (OFFICER, SECOND):
            await here.automatic.approve("quake", here.book.digest(QUAKE), officer)
        watcher = Watcher(
            [feed],
            here.book.watches,
            fetcher,
            here.store,
            clock=here.clock,
            entropy=SystemEntropy(),
            zone=ZoneInfo("Asia/Tokyo"),
            changed=lambda: None,
            automatic=here.automatic,
        )
        await watcher.poll_all()


def read(folder: Path, url: str) -> None:
    asyncio.run(main(folder, url))
