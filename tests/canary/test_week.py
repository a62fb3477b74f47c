"""A week of tests on a clock the test owns: each once or with its reason, whatever clocks, services and kills do."""

from __future__ import annotations

import asyncio
import signal
from datetime import timedelta
from pathlib import Path

import pytest

from broadcaster import audit
from broadcaster.canary import Runner
from broadcaster.desk import FollowUp
from broadcaster.forms import Forms
from broadcaster.model import Actor, Alert, Kind
from broadcaster.rendering import Templates, templates_dir
from tests.canary.child import DUE, serve
from tests.canary.house import DUTY, House, house
from tests.desk.world import handing
from tests.nursery import fate
from tests.routine.house import HandClock
from tests.unit.plans import TOKYO, jst

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SECOND = Actor(name="duty-b")


async def told(here: House) -> list[tuple[str, str, str]]:
    """Day and hour, state and reason of every test there was."""
    return [(f"{each.due.astimezone(TOKYO):%d %H}", each.state.value, each.reason) for each in await here.soundings()]


async def order(here: House) -> Alert:
    """An evacuation order, approved."""
    forms = Forms(templates_dir(), Templates(here.config.city.zone))
    now, city = here.clock.now(), here.config.city
    draft = forms.draft("flood-level4", forms.examples("flood-level4", city, now), city=city, now=now)
    done = await here.desk.submit(draft, handing(), DUTY)
    return (await here.desk.approve(done.submission or 0, done.digest, SECOND)).alert


@pytest.mark.fault(106)
async def test_a_week_on_two_services_with_an_emergency_in_its_middle(tmp_path: Path) -> None:
    """On Tuesday an order is given before the test and lifted after it. Both services are started anew each day."""
    async with house(tmp_path, HandClock(jst(11, 22, 9, 50))) as here:
        here.fresh = False
        for day in range(23, 30):
            here.clock.go((jst(11, day, 9, 50) - here.clock.wall).total_seconds())
            services = [Runner(here.room, here.voices) for _ in range(2)]
            flood = await order(here) if day == 24 else None
            here.clock.go(10 * 60)
            await asyncio.gather(*(each.safe_turn() for each in services))
            await here.deliver()
            here.clock.go(2 * 60)
            await asyncio.gather(*(each.safe_turn() for each in services))
            if flood:
                await here.desk.follow_up(flood.identifier, FollowUp(kind=Kind.CANCEL), handing(), DUTY)
        assert await told(here) == [
            ("23 10", "over", ""),
            ("24 10", "skipped", "emergency"),
            *((f"{day} 10", "over", "") for day in range(25, 30)),
        ]
        assert [each.version for each in await here.store.incident(0)] == [1, 2, 3, 4, 5, 6]
        assert (await audit.verify_trail(here.store))[1] is None


@pytest.mark.fault(33)
@pytest.mark.fault(34)
async def test_a_clock_that_is_moved_tests_nothing_twice_and_calls_nothing_silent(tmp_path: Path) -> None:
    async with house(tmp_path, HandClock(jst(11, 25, 9, 58))) as here:
        here.fresh = False
        await here.until(jst(11, 25, 10, 1))
        assert [state for _, state, _ in await told(here)] == ["said"]
        here.clock.jump(2 * HOUR)  # by that alone nobody is late
        await here.runner.safe_turn()
        assert not any(each.silent for name, each in (await here.pulses()).items() if not name.startswith("@"))
        here.clock.jump(-3 * HOUR)  # 9:01 again: what was said is said
        await here.runner.safe_turn()
        await here.until(jst(11, 25, 10, 5))
        assert await told(here) == [("25 10", "said", "")]


@pytest.mark.fault(33)
async def test_a_test_the_clock_jumped_over_is_left_out_and_comes_again_when_it_goes_back(tmp_path: Path) -> None:
    async with house(tmp_path, HandClock(jst(11, 25, 8))) as here:
        here.fresh = False
        await here.runner.safe_turn()
        here.clock.jump(2 * HOUR + MINUTE)
        await here.runner.safe_turn()
        assert await told(here) == [("25 10", "skipped", "clock_jumped")]
        here.clock.jump(-HOUR)
        await here.until(jst(11, 25, 10))
        assert await told(here) == [("25 10", "said", "")]


@pytest.mark.fault(39)
async def test_by_a_lost_clock_nothing_is_tested(tmp_path: Path) -> None:
    async with house(tmp_path, HandClock(jst(1, 1, 9, 59, year=1970))) as here:
        await here.until(jst(1, 1, 10, 5, year=1970))
        assert (await told(here), await here.pulses()) == ([], {})


async def test_a_test_is_announced_before_and_taken_away_after(tmp_path: Path) -> None:
    async with house(tmp_path, HandClock(jst(11, 25, 8, 30))) as here:
        page = here.public.roots[""]

        async def says(where: str = "index.html") -> bool:
            await here.runner.safe_turn()
            await here.publish()
            found = (page / where).read_text("utf-8")
            return "試験配信を予定しています" in found or "A test of our channels is planned" in found

        here.fresh = False
        assert not await says()
        here.clock.go(31 * 60)
        for name in ("index.html", "index.txt", "en.html", "en.txt"):
            assert await says(name), name
        text = (page / "index.html").read_text("utf-8")
        assert "11月25日10時00分" in text
        assert "実際の災害ではありません" in text
        flood = await order(here)  # whoever has to flee reads nothing of tests
        assert not await says()
        await here.desk.follow_up(flood.identifier, FollowUp(kind=Kind.CANCEL), handing(), DUTY)
        assert await says()
        here.clock.go(61 * 60)
        assert await says()
        here.clock.go(15 * 60)
        assert not await says()


@pytest.mark.fault(2)
async def test_a_service_killed_again_and_again_tests_once_and_alarms_all_the_same(tmp_path: Path) -> None:
    """Within the accepting transaction; then right after people were told, before that was written down."""
    assert await fate(serve, tmp_path, failpoints="k1") == -signal.SIGKILL
    assert await fate(serve, tmp_path, failpoints="k3") == -signal.SIGKILL
    async with house(tmp_path, HandClock(DUE + 50 * MINUTE)) as here:
        assert await told(here) == [("25 10", "said", "")]
        assert len(await here.store.incident(0)) == 1
        silent = [each for each in await here.store.pulses() if each.silent]
        assert {each.name for each in silent} >= {"twitter", "mail"}
        assert {each.alarms for each in silent} == {0}
        await here.runner.turn()  # nobody can know that they were told: they are told again
        assert {each["name"] for each in here.hook.news[0]["silent"]} >= {"twitter", "mail"}
        assert (await audit.verify_trail(here.store))[1] is None
