"""C. Time: the wall clock of the running core is moved."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.kit import http
from tests.faults.kit.life import Life, life
from tests.faults.kit.waiting import until

pytestmark = pytest.mark.timeout(120)
TWO_HOURS = 7200.0


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Life]:
    async with life(tmp_path) as made:
        yield made


@pytest.mark.fault(34)
async def test_what_was_accepted_by_a_clock_ahead_does_not_wait_for_it_after_a_restart(town: Life) -> None:
    await town.kill()
    town.clock.jump(TWO_HOURS)
    core = town.start("a3")
    saying = asyncio.create_task(town.say())
    assert await core.ended() == -signal.SIGKILL
    town.clock.jump(-TWO_HOURS)
    town.start()
    await saying
    await town.settled()
    (await town.verdict()).holds()
    assert len(town.x.posts) == 1


@pytest.mark.fault(34)
async def test_what_waits_does_not_wait_longer_when_the_clock_goes_back(town: Life) -> None:
    town.clock.jump(TWO_HOURS)
    town.x.script(http.problem("rate-limited", headers={"Retry-After": "30"}))
    await town.say(draft=replace(town.draft(), channels=("twitter",)))
    await until(lambda: town.states("retry_wait"), 20)
    town.clock.jump(-TWO_HOURS)
    await town.settled()
    (await town.verdict()).holds()
    assert len(town.x.posts) == 1
    assert "clock_jumped" in town.log.read_text(encoding="utf-8")


@pytest.mark.fault(34)
async def test_the_page_is_kept_fresh_when_the_clock_goes_back(town: Life) -> None:
    town.clock.jump(TWO_HOURS)
    await town.say(draft=replace(town.draft(), channels=("page",)))
    await town.settled()
    town.look()
    town.clock.jump(-TWO_HOURS)

    def renewed() -> bool:
        town.look()
        return town.editions["page"][-1] > town.editions["page"][0]

    await until(renewed, 30)
    (await town.verdict()).holds()


@pytest.mark.fault(33)
@pytest.mark.fault(39)
async def test_a_clock_that_is_lost_and_set_again_costs_no_message(town: Life) -> None:
    """1970 in the running process, then ahead by all the years since: it says so, and the desk works on."""
    await town.answering()
    lost = town.clock.time()
    town.clock.jump(-lost)
    await until(lambda: "clock_lost" in town.log.read_text(encoding="utf-8"), 30)
    town.clock.jump(lost)
    await town.say()
    await town.settled()
    (await town.verdict()).holds()
    assert len(town.x.posts) == 1
