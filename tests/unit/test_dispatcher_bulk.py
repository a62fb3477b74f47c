"""The dispatcher and a bulk messenger: the ledger, overtaking, doubts of single recipients, resuming after a crash."""

from __future__ import annotations

from collections import Counter

import pytest

from broadcaster.errors import Reason
from broadcaster.events import Event, Topic
from broadcaster.model import Grade, Kind, Message, Receipt, State
from broadcaster.ports.channel import Handed, Ledger
from broadcaster.ports.store import Verb
from tests.unit.values import failure
from tests.unit.world import FakeBulk, World

BUSY = Handed(recipient=0, reason=Reason.BUSY)
LOST = Handed(recipient=0, reason=Reason.LOST, maybe_sent=True)
GONE = Handed(recipient=0, reason=Reason.REJECTED, permanent=True)


async def served_some(world: World, channel: FakeBulk, number: int) -> None:
    async def enough() -> bool:
        return len(channel.served) >= number

    await world.until(enough)


def addresses(channel: FakeBulk) -> Counter[str]:
    return Counter(address for address, _ in channel.served)


async def test_everybody_is_served_once(world: World) -> None:
    channel = world.add(FakeBulk("mail", world.clock))
    await world.subscribe(35)
    world.start()
    (owed,) = await world.accept()
    got = await world.until_state(owed, State.ACCEPTED)
    assert (got.progress, got.total, got.possible_duplicate) == (35, 35, False)
    assert set(addresses(channel).values()) == {1}
    assert len(channel.served) == 35


async def test_nobody_to_serve_is_no_failure(world: World) -> None:
    world.add(FakeBulk("mail", world.clock))
    world.start()
    (owed,) = await world.accept()
    got = await world.until_state(owed, State.ACCEPTED)
    assert (got.progress, got.total) == (0, 0)


@pytest.mark.fault(65)
async def test_a_greylisted_recipient_is_served_later_and_nobody_else_waits(world: World) -> None:
    channel = world.add(FakeBulk("mail", world.clock))
    channel.replies["r3@example.jp"] = [BUSY]
    await world.subscribe(25)
    world.start()
    (owed,) = await world.accept()
    waiting = await world.until_state(owed, State.RETRY_WAIT)
    assert (waiting.progress, waiting.reason) == (24, "recipients_waiting")
    assert world.clock.monotonic() <= 5
    got = await world.until_state(owed, State.ACCEPTED)
    assert got.progress == 25
    assert 60 <= world.clock.monotonic() <= 310
    assert addresses(channel)["r3@example.jp"] == 2


@pytest.mark.fault(66)
async def test_a_refused_recipient_is_counted_and_left_alone(world: World) -> None:
    channel = world.add(FakeBulk("mail", world.clock))
    channel.replies["r3@example.jp"] = [GONE]
    await world.subscribe(5)
    world.start()
    (owed,) = await world.accept()
    await world.until_state(owed, State.ACCEPTED)
    tally = await world.store.tally(owed.id, world.clock.now())
    assert (tally.accepted, tally.failed) == (4, 1)


async def test_a_doubtful_recipient_of_an_emergency_is_served_again_flagged(world: World) -> None:
    channel = world.add(FakeBulk("mail", world.clock))
    channel.replies["r3@example.jp"] = [LOST]
    await world.subscribe(5)
    world.start()
    (owed,) = await world.accept(grade=Grade.EMERGENCY)
    got = await world.until_state(owed, State.ACCEPTED)
    assert 60 <= world.clock.monotonic() <= 65
    assert addresses(channel)["r3@example.jp"] == 2
    assert got.possible_duplicate


async def test_a_doubtful_recipient_of_anything_less_is_marked_unknown(world: World) -> None:
    channel = world.add(FakeBulk("mail", world.clock))
    channel.replies["r3@example.jp"] = [LOST]
    await world.subscribe(5)
    world.start()
    (owed,) = await world.accept(grade=Grade.WARNING)
    await world.until_state(owed, State.ACCEPTED)
    tally = await world.store.tally(owed.id, world.clock.now())
    assert (tally.accepted, tally.unknown) == (4, 1)
    assert addresses(channel)["r3@example.jp"] == 1


@pytest.mark.fault(73)
async def test_an_all_clear_stops_the_older_one_at_once_and_reaches_whoever_had_it(world: World) -> None:
    channel = world.add(FakeBulk("mail", world.clock))
    await world.subscribe(100)
    world.start()
    (old,) = await world.accept()
    await served_some(world, channel, 40)
    (clear,) = await world.accept(kind=Kind.ALL_CLEAR, incident=old.incident)
    got = await world.until_state(old, State.SUPERSEDED)
    assert got.progress <= 50
    await world.until_state(clear, State.ACCEPTED)
    warned = {address for address, body in channel.served if body.startswith("1-1")}
    cleared = {address for address, body in channel.served if body.startswith("1-2")}
    assert len(warned) <= 50
    assert warned <= cleared


async def test_an_emergency_overtakes_a_routine_mail_under_way(world: World) -> None:
    channel = world.add(FakeBulk("mail", world.clock, batch=1), concurrency=1)
    await world.subscribe(50)
    world.start()
    await world.accept()
    await served_some(world, channel, 5)
    at = world.clock.monotonic()
    await world.accept(grade=Grade.EMERGENCY)
    await world.past(at + 2)
    assert any(body.startswith("2-1") for _, body in channel.served)


@pytest.mark.parametrize(("verb", "state"), [(Verb.HOLD, State.HELD), (Verb.DROP, State.CANCELLED)])
async def test_an_officer_can_stop_it_half_way(world: World, verb: Verb, state: State) -> None:
    channel = world.add(FakeBulk("mail", world.clock))
    await world.subscribe(100)
    world.start()
    (owed,) = await world.accept()
    await served_some(world, channel, 30)
    await world.decide(owed, verb)
    await world.past(world.clock.monotonic() + 300)
    assert (await world.store.delivery(owed.id)).state is state
    assert 30 <= len(channel.served) <= 40


async def test_what_was_held_goes_on_where_it_was(world: World) -> None:
    channel = world.add(FakeBulk("mail", world.clock))
    await world.subscribe(100)
    world.start()
    (owed,) = await world.accept()
    await served_some(world, channel, 30)
    await world.decide(owed, Verb.HOLD)
    await world.past(world.clock.monotonic() + 60)
    await world.decide(owed, Verb.RELEASE)
    got = await world.until_state(owed, State.ACCEPTED)
    assert (got.progress, set(addresses(channel).values())) == (100, {1})


async def test_nobody_is_served_after_the_expiry(world: World) -> None:
    channel = world.add(FakeBulk("mail", world.clock))
    await world.subscribe(100)
    world.start()
    (owed,) = await world.accept(lasting=3.5)
    got = await world.until_state(owed, State.EXPIRED)
    assert got.progress == len(channel.served) == 40


async def test_who_is_left_when_it_turns_stale_gets_the_marked_text(world: World) -> None:
    channel = world.add(FakeBulk("mail", world.clock, batch=1))
    await world.subscribe(620)
    world.start()
    (owed,) = await world.accept(grade=Grade.EMERGENCY)
    got = await world.until_state(owed, State.ACCEPTED)
    late = [body.startswith("(late)") for _, body in channel.served]
    assert late.count(False) == 600
    assert late == sorted(late)
    assert (got.progress, set(addresses(channel).values())) == (620, {1})


@pytest.mark.fault(75)
async def test_after_a_crash_it_resumes_and_only_those_under_way_are_in_doubt(world: World) -> None:
    channel = world.add(FakeBulk("mail", world.clock))
    await world.subscribe(100)
    world.start()
    (owed,) = await world.accept(grade=Grade.EMERGENCY)
    await served_some(world, channel, 40)
    await world.kill()
    world.start()
    got = await world.until_state(owed, State.ACCEPTED)
    counted = addresses(channel)
    assert len(counted) == 100
    assert sum(times - 1 for times in counted.values()) <= 10
    assert got.possible_duplicate
    assert got.progress == 100


@pytest.mark.fault(9)
async def test_stopping_leaves_it_ready_where_it_is(world: World) -> None:
    channel = world.add(FakeBulk("mail", world.clock))
    await world.subscribe(100)
    world.start()
    (owed,) = await world.accept()
    await served_some(world, channel, 30)
    await world.stop()
    assert (await world.store.delivery(owed.id)).state is State.READY
    world.start()
    await world.until_state(owed, State.ACCEPTED)
    assert set(addresses(channel).values()) == {1}


async def test_whoever_was_claimed_with_a_delivery_that_is_not_tried_waits_again(world: World) -> None:
    channel = world.add(FakeBulk("mail", world.clock))
    await world.subscribe(5)
    (owed,) = await world.accept(grade=Grade.WARNING, late=False)
    world.clock.skip(1860)
    world.start()
    assert (await world.until_state(owed, State.FAILED)).reason == Reason.STALE_UNMARKED.value
    tally = await world.store.tally(owed.id, world.clock.now())
    assert (tally.total, tally.pending, tally.in_doubt) == (5, 5, 0)
    assert channel.served == []


@pytest.mark.fault(67)
async def test_a_relay_that_refuses_the_connection_is_tried_again(world: World) -> None:
    channel = world.add(FakeBulk("mail", world.clock))
    channel.script = [failure(Reason.CONNECT), failure(Reason.CREDENTIALS)]
    await world.subscribe(5)
    world.start()
    (owed,) = await world.accept()
    got = await world.until_state(owed, State.ACCEPTED)
    assert (len(channel.calls), got.possible_duplicate) == (3, False)


async def test_a_long_run_that_probes_the_relay_holds_nobody_up(world: World) -> None:
    channel = world.add(FakeBulk("mail", world.clock, batch=1), breaker_failures=1, breaker_open_s=10.0)
    channel.script = [failure(Reason.CONNECT)]
    await world.subscribe(100)
    world.start()
    await world.accept()
    await served_some(world, channel, 3)
    at = world.clock.monotonic()
    await world.accept(grade=Grade.EMERGENCY)
    await world.past(at + 2)
    assert any(body.startswith("2-1") for _, body in channel.served)


async def test_a_run_that_breaks_leaves_those_it_began_in_doubt_and_goes_on(world: World) -> None:
    channel = world.add(FakeBulk("mail", world.clock))
    channel.replies["r3@example.jp"] = [ValueError("a mistake of ours")]
    await world.subscribe(30)
    world.start()
    (owed,) = await world.accept()
    await world.until_state(owed, State.ACCEPTED)
    tally = await world.store.tally(owed.id, world.clock.now())
    assert (tally.accepted, tally.unknown) == (27, 3)


class Silent(FakeBulk):
    """Serves people without saying so before."""

    async def deliver_all(self, said: Message, key: str, ledger: Ledger) -> Receipt:
        ledger.begun = lambda *recipients: None  # type: ignore[method-assign]
        return await super().deliver_all(said, key, ledger)


@pytest.mark.parametrize(("kind", "kept"), [(FakeBulk, 1), (Silent, 0)])
async def test_the_notes_of_a_channel_that_does_not_say_whom_it_begins_are_thrown_away(
    world: World, kind: type[FakeBulk], kept: int
) -> None:
    world.add(kind("mail", world.clock))
    await world.subscribe(50)
    world.start()
    (owed,) = await world.accept()
    await world.until_state(owed, State.SENDING)
    recorded = world.clock.monotonic() + 2
    await world.past(recorded)
    assert len(list(world.path.parent.glob("*-begun-*"))) == kept
    await world.until_state(owed, State.ACCEPTED)
    assert not list(world.path.parent.glob("*-begun-*"))


async def test_a_run_of_such_a_channel_that_breaks_leaves_all_it_claimed_in_doubt(world: World) -> None:
    channel = world.add(Silent("mail", world.clock))
    channel.replies["r3@example.jp"] = [ValueError("a mistake of ours")]
    await world.subscribe(30)
    world.start()
    (owed,) = await world.accept()
    await world.until_state(owed, State.ACCEPTED)
    tally = await world.store.tally(owed.id, world.clock.now())
    assert (tally.accepted, tally.unknown) == (20, 10)


async def test_in_a_drill_a_doubtful_recipient_is_served_again_as_in_an_emergency(world: World) -> None:
    channel = world.add(FakeBulk("mail", world.clock))
    channel.replies["r3@example.jp"] = [LOST]
    await world.subscribe(5)
    world.start()
    (owed,) = await world.accept(grade=Grade.DRILL)
    got = await world.until_state(owed, State.ACCEPTED)
    assert addresses(channel)["r3@example.jp"] == 2
    assert got.possible_duplicate


async def test_a_run_without_progress_is_dropped(world: World) -> None:
    channel = world.add(FakeBulk("mail", world.clock), timeout_s=200.0)
    channel.script = ["hang"]
    await world.subscribe(5)
    world.start()
    (owed,) = await world.accept()
    await world.until_state(owed, State.ACCEPTED)
    assert channel.cut == 1
    assert 200 <= channel.moments[1] <= 410


async def test_its_progress_is_told(world: World) -> None:
    world.add(FakeBulk("mail", world.clock))
    await world.subscribe(30)
    with world.events.subscribe() as stream:
        world.start()
        (owed,) = await world.accept()
        await world.until_state(owed, State.ACCEPTED)
        told: list[Event] = []
        while not told or told[-1].state != "accepted":
            told.append(await stream.next())
    progress = [each.progress for each in told if each.topic is Topic.DELIVERY and each.state == "sending"]
    assert progress == [0, 10, 20, 30]
