"""What many bring at once is written at once, and is as if it had been written one by one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from broadcaster import audit
from broadcaster.errors import NotFound
from broadcaster.model import Delivery, Kind, Mode, Outcome, State
from broadcaster.ports.store import Lane, Settlement
from broadcaster.store import Store, migrating, open_store
from broadcaster.store.statements import migration_files
from tests.contract.values import NOW, SECOND, accepted, attempt, claim

ACCEPTED = Settlement(state=State.ACCEPTED, due_at=NOW + SECOND, ref="42", url="https://x.example/42")
DOUBT = Settlement(state=State.IN_DOUBT, due_at=NOW + 5 * SECOND, doubt_since=NOW, reason="lost")


@asynccontextmanager
async def held(store: Store) -> AsyncIterator[None]:
    """The writer waits, so that whatever is brought within is one group."""
    busy, free = threading.Event(), threading.Event()

    def work(_: object) -> None:
        busy.set()
        free.wait(30)

    waiting = asyncio.create_task(store._write(work))
    await asyncio.to_thread(busy.wait, 30)
    yield
    await asyncio.sleep(0)  # whoever was started within brings what they have
    free.set()
    await waiting


async def sent(store: Store, epoch: int, count: int) -> list[Delivery]:
    for _ in range(count):
        await accepted(store)
    return [work.delivery for work in await store.claim(claim(epoch, limit=count))]


async def test_results_brought_at_once_each_count_and_the_chain_holds(store: Store) -> None:
    epoch = await store.begin("node", NOW)
    deliveries = await sent(store, epoch, 5)
    async with held(store):
        telling = [
            asyncio.create_task(
                store.record(each, epoch, attempt(each), DOUBT if place == 3 else ACCEPTED, Lane(tokens=float(place)))
            )
            for place, each in enumerate(deliveries)
        ]
        await asyncio.sleep(0)
    assert await asyncio.gather(*telling) == [True] * 5
    states = [(await store.delivery(each.id)).state for each in deliveries]
    assert states == [State.ACCEPTED] * 3 + [State.IN_DOUBT, State.ACCEPTED]
    assert [len(await store.attempts(each.id)) for each in deliveries] == [1] * 5
    assert (await store.lane("twitter")).tokens == 4.0, "the last one told"
    told = [entry.subject async for entry in store.entries() if entry.event == "recorded"]
    assert told == [f"delivery {each.id}" for each in deliveries]
    assert (await audit.verify_trail(store))[1] is None


async def test_one_that_fails_among_many_fails_alone(store: Store) -> None:
    epoch = await store.begin("node", NOW)
    first, second = await sent(store, epoch, 2)
    nobody = replace(first, id=4711)
    async with held(store):
        telling = [
            asyncio.create_task(store.record(each, epoch, attempt(each), ACCEPTED)) for each in (first, nobody, second)
        ]
        await asyncio.sleep(0)
    told = await asyncio.gather(*telling, return_exceptions=True)
    assert isinstance(told[1], NotFound)
    assert (told[0], told[2]) == (True, True)


async def test_told_twice_at_once_the_second_is_late(store: Store) -> None:
    epoch = await store.begin("node", NOW)
    (delivery,) = await sent(store, epoch, 1)
    async with held(store):
        telling = [asyncio.create_task(store.record(delivery, epoch, attempt(delivery), ACCEPTED)) for _ in range(2)]
        await asyncio.sleep(0)
    assert await asyncio.gather(*telling) == [True, False]
    assert [each.outcome for each in await store.attempts(delivery.id)] == [Outcome.ACCEPTED] * 2
    assert (await store.delivery(delivery.id)).possible_duplicate


async def test_two_versions_of_one_incident_are_never_claimed_together(store: Store) -> None:
    epoch = await store.begin("node", NOW)
    first, _ = await accepted(store)
    await accepted(store, first.incident, Kind.UPDATE)
    (work,) = await store.claim(claim(epoch, limit=10))
    assert work.delivery.version == 2


async def test_an_older_store_keeps_its_texts_and_what_it_owes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, slim = tmp_path / "s.db", next(n for n, each in enumerate(migration_files()) if each.stem.endswith("_slim"))
    with monkeypatch.context() as earlier:
        older = migration_files()[:slim]
        earlier.setattr(migrating, "migration_files", lambda: older)
        async with open_store(path, Mode.LIVE) as store:
            owed, _ = await accepted(store)
    async with open_store(path, Mode.LIVE) as store:
        await accepted(store)
        (newest, oldest) = await store.board(NOW)
        assert owed.alert == oldest.alert.identifier
        assert newest.alert.identifier != owed.alert
        epoch = await store.begin("node", NOW)
        works = await store.claim(claim(epoch))
        assert all(work.message and work.message.alert == work.delivery.alert for work in works)
        for work in works:
            await store.record(work.delivery, epoch, attempt(work.delivery), ACCEPTED)
        rows = await store._read(lambda tx: tx.all("archive.open_alerts", limit=10))
        assert len(rows) == 2, "the page is still owed"
