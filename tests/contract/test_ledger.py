"""The recipient ledger: everybody once, nobody forgotten, a kill costs only what was under way."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from broadcaster.errors import Conflict
from broadcaster.model import Category, Delivery, Grade, Kind, Outcome, Recipient, Severity, State, Subscriber
from broadcaster.ports.store import Decision, RecipientResult, Settlement, Verb
from broadcaster.store import Store
from tests.contract.conftest import SqliteBackend
from tests.contract.values import HOUR, NOW, OFFICER, SECOND, accepted, attempt, claim, planned, resident, served

MAIL = [planned("mail")]


async def under_way(store: Store, *people: Subscriber, **changes: Any) -> tuple[Delivery, int]:
    """A mail delivery that is `sending`, and its epoch."""
    await store.put(people, OFFICER, NOW)
    await accepted(store, plan=[replace(MAIL[0], **changes)])
    epoch = await store.begin("node", NOW)
    (work,) = await store.claim(claim(epoch, "mail"))
    return work.delivery, epoch


async def overtaking(store: Store, older: Delivery, epoch: int, kind: Kind) -> Delivery:
    """End the older delivery and start its successor."""
    (newer,) = await accepted(store, older.incident, kind, plan=MAIL, severity=Severity.MINOR)
    over = Settlement(state=State.SUPERSEDED, reason="superseded")
    assert await store.record(older, epoch, attempt(older, Outcome.NOT_SENT), over)
    (work,) = await store.claim(claim(epoch, "mail"))
    assert work.delivery.id == newer.id
    return work.delivery


async def everybody(store: Store, delivery: Delivery, epoch: int, limit: int = 200) -> list[Recipient]:
    """Serve until nobody is left."""
    rows: list[Recipient] = []
    while claimed := await store.claim_recipients(delivery.id, epoch, NOW, limit):
        rows += claimed
        await store.record_recipients(delivery.id, epoch, NOW, served(claimed))
    return rows


async def test_everybody_is_served_once(store: Store) -> None:
    delivery, epoch = await under_way(store, *(resident(number) for number in range(1_234)))
    rows = await everybody(store, delivery, epoch)
    assert len({row.address for row in rows}) == len(rows) == 1_234
    assert len({row.token for row in rows}) == 1_234
    assert {row.attempt for row in rows} == {1}
    tally = await store.tally(delivery.id, NOW)
    assert (tally.total, tally.accepted, tally.pending, tally.expanded) == (1_234, 1_234, 0, True)
    now = await store.delivery(delivery.id)
    assert (now.progress, now.total) == (1_234, 1_234)


async def test_the_whole_number_is_known_from_the_second_claim(store: Store) -> None:
    delivery, epoch = await under_way(store, *(resident(number) for number in range(1_500)))
    await store.claim_recipients(delivery.id, epoch, NOW, 5)
    assert (await store.delivery(delivery.id)).total == 500, "nobody waits for a number"
    await store.claim_recipients(delivery.id, epoch, NOW, 5)
    assert (await store.delivery(delivery.id)).total == 1_500
    tally = await store.tally(delivery.id, NOW)
    assert (tally.total, tally.in_doubt, tally.expanded) == (1_500, 10, False)


@pytest.mark.parametrize(
    ("wish", "reached"),
    [
        ({}, True),
        ({"areas": ("芋窪",)}, True),
        ({"areas": ("立野", "芋窪")}, True),
        ({"areas": ("立野",)}, False),
        ({"categories": (Category.MET,)}, True),
        ({"categories": (Category.FIRE,)}, False),
        ({"min_severity": Severity.SEVERE}, True),
        ({"min_severity": Severity.EXTREME}, False),
        ({"min_severity": Severity.UNKNOWN, "areas": ("芋窪",), "categories": (Category.MET, Category.FIRE)}, True),
    ],
)
async def test_wishes_are_kept(store: Store, wish: dict[str, object], reached: bool) -> None:
    await store.put([resident(1, **wish)], OFFICER, NOW)
    (mail,) = await accepted(store, plan=MAIL, severity=Severity.SEVERE)
    epoch = await store.begin("node", NOW)
    await store.claim(claim(epoch, "mail"))
    assert len(await store.claim_recipients(mail.id, epoch, NOW, 10)) == int(reached)
    assert await store.reach((await store.alert(mail.alert)).alert) == int(reached)


async def test_an_alert_without_area_reaches_only_those_who_want_all(store: Store) -> None:
    await store.put([resident(1), resident(2, areas=("芋窪",))], OFFICER, NOW)
    (mail,) = await accepted(store, plan=MAIL, areas=())
    epoch = await store.begin("node", NOW)
    await store.claim(claim(epoch, "mail"))
    rows = await everybody(store, mail, epoch)
    assert [row.address for row in rows] == [resident(1).address]


async def test_an_all_clear_reaches_whoever_may_have_got_it(store: Store) -> None:
    """I11, with everything that can have become of a recipient, and wishes that the all-clear itself does not meet."""
    people = [resident(number, min_severity=Severity.EXTREME) for number in range(6)]
    delivery, epoch = await under_way(store, *people)
    claimed = await store.claim_recipients(delivery.id, epoch, NOW, 5)
    states = ("accepted", "in_doubt", "unknown", "failed")
    results = [RecipientResult(id=row.id, state=state) for row, state in zip(claimed, states, strict=False)]
    await store.record_recipients(delivery.id, epoch, NOW, results)
    await store.remove([claimed[0].address], OFFICER, NOW)
    clear = await overtaking(store, delivery, epoch, Kind.ALL_CLEAR)
    alert = (await store.alert(clear.alert)).alert
    assert await store.reach(alert) == 4
    reached = {row.address for row in await everybody(store, clear, epoch)}
    assert reached == {claimed[number].address for number in (0, 1, 2, 4)}


async def test_an_all_clear_gathers_over_several_versions(store: Store) -> None:
    people = [resident(number, min_severity=Severity.EXTREME) for number in range(3)]
    first, epoch = await under_way(store, *people)
    await store.record_recipients(first.id, epoch, NOW, served(await store.claim_recipients(first.id, epoch, NOW, 1)))
    second = await overtaking(store, first, epoch, Kind.UPDATE)
    await store.put([resident(9)], OFFICER, NOW)
    rows = await everybody(store, second, epoch)
    assert [row.address for row in rows] == [resident(0).address, resident(9).address]
    clear = await overtaking(store, second, epoch, Kind.CANCEL)
    reached = [row.address for row in await everybody(store, clear, epoch)]
    assert sorted(reached) == [resident(0).address, resident(9).address]


async def test_an_address_that_comes_both_ways_is_served_once(store: Store) -> None:
    delivery, epoch = await under_way(store, *(resident(number) for number in range(1_200)))
    for _ in range(3):
        claimed = await store.claim_recipients(delivery.id, epoch, NOW, 250)
        await store.record_recipients(delivery.id, epoch, NOW, served(claimed))
    clear = await overtaking(store, delivery, epoch, Kind.ALL_CLEAR)
    rows = await everybody(store, clear, epoch)
    assert len({row.address for row in rows}) == len(rows) == 1_200


async def test_connections_that_claim_at_once_share_nobody(store: Store) -> None:
    delivery, epoch = await under_way(store, *(resident(number) for number in range(900)))
    rows: list[Recipient] = []
    while claimed := await asyncio.gather(*(store.claim_recipients(delivery.id, epoch, NOW, 40) for _ in range(6))):
        if not any(claimed):
            break
        rows += [row for part in claimed for row in part]
    assert len({row.address for row in rows}) == len({row.id for row in rows}) == len(rows) == 900
    assert (await store.tally(delivery.id, NOW)).total == 900


async def test_mail_that_is_overtaken_stops_claiming_at_once(store: Store) -> None:
    delivery, epoch = await under_way(store, *(resident(number) for number in range(50)))
    claimed = await store.claim_recipients(delivery.id, epoch, NOW, 10)
    await accepted(store, delivery.incident, Kind.ALL_CLEAR, plan=MAIL)
    assert await store.claim_recipients(delivery.id, epoch, NOW, 10) == ()
    await store.record_recipients(delivery.id, epoch, NOW, served(claimed))
    assert (await store.tally(delivery.id, NOW)).accepted == 10


async def test_mail_past_its_expiry_stops_claiming(store: Store) -> None:
    delivery, epoch = await under_way(store, resident(1))
    assert await store.claim_recipients(delivery.id, epoch, NOW + 6 * HOUR, 10) == ()


async def test_a_lost_lease_claims_nobody(store: Store) -> None:
    delivery, epoch = await under_way(store, resident(1))
    await store.begin("node", NOW)
    assert await store.claim_recipients(delivery.id, epoch, NOW, 10) == ()


async def test_a_claim_extends_the_lease(store: Store) -> None:
    delivery, epoch = await under_way(store, resident(1))
    await store.claim_recipients(delivery.id, epoch, NOW + 20 * SECOND, 10)
    assert (await store.delivery(delivery.id)).deadline == NOW + 50 * SECOND


@pytest.mark.parametrize(("grade", "state"), [(Grade.EMERGENCY, "in_doubt"), (Grade.WARNING, "unknown")])
async def test_after_a_kill_only_those_begun_are_in_doubt(store: Store, grade: Grade, state: str) -> None:
    delivery, dead = await under_way(store, *(resident(number) for number in range(20)), grade=grade)
    claimed = await store.claim_recipients(delivery.id, dead, NOW, 8)
    await store.record_recipients(delivery.id, dead, NOW, served(claimed[:5]))
    epoch = await store.begin("node", NOW)
    tally = await store.tally(delivery.id, NOW)
    assert (tally.accepted, getattr(tally, state)) == (5, 3)
    doubt = await store.delivery(delivery.id)
    ready = Settlement(state=State.READY, due_at=NOW, resolution="repeatable")
    assert await store.record(doubt, epoch, attempt(doubt, Outcome.IN_DOUBT), ready)
    await store.claim(claim(epoch, "mail"))
    rest = await everybody(store, delivery, epoch)
    assert {row.address for row in rest}.isdisjoint(row.address for row in claimed)
    assert len(rest) == 12
    again = await store.claim_recipients(delivery.id, epoch, NOW + 60 * SECOND, 10)
    assert {row.address for row in again} == ({row.address for row in claimed[5:]} if state == "in_doubt" else set())
    assert all(row.possible_duplicate and row.attempt == 2 for row in again)
    assert (await store.tally(delivery.id, NOW)).possible_duplicates == len(again)


async def test_a_busy_mailbox_is_due_again_later(store: Store) -> None:
    delivery, epoch = await under_way(store, resident(1), resident(2))
    claimed = await store.claim_recipients(delivery.id, epoch, NOW, 10)
    retry = RecipientResult(id=claimed[0].id, state="retry", due_at=NOW + 60 * SECOND, code="450 4.2.0")
    await store.record_recipients(delivery.id, epoch, NOW, [retry, *served(claimed[1:])])
    tally = await store.tally(delivery.id, NOW)
    assert (tally.retry, tally.accepted, tally.next_due) == (1, 1, NOW + 60 * SECOND)
    assert await store.claim_recipients(delivery.id, epoch, NOW + 59 * SECOND, 10) == ()
    (again,) = await store.claim_recipients(delivery.id, epoch, NOW + 60 * SECOND, 10)
    assert (again.id, again.attempt, again.token) == (claimed[0].id, 2, claimed[0].token)


async def test_what_was_not_begun_is_given_back_untouched(store: Store) -> None:
    delivery, epoch = await under_way(store, resident(1), resident(2))
    claimed = await store.claim_recipients(delivery.id, epoch, NOW, 10)
    await store.record_recipients(delivery.id, epoch, NOW, served(claimed, "pending"))
    assert (await store.tally(delivery.id, NOW)).pending == 2
    assert await store.claim_recipients(delivery.id, epoch, NOW, 10) == claimed


async def test_a_late_reply_settles_the_doubt_it_belongs_to(store: Store) -> None:
    delivery, dead = await under_way(store, resident(1))
    claimed = await store.claim_recipients(delivery.id, dead, NOW, 10)
    await store.begin("node", NOW)
    assert (await store.tally(delivery.id, NOW)).in_doubt == 1
    await store.record_recipients(delivery.id, dead, NOW, served(claimed))
    tally = await store.tally(delivery.id, NOW)
    assert (tally.accepted, tally.in_doubt, tally.possible_duplicates) == (1, 0, 0)


async def test_a_late_reply_for_somebody_asked_again_is_flagged(store: Store) -> None:
    delivery, dead = await under_way(store, resident(1))
    late = await store.claim_recipients(delivery.id, dead, NOW, 10)
    epoch = await store.begin("node", NOW)
    doubt = await store.delivery(delivery.id)
    ready = Settlement(state=State.READY, due_at=NOW, resolution="repeatable")
    await store.record(doubt, epoch, attempt(doubt, Outcome.IN_DOUBT), ready)
    await store.claim(claim(epoch, "mail"))
    again = await store.claim_recipients(delivery.id, epoch, NOW + 60 * SECOND, 10)
    await store.record_recipients(delivery.id, dead, NOW, served(late))
    await store.record_recipients(delivery.id, epoch, NOW, served(again, "failed"))
    tally = await store.tally(delivery.id, NOW)
    assert (tally.accepted, tally.failed, tally.possible_duplicates) == (0, 1, 1)


async def test_one_batch_may_tell_of_somebody_twice_and_of_others_otherwise(store: Store) -> None:
    delivery, epoch = await under_way(store, *(resident(number) for number in range(4)))
    one, two, three, four = await store.claim_recipients(delivery.id, epoch, NOW, 4)
    doubt = served([one, two, three], "in_doubt")
    told = [*doubt, *served([one]), *served([two, four], "failed", code="550 5.1.1"), *served([two], "accepted")]
    await store.record_recipients(delivery.id, epoch, NOW, told)
    tally = await store.tally(delivery.id, NOW)
    assert (tally.accepted, tally.failed, tally.in_doubt) == (1, 2, 1), "a refusal is not taken back"
    assert (await store.delivery(delivery.id)).progress == 3


async def test_progress_ends_the_row_of_starts(store: Store) -> None:
    """A mail of an hour may well be met by three restarts; it is not what kills us."""
    delivery, epoch = await under_way(store, *(resident(number) for number in range(50)))
    for _ in range(4):
        claimed = await store.claim_recipients(delivery.id, epoch, NOW, 5)
        await store.record_recipients(delivery.id, epoch, NOW, served(claimed))
        epoch = await store.begin("node", NOW)
        doubt = await store.delivery(delivery.id)
        assert doubt.state is State.IN_DOUBT
        ready = Settlement(state=State.READY, due_at=NOW, resolution="repeatable")
        await store.record(doubt, epoch, attempt(doubt, Outcome.IN_DOUBT), ready)
        await store.claim(claim(epoch, "mail"))


async def test_the_counters_say_what_the_rows_say(store: Store, backend: SqliteBackend) -> None:
    delivery, epoch = await under_way(store, *(resident(number) for number in range(40)))
    for state in ("accepted", "failed", "retry", "in_doubt", "unknown"):
        claimed = await store.claim_recipients(delivery.id, epoch, NOW, 6)
        due = NOW + HOUR if state in ("retry", "in_doubt") else None
        await store.record_recipients(delivery.id, epoch, NOW, served(claimed, state, due_at=due))
    await store.claim_recipients(delivery.id, epoch, NOW + HOUR, 20)
    counted = backend.tamper(
        "SELECT pending, started, retry, accepted, failed, in_doubt, unknown, possible_duplicates FROM ledger"
    )[0]
    states = ("pending", "started", "retry", "accepted", "failed", "in_doubt", "unknown")
    rows: dict[str, int] = dict(backend.tamper("SELECT state, count(*) FROM recipient GROUP BY state"))
    flagged = backend.tamper("SELECT count(*) FROM recipient WHERE possible_duplicate = 1")[0][0]
    assert tuple(counted) == (*(rows.get(state, 0) for state in states), flagged)
    assert flagged


async def test_a_tally_before_anything_was_claimed(store: Store) -> None:
    delivery, _ = await under_way(store, resident(1))
    tally = await store.tally(delivery.id, NOW)
    assert (tally.total, tally.expanded, tally.next_due) == (0, False, None)


@pytest.mark.fault(73)
async def test_with_each_result_it_is_told_whether_the_run_may_go_on(store: Store) -> None:
    delivery, epoch = await under_way(store, *(resident(number) for number in range(10)))
    one, two, three, four = await store.claim_recipients(delivery.id, epoch, NOW, 4)

    async def goes_on(row: Recipient, at: datetime = NOW, by: int = epoch) -> bool:
        return await store.record_recipients(delivery.id, by, at, served([row]))

    assert await store.record_recipients(delivery.id, epoch, NOW, []), "nothing to write is no end"
    assert await goes_on(one)
    assert not await goes_on(two, NOW + 6 * HOUR), "expired"
    assert not await goes_on(two, by=epoch + 1), "another's"
    await store.decide(delivery.id, Decision(verb=Verb.HOLD, actor=OFFICER, at=NOW, why="asked by telephone"))
    assert not await goes_on(three), "held"
    await store.decide(delivery.id, Decision(verb=Verb.RELEASE, actor=OFFICER, at=NOW, why="asked by telephone"))
    await store.claim(claim(epoch, "mail"))
    await accepted(store, delivery.incident, Kind.ALL_CLEAR, plan=MAIL)
    assert not await goes_on(four), "overtaken"


async def test_nothing_to_write_before_anybody_was_claimed_writes_nothing(store: Store) -> None:
    delivery, epoch = await under_way(store, resident(1))
    assert await store.record_recipients(delivery.id, epoch, NOW, [])
    assert (await store.delivery(delivery.id)).progress == 0


async def partly_served(store: Store) -> tuple[Delivery, int]:
    """A mail that is accepted, of whose five recipients one was refused and nobody knows of another."""
    delivery, epoch = await under_way(store, *(resident(number) for number in range(5)))
    claimed = await store.claim_recipients(delivery.id, epoch, NOW, 9)
    states = ("accepted", "accepted", "accepted", "failed", "unknown")
    results = [RecipientResult(id=row.id, state=state) for row, state in zip(claimed, states, strict=True)]
    await store.record_recipients(delivery.id, epoch, NOW, results)
    assert await store.claim_recipients(delivery.id, epoch, NOW, 9) == ()
    assert await store.record(delivery, epoch, attempt(delivery), Settlement(state=State.ACCEPTED, detail="4 of 5"))
    return await store.delivery(delivery.id), epoch


async def test_who_was_left_without_it_can_be_served_again_and_nobody_else(store: Store) -> None:
    delivery, epoch = await partly_served(store)
    assert delivery.unserved == 2
    decision = Decision(verb=Verb.RESEND, actor=OFFICER, at=NOW, why="the relay is mended")
    assert (await store.decide(delivery.id, decision)).state is State.READY
    (work,) = await store.claim(claim(epoch, "mail"))
    again = await store.claim_recipients(work.delivery.id, epoch, NOW, 9)
    assert [(row.attempt, row.possible_duplicate) for row in again] == [(2, False), (2, True)]
    await store.record_recipients(delivery.id, epoch, NOW, served(again))
    tally = await store.tally(delivery.id, NOW)
    assert (tally.accepted, tally.failed, tally.unknown, tally.possible_duplicates) == (5, 0, 0, 1)
    assert (await store.delivery(delivery.id)).unserved == 0


async def test_an_officer_may_leave_it_at_that(store: Store) -> None:
    delivery, _ = await partly_served(store)
    left = await store.decide(delivery.id, Decision(verb=Verb.DROP, actor=OFFICER, at=NOW, why="told by telephone"))
    assert (left.state, left.unserved, left.detail) == (State.ACCEPTED, 0, "4 of 5")
    assert [entry.event async for entry in store.entries()][-1] == "decided"
    with pytest.raises(Conflict, match="decision_impossible"):
        await store.decide(delivery.id, Decision(verb=Verb.RESEND, actor=OFFICER, at=NOW, why="again"))


async def test_a_mail_has_arrived_when_half_of_its_recipients_have_it(store: Store) -> None:
    delivery, epoch = await under_way(store, *(resident(number) for number in range(10)))
    for size, arrived in ((4, False), (2, True)):
        claimed = await store.claim_recipients(delivery.id, epoch, NOW, size)
        await store.record_recipients(delivery.id, epoch, NOW, served(claimed))
        assert ((await store.delivery(delivery.id)).reached_at is not None) is arrived


async def test_the_first_are_claimed_along_with_the_delivery(store: Store) -> None:
    """No more than were wished for, nobody twice, and the others as ever."""
    await store.put([resident(number) for number in range(700)], OFFICER, NOW)
    await accepted(store, plan=MAIL)
    epoch = await store.begin("node", NOW)
    (work,) = await store.claim(claim(epoch, "mail", recipients=40))
    assert len(work.recipients) == 40
    await store.record_recipients(work.delivery.id, epoch, NOW, served(work.recipients))
    rest = await everybody(store, work.delivery, epoch)
    assert len({row.address for row in (*work.recipients, *rest)}) == len(work.recipients) + len(rest) == 700


async def test_of_those_who_had_the_older_one_the_first_are_claimed_along_too(store: Store) -> None:
    delivery, epoch = await under_way(store, *(resident(number) for number in range(60)))
    await everybody(store, delivery, epoch)
    assert await store.record(delivery, epoch, attempt(delivery), Settlement(state=State.ACCEPTED))
    await accepted(store, delivery.incident, Kind.ALL_CLEAR, plan=MAIL, severity=Severity.MINOR)
    (work,) = await store.claim(claim(epoch, "mail", recipients=40))
    assert len(work.recipients) == 40
    rest = await everybody(store, work.delivery, epoch)
    assert len({row.address for row in (*work.recipients, *rest)}) == 60
