"""Drafts: nothing typed is lost, nobody's change is overwritten, and one draft makes one alert."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from broadcaster.errors import Conflict, NotFound
from broadcaster.model import Actor
from broadcaster.ports.store import Acceptance, DraftChange, DraftRow, DraftState, NewDraft
from broadcaster.store import Store
from tests.contract.conftest import SqliteBackend
from tests.contract.values import NOW, OFFICER, SECOND, SECOND_OFFICER, acceptance, alert

THIRD = Actor(name="third officer")
Act = Callable[[], Awaitable[DraftRow]]
BODY: dict[str, Any] = {"template": "flood-level4", "areas": ["芋窪"]}


def changed(row: DraftRow, **body: Any) -> DraftChange:
    return DraftChange(version=row.version, title="title", body={**row.body, **body})


async def opened(store: Store) -> DraftRow:
    return await store.open_draft(NewDraft(title="title", body=BODY), OFFICER, NOW)


async def made_of(store: Store, row: DraftRow, key: str = "k") -> Acceptance:
    number, version = await store.next_serial(None)
    return replace(acceptance(alert(number, version), key=key), draft=row.id)


async def test_a_draft_is_there_after_a_restart(backend: SqliteBackend) -> None:
    async with backend.open() as store:
        row = await opened(store)
    async with backend.open() as store:
        assert await store.drafts() == (row,)
        assert await store.draft(row.id) == row
    assert (row.version, row.state, row.author, row.editors) == (1, DraftState.OPEN, OFFICER, (OFFICER,))
    assert row.body == BODY


async def test_asked_twice_under_one_key_it_is_one_draft_as_it_is_now(store: Store) -> None:
    new = NewDraft(title="title", body=BODY, key="one")
    first = await store.open_draft(new, OFFICER, NOW)
    saved = await store.save_draft(first.id, changed(first, hours=6), OFFICER, NOW + SECOND)
    assert await store.open_draft(new, OFFICER, NOW + SECOND) == saved
    assert await store.drafts() == (saved,)
    other = await store.open_draft(replace(new, key="two"), OFFICER, NOW)
    assert other.id != first.id


async def test_the_last_changed_comes_first(store: Store) -> None:
    first, second = await opened(store), await opened(store)
    await store.save_draft(first.id, changed(first, hours=6), OFFICER, NOW + SECOND)
    assert [row.id for row in await store.drafts()] == [first.id, second.id]


@pytest.mark.fault(103)
async def test_the_second_of_two_who_change_one_version_is_told_and_overwrites_nothing(store: Store) -> None:
    row = await opened(store)
    first = await store.save_draft(row.id, changed(row, hours=6), OFFICER, NOW)
    with pytest.raises(Conflict, match="draft_changed") as caught:
        await store.save_draft(row.id, changed(row, hours=12), SECOND_OFFICER, NOW)
    assert caught.value.params == {"number": row.id, "version": 2, "by": "officer"}
    assert await store.draft(row.id) == first
    after = await store.save_draft(row.id, changed(first, hours=12), SECOND_OFFICER, NOW)
    assert (after.version, after.body["hours"], after.editors) == (3, 12, (OFFICER, SECOND_OFFICER))
    assert after.author == OFFICER


@pytest.mark.fault(103)
async def test_of_many_at_once_exactly_one_wins_each_version(store: Store) -> None:
    row = await opened(store)
    people = [Actor(name=f"officer-{number}") for number in range(20)]
    tries = (store.save_draft(row.id, changed(row, note=each.name), each, NOW) for each in people)
    done = await asyncio.gather(*tries, return_exceptions=True)
    won = [each for each in done if isinstance(each, DraftRow)]
    assert len(won) == 1
    assert {each.code for each in done if isinstance(each, Conflict)} == {"draft_changed"}
    assert await store.draft(row.id) == won[0]


async def test_saving_what_is_there_changes_nothing(store: Store) -> None:
    row = await opened(store)
    after = await store.save_draft(row.id, changed(row, hours=6), OFFICER, NOW)
    again = await store.save_draft(row.id, changed(row, hours=6), SECOND_OFFICER, NOW + SECOND)
    assert again == after


async def test_a_dropped_draft_is_no_longer_listed_and_takes_no_change(store: Store) -> None:
    row = await opened(store)
    dropped = await store.drop_draft(row.id, SECOND_OFFICER, NOW)
    assert dropped.state is DraftState.DROPPED
    assert await store.drafts() == ()
    acts: tuple[Act, ...] = (
        lambda: store.save_draft(row.id, changed(row, hours=6), OFFICER, NOW),
        lambda: store.drop_draft(row.id, OFFICER, NOW),
    )
    for act in acts:
        with pytest.raises(Conflict, match="draft_closed"):
            await act()


async def test_what_is_not_there_cannot_be_found_saved_dropped_or_sent(store: Store) -> None:
    row = await opened(store)
    acts: tuple[Act, ...] = (
        lambda: store.draft(9),
        lambda: store.save_draft(9, changed(row), OFFICER, NOW),
        lambda: store.drop_draft(9, OFFICER, NOW),
    )
    for act in acts:
        with pytest.raises(NotFound, match="draft_not_found"):
            await act()
    with pytest.raises(NotFound, match="draft_not_found"):
        await store.submit(replace(await made_of(store, row), draft=9))


async def test_a_submission_closes_its_draft_and_names_all_who_wrote_in_it(store: Store) -> None:
    row = await opened(store)
    await store.save_draft(row.id, changed(row, hours=6), SECOND_OFFICER, NOW)
    whole = await made_of(store, row)
    number = await store.submit(whole)
    waiting = await store.submission(number)
    assert waiting.acceptance.editors == (SECOND_OFFICER,)
    assert (await store.draft(row.id)).state is DraftState.USED
    assert await store.submit(whole) == number
    assert await store.draft_of(whole.alert.identifier) is None
    await store.accept(waiting.acceptance, number)
    made_from = await store.draft_of(whole.alert.identifier)
    assert made_from is not None
    assert made_from.id == row.id


async def test_an_acceptance_without_approval_closes_its_draft(store: Store) -> None:
    row = await opened(store)
    whole = await made_of(store, row)
    await store.accept(whole)
    await store.accept(whole)
    assert (await store.draft(row.id)).state is DraftState.USED
    assert await store.draft_of(whole.alert.identifier) == await store.draft(row.id)
    entries = [entry async for entry in store.entries()]
    assert [entry.event for entry in entries] == ["draft_opened", "accepted"]
    assert '"draft":1' in entries[-1].body
    assert entries[-1].actor == "officer (uid 1001)"


@pytest.mark.fault(100)
@pytest.mark.fault(103)
async def test_two_who_hand_in_one_draft_make_one_alert(store: Store) -> None:
    row = await opened(store)
    first, second = await made_of(store, row, "first"), await made_of(store, row, "second")
    done = await asyncio.gather(store.accept(first), store.accept(second), return_exceptions=True)
    assert sorted(isinstance(each, Conflict) for each in done) == [False, True]
    assert len(await store.board(NOW)) == 1


async def test_a_refused_hand_in_leaves_the_draft_open(store: Store) -> None:
    row = await opened(store)
    await store.accept(acceptance(alert(*await store.next_serial(None)), key="k"))
    with pytest.raises(Conflict, match="key_reused"):
        await store.accept(replace(await made_of(store, row, "k"), body_digest="other"))
    assert (await store.draft(row.id)).state is DraftState.OPEN


async def test_what_was_handed_back_can_be_mended(store: Store) -> None:
    row = await opened(store)
    number = await store.submit(await made_of(store, row))
    await store.hand_back(number, SECOND_OFFICER, NOW, "the river is wrong")
    again = await store.draft(row.id)
    assert (again.state, again.version, again.alert) == (DraftState.OPEN, 2, "")
    await store.save_draft(row.id, changed(again, hours=6), OFFICER, NOW)
    assert await store.submit(await made_of(store, row, "k2")) == number + 1


async def test_the_trail_names_each_person_once_and_not_each_keystroke(store: Store) -> None:
    row = await opened(store)
    for step in range(5):
        row = await store.save_draft(row.id, changed(row, hours=step + 1), OFFICER, NOW + timedelta(seconds=step))
    row = await store.save_draft(row.id, changed(row, hours=9), THIRD, NOW)
    await store.drop_draft(row.id, THIRD, NOW)
    entries = [entry async for entry in store.entries()]
    assert [(entry.event, entry.actor) for entry in entries] == [
        ("draft_opened", "officer (uid 1001)"),
        ("draft_joined", "third officer"),
        ("draft_dropped", "third officer"),
    ]
