"""The chain in the store: whatever is done to it behind the store's back is found at the exact entry."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

import pytest

from broadcaster import audit
from broadcaster.audit import Broken, Damage
from broadcaster.model import Mode
from broadcaster.ports.store import Entry
from broadcaster.store import Store, trail
from tests.contract.conftest import SqliteBackend
from tests.contract.values import NOW, OFFICER, accepted, claim


async def verified(store: Store) -> Broken | None:
    return (await audit.verify_trail(store))[1]


async def noted(store: Store, count: int = 6) -> None:
    for number in range(count):
        await store.note(OFFICER, "looked", f"thing {number}", {"number": number, "語": "日本語"}, NOW)


async def test_a_chain_of_everything_verifies(store: Store) -> None:
    await accepted(store)
    epoch = await store.begin("node", NOW)
    await store.claim(claim(epoch))
    await noted(store)
    assert await verified(store) is None
    entries = [entry async for entry in store.entries()]
    assert [entry.seq for entry in entries] == list(range(1, 9))
    assert (await store.head()).hash == entries[-1].hash
    assert [entry.event for entry in entries][:2] == ["accepted", "started"]
    assert entries[-1].actor == "officer (uid 1001)"


async def test_an_empty_chain_verifies(store: Store) -> None:
    assert await verified(store) is None


@pytest.mark.fault(125)
@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE audit SET actor = 'nobody' WHERE seq = 3", Broken(seq=3, damage=Damage.CHANGED)),
        ("UPDATE audit SET at = at + 1 WHERE seq = 3", Broken(seq=3, damage=Damage.CHANGED)),
        ("UPDATE audit SET body = '{}' WHERE seq = 1", Broken(seq=1, damage=Damage.CHANGED)),
        ("UPDATE audit SET hash = 'x' WHERE seq = 6", Broken(seq=6, damage=Damage.CHANGED)),
        ("DELETE FROM audit WHERE seq = 3", Broken(seq=3, damage=Damage.MISSING)),
        ("DELETE FROM audit WHERE seq = 1", Broken(seq=1, damage=Damage.MISSING)),
        ("DELETE FROM audit WHERE seq >= 5", Broken(seq=5, damage=Damage.MISSING)),
        ("DELETE FROM audit", Broken(seq=1, damage=Damage.MISSING)),
        ("UPDATE audit_head SET seq = 4", Broken(seq=5, damage=Damage.BEYOND_HEAD)),
        ("UPDATE audit_head SET hash = 'x'", Broken(seq=6, damage=Damage.BEYOND_HEAD)),
    ],
)
async def test_tampering_is_found_at_the_entry(
    store: Store, backend: SqliteBackend, statement: str, broken: Broken
) -> None:
    await noted(store)
    backend.tamper(statement)
    assert await verified(store) == broken


@pytest.mark.fault(125)
async def test_a_chain_written_anew_as_a_whole_is_found_by_a_head_that_was_kept(
    store: Store, backend: SqliteBackend
) -> None:
    await noted(store)
    kept = audit.head_of((await store.new_edition(NOW, Mode.LIVE)).chain)
    assert kept == await store.head()
    assert (await audit.verify_trail(store, kept))[1] is None
    backend.tamper("DELETE FROM audit", "UPDATE audit_head SET seq = 0, hash = ''")
    await noted(store, 3)
    assert await verified(store) is None
    shorter = (await audit.verify_trail(store, kept))[1]
    assert shorter == Broken(seq=4, damage=Damage.MISSING)
    await store.note(OFFICER, "another", "history", {}, NOW)
    await noted(store, 4)
    longer = (await audit.verify_trail(store, kept))[1]
    assert longer == Broken(seq=6, damage=Damage.DIFFERS)


async def test_entries_written_while_it_is_verified_break_nothing(store: Store) -> None:
    await noted(store, 3)
    walk = audit.Walk(await store.head())
    await noted(store, 2)
    await store.walk(walk.take)
    assert walk.end() is None


@pytest.mark.fault(121)
async def test_a_long_chain_is_verified_beside_the_event_loop(store: Store) -> None:
    """No hash is computed on the loop's thread, and none keeps it waiting for more than a slice."""
    await asyncio.gather(*(store.note(OFFICER, "looked", f"thing {each}", {}, NOW) for each in range(1_000)))
    called, slices = set[str](), list[int]()
    sys.setprofile(lambda frame, event, _: called.add(frame.f_code.co_qualname) if event == "call" else None)
    try:
        found = await audit.verify_trail(store)
    finally:
        sys.setprofile(None)
    assert found == (await store.head(), None)
    assert "verify_trail" in called, "the loop's thread was looked at"
    assert not called & {"Walk.take", "inspect", "_hash", "_entry"}

    def take(entries: Sequence[Entry]) -> bool:
        slices.append(len(entries))
        return True

    await store.walk(take)
    assert (sum(slices), max(slices)) == (1_000, trail._SLICE)
