"""Snapshots: boards, editions, what was said lately."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from broadcaster.model import Ending, Kind, Mode, Outcome, Severity, State
from broadcaster.ports.store import Decision, Settlement, Verb
from broadcaster.store import Store
from tests.contract.values import HOUR, NOW, OFFICER, SECOND, accepted, attempt, claim, planned

ONE = [planned("twitter")]


async def done(store: Store, delivery: int) -> None:
    await store.decide(delivery, Decision(verb=Verb.DROP, actor=OFFICER, at=NOW, why="test"))


async def test_the_board_shows_open_then_in_force_then_newest(store: Store) -> None:
    (open_,) = await accepted(store, plan=ONE)
    (in_force,) = await accepted(store, plan=ONE)
    (cleared,) = await accepted(store, plan=ONE)
    (clear,) = await accepted(store, cleared.incident, Kind.ALL_CLEAR, plan=ONE)
    (over,) = await accepted(store, plan=ONE, expires=NOW + SECOND)
    for delivery in (in_force, clear, over):
        await done(store, delivery.id)
    board = await store.board(NOW + HOUR)
    assert [row.alert.identifier for row in board] == [each.alert for each in (open_, in_force, over, clear, cleared)]
    assert [row.in_force for row in board] == [True, True, False, False, False]
    assert len(await store.board(NOW, limit=2)) == 2


async def test_an_edition_shows_what_is_in_force_and_what_ended(store: Store) -> None:
    (minor,) = await accepted(store, plan=ONE, severity=Severity.MINOR)
    (grave,) = await accepted(store, plan=ONE)
    await accepted(store, grave.incident, Kind.UPDATE, plan=ONE)
    await accepted(store, minor.incident, Kind.ALL_CLEAR, plan=ONE)
    edition = await store.new_edition(NOW, Mode.LIVE)
    assert [alert.serial for alert in edition.in_force] == [f"{grave.incident}-2"]
    assert {(ended.alert.serial, ended.why) for ended in edition.ended} == {
        (f"{grave.incident}-1", Ending.SUPERSEDED),
        (f"{minor.incident}-1", Ending.CLEARED),
        (f"{minor.incident}-2", Ending.CLEARED),
    }
    later = await store.new_edition(NOW + 7 * HOUR, Mode.LIVE)
    assert later.in_force == ()
    assert {ended.why for ended in later.ended} == {Ending.SUPERSEDED, Ending.CLEARED, Ending.EXPIRED}


async def test_edition_numbers_only_rise(store: Store) -> None:
    editions = await asyncio.gather(*(store.new_edition(NOW, Mode.DRILL) for _ in range(20)))
    numbers = [edition.number for edition in editions]
    assert sorted(numbers) == list(range(1, 21))
    assert (await store.new_edition(NOW, Mode.DRILL)).number == 21


async def test_alerts_in_force_never_drop_out_of_an_edition(store: Store) -> None:
    for _ in range(120):
        await accepted(store, plan=ONE)
    assert len((await store.new_edition(NOW, Mode.LIVE)).in_force) == 120


async def test_what_ended_long_ago_leaves_the_edition(store: Store) -> None:
    await accepted(store, plan=ONE)
    assert len((await store.new_edition(NOW + timedelta(days=7), Mode.LIVE)).ended) == 1
    assert (await store.new_edition(NOW + timedelta(days=8), Mode.LIVE)).ended == ()


async def test_recent_bodies_are_those_that_went_out_or_may_have(store: Store) -> None:
    for _ in range(4):
        await accepted(store, plan=ONE)
    epoch = await store.begin("node", NOW)
    works = await store.claim(claim(epoch, limit=3))
    ends = (
        Settlement(state=State.ACCEPTED, due_at=NOW),
        Settlement(state=State.IN_DOUBT, due_at=NOW, doubt_since=NOW),
        Settlement(state=State.FAILED, reason="rejected"),
    )
    for work, end in zip(works, ends, strict=True):
        await store.record(work.delivery, epoch, attempt(work.delivery, Outcome.IN_DOUBT), end)
    assert set(await store.recent_bodies("twitter", NOW)) == {"避難 第1-1報", "避難 第2-1報"}
    assert await store.recent_bodies("twitter", NOW + SECOND) == ()
    assert await store.recent_bodies("page", NOW) == ()


async def test_attempts_stay_in_order(store: Store) -> None:
    (first,) = await accepted(store, plan=ONE)
    epoch = await store.begin("node", NOW)
    again = Settlement(state=State.RETRY_WAIT, due_at=NOW, reason="connect")
    for number in (1, 2, 3):
        (work,) = await store.claim(claim(epoch))
        await store.record(work.delivery, epoch, attempt(work.delivery, Outcome.NOT_SENT, reason="connect"), again)
        assert work.delivery.attempt == number
    assert [each.number for each in await store.attempts(first.id)] == [1, 2, 3]


async def test_an_empty_store_is_no_error(store: Store) -> None:
    assert await store.board(NOW) == ()
    assert await store.counts() == {}
    assert await store.submissions() == ()
    assert (await store.next_due("twitter")).first is None
    assert (await store.new_edition(NOW, Mode.LIVE)).in_force == ()


async def test_the_moment_something_arrived_is_kept(store: Store) -> None:
    (owed,) = await accepted(store, plan=ONE)
    epoch = await store.begin("node", NOW)
    (work,) = await store.claim(claim(epoch))
    assert (await store.delivery(owed.id)).reached_at is None
    there = NOW + SECOND
    await store.record(work.delivery, epoch, attempt(work.delivery, at=there), Settlement(state=State.ACCEPTED))
    seen = await store.delivery(owed.id)
    await store.record(seen, epoch, attempt(seen, at=there + SECOND), Settlement(state=State.CONFIRMED))
    assert (await store.delivery(owed.id)).reached_at == there, "when it arrived, not when it was seen"
    (row,) = await store.board(NOW)
    assert (row.area, row.level, row.expires) == ("芋窪", row.alert.level, row.alert.expires)
