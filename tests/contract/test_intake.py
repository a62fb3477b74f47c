"""Accepting is one transaction, once per key, in the order of versions."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from broadcaster.errors import Conflict, NotFound
from broadcaster.model import Kind, State
from broadcaster.ports.store import Approval, ApprovalBy, Decision, Known, SubmissionState, Verb
from broadcaster.store import Store
from tests.contract.values import (
    NOW,
    OFFICER,
    SECOND_OFFICER,
    acceptance,
    accepted,
    alert,
    attempt,
    claim,
    planned,
)


async def test_an_accepted_alert_is_there_with_all_its_parts(store: Store) -> None:
    number, version = await store.next_serial(None)
    approval = Approval(actor=SECOND_OFFICER, by=ApprovalBy.SECOND_PERSON, at=NOW, digest="d")
    whole = replace(acceptance(alert(number, version)), approvals=(approval,))
    made = await store.accept(whole)
    row = await store.alert(f"{number}-{version}")
    assert row.alert == whole.alert
    assert (row.author, row.approved_by) == ("officer", "second officer")
    assert row.approved_how == ApprovalBy.SECOND_PERSON
    assert row.deliveries == made
    assert [(each.channel, each.state) for each in made] == [("twitter", State.READY), ("page", State.READY)]
    assert await store.prepared(whole.alert.identifier) == whole.prepared
    assert await store.alert(whole.alert.identifier) == row


@pytest.mark.fault(100)
async def test_the_same_key_and_body_give_what_is_there(store: Store) -> None:
    number, version = await store.next_serial(None)
    whole = acceptance(alert(number, version), key="k")
    first = await store.accept(whole)
    assert await store.accept(whole) == first
    assert await store.known("k") == Known(body_digest="body", alert=whole.alert.identifier)
    assert len(await store.incident(number)) == 1


@pytest.mark.fault(102)
async def test_the_same_key_with_another_body_is_refused(store: Store) -> None:
    number, version = await store.next_serial(None)
    await store.accept(acceptance(alert(number, version), key="k"))
    with pytest.raises(Conflict, match="key_reused"):
        await store.accept(acceptance(alert(number, 2, Kind.UPDATE), key="k", body="other"))
    assert len(await store.incident(number)) == 1


async def test_an_unknown_key_stands_for_nothing(store: Store) -> None:
    assert await store.known("never used") is None


@pytest.mark.parametrize("version", [1, 3])
async def test_only_the_next_version_is_accepted(store: Store, version: int) -> None:
    (first, _) = await accepted(store)
    with pytest.raises(Conflict, match="version_overtaken"):
        await store.accept(acceptance(alert(first.incident, version, Kind.UPDATE), key="other"))
    assert await store.known("other") is None


async def test_numbers_are_never_given_twice(store: Store) -> None:
    assert await store.newest_incident() == 0
    serials = await asyncio.gather(*(store.next_serial(None) for _ in range(50)))
    assert len({number for number, _ in serials}) == 50
    assert await store.newest_incident() == max(number for number, _ in serials)
    assert {version for _, version in serials} == {1}


async def test_a_number_only_reserved_has_no_next_version(store: Store) -> None:
    number, _ = await store.next_serial(None)
    with pytest.raises(NotFound):
        await store.next_serial(number)
    with pytest.raises(NotFound):
        await store.next_serial(999)


async def test_a_newer_version_supersedes_what_waits_in_the_same_transaction(store: Store) -> None:
    plan = [planned("twitter"), planned("page"), planned("mail"), planned("feeds")]
    twitter, _, mail, _ = await accepted(store, plan=plan)
    epoch = await store.begin("node", NOW)
    await store.claim(claim(epoch, "page"))
    await store.decide(mail.id, Decision(verb=Verb.HOLD, actor=OFFICER, at=NOW, why="wait"))
    newer = await accepted(store, twitter.incident, Kind.UPDATE, plan=plan)
    states = {each.channel: each.state for each in (await store.alert(twitter.alert)).deliveries}
    assert states == {
        "twitter": State.SUPERSEDED,
        "page": State.SENDING,
        "mail": State.SUPERSEDED,
        "feeds": State.SUPERSEDED,
    }
    assert {each.state for each in newer} == {State.READY}


async def test_an_overtaken_retry_that_may_be_out_is_closed_as_a_doubt(store: Store) -> None:
    from broadcaster.model import Outcome
    from broadcaster.ports.store import Settlement

    (first, _) = await accepted(store)
    epoch = await store.begin("node", NOW)
    (work,) = await store.claim(claim(epoch))
    doubt = Settlement(state=State.IN_DOUBT, due_at=NOW, doubt_since=NOW)
    await store.record(work.delivery, epoch, attempt(work.delivery, Outcome.IN_DOUBT), doubt)
    looked = await store.delivery(first.id)
    again = Settlement(state=State.RETRY_WAIT, due_at=NOW, resolution="absent")
    assert await store.record(looked, epoch, attempt(looked, Outcome.NOT_ACCEPTED), again)
    await accepted(store, first.incident, Kind.UPDATE)
    assert (await store.delivery(first.id)).state is State.CLOSED_SUPERSEDED


async def test_a_submission_waits_and_is_closed_by_its_acceptance(store: Store) -> None:
    number, version = await store.next_serial(None)
    whole = acceptance(alert(number, version), key="k")
    waiting = await store.submit(whole)
    assert await store.submit(whole) == waiting
    assert await store.known("k") == Known(body_digest="body", submission=waiting)
    (found,) = await store.submissions()
    assert found.acceptance == whole
    approval = Approval(actor=SECOND_OFFICER, by=ApprovalBy.SECOND_PERSON, at=NOW, digest="d")
    await store.accept(replace(whole, approvals=(approval,)), waiting)
    assert await store.submissions() == ()
    closed = await store.submission(waiting)
    assert (closed.state, closed.closed_by) == (SubmissionState.APPROVED, "second officer (uid 1002)")
    assert await store.known("k") == Known(body_digest="body", alert=whole.alert.identifier, submission=waiting)


async def test_a_submission_handed_back_cannot_be_accepted(store: Store) -> None:
    number, version = await store.next_serial(None)
    whole = acceptance(alert(number, version))
    waiting = await store.submit(whole)
    await store.hand_back(waiting, SECOND_OFFICER, NOW, "wrong area")
    assert (await store.submission(waiting)).reason == "wrong area"
    with pytest.raises(Conflict, match="submission_closed"):
        await store.accept(whole, waiting)
    with pytest.raises(Conflict, match="submission_closed"):
        await store.hand_back(waiting, SECOND_OFFICER, NOW, "again")
    with pytest.raises(NotFound):
        await store.incident(number)


async def test_two_approvals_of_one_submission_make_one_alert(store: Store) -> None:
    number, version = await store.next_serial(None)
    whole = acceptance(alert(number, version))
    waiting = await store.submit(whole)
    first, second = await asyncio.gather(store.accept(whole, waiting), store.accept(whole, waiting))
    assert first == second
    assert len(await store.incident(number)) == 1


async def test_what_is_not_there_is_not_found(store: Store) -> None:
    for asked in (store.submission(1), store.delivery(1), store.alert("1-1"), store.alert("x"), store.incident(1)):
        with pytest.raises(NotFound):
            await asked
    with pytest.raises(NotFound):
        await store.hand_back(1, OFFICER, NOW, "")
    with pytest.raises(NotFound):
        await store.decide(1, Decision(verb=Verb.HOLD, actor=OFFICER, at=NOW, why=""))
    with pytest.raises(NotFound):
        await store.prepared("x")


async def test_a_decision_is_applied_with_its_resolution_record(store: Store) -> None:
    (first, _) = await accepted(store)
    held = await store.decide(first.id, Decision(verb=Verb.HOLD, actor=OFFICER, at=NOW, why="wait for the mayor"))
    assert held.state is State.HELD
    with pytest.raises(Conflict):
        await store.decide(first.id, Decision(verb=Verb.HOLD, actor=OFFICER, at=NOW, why="again"))
    released = await store.decide(first.id, Decision(verb=Verb.RELEASE, actor=OFFICER, at=NOW, why="go"))
    assert released.state is State.READY
    decided = [entry async for entry in store.entries() if entry.event == "decided"]
    assert [entry.actor for entry in decided] == ["officer (uid 1001)"] * 2
    assert "wait for the mayor" in decided[0].body


async def test_a_thousand_acceptances_at_once_share_their_commits(store: Store) -> None:
    serials = await asyncio.gather(*(store.next_serial(None) for _ in range(1_000)))
    wholes = [acceptance(alert(number, version)) for number, version in serials]
    made = await asyncio.gather(*(store.accept(whole) for whole in wholes))
    assert len({delivery.id for deliveries in made for delivery in deliveries}) == 2_000
    assert await store.counts() == {"twitter": {"ready": 1_000}, "page": {"ready": 1_000}}


async def test_one_refused_in_a_group_takes_nobody_with_it(store: Store) -> None:
    number, _ = await store.next_serial(None)
    wholes = [acceptance(alert(number, 1), key=f"k{each}") for each in range(20)]
    results = await asyncio.gather(*(store.accept(whole) for whole in wholes), return_exceptions=True)
    refused = [result for result in results if isinstance(result, Conflict)]
    assert len(refused) == 19
    assert len(await store.incident(number)) == 1
