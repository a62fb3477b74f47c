"""Watched feeds: a day of a list with 350 entries, read once a minute and replayed fast, then 500 warnings at once.

What it costs is counted in processor time and memory of this process; the agency is ours, on loopback, and its share is
in it. Beside it feedparser alone over the same bytes: no watcher can cost less.
"""

from __future__ import annotations

import asyncio
import resource
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import feedparser

from benchmarks import frame
from broadcaster.clock import SystemClock, SystemEntropy
from broadcaster.demo.jma import JmaProvider, telegram
from broadcaster.model import Mode
from broadcaster.rules.egress import Endpoints
from broadcaster.rules.watching import Watch
from broadcaster.store import Store, open_store
from broadcaster.upstream import Feed, HttpFetcher, Watcher

CITY, LISTED, DAY, FLOOD, KEPT_WARM = "1322000", 350, 24 * 60, 500, 20
RAIN = Watch(
    name="rain",
    template="heavy-rain-caution",
    areas=frozenset({CITY}),
    types=frozenset({"VPWW55"}),
    codes=frozenset({"03", "43", "33"}),
)
NEW_EVERY = 10
"""Minutes between two new documents of the list; every sixth concerns the city."""


@dataclass
class Post:
    """A feed, and who watches it."""

    jma: JmaProvider
    store: Store
    watcher: Watcher

    def issue(self, number: int, *, ours: bool, code: str = "03") -> None:
        """Add a document, and let the oldest fall off the list."""
        now = datetime.now(UTC) + timedelta(seconds=number)
        area = CITY if ours else "1320200"
        body = telegram(code, "大雨", area=area, area_name="市", at=now, headline="大雨に警戒してください。")
        self.jma.publish("VPWW55" if ours else "VXSE53", body, now)
        del self.jma.issued[LISTED:]

    async def poll(self) -> float:
        """Read once; return the processor time it took, in seconds."""
        start = time.process_time()
        await self.watcher.poll_all()
        return time.process_time() - start


@asynccontextmanager
async def post(folder: Path) -> AsyncGenerator[Post, None]:
    """Start feed, store and watcher."""
    fetching, storing = HttpFetcher(Endpoints(Mode.DRILL, ()), "benchmark"), open_store(folder / "s.db", Mode.DRILL)
    async with JmaProvider() as jma, fetching as fetcher, storing as store:
        feed = Feed(name="jma", url=jma.url, kind="jma", every_s=60.0, backlog=timedelta(hours=2))
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
        yield Post(jma, store, watcher)


async def measure(options: frame.Options) -> frame.Report:
    with tempfile.TemporaryDirectory(prefix="broadcaster-bench-") as name:
        async with post(Path(name)) as made:
            return await _measured(made, options.pick(DAY, 60))


async def _measured(made: Post, minutes: int) -> frame.Report:
    for number in range(LISTED):
        made.issue(number, ours=False)
    await made.poll()
    began, quiet, busy = _resident_mb(), list[float](), list[float]()
    for minute in range(minutes):
        new = minute % NEW_EVERY == 0
        if new:
            made.issue(LISTED + minute, ours=minute % (6 * NEW_EVERY) == 0)
        (busy if new else quiet).append(await made.poll())
    grown, drafts = _resident_mb() - began, len(await made.store.drafts())
    peer = _bare(made.jma.listed())
    flood, after = await _flood(made)
    series = (
        frame.Series("a reading of 350 entries, one of them new", frame.ms(busy)),
        frame.Series("a reading that brings nothing new", frame.ms(quiet)),
        frame.Series("feedparser alone over the same list", frame.ms(peer), peer=True),
    )
    said = (
        f"{minutes} readings: {drafts} draft made of one rain told again and again, {grown:.0f} MB grown.",
        f"{FLOOD} warnings in one minute: taken in {flood:.1f} s of processor time, {after} drafts, none twice.",
    )
    return frame.Report("feeds", "Watched feeds, processor time per reading", series, (), said=said)


def _bare(listed: bytes) -> list[float]:
    times = list[float]()
    for _ in range(KEPT_WARM):
        start = time.process_time()
        feedparser.parse(listed)
        times.append(time.process_time() - start)
    return times


async def _flood(made: Post) -> tuple[float, int]:
    made.jma.issued.clear()
    for number in range(FLOOD):
        made.issue(10_000 + number, ours=True, code=("03", "43", "33")[number % 3])
    took = await made.poll()
    return took, len(await made.store.drafts())


def _resident_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(options: frame.Options) -> frame.Report:
    """A day of a watched feed."""
    return asyncio.run(measure(options))


if __name__ == "__main__":
    raise SystemExit(frame.main(run))
