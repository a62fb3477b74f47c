"""A. Process death: the real core is killed, stopped or told to stop, and what the providers got is counted."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.kit import http, needs
from tests.faults.kit.life import Life, life
from tests.faults.kit.strace import Strike, struck
from tests.faults.kit.waiting import until

pytestmark = pytest.mark.timeout(120)
KILLED = -signal.SIGKILL


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Life]:
    """An instance whose core is not started yet."""
    async with life(tmp_path, start=False) as made:
        yield made


@pytest.fixture
async def calm(tmp_path: Path) -> AsyncIterator[Life]:
    """An instance whose clock runs as ours does: on a busy machine too, no call is over before it is told to stop."""
    async with life(tmp_path, start=False, speed=1.0) as made:
        yield made


async def killed_at(town: Life, point: str, *channels: str) -> str:
    """Say something while a kill waits at `point`; start again, and see it acknowledged. Return the alert."""
    core = town.start(point)
    saying = asyncio.create_task(town.say(draft=replace(town.draft(), channels=channels)))
    assert await core.ended() == KILLED, f"{point} was not passed"
    town.start()
    await town.answering()
    alert = await saying
    await town.settled()
    return alert


@pytest.mark.fault(1)
@pytest.mark.parametrize("point", ["a0", "a1", "a2"])
async def test_killed_before_the_commit_the_same_key_gives_one_message(town: Life, point: str) -> None:
    await killed_at(town, point)
    verdict = await town.verdict()
    verdict.holds()
    assert (len(town.x.posts), verdict.copies) == (1, 0)


@pytest.mark.fault(2)
async def test_killed_after_the_commit_the_same_key_gives_the_first_alert(town: Life) -> None:
    await killed_at(town, "a3")
    verdict = await town.verdict()
    verdict.holds()
    assert (len(town.x.posts), verdict.deliveries, verdict.copies) == (1, 4, 0)


@pytest.mark.fault(3)
async def test_killed_before_the_first_byte_it_is_looked_for_and_sent_once(town: Life) -> None:
    await killed_at(town, "w1", "twitter")
    assert ("GET", f"/2/users/{town.x.account.id}/tweets") in town.x.requests, "it was looked for"
    verdict = await town.verdict()
    verdict.holds()
    assert (len(town.x.posts), verdict.copies) == (1, 0)


@pytest.mark.fault(4)
@pytest.mark.parametrize("channel", ["twitter", "page"])
async def test_killed_after_the_provider_has_it_it_is_found_and_not_sent_again(town: Life, channel: str) -> None:
    town.x.account.forgetful = True
    await killed_at(town, "w2", channel)
    verdict = await town.verdict()
    verdict.holds()
    assert verdict.copies == 0
    posted = [request for request in town.x.requests if request == ("POST", "/2/tweets")]
    assert len(posted) == (channel == "twitter")


@pytest.mark.fault(4)
async def test_killed_after_the_provider_has_it_and_cannot_tell_the_copy_is_flagged(town: Life) -> None:
    town.x.account.forgetful, town.x.account.lag = True, 3600.0
    await killed_at(town, "w2", "twitter")
    verdict = await town.verdict()
    verdict.holds()
    assert verdict.copies == 1
    assert town.query("SELECT possible_duplicate FROM delivery") == [(1,)]


@pytest.mark.fault(5)
@pytest.mark.parametrize("points", [["r1", "r2"], ["r3", "r4"], ["r4", "r2", "r4", "r1"]])
async def test_killed_while_recovering_it_recovers_once(town: Life, points: list[str]) -> None:
    core = town.start("w2")
    saying = asyncio.create_task(town.say())
    assert await core.ended() == KILLED
    for point in points:
        assert await town.start(point).ended() == KILLED
    town.start()
    await saying
    await town.settled()
    (await town.verdict()).holds()
    lost = town.query("SELECT delivery, count(*) FROM attempt WHERE reason = 'restart' GROUP BY delivery")
    assert all(number == 1 for _, number in lost), lost


@pytest.mark.fault(6)
async def test_killed_at_random_system_calls(town: Life) -> None:
    needs("strace")
    chance = random.Random(6)
    stream = asyncio.create_task(town.stream(chance))
    fired = 0
    for call in ("fsync", "pwrite64", "epoll_wait,epoll_pwait", "openat", "write", "close"):
        core = town.start(held=True)
        async with struck(core, Strike(call=call, when=str(chance.randint(1, 40)))):
            fired += await core.ended(60) == KILLED
    stream.cancel()
    town.start()
    await town.answering()
    await town.settled()
    (await town.verdict()).holds()
    assert fired == 6


@pytest.mark.fault(9)
async def test_told_to_stop_it_claims_nothing_more_and_ends_in_time(calm: Life) -> None:
    """Some calls hang: they are dropped and in doubt. What waits behind them stays ready."""
    calm.start()
    await calm.answering()
    calm.x.script(*(http.silence(take=True) for _ in range(20)))
    for _ in range(8):
        await calm.say(draft=replace(calm.draft(), channels=("twitter",)))
    await until(lambda: calm.states("sending") >= 4, 20)
    began = time.monotonic()
    assert await calm.end(signal.SIGTERM) == 0
    assert time.monotonic() - began < 10
    states = dict(calm.query("SELECT state, count(*) FROM delivery GROUP BY state"))
    assert states["in_doubt"] >= 4
    assert states == {"in_doubt": states["in_doubt"], "ready": 8 - states["in_doubt"]}
    calm.x.honest()
    calm.start()
    await calm.settled()
    (await calm.verdict()).holds()


@pytest.mark.fault(10)
@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
async def test_told_twice_it_ends_at_once_and_nothing_is_lost(tmp_path: Path, second: signal.Signals) -> None:
    async with life(tmp_path, speed=1.0) as town:
        town.x.script(http.silence(take=True))
        await town.say(draft=replace(town.draft(), channels=("twitter",)))
        await until(lambda: town.x.posts, 20)
        assert town.core is not None
        town.core.signal(signal.SIGTERM)
        await until(lambda: not catches(town, second), 10)
        began = time.monotonic()
        assert await town.end(second) == -second
        assert time.monotonic() - began < 3, "a graceful end would have waited 8 s for the provider"
        assert town.states("sending") == 1
        town.start()
        await town.settled(60)
        verdict = await town.verdict()
        verdict.holds()
        assert (len(town.x.posts), verdict.copies) == (1, 0)


def catches(town: Life, number: int) -> bool:
    """Whether the core handles this signal itself: it does so until it was told once."""
    assert town.core is not None
    lines = Path(f"/proc/{town.core.pid}/status").read_text(encoding="ascii").splitlines()
    mask = next(line.split()[1] for line in lines if line.startswith("SigCgt"))
    return bool(int(mask, 16) >> (number - 1) & 1)


@pytest.mark.fault(13)
async def test_what_kills_us_three_times_is_held_and_the_others_flow(town: Life) -> None:
    core = town.start("w1")
    saying = asyncio.create_task(town.say(draft=replace(town.draft(), channels=("twitter",))))
    assert await core.ended() == KILLED
    for _ in range(2):
        assert await town.start("w1").ended() == KILLED
    town.start()
    poison = await saying
    healthy = await town.say(draft=replace(town.draft(), channels=("twitter",)))
    await town.settled()
    (await town.verdict()).holds()
    states = dict(town.query("SELECT identifier, state || ' ' || reason FROM delivery"))
    assert states[poison] == "needs_human quarantined"
    assert states[healthy].split()[0] in ("accepted", "confirmed")
