"""How each cost grows from 10 to 1,000,000: deliveries owed, subscribers, alerts in force.

`python -m benchmarks.growth --serve FOLDER` is the core in a process of its own, its desk on `FOLDER/desk.sock`, its
four providers out of reach, so that what is queued stays queued. The benchmark fills the store while nobody has it
open, starts that process, asks it as `broadcaster status` does, hands in one more alert, and reads its memory. What
goes on within the store alone (taking and recording, the first recipients of a mail) is measured in this process.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks import durable, filling, flooding, frame, house, queueing
from broadcaster.api import Rooms, application, serve
from broadcaster.client import Client
from broadcaster.clock import SystemClock
from broadcaster.documents import dump
from broadcaster.model import Alert, Draft, Edition, Mode
from broadcaster.ports.channel import Channel, Publisher
from broadcaster.ports.world import Context
from broadcaster.store import open_store
from broadcaster.store.driver import sqlite3

SIZES = (10, 100, 1_000, 10_000, 100_000, 1_000_000)
QUICK = (10, 1_000)
IN_FORCE = (1, 10, 100, 1_000)
"""Further up no city goes, and nobody would read the page."""
DEAD = 9
"""A port where nobody listens."""
CHANNELS = 4
ASKED = 20
UPDATES = 5
BOARD_MS, MEMORY_MB = 100.0, 200.0


def unreachable(around: Context) -> dict[str, Channel]:
    """Two accounts of X and two mail relays that cannot be reached: every delivery waits."""
    return house.four(around, (DEAD,) * CHANNELS)


def small(number: int) -> Draft:
    """A short alert in Japanese alone, so that a store of a million deliveries is made in a minute."""
    made = house.draft(number, "power-cut")
    return replace(made, infos=made.infos[:1])


# ---------------------------------------------------------------- the core in its own process


async def serving(folder: Path) -> None:
    """Run a core until the process is ended."""
    async with (
        house.house(folder, unreachable) as core,
        serve(
            application(
                Rooms(
                    desk=core.desk,
                    events=core.events,
                    officers=core.officers,
                    planning=core.planning,
                    automatic=core.automatic,
                )
            ),
            folder / "desk.sock",
            "",
        ),
    ):
        print("ready", flush=True)
        await asyncio.Event().wait()


@dataclass(frozen=True)
class Running:
    """A core in a process of its own."""

    client: Client
    pid: int

    def memory(self) -> float:
        """What it holds, in MB."""
        return frame.memory_mb(self.pid)


@asynccontextmanager
async def running(folder: Path) -> AsyncGenerator[Running, None]:
    """Start a core over this folder; end it afterwards."""
    command = flooding.bound(sys.executable, "-m", "benchmarks.growth", "--serve", str(folder))
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdout is not None
    try:
        if await process.stdout.readline() != b"ready\n":
            raise RuntimeError("the core did not start")
        yield Running(Client(folder / "desk.sock"), process.pid)
    finally:
        process.terminate()
        await process.wait()


# ---------------------------------------------------------------- what is measured


@dataclass
class Grown:
    """Points of (size, value) by what they tell."""

    curves: dict[str, list[tuple[float, float]]] = field(default_factory=dict[str, list[tuple[float, float]]])
    worst: dict[str, tuple[float, ...]] = field(default_factory=dict[str, tuple[float, ...]])
    """At the last size: every answer time, in ms."""

    def add(self, name: str, size: int, *values: float) -> None:
        """Add a point: the median of what was measured there."""
        self.curves.setdefault(name, []).append((size, statistics.median(values)))
        self.worst[name] = values

    def told(self, unit: str, *names: str) -> tuple[frame.Curve, ...]:
        return tuple(frame.Curve(name, tuple(self.curves[name]), unit) for name in names)


def timed(call: Callable[[], Any], times: int) -> tuple[float, ...]:
    """Call so often; return the milliseconds of each."""
    taken: list[float] = []
    for _ in range(times):
        with frame.timed(taken):
            call()
    return frame.ms(taken)


STATUS = "status answers, by deliveries"
MORE = "an alert more accepted, by deliveries"
TAKEN = "one taken and recorded, by deliveries"
MEMORY = "memory of the service, by deliveries"


async def by_deliveries(folder: Path, sizes: tuple[int, ...], grown: Grown) -> None:
    """Fill with deliveries that wait, and ask."""
    folder.mkdir()
    path = folder / "broadcaster.db"
    async with house.house(folder, unreachable, dispatching=False) as core:
        await core.send(small(0))
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("UPDATE alert SET prepared = '[]'")  # as if nothing had to be prepared: a quarter of its size
    have = 1
    for size in sizes:
        filling.copies(path, 1, -(-size // CHANNELS) - have, state="ready")
        have = -(-size // CHANNELS)
        await _taken(path, size, grown)
        async with running(folder) as core:
            await asyncio.sleep(1)  # it tries what it owes, and opens its breakers
            grown.add(STATUS, size, *await asyncio.to_thread(timed, core.client.board, ASKED))
            submit = _submitter(core.client, size)
            grown.add(MORE, size, *await asyncio.to_thread(timed, submit, 5))
            grown.add(MEMORY, size, core.memory())


def _submitter(client: Client, size: int) -> Callable[[], object]:
    drafts = iter([dump(small(size + number)) for number in range(1, 6)])
    return lambda: client.submit(next(drafts), secrets.token_hex(16))


async def _taken(path: Path, size: int, grown: Grown) -> None:
    """Take and record up to 64 deliveries of one channel."""
    async with open_store(path, Mode.DRILL) as store:
        epoch = await store.begin("bench", SystemClock().now())
        count = min(queueing.CALLERS, -(-size // CHANNELS))
        grown.add(TAKEN, size, 1000 / await queueing.ours(store, epoch, count, "twitter2"))


FIRST = "accepted, 500 mails begun, by subscribers"


async def by_subscribers(folder: Path, sizes: tuple[int, ...], grown: Grown) -> None:
    """Fill with residents, and see how long the first of them wait."""
    folder.mkdir()
    async with house.house(folder, durable.idle, dispatching=False) as core:
        for place, size in enumerate(sizes):
            filling.subscribers(folder / "broadcaster.db", size)
            drafts = (house.draft(10 * place + number) for number in range(4))
            grown.add(FIRST, size, *[1000 * await _first(core, draft) for draft in drafts][1:])


async def _first(core: house.House, draft: Draft) -> float:
    epoch = await core.store.begin("bench", SystemClock().now())
    begun = time.perf_counter()
    _, _, done = await core.send(draft)
    (mail,) = (each.id for each in done.deliveries if each.channel == "mail")
    (work,) = await core.store.claim(queueing.claim("mail", epoch, 1))
    if not await core.store.claim_recipients(mail, epoch, SystemClock().now(), 500):
        raise RuntimeError("nobody was claimed")
    took = time.perf_counter() - begun
    await queueing.record(core.store, epoch, work)
    return took


PUBLISHED = "one updated, page and feeds public, by alerts in force"
STARTED = "all public after a start, by alerts in force"


async def by_alerts(folder: Path, sizes: tuple[int, ...], grown: Grown) -> None:
    """Publish editions with more and more in force: first with everything new in it, then with one update each."""
    folder.mkdir()
    async with house.house(folder, durable.idle, dispatching=False) as core:
        _, _, done = await core.send(house.draft(0))
        for size in sizes:
            around = replace(core.context, state_dir=folder / str(size))
            alerts = [replace(done.alert, incident=n, identifier=f"growth-{n}") for n in range(1, size + 1)]
            page, feeds = house.channel("page", around), house.channel("feeds", around)
            grown.add(STARTED, size, await _public(alerts, 1, page, feeds))
            updated = [
                await _public(_one_updated(alerts, number), number, page, feeds) for number in range(2, 2 + UPDATES)
            ]
            grown.add(PUBLISHED, size, *updated)
            await page.close()
            await feeds.close()


def _one_updated(alerts: list[Alert], number: int) -> list[Alert]:
    """Another of them says something new."""
    place = number % len(alerts)
    infos = tuple(replace(info, headline=f"{info.headline} {number}") for info in alerts[place].infos)
    alerts[place] = replace(alerts[place], version=number, identifier=f"growth-{place}-{number}", infos=infos)
    return alerts


async def _public(alerts: list[Alert], number: int, *channels: Channel) -> float:
    """Publish on all channels at once; return after how many ms the last was done."""
    edition = Edition(number=number, issued_at=SystemClock().now(), mode=Mode.DRILL, in_force=tuple(alerts), ended=())
    begun = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for channel in channels:
            assert isinstance(channel, Publisher)
            tasks.create_task(channel.publish(edition, channel.targets()[0], "growth"))
    return 1000 * (time.perf_counter() - begun)


async def measure(options: frame.Options) -> frame.Report:
    """Let each grow by itself."""
    sizes, grown = QUICK if options.quick else SIZES, Grown()
    with tempfile.TemporaryDirectory(prefix="broadcaster-bench-") as name:
        await by_deliveries(Path(name) / "deliveries", sizes, grown)
        await by_subscribers(Path(name) / "subscribers", sizes, grown)
        await by_alerts(Path(name) / "alerts", IN_FORCE[:2] if options.quick else IN_FORCE, grown)
    status = frame.Series(STATUS, grown.worst[STATUS])
    memory = frame.Series(MEMORY, grown.worst[MEMORY], "MB")
    most = f"with {sizes[-1]:,} deliveries"
    figures = (
        frame.Figure(f"status answers, {most}", status.median, BOARD_MS, "ms", ours=status.name),
        frame.Figure(f"memory of the service, {most}", memory.median, MEMORY_MB, "MB", ours=memory.name),
    )
    curves = (*grown.told("ms", STATUS, MORE, TAKEN, FIRST, PUBLISHED, STARTED), *grown.told("MB", MEMORY))
    said = (
        "All deliveries wait for providers that cannot be reached, four an alert.",
        f"Status is asked {ASKED} times, five alerts accepted and {UPDATES} updates published at each size.",
        f"Alerts in force are measured up to {IN_FORCE[-1]:,}: further up nobody could read the page.",
    )
    return frame.Report("growth", "From 10 to 1,000,000", (status, memory), figures, curves, said)


def run(options: frame.Options) -> frame.Report:
    """How each cost grows from 10 to 1,000,000."""
    return asyncio.run(measure(options))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        parser = argparse.ArgumentParser()
        parser.add_argument("--serve", type=Path)
        asyncio.run(serving(parser.parse_args().serve))
    raise SystemExit(frame.main(run))
