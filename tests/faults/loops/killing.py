"""Lives full of deaths: one instance under a stream of alerts is killed again and again, started again, and judged."""

from __future__ import annotations

import asyncio
import random
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from broadcaster.failpoints import NAMES
from tests.faults.kit.life import Life, life
from tests.faults.kit.strace import Strike, struck
from tests.faults.loops.tally import Tally

FIRE_S = 10.0
"""How long a kill may wait for its moment."""
PEOPLE = 6
UNDER_WAY, STARTING = "under way", "starting"
MOMENTS = {UNDER_WAY: 0.4, STARTING: 1.0}
"""Where a random moment lies: within so many seconds after an acknowledgement, or after the start."""
CALLS = {
    "fsync": 40,
    "pwrite64": 200,
    "pread64": 100,
    "write": 60,
    "openat": 200,
    "close": 200,
    "read": 120,
    "epoll_wait,epoll_pwait": 200,
    "epoll_ctl": 40,
    "sendto,sendmsg,writev": 12,
    "connect": 8,
    "rename": 6,
    "symlink": 3,
    "fchmod": 30,
    "futex": 120,
    "mmap": 40,
}
"""System calls, and about how many of each a core makes in its first seconds under load."""


ALERTING = tuple(name for name in NAMES if name[0] not in "gouk")
"""Moments in the life of an alert. Migrations are tried apart; plans, watched feeds and test messages, which these
lives have not, by tests of their own.
"""


def plan(chance: random.Random, count: int) -> list[str]:
    """Return `count` named kills, each name about equally often, at the first to third time it is passed."""
    first = list(ALERTING)
    whole = [name for _ in range(count // len(first) + 1) for name in chance.sample(first, len(first))]
    return [_at(chance, name) for name in whole[:count]]


def _at(chance: random.Random, name: str) -> str:
    return name if name.startswith("r") else f"{name}@{chance.choice((1, 1, 2, 3, 5))}"


async def by_name(points: Sequence[str], seed: int) -> Tally:
    """Live one life that ends at each of these points."""
    tally = Tally("named moments")
    async with _town(seed) as town:
        for point in ("g1", "g2"):
            await _die(town, tally, point, point)
        await town.furnish(PEOPLE)
        async with _busy(town, seed):
            for point in points:
                await _die(town, tally, point, point.partition("@")[0])
        await _close(town, tally)
    return tally


async def by_call(calls: Sequence[str], seed: int) -> Tally:
    """Live one life that ends at a random one of these system calls, again and again."""
    tally, chance = Tally("random system calls"), random.Random(seed)
    async with _town(seed) as town:
        await town.furnish(PEOPLE)
        async with _busy(town, seed):
            for call in calls:
                await _strike(town, tally, call, chance.randint(1, CALLS[call]))
        await _close(town, tally)
    return tally


async def by_time(moments: Sequence[str], seed: int) -> Tally:
    """Live one life that ends at moments chosen by nothing but chance, most of them with messages under way."""
    tally, chance = Tally("random moments"), random.Random(seed)
    async with _town(seed) as town:
        await town.furnish(PEOPLE)
        async with _busy(town, seed):
            for moment in moments:
                tally.tried[moment] += 1
                told = len(town.told)
                town.start()
                if moment == UNDER_WAY:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(_acknowledged_since(town, told), FIRE_S)
                await asyncio.sleep(chance.uniform(0, MOMENTS[moment]))
                tally.fired[moment] += await town.kill() == -signal.SIGKILL
                town.look()
        await _close(town, tally)
    return tally


async def _acknowledged_since(town: Life, told: int) -> None:
    """Wait until more has been acknowledged: however slow the machine is today, that is then under way."""
    while len(town.told) == told:
        await asyncio.sleep(0.005)


@asynccontextmanager
async def _town(seed: int) -> AsyncIterator[Life]:
    """Every other provider takes the same text twice, as X does after a while: then copies must be flagged."""
    folder = Path(tempfile.mkdtemp(prefix="broadcaster-kill-"))
    try:
        async with life(folder, bare=True, start=False) as town:
            town.x.account.forgetful = bool(seed % 2)
            yield town
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def _busy(town: Life, seed: int) -> AsyncIterator[None]:
    stream = asyncio.create_task(town.stream(random.Random(seed)))
    try:
        yield
        if stream.done():
            stream.result()
    finally:
        stream.cancel()
        with suppress(asyncio.CancelledError):
            await stream


async def _die(town: Life, tally: Tally, failpoint: str, name: str) -> None:
    tally.tried[name] += 1
    core = town.start(failpoint)
    try:
        tally.fired[name] += await core.ended(FIRE_S) == -signal.SIGKILL
    except TimeoutError:
        await town.kill()
    town.look()


async def _strike(town: Life, tally: Tally, call: str, when: int) -> None:
    tally.tried[call] += 1
    core = town.start(held=True)
    async with struck(core, Strike(call=call, when=str(when))):
        try:
            tally.fired[call] += await core.ended(FIRE_S) == -signal.SIGKILL
        except TimeoutError:
            await town.kill()
    town.look()


async def _close(town: Life, tally: Tally) -> None:
    """The last start: everything comes to its end, and is counted."""
    town.start()
    await town.answering()
    await town.settled(90)
    tally.asked += await town.answer_questions()
    await town.settled(90)
    town.look()
    tally.verdict = await town.verdict()
