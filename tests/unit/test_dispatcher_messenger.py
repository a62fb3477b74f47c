"""The dispatcher and a messenger, over the real store: every row of the tables of docs/delivery.md that it acts on."""

from __future__ import annotations

import asyncio

import pytest

from broadcaster.errors import Reason
from broadcaster.model import Grade, Outcome, Receipt, State
from broadcaster.ports.store import Verb
from tests.unit.values import failure
from tests.unit.world import FakeMessenger, FakeReader, World

LOST = failure(Reason.LOST, maybe_sent=True)
REFUSED = failure(Reason.CONNECT)


async def test_it_is_accepted_and_then_seen_from_outside(world: World) -> None:
    channel = world.add(FakeReader("twitter", world.clock))
    world.start()
    (owed,) = await world.accept()
    got = await world.until_state(owed, State.CONFIRMED)
    assert (got.ref, got.attempt, got.possible_duplicate) == ("seen", 1, False)
    assert channel.moments == [0.0]
    assert channel.looks == [1.0]


async def test_a_channel_that_cannot_be_read_stays_accepted_and_quiet(world: World) -> None:
    world.add(FakeMessenger("line", world.clock))
    world.start()
    (owed,) = await world.accept()
    await world.until_state(owed, State.ACCEPTED)
    await world.past(3600)
    assert len(await world.store.attempts(owed.id)) == 1


async def test_not_sent_is_tried_again_ever_later(world: World) -> None:
    channel = world.add(FakeReader("twitter", world.clock, [REFUSED, REFUSED, REFUSED]), breaker_failures=9)
    world.start()
    (owed,) = await world.accept()
    got = await world.until_state(owed, State.ACCEPTED)
    assert channel.moments == [0.0, 1.5, 4.5, 10.5]
    assert (got.attempt, got.possible_duplicate) == (4, False)


async def test_a_refusal_is_final(world: World) -> None:
    channel = world.add(FakeReader("twitter", world.clock, [failure(Reason.REJECTED, detail="text too long")]))
    world.start()
    (owed,) = await world.accept()
    got = await world.until_state(owed, State.FAILED)
    assert (got.reason, got.detail) == ("rejected", "text too long")
    await world.past(3600)
    assert len(channel.calls) == 1


@pytest.mark.fault(54)
async def test_a_doubt_that_is_found_is_accepted_without_a_copy(world: World) -> None:
    channel = world.add(FakeReader("twitter", world.clock, [LOST], [None, Receipt(ref="77")]))
    world.start()
    (owed,) = await world.accept(grade=Grade.EMERGENCY)
    got = await world.until_state(owed, State.CONFIRMED)
    assert channel.looks[:2] == [5.0, 15.0]
    assert (len(channel.calls), got.possible_duplicate) == (1, False)


@pytest.mark.fault(55)
async def test_a_doubt_that_is_absent_is_sent_again_flagged(world: World) -> None:
    channel = world.add(FakeReader("twitter", world.clock, [LOST], [None, None]))
    world.start()
    (owed,) = await world.accept(grade=Grade.EMERGENCY)
    got = await world.until_state(owed, State.CONFIRMED)
    assert channel.moments == [0.0, 15.0]
    assert (got.attempt, got.possible_duplicate) == (2, True)


@pytest.mark.fault(61)
@pytest.mark.parametrize(("grade", "again"), [(Grade.EMERGENCY, [0.0, 15.0]), (Grade.WARNING, [0.0, 115.0])])
async def test_what_stays_unknown_is_sent_again_by_its_grade(world: World, grade: Grade, again: list[float]) -> None:
    channel = world.add(FakeMessenger("line", world.clock, [LOST]))
    world.start()
    (owed,) = await world.accept(grade=grade)
    got = await world.until_state(owed, State.ACCEPTED)
    assert channel.moments == again
    assert got.possible_duplicate


@pytest.mark.fault(61)
@pytest.mark.parametrize("grade", [Grade.INFORMATION, Grade.DRILL])
async def test_what_stays_unknown_waits_for_a_person(world: World, grade: Grade) -> None:
    channel = world.add(FakeMessenger("line", world.clock, [LOST]))
    world.start()
    (owed,) = await world.accept(grade=grade)
    await world.until_state(owed, State.NEEDS_HUMAN)
    assert world.clock.monotonic() == pytest.approx(70.0, abs=0.1)
    await world.past(600)
    assert len(channel.calls) == 1


async def test_a_person_may_send_it_again(world: World) -> None:
    channel = world.add(FakeMessenger("line", world.clock, [LOST]))
    world.start()
    (owed,) = await world.accept()
    await world.until_state(owed, State.NEEDS_HUMAN)
    await world.decide(owed, Verb.RESEND)
    got = await world.until_state(owed, State.ACCEPTED)
    assert (len(channel.calls), got.possible_duplicate) == (2, True)


@pytest.mark.fault(56)
async def test_a_duplicate_refused_after_a_doubt_proves_that_it_was_there(world: World) -> None:
    script = [LOST, failure(Reason.DUPLICATE)]
    world.add(FakeReader("twitter", world.clock, script, [LOST, LOST]))
    world.start()
    (owed,) = await world.accept(grade=Grade.EMERGENCY)
    got = await world.until_state(owed, State.CONFIRMED)
    assert (got.ref, got.possible_duplicate) == ("seen", False)


@pytest.mark.fault(60)
async def test_a_success_without_an_id_is_a_doubt(world: World) -> None:
    channel = world.add(FakeReader("twitter", world.clock, [Receipt(ref="")]))
    world.start()
    (owed,) = await world.accept(grade=Grade.EMERGENCY)
    got = await world.until_state(owed, State.CONFIRMED)
    assert (len(channel.calls), got.ref) == (1, "seen")
    first = (await world.store.attempts(owed.id))[0]
    assert (first.outcome, first.reason) == (Outcome.IN_DOUBT, "no_id")


async def test_what_nobody_foresaw_is_a_doubt(world: World) -> None:
    world.add(FakeReader("twitter", world.clock, [ValueError("Authorization: s3cret")], [None, Receipt(ref="5")]))
    world.start()
    (owed,) = await world.accept(grade=Grade.EMERGENCY)
    await world.until_state(owed, State.CONFIRMED)
    first = (await world.store.attempts(owed.id))[0]
    assert (first.outcome, first.detail) == (Outcome.IN_DOUBT, "ValueError")


async def test_a_channel_that_cancels_itself_is_in_doubt(world: World) -> None:
    world.add(FakeReader("twitter", world.clock, [asyncio.CancelledError()], [None, Receipt(ref="5")]))
    world.start()
    (owed,) = await world.accept(grade=Grade.EMERGENCY)
    await world.until_state(owed, State.CONFIRMED)
    assert (await world.store.attempts(owed.id))[0].outcome is Outcome.IN_DOUBT


@pytest.mark.fault(44)
async def test_a_call_that_hangs_is_cut_at_its_limit_and_in_doubt(world: World) -> None:
    channel = world.add(FakeReader("twitter", world.clock, ["hang"]), timeout_s=20.0)
    world.start()
    (owed,) = await world.accept(grade=Grade.EMERGENCY)
    await world.until_state(owed, State.IN_DOUBT)
    assert (round(world.clock.monotonic()), channel.cut) == (20, 1)
    await world.until_state(owed, State.CONFIRMED)
    assert len(channel.calls) == 1


@pytest.mark.fault(58)
async def test_a_refused_account_shuts_the_lane_and_burns_nothing(world: World) -> None:
    revoked = failure(Reason.CREDENTIALS)
    channel = world.add(FakeReader("twitter", world.clock, [revoked, revoked]), concurrency=1, breaker_open_s=30.0)
    world.start()
    deliveries = [(await world.accept())[0] for _ in range(3)]
    got = [await world.until_state(owed, State.CONFIRMED) for owed in deliveries]
    assert channel.moments[:3] == [0.0, 30.0, 90.0]
    assert [each.attempt for each in got] == [1, 1, 1]


@pytest.mark.fault(62)
async def test_a_half_open_breaker_lets_a_single_probe_through(world: World) -> None:
    channel = world.add(FakeReader("twitter", world.clock, [REFUSED] * 3), concurrency=1, breaker_failures=2)
    world.start()
    for _ in range(6):
        await world.accept()
    await world.past(29)
    assert len(channel.calls) == 2
    await world.past(80)
    assert len(channel.calls) == 3
    await world.past(300)
    assert len(channel.calls) == 3 + 6
    lane = await world.store.lane("twitter")
    assert lane.breaker.opened_at is None


async def test_a_restart_remembers_that_the_lane_is_shut(world: World) -> None:
    channel = world.add(FakeReader("twitter", world.clock, [failure(Reason.SUSPENDED)]), breaker_open_s=300.0)
    world.start()
    (owed,) = await world.accept()
    await world.until_state(owed, State.RETRY_WAIT)
    await world.kill()
    world.start()
    await world.past(299)
    assert len(channel.calls) == 1
    await world.until_state(owed, State.CONFIRMED)
    assert channel.moments[1] == pytest.approx(300.0, abs=1.0)


@pytest.mark.fault(52)
async def test_a_429_is_obeyed(world: World) -> None:
    limited = failure(Reason.RATE_LIMITED, retry_after=77.0)
    channel = world.add(FakeReader("twitter", world.clock, [limited]))
    world.start()
    (owed,) = await world.accept()
    await world.until_state(owed, State.CONFIRMED)
    assert channel.moments[1] == pytest.approx(77.0, abs=1.1)


async def test_nothing_goes_out_after_its_expiry(world: World) -> None:
    channel = world.add(FakeReader("twitter", world.clock, [failure(Reason.CREDENTIALS)]), breaker_open_s=600.0)
    world.start()
    (owed,) = await world.accept(lasting=100)
    got = await world.until_state(owed, State.EXPIRED)
    assert 99.9 <= world.clock.monotonic() <= 106
    await world.past(2000)
    assert (len(channel.calls), got.reason) == (1, "expired")


async def test_what_is_stale_goes_out_marked(world: World) -> None:
    channel = world.add(FakeReader("twitter", world.clock))
    await world.accept(grade=Grade.EMERGENCY)
    world.clock.skip(601)
    world.start()
    await world.until(lambda: called(channel))
    assert channel.calls[0][1].texts[0].body.startswith("(late) ")


async def test_what_is_stale_and_cannot_be_marked_is_refused(world: World) -> None:
    channel = world.add(FakeReader("twitter", world.clock))
    (owed,) = await world.accept(grade=Grade.EMERGENCY, late=False)
    world.clock.skip(601)
    world.start()
    got = await world.until_state(owed, State.FAILED)
    assert (got.reason, channel.calls) == ("stale_unmarked", [])


async def called(channel: FakeMessenger) -> bool:
    return bool(channel.calls)
