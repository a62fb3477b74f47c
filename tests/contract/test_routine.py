"""Plans and occurrences: a row is written once, by whoever comes first, and only together with its alert."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from broadcaster import audit
from broadcaster.errors import Conflict, NotFound
from broadcaster.model import Actor, Kind, Mode, OccurrenceRow, Part, PlanRow, Severity, Standing
from broadcaster.ports.store import Choice
from broadcaster.store import Store, open_store, restore
from tests.contract.child import HOURS, do, occurrence_of, plan_row
from tests.contract.test_sqlite_kill import killed, run, whole
from tests.contract.values import NOW, OFFICER, SECOND_OFFICER, acceptance, accepted, alert
from tests.nursery import Forked

HOUR = timedelta(hours=1)
QUIET = {"severity": Severity.MINOR}


def row(state: Standing, **changes: Any) -> OccurrenceRow:
    usual = OccurrenceRow(plan="chime", due=NOW, part=Part.ANNOUNCE, state=state, until=NOW + HOUR, at=NOW)
    return replace(usual, **changes)


async def speaking(store: Store, digest: str = "words") -> PlanRow:
    await store.put_plan(plan_row(digest))
    return await store.approve_plan("chime", digest, SECOND_OFFICER, NOW)


async def say(store: Store, key: str = "", **changes: Any) -> None:
    number, version = await store.next_serial(None)
    said = acceptance(alert(number, version, Kind.ROUTINE, **QUIET), key=key)
    await store.accept(replace(said, occurrence=replace(occurrence_of(), **changes)))


async def found(store: Store, part: Part = Part.ANNOUNCE, due: Any = NOW) -> OccurrenceRow:
    kept = await store.occurrence("chime", due, part)
    assert kept is not None
    return kept


# ------------------------------------------------------------------ plans


async def test_a_plan_speaks_once_it_is_approved_and_until_it_changes(store: Store) -> None:
    await store.put_plan(plan_row("one"))
    (put,) = await store.plans()
    assert (put.plan, put.speaks, put.author) == (plan_row("one").plan, False, OFFICER)
    assert (await store.approve_plan("chime", "one", SECOND_OFFICER, NOW)).speaks
    await store.put_plan(plan_row("two"))
    assert not (await store.plan("chime")).speaks
    await store.put_plan(plan_row("one"))
    assert (await store.plan("chime")).speaks  # as it was approved


async def test_only_what_was_seen_is_approved(store: Store) -> None:
    await store.put_plan(plan_row("one"))
    with pytest.raises(Conflict, match="plan_changed"):
        await store.approve_plan("chime", "another", SECOND_OFFICER, NOW)
    with pytest.raises(NotFound, match="plan_not_found"):
        await store.approve_plan("bell", "one", SECOND_OFFICER, NOW)
    with pytest.raises(NotFound):
        await store.retire_plan("bell", OFFICER, NOW, "")


async def test_a_retired_plan_is_silent_until_it_is_put_in_again(store: Store) -> None:
    await speaking(store)
    await store.retire_plan("chime", OFFICER, NOW, "over")
    assert not (await store.plan("chime")).speaks
    with pytest.raises(Conflict, match="plan_changed"):
        await store.approve_plan("chime", "words", SECOND_OFFICER, NOW)
    await store.put_plan(plan_row("words"))
    assert (await store.plan("chime")).speaks


async def test_whatever_is_done_with_plans_and_occurrences_is_in_the_chain(store: Store) -> None:
    await speaking(store)
    await say(store)
    await store.settle_occurrences((row(Standing.SKIPPED, due=NOW + HOUR, reason="holiday"),))
    await store.decide_occurrence(choice(Standing.SKIPPED, NOW + 2 * HOUR))
    await store.retire_plan("chime", OFFICER, NOW, "over")
    events = [entry.event async for entry in store.entries()]
    assert events == ["plan_put", "plan_approved", "accepted", "occurrence", "occurrence_decided", "plan_retired"]
    assert await whole(store)


# ------------------------------------------------------------------ occurrences


async def test_an_occurrence_is_said_by_the_transaction_that_accepts_its_alert(store: Store) -> None:
    await speaking(store)
    await say(store, lift_at=NOW + HOUR, lift_until=NOW + 2 * HOUR)
    said, lift = await found(store), await found(store, Part.LIFT, NOW + HOUR)
    assert (said.state, said.of) == (Standing.SENT, "city-1-1")
    assert (lift.state, lift.of, lift.until) == (Standing.PLANNED, "city-1-1", NOW + 2 * HOUR)
    assert await store.open_occurrences() == (lift,)
    assert await store.last_said("chime") == said
    assert await store.last_said("bell") is None


@pytest.mark.fault(34)
@pytest.mark.fault(106)
async def test_what_is_said_is_never_said_again_under_any_key(store: Store) -> None:
    await speaking(store)
    await say(store, key="one")
    await say(store, key="one")
    with pytest.raises(Conflict, match="occurrence_settled"):
        await say(store, key="two")
    assert len(await store.board(NOW)) == 1
    assert await store.known("two") is None


@pytest.mark.parametrize("state", [Standing.SKIPPED, Standing.HELD, Standing.SUSPENDED, Standing.FAILED])
async def test_what_is_settled_or_asked_is_not_said_by_itself(store: Store, state: Standing) -> None:
    await speaking(store)
    assert await store.settle_occurrences((row(state),)) == 1
    with pytest.raises(Conflict, match="occurrence_settled"):
        await say(store)
    assert await store.board(NOW) == ()
    await store.decide_occurrence(choice(Standing.RELEASED))
    await say(store, key="again")
    assert (await found(store)).state is Standing.SENT


async def test_nothing_is_said_late_unapproved_or_in_an_emergency(store: Store) -> None:
    await store.put_plan(plan_row("words"))
    with pytest.raises(Conflict, match="plan_silent"):
        await say(store)
    await speaking(store)
    with pytest.raises(Conflict, match="plan_silent"):
        await say(store, digest="other words")
    with pytest.raises(Conflict, match="occurrence_late"):
        await say(store, latest=NOW - timedelta(milliseconds=1))
    await accepted(store)  # Extreme
    with pytest.raises(Conflict, match="routine_suspended"):
        await say(store)
    assert len(await store.emergencies(NOW)) == 1
    assert await store.emergencies(NOW + 6 * HOUR) == ()
    assert await store.occurrences(NOW - HOUR, NOW + HOUR) == ()


async def test_whoever_settles_second_changes_nothing(store: Store) -> None:
    assert await store.settle_occurrences((row(Standing.SUSPENDED, reason="emergency"),)) == 1
    assert await store.settle_occurrences((row(Standing.HELD, reason="late"),)) == 0
    assert (await found(store)).reason == "emergency"
    assert await store.settle_occurrences((row(Standing.SKIPPED, reason="emergency"),)) == 1
    assert await store.settle_occurrences((row(Standing.SKIPPED, reason="other"),)) == 0
    assert await store.settle_occurrences(()) == 0


async def test_a_person_may_change_their_mind_until_it_is_said(store: Store) -> None:
    await speaking(store)
    for state in (Standing.SKIPPED, Standing.PLANNED, Standing.SKIPPED, Standing.RELEASED):
        decided = await store.decide_occurrence(choice(state))
        assert (decided.state, decided.by) == (state, "officer (uid 1001)")
    await say(store)
    with pytest.raises(Conflict, match="occurrence_settled"):
        await store.decide_occurrence(choice(Standing.SKIPPED))


@pytest.mark.fault(33)
@pytest.mark.fault(34)
async def test_what_a_jump_passed_over_comes_again_unless_it_was_said_or_decided(store: Store) -> None:
    jumped = [row(Standing.SKIPPED, due=NOW + hour * HOUR, reason="clock_jumped") for hour in range(4)]
    other = row(Standing.SKIPPED, due=NOW + 5 * HOUR, reason="holiday")
    await store.settle_occurrences((*jumped, other))
    await store.decide_occurrence(choice(Standing.SKIPPED, NOW + 3 * HOUR))
    assert await store.come_again(NOW) == 2
    states = [each.state for each in await store.occurrences(NOW - HOUR, NOW + 5 * HOUR)]
    skipped = Standing.SKIPPED
    assert states == [skipped, Standing.PLANNED, Standing.PLANNED, skipped, skipped]
    assert await store.come_again(NOW) == 0


def choice(state: Standing, due: Any = NOW) -> Choice:
    return Choice(
        plan="chime", due=due, part=Part.ANNOUNCE, state=state, until=due + HOUR, actor=OFFICER, at=NOW, why="asked"
    )


# ------------------------------------------------------------------ killed


@pytest.mark.fault(1)
@pytest.mark.fault(106)
@pytest.mark.parametrize("point", ["a0", "a1", "a2", "a3", "o1"])
async def test_killed_at_any_point_it_is_said_once_or_not_at_all(tmp_path: Path, point: str) -> None:
    path = tmp_path / "broadcaster.db"
    await run(path, "approve")
    await killed(path, "announce", point)
    async with open_store(path, Mode.LIVE) as store:
        kept = await store.occurrence("chime", NOW, Part.ANNOUNCE)
        assert (kept is not None) == (len(await store.board(NOW)) == 1) == (point == "a3")
        assert await whole(store)
    await run(path, "announce")
    async with open_store(path, Mode.LIVE) as store:
        assert len(await store.board(NOW)) == 1
        assert (await found(store)).state is Standing.SENT
        assert (await audit.verify_trail(store))[1] is None
        assert (await store.plan("chime")).approver == Actor(name="second officer", uid=1002)


@pytest.mark.fault(106)
async def test_eight_services_over_one_store_say_each_occurrence_once(tmp_path: Path) -> None:
    """Real processes; whoever loses reads that it is settled, and nobody is turned away by a lock."""
    path = tmp_path / "broadcaster.db"
    await run(path, "approve")
    services = [Forked(do, path, "contend") for _ in range(8)]
    assert await asyncio.gather(*(each.ended() for each in services)) == [0] * 8
    async with open_store(path, Mode.LIVE) as store:
        rows = await store.occurrences(NOW - HOUR, NOW + HOURS * HOUR)
        assert [each.state for each in rows] == [Standing.SENT] * HOURS
        said = (await store.history(NOW, None, 500)).rows
        assert {each.alert.identifier for each in said} == {each.of for each in rows}
        assert len(said) == HOURS
        assert await whole(store)


@pytest.mark.fault(27)
async def test_after_a_restore_nothing_that_may_have_been_said_is_said_again(tmp_path: Path) -> None:
    path, copy = tmp_path / "broadcaster.db", tmp_path / "copy.db"
    async with open_store(path, Mode.LIVE) as store:
        await speaking(store)
        await store.decide_occurrence(choice(Standing.RELEASED))
        lifts = [row(Standing.PLANNED, part=Part.LIFT, due=NOW + hour * HOUR) for hour in (1, 3)]
        await store.settle_occurrences(tuple(lifts))
        assert (await store.plan("chime")).since == NOW
        await store.back_up(copy)
    restore(copy, path, Mode.LIVE, OFFICER, NOW + 2 * HOUR)
    async with open_store(path, Mode.LIVE) as store:
        plan = await store.plan("chime")
        assert (plan.speaks, plan.approved_at, plan.since) == (True, NOW, NOW + 2 * HOUR)
        states = [(each.state, each.reason) for each in await store.open_occurrences()]
        assert states == [(Standing.HELD, "restored"), (Standing.HELD, "restored"), (Standing.PLANNED, "")]
