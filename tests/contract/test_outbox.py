"""Claiming, recording and beginning anew (docs/delivery.md: states, order and expiry)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from broadcaster.model import Cost, Delivery, Grade, Kind, Outcome, Reading, State
from broadcaster.ports.store import Breaker, Claim, Decision, Lane, Settlement, Verb, Work
from broadcaster.store import Store
from tests.contract.conftest import SqliteBackend
from tests.contract.values import HOUR, NOW, OFFICER, SECOND, accepted, attempt, claim, planned

ACCEPTED = Settlement(state=State.ACCEPTED, due_at=NOW + SECOND, ref="42", url="https://x.example/42")
DOUBT = Settlement(state=State.IN_DOUBT, due_at=NOW + 5 * SECOND, doubt_since=NOW, reason="lost")


async def started(store: Store, epoch: int, channel: str = "twitter") -> Work:
    (work,) = await store.claim(claim(epoch, channel, limit=1))
    return work


async def recorded(store: Store, delivery: Delivery, epoch: int, settlement: Settlement = ACCEPTED) -> bool:
    outcome = Outcome.ACCEPTED if settlement.state is State.ACCEPTED else Outcome.IN_DOUBT
    return await store.record(delivery, epoch, attempt(delivery, outcome), settlement)


async def test_a_claim_commits_sending_with_attempt_epoch_and_deadline(store: Store) -> None:
    (first, _) = await accepted(store)
    epoch = await store.begin("node", NOW)
    work = await started(store, epoch)
    assert work.delivery == await store.delivery(first.id)
    assert (work.delivery.state, work.delivery.attempt, work.delivery.epoch) == (State.SENDING, 1, epoch)
    assert work.delivery.deadline == NOW + 30 * SECOND
    assert work.message is not None
    assert work.message.texts[0].body.startswith("避難")
    assert not work.newer_exists
    assert await store.claim(claim(epoch)) == ()


async def test_a_publisher_gets_no_message(store: Store) -> None:
    await accepted(store)
    work = await started(store, await store.begin("node", NOW), "page")
    assert work.message is None


async def test_gravest_goes_first_then_the_oldest_due(store: Store) -> None:
    wishes: list[dict[str, Any]] = [
        {"grade": Grade.INFORMATION, "due_at": NOW},
        {"grade": Grade.INFORMATION, "due_at": NOW - SECOND},
        {"grade": Grade.EMERGENCY, "due_at": NOW},
        {"grade": Grade.EMERGENCY, "due_at": NOW + SECOND},
    ]
    late, early, grave, future = [(await accepted(store, plan=[planned("twitter", **wish)]))[0] for wish in wishes]
    epoch = await store.begin("node", NOW)
    assert [work.delivery.id for work in await store.claim(claim(epoch, limit=2))] == [grave.id, early.id]
    assert [work.delivery.id for work in await store.claim(claim(epoch))] == [late.id]
    assert (await store.next_due("twitter")).first == NOW + SECOND
    assert [work.delivery.id for work in await store.claim(claim(epoch, now=NOW + SECOND))] == [future.id]


async def test_the_reserved_lane_takes_nothing_else(store: Store) -> None:
    plan = [planned("twitter", grade=Grade.INFORMATION)]
    await accepted(store, plan=plan)
    (first,) = await accepted(store, plan=plan)
    (clear,) = await accepted(store, first.incident, Kind.ALL_CLEAR, plan=plan)
    (grave,) = await accepted(store, plan=[planned("twitter", grade=Grade.EMERGENCY)])
    epoch = await store.begin("node", NOW)
    taken = await store.claim(claim(epoch, reserved_only=True))
    assert [work.delivery.id for work in taken] == [grave.id, clear.id]


async def test_one_edition_takes_all_that_wait_for_the_same_target(store: Store) -> None:
    for _ in range(3):
        await accepted(store, plan=[planned("page", "a"), planned("page", "b")])
    epoch = await store.begin("node", NOW)
    taken = await store.claim(claim(epoch, "page", limit=1, together=True))
    assert [work.delivery.target for work in taken] == ["a", "a", "a"]
    taken = await store.claim(claim(epoch, "page", limit=5, together=True))
    assert [work.delivery.target for work in taken] == ["b", "b", "b"]


async def test_one_sending_per_incident_channel_and_target(store: Store) -> None:
    plan = [planned("page", "a"), planned("page", "b")]
    (first, _) = await accepted(store, plan=plan)
    epoch = await store.begin("node", NOW)
    (older, _) = await store.claim(claim(epoch, "page"))
    await accepted(store, first.incident, Kind.UPDATE, plan=plan)
    assert await store.claim(claim(epoch, "page")) == ()
    assert (await store.next_due("page")).first == NOW + 6 * HOUR
    assert await recorded(store, older.delivery, epoch, DOUBT)
    (newer,) = await store.claim(claim(epoch, "page"))
    assert (newer.delivery.version, newer.delivery.target) == (2, older.delivery.target)


async def test_an_older_version_never_starts_after_a_newer_one(store: Store) -> None:
    (first, _) = await accepted(store)
    epoch = await store.begin("node", NOW)
    older = await started(store, epoch)
    await accepted(store, first.incident, Kind.UPDATE)
    again = Settlement(state=State.RETRY_WAIT, due_at=NOW, reason="connect")
    assert await recorded(store, older.delivery, epoch, again)
    (newer,) = await store.claim(claim(epoch))
    assert newer.delivery.version == 2
    assert (await store.delivery(first.id)).state is State.SUPERSEDED


async def test_nothing_starts_after_its_expiry(store: Store) -> None:
    (first, _) = await accepted(store)
    epoch = await store.begin("node", NOW)
    assert await store.claim(claim(epoch, now=NOW + 6 * HOUR)) == ()
    assert (await store.delivery(first.id)).state is State.EXPIRED


async def test_the_sweep_ends_what_expired_while_it_waited(store: Store) -> None:
    (twitter, page) = await accepted(store)
    await store.decide(page.id, Decision(verb=Verb.HOLD, actor=OFFICER, at=NOW, why="wait"))
    assert await store.sweep(NOW + 6 * HOUR - SECOND) == ()
    swept = await store.sweep(NOW + 6 * HOUR)
    assert {(each.id, each.state) for each in swept} == {(twitter.id, State.EXPIRED), (page.id, State.EXPIRED)}
    assert (await store.next_due("twitter")).first is None


async def test_a_result_is_written_with_its_attempt_and_audit_entry(store: Store) -> None:
    await accepted(store)
    epoch = await store.begin("node", NOW)
    work = await started(store, epoch)
    lane = Lane(
        tokens=3.5,
        tokens_at=NOW,
        breaker=Breaker(failures=2, opened_at=NOW, open_until=NOW + SECOND, reason="connect"),
        readings=(Reading(name="24h", remaining=7, resets_at=NOW + HOUR),),
    )
    tried = attempt(work.delivery, cost=Cost(posts=1, microusd=15_000), ref="42")
    assert await store.record(work.delivery, epoch, tried, ACCEPTED, lane)
    after = await store.delivery(work.delivery.id)
    assert (after.state, after.ref, after.url) == (State.ACCEPTED, "42", "https://x.example/42")
    assert await store.attempts(after.id) == (tried,)
    assert await store.lane("twitter") == lane
    assert [spent.cost for spent in await store.spent("twitter", NOW)] == [tried.cost]
    assert await store.spent("twitter", NOW + SECOND) == ()
    last = [entry async for entry in store.entries()][-1]
    assert (last.event, last.subject) == ("recorded", f"delivery {after.id}")


async def test_an_attempt_that_is_not_burned_is_not_counted(store: Store) -> None:
    (first, _) = await accepted(store)
    epoch = await store.begin("node", NOW)
    work = await started(store, epoch)
    down = Settlement(state=State.RETRY_WAIT, due_at=NOW, reason="credentials", burn_attempt=False)
    assert await recorded(store, work.delivery, epoch, down)
    assert (await store.delivery(first.id)).attempt == 0
    assert (await started(store, epoch)).delivery.attempt == 1


async def test_a_lane_never_used_is_the_default(store: Store) -> None:
    assert await store.lane("twitter") == Lane()
    await store.save_lane("twitter", Lane(tokens=1.0))
    assert (await store.lane("twitter")).tokens == 1.0


async def test_a_result_of_a_dead_epoch_is_late_and_flagged(store: Store) -> None:
    (first, _) = await accepted(store)
    dead = await store.begin("node", NOW)
    work = await started(store, dead)
    await store.begin("node", NOW)
    assert not await recorded(store, work.delivery, dead)
    now = await store.delivery(first.id)
    assert (now.state, now.possible_duplicate, now.ref) == (State.IN_DOUBT, True, "")
    assert [each.outcome for each in await store.attempts(first.id)] == [Outcome.IN_DOUBT, Outcome.ACCEPTED]


async def test_a_result_told_twice_is_late(store: Store) -> None:
    await accepted(store)
    epoch = await store.begin("node", NOW)
    work = await started(store, epoch)
    assert await recorded(store, work.delivery, epoch)
    assert not await recorded(store, work.delivery, epoch)
    assert (await store.delivery(work.delivery.id)).state is State.ACCEPTED


async def test_doubts_and_read_backs_are_handed_out_when_due(store: Store) -> None:
    await accepted(store)
    epoch = await store.begin("node", NOW)
    twitter, page = await started(store, epoch), await started(store, epoch, "page")
    await recorded(store, twitter.delivery, epoch, DOUBT)
    await recorded(store, page.delivery, epoch)
    assert (await store.next_due("twitter")).first == NOW + 5 * SECOND
    assert (await store.next_due("page")).first == NOW + SECOND
    assert await store.doubts("twitter", NOW + 4 * SECOND, 10) == ()
    (doubt,) = await store.doubts("twitter", NOW + 5 * SECOND, 10)
    (unseen,) = await store.unconfirmed("page", NOW + SECOND, 10)
    assert (doubt.delivery.id, doubt.message is not None) == (twitter.delivery.id, True)
    confirmed = Settlement(state=State.CONFIRMED, due_at=NOW)
    assert await store.record(unseen.delivery, epoch, attempt(unseen.delivery), confirmed)
    assert (await store.next_due("page")).first is None
    assert await store.unconfirmed("page", NOW + HOUR, 10) == ()


async def test_what_cannot_be_read_back_is_never_looked_at(store: Store) -> None:
    await accepted(store)
    epoch = await store.begin("node", NOW)
    work = await started(store, epoch)
    await recorded(store, work.delivery, epoch, replace(ACCEPTED, due_at=NOW + timedelta(days=2)))
    assert (await store.next_due("twitter")).first is None
    assert await store.unconfirmed("twitter", NOW + timedelta(days=3), 10) == ()


async def test_a_read_back_is_tried_for_a_day_however_late_the_success_was(store: Store) -> None:
    """It may have waited for two days for its budget, or for an officer."""
    await accepted(store)
    epoch = await store.begin("node", NOW)
    work, late = await started(store, epoch), NOW + timedelta(days=2)
    seen = replace(attempt(work.delivery), started_at=late, ended_at=late)
    assert await store.record(work.delivery, epoch, seen, replace(ACCEPTED, due_at=late + SECOND))
    for looks in range(1, 31):
        (unseen,) = await store.unconfirmed("twitter", late + timedelta(days=9), 10)
        again = replace(ACCEPTED, due_at=late + SECOND, reads=looks)
        assert await store.record(unseen.delivery, epoch, seen, again)
    assert await store.unconfirmed("twitter", late + timedelta(days=9), 10) == ()
    assert (await store.next_due("twitter")).first is None


async def test_a_resent_doubt_has_a_resolution_record(store: Store, backend: SqliteBackend) -> None:
    await accepted(store)
    epoch = await store.begin("node", NOW)
    work = await started(store, epoch)
    await recorded(store, work.delivery, epoch, DOUBT)
    (doubt,) = await store.doubts("twitter", NOW + 5 * SECOND, 10)
    assert doubt.delivery.doubt_since == NOW
    resend = Settlement(state=State.READY, due_at=NOW, possible_duplicate=True, resolution="unknown_emergency")
    assert await recorded(store, doubt.delivery, epoch, resend)
    again = await started(store, epoch)
    assert (again.delivery.attempt, again.delivery.possible_duplicate) == (2, True)
    assert again.delivery.doubt_since == NOW, "that it was ever in doubt is never forgotten"
    assert backend.tamper("SELECT actor, verb, why FROM resolution") == [("service", "ready", "unknown_emergency")]


async def test_what_was_sending_when_a_process_died_is_in_doubt(store: Store) -> None:
    (first, page) = await accepted(store)
    dead = await store.begin("node", NOW)
    await started(store, dead)
    epoch = await store.begin("node", NOW + HOUR)
    assert epoch == dead + 1
    doubt = await store.delivery(first.id)
    assert (doubt.state, doubt.doubt_since) == (State.IN_DOUBT, NOW + HOUR)
    assert [each.reason for each in await store.attempts(first.id)] == ["restart"]
    assert [spent.cost.microusd for spent in await store.spent("twitter", NOW)] == [15_000]
    assert (await store.delivery(page.id)).state is State.READY
    assert (await store.doubts("twitter", NOW + 2 * HOUR, 10))[0].delivery.id == first.id


async def test_three_starts_in_a_row_put_it_into_quarantine(store: Store) -> None:
    (first, _) = await accepted(store)
    resend = Settlement(state=State.READY, due_at=NOW, resolution="unknown_emergency")
    for expected in (State.IN_DOUBT, State.IN_DOUBT, State.NEEDS_HUMAN):
        epoch = await store.begin("node", NOW)
        waiting = await store.delivery(first.id)
        if waiting.state is State.IN_DOUBT:
            assert await store.record(waiting, epoch, attempt(waiting, Outcome.IN_DOUBT), resend)
        await started(store, epoch)
        await store.begin("node", NOW)
        assert (await store.delivery(first.id)).state is expected


async def test_a_result_in_between_ends_the_row_of_starts(store: Store) -> None:
    (first, _) = await accepted(store)
    again = Settlement(state=State.RETRY_WAIT, due_at=NOW, reason="connect")
    resend = Settlement(state=State.READY, due_at=NOW, resolution="unknown_emergency")
    for _ in range(4):
        epoch = await store.begin("node", NOW)
        waiting = await store.delivery(first.id)
        if waiting.state is State.IN_DOUBT:
            assert await store.record(waiting, epoch, attempt(waiting, Outcome.IN_DOUBT), resend)
        work = await started(store, epoch)
        assert await recorded(store, work.delivery, epoch, again)
        await started(store, epoch)
        epoch = await store.begin("node", NOW)
    assert (await store.delivery(first.id)).state is State.IN_DOUBT


async def test_claims_at_once_never_share_a_delivery(store: Store) -> None:
    for _ in range(40):
        await accepted(store, plan=[planned("twitter")])
    epoch = await store.begin("node", NOW)
    claims = await asyncio.gather(*(store.claim(claim(epoch, limit=7)) for _ in range(10)))
    taken = [work.delivery.id for works in claims for work in works]
    assert len(taken) == len(set(taken)) == 40


async def test_a_claim_of_a_dead_epoch_gets_nothing(store: Store) -> None:
    await accepted(store)
    dead = await store.begin("node", NOW)
    await store.begin("node", NOW)
    assert await store.claim(claim(dead)) == ()


@pytest.mark.parametrize("limit", [1, 250])
async def test_what_is_over_never_fills_a_claim(store: Store, limit: int) -> None:
    """Hundreds that expired while waiting are ended on the way, and the one that lives is found."""
    for _ in range(20):
        await accepted(store, plan=[planned("twitter", expires_at=NOW, due_at=NOW - SECOND)])
    (alive,) = await accepted(store, plan=[planned("twitter")])
    epoch = await store.begin("node", NOW)
    wish: Claim = claim(epoch, limit=limit)
    assert [work.delivery.id for work in await store.claim(wish)] == [alive.id]
    assert (await store.counts())["twitter"] == {"expired": 20, "sending": 1}


async def test_every_planned_delivery_is_counted_once(store: Store) -> None:
    """I14, on the store's own counters."""
    (first, *_) = await accepted(store, plan=[planned("twitter"), planned("page"), planned("feeds")])
    epoch = await store.begin("node", NOW)
    work = await started(store, epoch)
    await recorded(store, work.delivery, epoch)
    await store.decide(first.id + 1, Decision(verb=Verb.DROP, actor=OFFICER, at=NOW, why="not there"))
    await accepted(store, first.incident, Kind.UPDATE)
    await store.sweep(NOW + 7 * HOUR)
    counts = await store.counts()
    assert sum(number for states in counts.values() for number in states.values()) == 5
    assert counts["twitter"] == {"accepted": 1, "expired": 1}
    assert counts["page"] == {"cancelled": 1, "expired": 1}
    assert counts["feeds"] == {"superseded": 1}


@pytest.mark.parametrize("state", [State.RETRY_WAIT, State.READY])
async def test_a_doubt_that_is_simply_repeated_has_its_record(
    store: Store, backend: SqliteBackend, state: State
) -> None:
    """A mail to many and a publication go on by themselves: their doubt is not the whole delivery's."""
    await accepted(store)
    epoch = await store.begin("node", NOW)
    delivery = (await started(store, epoch)).delivery
    again = Settlement(state=state, due_at=NOW, reason="recipients_waiting")
    assert await recorded(store, delivery, epoch, again)
    found = backend.tamper("SELECT delivery, actor, verb, why FROM resolution")
    assert found == [(delivery.id, "service", state.value, "repeatable")]


@pytest.mark.fault(33)
async def test_a_clock_that_was_just_set_ahead_neither_sends_nor_ends_what_waits(store: Store) -> None:
    (twitter, _) = await accepted(store)
    jump, late = 4 * HOUR, NOW + 7 * HOUR
    epoch = await store.begin("node", NOW)
    assert await store.claim(claim(epoch, now=late, jumped=jump)) == ()
    assert await store.sweep(late, jump) == ()
    assert (await store.delivery(twitter.id)).state is State.READY
    assert await store.claim(claim(epoch, now=late + jump, jumped=jump)) == ()
    assert (await store.delivery(twitter.id)).state is State.EXPIRED
