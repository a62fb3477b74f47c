"""The dispatcher when its surroundings misbehave: channels that hold on, looks that break, a store that fails."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from broadcaster.dispatcher import calls
from broadcaster.errors import DeliveryError, Reason, StoreFull
from broadcaster.model import Grade, Kind, Message, Outcome, Receipt, State
from broadcaster.ports.channel import Ledger
from tests.unit.values import failure
from tests.unit.world import FakeBulk, FakeMessenger, FakePublisher, FakeReader, World

FULL = StoreFull("store_full")


class Precise(FakeMessenger):
    """Says, when it is dropped, that nothing had been sent yet."""

    async def deliver(self, said: Message, key: str) -> Receipt:
        try:
            return await super().deliver(said, key)
        except asyncio.CancelledError:
            raise DeliveryError(Reason.CANCELLED, maybe_sent=False) from None


class Stubborn(FakeMessenger):
    """Does not let itself be dropped, and breaks when it ends at last."""

    def __init__(self, world: World) -> None:
        super().__init__("line", world.clock)
        self.released = asyncio.Event()

    async def deliver(self, said: Message, key: str) -> Receipt:
        self.calls.append((self.clock.monotonic(), said))
        while not self.released.is_set():
            try:
                await self.released.wait()
            except asyncio.CancelledError:
                self.cut += 1
        raise ValueError("too late")


async def test_a_channel_that_knows_nothing_was_sent_leaves_no_doubt(world: World) -> None:
    channel = world.add(Precise("line", world.clock, ["hang"]), timeout_s=5.0)
    world.start()
    (owed,) = await world.accept()
    got = await world.until_state(owed, State.ACCEPTED)
    assert (len(channel.calls), got.possible_duplicate, got.attempt) == (2, False, 1)


async def test_a_channel_that_will_not_let_go_is_left_behind(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "_LETTING_GO", 0.01)
    channel = world.add(Stubborn(world), timeout_s=5.0)
    world.start()
    (owed,) = await world.accept()
    await world.until_state(owed, State.IN_DOUBT, State.NEEDS_HUMAN)
    assert channel.cut >= 1
    channel.released.set()
    await world.quiet()
    assert not calls._left_behind


@pytest.mark.fault(61)
async def test_a_look_that_breaks_tells_nothing(world: World) -> None:
    lost = failure(Reason.LOST, maybe_sent=True)
    channel = world.add(FakeReader("twitter", world.clock, [lost], [ValueError("?"), ValueError("?")]))
    world.start()
    (owed,) = await world.accept(grade=Grade.EMERGENCY)
    got = await world.until_state(owed, State.CONFIRMED)
    assert (len(channel.calls), got.possible_duplicate) == (2, True)
    looks = (await world.store.attempts(owed.id))[1:3]
    assert [each.detail for each in looks] == ["ValueError", "ValueError"]


class Unseen(FakePublisher):
    """Cannot be read back at first."""

    def __init__(self, world: World, troubles: list[Exception]) -> None:
        super().__init__("page", world.clock)
        self.troubles = troubles

    async def verify(self, receipt: Receipt) -> bool:
        if self.troubles:
            raise self.troubles.pop(0)
        return await super().verify(receipt)


async def test_a_publication_is_confirmed_as_soon_as_it_can_be_seen(world: World) -> None:
    channel = world.add(Unseen(world, [failure(Reason.CONNECT), ValueError("?"), failure(Reason.TLS)]))
    world.start()
    for owed in await world.accept():
        await world.until_state(owed, State.CONFIRMED, within=60)
    assert channel.troubles == []


async def test_our_own_mistake_leaves_nothing_sending_for_ever(world: World) -> None:
    world.add(FakeMessenger("line", world.clock))
    world.watched.broken["incident"] = [KeyError("a mistake of ours") for _ in range(2)]  # the lane may ask, too
    channel = world.channels["line"]
    assert isinstance(channel, FakeMessenger)
    channel.script = [failure(Reason.CONNECT)]
    world.start()
    (owed,) = await world.accept()
    got = await world.until_state(owed, State.IN_DOUBT, State.NEEDS_HUMAN)
    assert (await world.store.attempts(owed.id))[0].outcome is Outcome.IN_DOUBT
    assert got.doubt_since is not None


async def test_a_lane_that_stumbles_gets_up_again(world: World) -> None:
    world.add(FakeReader("twitter", world.clock))
    world.watched.broken["next_due"] = [KeyError("a mistake of ours")]
    world.watched.broken["lane"] = [FULL]
    world.start()
    (owed,) = await world.accept()
    await world.until_state(owed, State.CONFIRMED)


async def test_a_look_whose_result_cannot_be_written_is_looked_at_again(world: World) -> None:
    channel = world.add(FakeReader("twitter", world.clock))
    world.start()
    (owed,) = await world.accept()
    await world.until_state(owed, State.ACCEPTED)
    world.watched.broken["record"] = [KeyError("a mistake of ours")]
    await world.until_state(owed, State.CONFIRMED)
    assert len(channel.looks) == 2


@pytest.mark.fault(17)
async def test_what_cannot_be_saved_while_stopping_is_a_doubt_at_the_next_start(world: World) -> None:
    channel = world.add(FakeReader("twitter", world.clock, ["hang"]), timeout_s=600.0)
    world.start()
    (owed,) = await world.accept(grade=Grade.EMERGENCY)
    await world.until_state(owed, State.SENDING)
    world.watched.broken["record"] = [FULL] * 5
    await world.stop()
    assert (await world.store.delivery(owed.id)).state is State.SENDING
    world.watched.broken.clear()
    world.start()
    await world.until_state(owed, State.CONFIRMED)
    assert len(channel.calls) == 1


@pytest.mark.fault(17)
async def test_the_replies_of_recipients_are_kept_until_the_disk_has_room(world: World) -> None:
    channel = world.add(FakeBulk("mail", world.clock))
    await world.subscribe(30)
    world.watched.broken["record_recipients"] = [FULL] * 4
    world.watched.broken["tally"] = [FULL]
    world.start()
    (owed,) = await world.accept()
    got = await world.until_state(owed, State.ACCEPTED)
    assert (got.progress, len(channel.served)) == (30, 30)


class Careful(FakeBulk):
    """Gives back whoever it did not begin with."""

    async def deliver_all(self, said: Message, key: str, ledger: Ledger) -> Receipt:
        if not self.calls:
            claimed = await ledger.claim(self.batch)
            await ledger.give_back([person.id for person in claimed])
            self.calls.append((self.clock.monotonic(), ledger.grade))
            raise failure(Reason.CONNECT)
        return await super().deliver_all(said, key, ledger)


async def test_recipients_given_back_are_in_no_doubt(world: World) -> None:
    channel = world.add(Careful("mail", world.clock))
    await world.subscribe(25)
    world.start()
    (owed,) = await world.accept(grade=Grade.EMERGENCY)
    got = await world.until_state(owed, State.ACCEPTED)
    assert channel.calls[0][1] is Grade.EMERGENCY
    assert (got.progress, got.possible_duplicate, len(channel.served)) == (25, False, 25)


async def test_an_all_clear_by_mail_waits_for_one_key_after_an_outage(world: World) -> None:
    channel = world.add(FakeBulk("mail", world.clock))
    await world.subscribe(5)
    (first,) = await world.accept(grade=Grade.EMERGENCY)
    (clear,) = await world.accept(grade=Grade.EMERGENCY, kind=Kind.ALL_CLEAR, incident=first.incident)
    world.clock.skip(301)
    world.start()
    await world.until_state(clear, State.NEEDS_HUMAN)
    assert channel.calls == []


async def test_waking_one_lane_leaves_the_others_asleep(world: World) -> None:
    one, two = world.add(FakeMessenger("line", world.clock)), world.add(FakeMessenger("sms", world.clock))
    dispatcher = world.start()
    await world.past(1)
    world.dispatcher = None
    for name in ("line", "sms"):
        world.store.stand_by(name, None)  # else an acceptance reaches its lanes unasked
    await world.accept()
    dispatcher.wake("sms")
    await world.quiet()
    assert (len(one.calls), len(two.calls)) == (0, 1)


@pytest.mark.fault(39)
async def test_a_clock_lost_at_boot_sends_nothing_live_until_it_is_set(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    channel, page = world.add(FakeMessenger("twitter", world.clock)), world.add(FakePublisher("page", world.clock))
    (owed, *_) = await world.accept()
    world.clock.skip(-20_000 * 86_400.0)
    world.start()
    await world.past(world.clock.monotonic() + 600)
    assert (channel.calls, page.calls) == ([], [])
    assert caplog.text.count("nothing is sent by it") == 1
    world.clock.skip(20_000 * 86_400.0)
    await world.until_state(owed, State.ACCEPTED)
    assert len(channel.calls) == 1


@pytest.mark.fault(33)
async def test_nothing_expires_by_a_clock_that_was_set_ahead_for_a_moment(world: World) -> None:
    """Waiting for its next try it is neither sent nor over, and goes out once the clock is right again."""
    channel = world.add(FakeMessenger("twitter", world.clock, [failure(Reason.BUSY, retry_after=60.0)]))
    world.start()
    (owed,) = await world.accept(lasting=3600)
    await world.until_state(owed, State.RETRY_WAIT)
    world.clock.ahead = timedelta(hours=2)
    await world.past(world.clock.monotonic() + 300)
    assert (await world.store.delivery(owed.id)).state is State.RETRY_WAIT
    assert len(channel.calls) == 1
    world.clock.ahead = timedelta()
    await world.until_state(owed, State.ACCEPTED)
    assert len(channel.calls) == 2


@pytest.mark.fault(33)
async def test_a_clock_that_stays_ahead_is_believed_after_ten_minutes(world: World) -> None:
    channel = world.add(FakeMessenger("twitter", world.clock, [failure(Reason.BUSY, retry_after=60.0)]))
    world.start()
    (owed,) = await world.accept(lasting=3600)
    await world.until_state(owed, State.RETRY_WAIT)
    world.clock.ahead = timedelta(hours=2)
    got = await world.until_state(owed, State.EXPIRED)
    assert (len(channel.calls), got.reason) == (1, "expired")
    assert 600 <= world.clock.monotonic() < 700


@pytest.mark.fault(33)
async def test_what_is_accepted_after_the_jump_goes_at_once(world: World) -> None:
    channel = world.add(FakeMessenger("twitter", world.clock))
    world.start()
    await world.past(world.clock.monotonic() + 10)
    world.clock.ahead = timedelta(hours=2)
    (owed,) = await world.accept()
    await world.until_state(owed, State.ACCEPTED)
    assert len(channel.calls) == 1
