"""The dispatcher and a publisher: one edition fulfils all, targets stand alone, the public state stays fresh."""

from __future__ import annotations

from itertools import pairwise

import pytest

from broadcaster.errors import Reason, RenderingError
from broadcaster.model import Ending, Grade, Kind, State
from tests.unit.values import failure
from tests.unit.world import FakePublisher, World


async def test_each_target_gets_an_edition_and_is_read_back(world: World) -> None:
    channel = world.add(FakePublisher("page", world.clock))
    world.start()
    for owed in await world.accept():
        got = await world.until_state(owed, State.CONFIRMED)
        assert got.url == f"http://127.0.0.1/{owed.target}"
    for editions in channel.published.values():
        assert [each.incident for each in editions[-1].in_force] == [1]


async def test_one_edition_fulfils_all_that_is_due_on_a_target(world: World) -> None:
    channel = world.add(FakePublisher("page", world.clock), refresh_s=600.0)
    owed = [each for _ in range(5) for each in await world.accept()]
    world.start()
    for each in owed:
        await world.until_state(each, State.CONFIRMED)
    assert all(len(editions) <= 2 for editions in channel.published.values())


@pytest.mark.fault(115)
async def test_a_dead_mirror_keeps_no_other_target_from_being_written(world: World) -> None:
    channel = world.add(FakePublisher("page", world.clock), breaker_failures=2)
    channel.dead.add("mirror")
    world.start()
    for _ in range(4):
        here, mirror = await world.accept()
        at = world.clock.monotonic()
        await world.until_state(here, State.ACCEPTED, State.CONFIRMED)
        assert world.clock.monotonic() - at <= 1
    assert (await world.store.delivery(mirror.id)).state is State.RETRY_WAIT
    channel.dead.clear()
    await world.until_state(mirror, State.CONFIRMED)


async def test_whatever_fails_is_done_again_and_never_flagged(world: World) -> None:
    script = [
        failure(Reason.TARGET),
        ValueError("?"),
        RenderingError("template_failed"),
        failure(Reason.LOST, maybe_sent=True),
    ]
    channel = world.add(FakePublisher("page", world.clock))
    world.start()
    await world.past(1)
    channel.script = list(script)
    for owed in await world.accept():
        got = await world.until_state(owed, State.CONFIRMED)
        assert not got.possible_duplicate
    assert channel.script == []


async def test_a_publication_that_hangs_is_cut_and_repeated(world: World) -> None:
    channel = world.add(FakePublisher("page", world.clock), timeout_s=10.0, refresh_s=600.0)
    world.start()
    await world.past(1)
    channel.script = ["hang"]
    for owed in await world.accept():
        await world.until_state(owed, State.CONFIRMED)
    assert channel.cut == 1
    assert world.clock.monotonic() < 30


@pytest.mark.fault(4)
async def test_after_a_crash_it_publishes_again_at_once(world: World) -> None:
    channel = world.add(FakePublisher("page", world.clock))
    world.start()
    await world.past(1)
    channel.script = ["hang", "hang"]
    owed = await world.accept()
    await world.until_state(owed[1], State.SENDING)
    await world.kill()
    at = world.clock.monotonic()
    world.start()
    for each in owed:
        got = await world.until_state(each, State.CONFIRMED)
        assert not got.possible_duplicate
    assert world.clock.monotonic() - at <= 5


async def test_the_newest_state_goes_out_even_if_it_is_stale(world: World) -> None:
    channel = world.add(FakePublisher("page", world.clock))
    owed = await world.accept(grade=Grade.EMERGENCY)
    world.clock.skip(3000)
    world.start()
    await world.until_state(owed[0], State.CONFIRMED)
    assert [each.incident for each in channel.published["here"][-1].in_force] == [1]


async def test_an_edition_is_never_older_than_the_refresh_interval(world: World) -> None:
    channel = world.add(FakePublisher("page", world.clock), refresh_s=60.0)
    world.start()
    await world.past(605)
    assert channel.moments[0] == 0.0
    for editions in channel.published.values():
        ages = [(late.issued_at - early.issued_at).total_seconds() for early, late in pairwise(editions)]
        assert len(editions) == 11
        assert max(ages) <= 61


async def test_what_expires_leaves_the_page_at_once(world: World) -> None:
    channel = world.add(FakePublisher("page", world.clock), refresh_s=3600.0)
    world.start()
    owed = await world.accept(lasting=500)
    await world.until_state(owed[0], State.CONFIRMED)
    await world.past(501)
    newest = channel.published["here"][-1]
    assert newest.in_force == ()
    assert [each.why for each in newest.ended] == [Ending.EXPIRED]


async def test_a_refresh_that_fails_is_tried_at_the_next_interval(world: World) -> None:
    channel = world.add(FakePublisher("page", world.clock), refresh_s=60.0)
    channel.dead.add("mirror")
    world.start()
    await world.past(100)
    channel.dead.clear()
    await world.past(125)
    assert len(channel.published["mirror"]) == 1


@pytest.mark.fault(4)
async def test_editions_only_rise(world: World) -> None:
    channel = world.add(FakePublisher("page", world.clock))
    world.start()
    first = await world.accept()
    await world.accept(kind=Kind.UPDATE, incident=first[0].incident)
    await world.past(10)
    await world.kill()
    world.start()
    await world.accept(kind=Kind.ALL_CLEAR, incident=first[0].incident)
    await world.past(200)
    for editions in channel.published.values():
        numbers = [each.number for each in editions]
        assert numbers == sorted(set(numbers))
        assert editions[-1].in_force == ()
