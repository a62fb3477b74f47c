"""One lane hangs, with ten thousand deliveries waiting in it: what the other lanes notice.

Two cores run side by side in this process and take turns: in one everything is well; in the other the first account
of X takes every connection and never answers, and 10,000 deliveries are due on it. Measured is the time from the
begin of the acceptance's commit until the second account and both mail relays have the message.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks import durable, filling, frame, house
from benchmarks.sinks import Sinks, sinks
from broadcaster.ports.store import Acceptance

OTHERS = (1, 2, 3)
WAITING = 10_000
ALLOWED = 1.25
"""Noise allowed on "changes no other channel's latency"."""


@asynccontextmanager
async def running(folder: Path, first: str, waiting: int) -> AsyncGenerator[tuple[house.House, Sinks], None]:
    """A core with its own providers, the first of them as named, and deliveries waiting for that one."""
    folder.mkdir()
    if waiting:
        async with house.house(folder, durable.idle, dispatching=False) as core:
            await core.send(house.draft(0))
        filling.copies(folder / "broadcaster.db", 1, waiting, state="ready", only="twitter")
    async with (
        sinks(first, "x", "smtp", "smtp") as providers,
        house.house(folder, lambda around: house.four(around, providers.ports)) as core,
    ):
        yield core, providers


async def measure(options: frame.Options) -> frame.Report:
    rounds = options.pick(120, 20)
    with tempfile.TemporaryDirectory(prefix="broadcaster-bench-") as name:
        folder = Path(name)
        async with running(folder / "well", "x", 0) as well, running(folder / "ill", "hang", WAITING) as ill:
            await asyncio.sleep(1)
            fine, hurt = await frame.turns(rounds, until(*well, OTHERS), until(*ill, OTHERS), warm=4)
    good = frame.Series("all lanes well", frame.ms(fine), peer=True)
    bad = frame.Series(f"one lane hangs, {WAITING:,} wait in it", frame.ms(hurt))
    name, beside = "the others' median, for one of it when all is well", frame.beside(bad, good, "")
    figures = (frame.Figure(name, frame.ratio(bad.median, good.median), ALLOWED, **beside),)
    said = "Until the three other providers have the message; the hanging one takes connections and never answers."
    return frame.Report("hanging", "One lane hangs", (good, bad), figures, said=(said,))


def until(core: house.House, providers: Sinks, numbers: tuple[int, ...]) -> frame.Runner:
    """A runner that sends one alert and takes the time until these providers have it."""
    begun: list[float] = []
    accept = core.store.accept

    async def noting(acceptance: Acceptance, submission: int | None = None) -> object:
        begun.append(time.monotonic())
        return await accept(acceptance, submission)

    core.store.accept = noting  # type: ignore[method-assign,assignment]

    async def one(number: int) -> float:
        await core.send(house.draft(number + 1))
        arrived = max((await providers.all_of(numbers, begun[-1])).values())
        await asyncio.sleep(0.03)
        return arrived - begun[-1]

    return one


def run(options: frame.Options) -> frame.Report:
    """One lane hangs: the others' latency."""
    return asyncio.run(measure(options))


if __name__ == "__main__":
    raise SystemExit(frame.main(run))
