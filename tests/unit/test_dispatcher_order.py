"""Order, reserve, budget, outage, restart and stop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from broadcaster.errors import Reason, StoreFull, StoreUnknown
from broadcaster.events import Topic
from broadcaster.model import Grade, Kind, Limit, Mode, Receipt, State
from broadcaster.ports.store import Verb
from tests.unit.values import failure
from tests.unit.world import FakeMessenger, FakeReader, ManualClock, Step, Watched, World

LOST = failure(Reason.LOST, maybe_sent=True)


class Budgeted(FakeReader):
    """A messenger with three posts in ten minutes, one of them reserved."""

    def limits(self) -> tuple[Limit, ...]:
        return (Limit(name="ten", unit="posts", window=timedelta(minutes=10), amount=3, reserve=1),)


def serials(channel: FakeMessenger) -> list[str]:
    return [said.reference for _, said in channel.calls]


# ---------------------------------------------------------------- order


async def test_an_older_version_that_waits_never_starts(world: World) -> None:
    channel = world.add(FakeReader("twitter", world.clock, [failure(Reason.CONNECT)]))
    world.start()
    (old,) = await world.accept()
    await world.until_state(old, State.RETRY_WAIT)
    (new,) = await world.accept(kind=Kind.UPDATE, incident=old.incident)
    await world.until_state(new, State.CONFIRMED)
    await world.past(600)
    assert serials(channel) == ["1-1", "1-2"]
    assert (await world.store.delivery(old.id)).state is State.SUPERSEDED


@pytest.mark.fault(42)
async def test_an_older_version_under_way_has_ten_seconds_then_the_newer_goes(world: World) -> None:
    channel = world.add(FakeReader("twitter", world.clock, ["hang"], [None]), timeout_s=60.0)
    world.start()
    (old,) = await world.accept()
    await world.past(4)
    (new,) = await world.accept(kind=Kind.UPDATE, incident=old.incident)
    begun = world.clock.monotonic()
    await world.until_state(new, State.ACCEPTED, State.CONFIRMED)
    assert channel.moments[1] == pytest.approx(begun + 10, abs=1.0)
    got = await world.until_state(old, State.CLOSED_SUPERSEDED)
    assert (channel.cut, got.attempt) == (1, 1)


async def test_an_older_version_that_finishes_within_its_grace_is_left_alone(world: World) -> None:
    slow = Slow("twitter", world.clock, 5.0)
    world.add(slow)
    world.start()
    (old,) = await world.accept()
    await world.past(1)
    (new,) = await world.accept(kind=Kind.UPDATE, incident=old.incident)
    await world.until_state(new, State.ACCEPTED)
    assert (await world.store.delivery(old.id)).state is State.ACCEPTED
    assert serials(slow) == ["1-1", "1-2"]


class Slow(FakeMessenger):
    """Takes its time."""

    def __init__(self, name: str, clock: ManualClock, seconds: float, script: Sequence[Step] = ()) -> None:
        super().__init__(name, clock, script)
        self.seconds = seconds
        self.under_way = 0
        self.most = 0

    async def act(self, what: object) -> Receipt:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            receipt = await super().act(what)
            await self.clock.sleep(self.seconds)
        finally:
            self.under_way -= 1
        return receipt


# ---------------------------------------------------------------- lanes


async def test_no_more_than_its_concurrency_and_one_reserved_slot(world: World) -> None:
    channel = Slow("line", world.clock, 10.0)
    world.add(channel, concurrency=2)
    world.start()
    for _ in range(5):
        await world.accept()
    await world.past(1)
    assert channel.under_way == 2
    (urgent,) = await world.accept(grade=Grade.EMERGENCY)
    begun = world.clock.monotonic()
    await world.quiet()
    assert channel.under_way == 3
    await world.until_state(urgent, State.ACCEPTED)
    assert world.clock.monotonic() - begun <= 11
    await world.past(100)
    assert (channel.most, len(channel.calls)) == (3, 6)


async def test_a_correction_takes_a_reserved_token_when_the_bucket_is_empty(world: World) -> None:
    channel = world.add(FakeMessenger("line", world.clock), rate_per_s=0.001, burst=2, concurrency=4)
    world.start()
    owed = [(await world.accept())[0] for _ in range(3)]
    await world.past(10)
    assert len(channel.calls) == 2
    (fix,) = await world.accept(kind=Kind.CORRECTION, incident=owed[0].incident)
    await world.until_state(fix, State.ACCEPTED, within=5)
    assert serials(channel)[-1] == "1-2"
    assert (await world.store.delivery(owed[2].id)).state is State.READY


async def test_a_correction_that_comes_due_later_does_not_wait_for_ordinary_tokens(world: World) -> None:
    channel = world.add(FakeMessenger("line", world.clock), rate_per_s=0.001, burst=20)
    world.start()
    owed = [(await world.accept())[0] for _ in range(21)]
    await world.past(3)
    assert len(channel.calls) == 20
    channel.script = [failure(Reason.BUSY, retry_after=5.0)]
    (fix,) = await world.accept(kind=Kind.CORRECTION, incident=owed[0].incident)
    await world.until_state(fix, State.ACCEPTED, within=20)
    assert channel.moments[21] - channel.moments[20] == pytest.approx(5, abs=1.1)


@pytest.mark.fault(40)
async def test_a_channel_that_hangs_for_ten_minutes_delays_no_other(world: World) -> None:
    hanging = world.add(FakeMessenger("line", world.clock, ["hang"] * 50), timeout_s=600.0)
    healthy = world.add(FakeReader("twitter", world.clock))
    world.start()
    for _ in range(10):
        accepted = await world.accept()
        at = world.clock.monotonic()
        await world.until_state(accepted[1], State.CONFIRMED)
        assert world.clock.monotonic() - at <= 1.0
    assert len(hanging.calls) == 4
    assert len(healthy.calls) == 10


async def test_a_flood_on_one_channel_delays_no_other(world: World) -> None:
    world.add(Slow("line", world.clock, 5.0), rate_per_s=1.0, burst=5)
    healthy = world.add(FakeReader("twitter", world.clock))
    for _ in range(200):
        await world.accept(only=["line"])
    world.start()
    await world.past(3)
    (owed,) = await world.accept(only=["twitter"])
    at = world.clock.monotonic()
    await world.until_state(owed, State.CONFIRMED)
    assert world.clock.monotonic() - at <= 1.0
    assert len(healthy.calls) == 1


# ---------------------------------------------------------------- budget


@pytest.mark.fault(64)
async def test_routine_posts_wait_for_their_budget_and_an_emergency_uses_the_reserve(world: World) -> None:
    channel = world.add(Budgeted("twitter", world.clock))
    world.start()
    owed = [(await world.accept())[0] for _ in range(3)]
    await world.past(5)
    (waiting,) = [each for each in [await world.store.delivery(one.id) for one in owed] if not each.state.good]
    assert (waiting.state, waiting.reason, waiting.attempt) == (State.RETRY_WAIT, "quota", 0)
    assert len(channel.calls) == 2
    (urgent,) = await world.accept(grade=Grade.EMERGENCY)
    await world.until_state(urgent, State.CONFIRMED, within=5)
    got = await world.until_state(waiting, State.CONFIRMED)
    assert (got.attempt, got.possible_duplicate) == (1, False)
    assert channel.moments[-1] >= 600


async def test_deliveries_at_once_do_not_overdraw_the_budget(world: World) -> None:
    channel = world.add(Budgeted("twitter", world.clock), concurrency=4)
    for _ in range(4):
        await world.accept()
    world.start()
    await world.past(60)
    assert len(channel.calls) == 2


async def test_a_budget_that_could_not_be_read_with_the_claim_is_read_after_it(world: World) -> None:
    channel = world.add(Budgeted("twitter", world.clock))
    world.watched.broken["spent"] = [StoreFull("store_full")]
    world.start()
    (owed,) = await world.accept()
    await world.until_state(owed, State.CONFIRMED)
    assert serials(channel) == ["1-1"]


# ---------------------------------------------------------------- outage, restart, stop


async def test_an_emergency_goes_by_itself_after_an_outage_if_it_is_the_newest(world: World) -> None:
    channel = world.add(FakeReader("twitter", world.clock))
    (owed,) = await world.accept(grade=Grade.EMERGENCY)
    world.clock.skip(3000)
    world.start()
    await world.until_state(owed, State.CONFIRMED)
    assert channel.calls[0][1].texts[0].body.startswith("(late)")


async def test_an_all_clear_waits_for_one_key_after_an_outage(world: World) -> None:
    channel = world.add(FakeReader("twitter", world.clock))
    (first,) = await world.accept(grade=Grade.EMERGENCY)
    (clear,) = await world.accept(grade=Grade.EMERGENCY, kind=Kind.ALL_CLEAR, incident=first.incident)
    world.clock.skip(301)
    world.start()
    got = await world.until_state(clear, State.NEEDS_HUMAN)
    assert (got.reason, channel.calls) == ("after_outage", [])
    await world.decide(clear, Verb.RELEASE)
    await world.until_state(clear, State.CONFIRMED)
    assert serials(channel) == ["1-2"]


@pytest.mark.fault(4)
async def test_after_a_crash_a_delivery_under_way_is_looked_up(world: World) -> None:
    channel = world.add(FakeReader("twitter", world.clock, ["hang"]))
    world.start()
    (owed,) = await world.accept(grade=Grade.EMERGENCY)
    await world.until_state(owed, State.SENDING)
    await world.kill()
    assert (await world.store.delivery(owed.id)).state is State.SENDING
    world.start()
    got = await world.until_state(owed, State.CONFIRMED)
    assert (len(channel.calls), got.attempt, got.possible_duplicate) == (1, 1, False)


@pytest.mark.fault(3)
async def test_after_a_crash_what_is_absent_is_sent_once_more(world: World) -> None:
    channel = world.add(FakeReader("twitter", world.clock, ["hang"], [None, None]))
    world.start()
    (owed,) = await world.accept(grade=Grade.EMERGENCY)
    await world.until_state(owed, State.SENDING)
    await world.kill()
    world.start()
    await world.until_state(owed, State.CONFIRMED)
    assert len(channel.calls) == 2


@pytest.mark.fault(13)
async def test_what_is_under_way_at_three_crashes_in_a_row_waits_for_a_person(world: World) -> None:
    world.add(FakeReader("twitter", world.clock, ["hang"] * 3, [None] * 9))
    (owed,) = await world.accept(grade=Grade.EMERGENCY)
    for _ in range(3):
        world.start()
        await world.until_state(owed, State.SENDING)
        await world.kill()
    world.start()
    got = await world.until_state(owed, State.NEEDS_HUMAN)
    assert got.reason == "quarantined"


@pytest.mark.fault(9)
async def test_stopping_lets_a_delivery_finish(world: World) -> None:
    slow = Slow("line", world.clock, 6.0)
    world.add(slow, concurrency=1)
    world.start()
    under_way, waiting = [(await world.accept())[0] for _ in range(2)]
    await world.past(1)
    await world.stop()
    assert (await world.store.delivery(under_way.id)).state is State.ACCEPTED
    assert (await world.store.delivery(waiting.id)).state is State.READY
    assert len(slow.calls) == 1


@pytest.mark.fault(9)
async def test_stopping_drops_what_hangs_within_ten_seconds(world: World) -> None:
    channel = world.add(FakeReader("twitter", world.clock, ["hang"]), timeout_s=600.0)
    world.start()
    (owed,) = await world.accept()
    await world.until_state(owed, State.SENDING)
    begun = world.clock.monotonic()
    await world.stop()
    assert world.clock.monotonic() - begun <= 10
    got = await world.store.delivery(owed.id)
    assert (got.state, got.reason, channel.cut) == (State.IN_DOUBT, "cancelled", 1)


@pytest.mark.fault(17)
async def test_a_result_is_kept_in_memory_until_the_disk_has_room(world: World) -> None:
    channel = world.add(FakeReader("twitter", world.clock))
    world.watched.broken["record"] = [StoreFull("store_full") for _ in range(5)]
    world.start()
    (owed,) = await world.accept()
    await world.until_state(owed, State.CONFIRMED)
    assert len(channel.calls) == 1


@pytest.mark.fault(22)
async def test_a_result_that_was_saved_after_all_is_not_saved_twice(world: World) -> None:
    world.add(FakeMessenger("line", world.clock))
    real = world.store.record

    async def saved_but_raised(*args: object, **more: object) -> bool:
        setattr(world.store, "record", real)  # noqa: B010 (mypy knows that it is a method)
        await real(*args, **more)  # type: ignore[arg-type]
        raise StoreUnknown("store_unknown")

    setattr(world.store, "record", saved_but_raised)  # noqa: B010
    world.start()
    (owed,) = await world.accept()
    await world.past(10)
    got = await world.store.delivery(owed.id)
    assert (got.state, got.possible_duplicate, len(await world.store.attempts(owed.id))) == (State.ACCEPTED, False, 1)


@pytest.mark.fault(21)
async def test_a_claim_that_may_or_may_not_hold_ends_the_process(world: World) -> None:
    world.add(FakeMessenger("line", world.clock))
    world.watched.broken["claim"] = [StoreUnknown("store_unknown")]
    dispatcher = world.start()
    with pytest.raises(StoreUnknown):
        await world.past(60)
    await dispatcher.stop()


async def test_a_lane_with_room_needs_no_claim_of_its_own_for_what_is_accepted(world: World) -> None:
    channel = world.add(FakeMessenger("line", world.clock), concurrency=1)
    world.start()
    await world.past(1)
    world.watched.broken["claim"] = [StoreFull("store_full") for _ in range(99)]
    (owed,) = await world.accept()
    await world.until_state(owed, State.ACCEPTED)
    assert channel.moments == [1.0]


async def test_a_lane_without_room_takes_nothing_from_an_acceptance(world: World) -> None:
    channel = world.add(FakeMessenger("line", world.clock, ["hang"]), concurrency=1)
    world.start()
    await world.accept()
    await world.quiet()
    (second,) = await world.accept()
    assert (await world.store.delivery(second.id)).state is State.READY
    assert len(channel.calls) == 1


async def test_a_store_that_fails_for_a_while_stops_no_lane(world: World) -> None:
    channel = world.add(FakeReader("twitter", world.clock))
    world.watched.broken["claim"] = [StoreFull("store_full") for _ in range(3)]
    world.watched.broken["sweep"] = [StoreFull("store_full")]
    world.start()
    (owed,) = await world.accept()
    await world.until_state(owed, State.CONFIRMED)
    assert len(channel.calls) == 1


async def test_every_change_is_told(world: World) -> None:
    world.add(FakeReader("twitter", world.clock, [failure(Reason.SUSPENDED)]))
    seen: list[tuple[Topic, str, str]] = []
    with world.events.subscribe() as stream:
        world.start()
        (owed,) = await world.accept()
        await world.until_state(owed, State.CONFIRMED)
        while len(seen) < 7:
            event = await asyncio.wait_for(stream.next(), 5)
            seen.append((event.topic, event.state, event.reason))
    assert seen == [
        (Topic.DELIVERY, "sending", ""),
        (Topic.LANE, "open", "suspended"),
        (Topic.DELIVERY, "retry_wait", "suspended"),
        (Topic.DELIVERY, "sending", ""),
        (Topic.LANE, "closed", ""),
        (Topic.DELIVERY, "accepted", ""),
        (Topic.DELIVERY, "confirmed", ""),
    ]


async def test_a_thing_that_neither_delivers_nor_publishes_is_no_channel(tmp_path: Path) -> None:
    world = World(tmp_path / "other.sqlite", Mode.DRILL)
    world.channels["odd"] = Odd()
    with pytest.raises(TypeError, match="odd"):
        world.start()
    await world.close()


class Odd:
    """Only a name."""

    name = "odd"

    def targets(self) -> tuple[str, ...]:
        return ("main",)

    async def close(self) -> None:
        raise AssertionError


async def test_what_was_just_accepted_is_claimed_before_anything_is_looked_up(world: World) -> None:
    asked: list[str] = []
    watched = world.watched

    class Noting:
        def __getattr__(self, name: str) -> object:
            asked.append(name)
            return getattr(watched, name)

    world.add(FakeReader("twitter", world.clock))
    world.watched = cast("Watched", Noting())
    world.start()
    (sent,) = await world.accept()
    await world.until_state(sent, State.CONFIRMED)
    looks = {"doubts", "unconfirmed", "claim"}
    assert next(name for name in asked if name in looks) == "claim"
