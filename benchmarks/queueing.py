"""Taking a job from the queue and recording its result: ours against huey, both on SQLite, both synced.

Ours: `Store.claim` and `Store.record` as the dispatcher calls them, each result with its attempt, audit entry and
lane. Huey: `dequeue` and the storing of a result, `SqliteHuey` with `fsync=True`; from one thread, and from eight.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks import durable, filling, frame, house
from broadcaster import loops
from broadcaster.clock import SystemClock
from broadcaster.model import Attempt, Mode, Outcome, Receipt
from broadcaster.ports.store import Claim, Lane, Work
from broadcaster.rules import settle
from broadcaster.store import Store, open_store

CALLERS = 64
"""Results recorded at once, as by lanes that are busy."""


async def prepared(folder: Path, count: int) -> Path:
    """A store with so many deliveries due on X."""
    async with house.house(folder, durable.idle, dispatching=False) as core:
        await core.send(house.draft(0))
        path = folder / "broadcaster.db"
    filling.copies(path, 1, count, state="ready")
    return path


async def ours(store: Store, epoch: int, count: int, channel: str = "twitter") -> float:
    """Claim and record so many; return how many a second."""
    begun, done = time.perf_counter(), 0
    while done < count and (works := await store.claim(claim(channel, epoch, CALLERS))):
        await asyncio.gather(*(record(store, epoch, work) for work in works))
        done += len(works)
    return done / (time.perf_counter() - begun)


def claim(channel: str, epoch: int, limit: int) -> Claim:
    """What a lane asks for now."""
    now = SystemClock().now()
    return Claim(channel=channel, epoch=epoch, now=now, deadline=now + timedelta(minutes=1), limit=limit)


async def record(store: Store, epoch: int, work: Work) -> None:
    """Write down that the provider took it."""
    now = SystemClock().now()
    receipt = Receipt(ref="1", url="http://127.0.0.1/1")
    attempt = Attempt(number=work.delivery.attempt, started_at=now, ended_at=now, outcome=Outcome.ACCEPTED, ref="1")
    await store.record(work.delivery, epoch, attempt, settle.after_success(receipt, now), Lane())


class Peer:
    """Huey with its SQLite storage."""

    def __init__(self, folder: Path) -> None:
        from huey import SqliteHuey  # noqa: PLC0415 - a peer need not be installed

        self.huey: Any = SqliteHuey(filename=str(folder / "huey.db"), fsync=True, results=True)
        self.task = self.huey.task()(lambda text: text)

    def fill(self, count: int) -> None:
        """Put jobs of the size of our message in."""
        for _ in range(count):
            self.task("避難してください。" * 20)

    def run(self, count: int, threads: int) -> float:
        """Take and finish so many from so many threads; return how many a second."""
        begun = time.perf_counter()
        workers = [threading.Thread(target=self._work, args=(count // threads,)) for _ in range(threads)]
        for each in workers:
            each.start()
        for each in workers:
            each.join()
        return count / (time.perf_counter() - begun)

    def _work(self, count: int) -> None:
        for _ in range(count):
            job = self.huey.dequeue()
            if job is not None:
                self.huey.execute(job)


async def measure(options: frame.Options) -> frame.Report:
    rounds, count = options.pick(12, 4), options.pick(2048, 512)
    with tempfile.TemporaryDirectory(prefix="broadcaster-bench-") as name:
        folder = Path(name)
        path = await prepared(folder, (rounds + 3) * count)
        async with open_store(path, Mode.DRILL) as store:
            return await _compared(store, folder, rounds, count)


async def _compared(store: Store, folder: Path, rounds: int, count: int) -> frame.Report:
    epoch = await store.begin("bench", SystemClock().now())
    peer = Peer(folder) if frame.installed("huey") else None
    loops.spare_what_stays()

    spent: list[float] = []

    async def mine(_: int) -> float:
        begun = time.process_time()
        rate = await ours(store, epoch, count)
        spent.append((time.process_time() - begun) / count)
        return rate

    def theirs(threads: int) -> Any:
        async def run(_: int) -> float:
            assert peer is not None
            jobs = min(count, 512)
            await asyncio.to_thread(peer.fill, jobs)
            return await asyncio.to_thread(peer.run, jobs, threads)

        return run

    name = f"Broadcaster, {CALLERS} at once"
    if peer is None:
        (rates,) = await frame.turns(rounds, mine)
        said = frame.missing("huey", "pip install huey")
        return frame.Report("queueing", "Queue", (frame.Series(name, rates, "/s"),), said=(said,))
    rates, one, eight = await frame.turns(rounds, mine, theirs(1), theirs(8))
    first = frame.Series("huey on SQLite with fsync", one, "/s", peer=True)
    series = (
        frame.Series(name, rates, "/s"),
        first,
        frame.Series("the same from eight threads", eight, "/s", peer=True),
    )
    best = max(series[1:], key=lambda each: each.median)
    times = frame.ratio(series[0].median, best.median)
    figure = frame.Figure(
        "claim and record, for one of huey's at its best",
        times,
        10,
        at_least=True,
        **frame.beside(series[0], best, "huey"),
    )
    said = _limit(statistics.median(spent), best.median)
    return frame.Report("queueing", "Taking a job and recording its result", series, (figure,), said=(said,))


def _limit(each: float, huey: float) -> str:
    """Say how far the processor alone would let it come."""
    return (
        f"Each of ours takes {each * 1e6:.0f} µs of processor time, its attempt, audit entry, counts and indexes"
        f" included; ten times huey would leave {1e5 / huey:.0f} µs, its share of two synced commits with it."
    )


def run(options: frame.Options) -> frame.Report:
    """Claim and record on SQLite, beside huey."""
    return frame.on_the_loop(measure(options))


if __name__ == "__main__":
    raise SystemExit(frame.main(run))
