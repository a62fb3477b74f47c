"""From acceptance until page and feeds are public: both directories hold the edition, synced, and residents get it.

Five alerts in three languages are in force; each round one of them is updated. Measured from the begin of the
acceptance's commit until the channel has switched its directory; the compressed copies of what is new follow, and are
not waited for. There is no peer that does the same.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from benchmarks import frame, house
from broadcaster.model import Edition, Receipt
from broadcaster.ports.channel import Channel, Publisher
from broadcaster.ports.store import Acceptance
from broadcaster.ports.world import Context

IN_FORCE = 5
ALLOWED_MS = 40.0
FRESH = 20
"""Rounds on one store: a day with more updates than these in one hour is not what is measured here."""


class Watched:
    """A publisher that notes when it was done."""

    def __init__(self, inner: Publisher) -> None:
        self._inner = inner
        self.name = inner.name
        self.done: list[float] = []
        self.news = asyncio.Event()
        self.targets, self.render, self.close = inner.targets, inner.render, inner.close

    async def publish(self, edition: Edition, target: str, key: str) -> Receipt:
        receipt = await self._inner.publish(edition, target, key)
        self.done.append(time.monotonic())
        self.news.set()
        return receipt

    async def after(self, moment: float) -> float:
        """Wait for the first publication after a moment."""
        while not self.done or self.done[-1] < moment:
            self.news.clear()
            await self.news.wait()
        return next(at for at in self.done if at >= moment)


def both(around: Context) -> dict[str, Channel]:
    """Page and feeds."""
    page, feeds = house.channel("page", around), house.channel("feeds", around)
    assert isinstance(page, Publisher)
    assert isinstance(feeds, Publisher)
    return {"page": Watched(page), "feeds": Watched(feeds)}


async def measure(options: frame.Options) -> frame.Report:
    taken: defaultdict[str, list[float]] = defaultdict(list)
    for _ in range(options.pick(6, 1)):
        with tempfile.TemporaryDirectory(prefix="broadcaster-bench-") as name:
            await _rounds(Path(name), taken)
    series = tuple(frame.Series(name, frame.ms(values)) for name, values in taken.items())
    whole = next(each for each in series if each.name.startswith("both"))
    figure = frame.Figure("page and feeds published, median", whole.median, ALLOWED_MS, "ms", ours=whole.name)
    said = f"{IN_FORCE} alerts in three languages in force; compressed copies follow after. No peer does the same."
    return frame.Report("publishing", "Until page and feeds are public", series, (figure,), said=(said,))


async def _rounds(folder: Path, taken: defaultdict[str, list[float]]) -> None:
    channels: dict[str, Channel] = {}

    def make(around: Context) -> dict[str, Channel]:
        channels.update(both(around))
        return channels

    async with house.house(folder, make) as core:
        begun: list[float] = []
        accept = core.store.accept

        async def noting(acceptance: Acceptance, submission: int | None = None) -> object:
            begun.append(time.monotonic())
            return await accept(acceptance, submission)

        core.store.accept = noting  # type: ignore[method-assign,assignment]
        first = [await core.send(house.draft(number)) for number in range(IN_FORCE)]
        await asyncio.sleep(0.5)
        for number in range(FRESH):
            identifier = first[number % IN_FORCE][2].alert.identifier
            await core.update(identifier, house.draft(100 + number))
            page, feeds = [await _done(channels[name], begun[-1]) for name in ("page", "feeds")]
            taken["both page and feeds"].append(max(page, feeds) - begun[-1])
            taken["page"].append(page - begun[-1])
            taken["feeds"].append(feeds - begun[-1])
            await asyncio.sleep(0.05)


async def _done(channel: Channel, moment: float) -> float:
    assert isinstance(channel, Watched)
    return await channel.after(moment)


def run(options: frame.Options) -> frame.Report:
    """From acceptance until page and feeds are public."""
    return asyncio.run(measure(options))


if __name__ == "__main__":
    raise SystemExit(frame.main(run))
