"""What many bring at once is written at once, and is as if it had been written one by one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from broadcaster import audit
from broadcaster.errors import Conflict, NotFound, StoreError
from broadcaster.model import Delivery, Kind, Mode, Outcome, State
from broadcaster.ports.store import Claim, Lane, Settlement, Work
from broadcaster.store import Store, migrating, open_store
from broadcaster.store.statements import migration_files
from tests.contract.values import NOW, SECOND, acceptance, accepted, alert, attempt, claim

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


class Waiting:
    """A lane that stands by; `wish` is what it asks for, or raises."""

    def __init__(self, wish: Claim | Exception) -> None:
        self.wish = wish
        self.works: Awaitable[tuple[Work, ...]] | None = None

    def ask(self) -> Claim | None:
        if isinstance(self.wish, Exception):
            raise self.wish
        return self.wish

    def hand(self, works: Awaitable[tuple[Work, ...]]) -> None:
        self.works = works

    async def got(self) -> tuple[Work, ...]:
        assert self.works is not None
        return await self.works


async def test_what_is_accepted_is_claimed_right_after_without_a_lane_asking(store: Store) -> None:
    epoch = await store.begin("node", NOW)
    lane, other = Waiting(claim(epoch)), Waiting(claim(epoch, "line"))
    store.stand_by("twitter", lane)
    store.stand_by("line", other)
    commits: list[str] = []
    assert store._writer is not None
    assert store._writer._connection is not None
    said = alert(*await store.next_serial(None))
    store._writer._connection.set_trace_callback(commits.append)
    deliveries = await store.accept(acceptance(said))
    (work,) = await lane.got()
    store._writer._connection.set_trace_callback(None)
    assert commits.count("COMMIT") == 2, "an acceptance waits for no claim"
    assert (work.delivery.state, work.message is not None) == (State.SENDING, True)
    assert await store.delivery(work.delivery.id) == work.delivery
    assert other.works is None, "nothing of it is for that channel"
    assert [each.state for each in deliveries] == [State.READY] * len(deliveries), "as they were accepted"


async def test_an_acceptance_that_is_refused_brings_its_lane_nothing(store: Store) -> None:
    epoch = await store.begin("node", NOW)
    first, _ = await accepted(store)
    await store.claim(claim(epoch))
    lane = Waiting(claim(epoch))
    store.stand_by("twitter", lane)
    with pytest.raises(Conflict):
        await store.accept(acceptance(alert(first.incident, first.version), key="another"))
    assert await lane.got() == ()


async def test_a_lane_that_stumbles_costs_no_acceptance(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    epoch = await store.begin("node", NOW)
    store.stand_by("twitter", Waiting(KeyError("a mistake of ours")))
    await accepted(store)
    assert "cannot follow" in caplog.text
    assert len(await store.claim(claim(epoch))) == 1


async def test_a_lane_that_stands_by_no_more_is_not_asked(store: Store) -> None:
    epoch = await store.begin("node", NOW)
    lane = Waiting(claim(epoch))
    store.stand_by("twitter", lane)
    store.stand_by("twitter", None)
    await accepted(store)
    assert lane.works is None


async def test_a_lane_of_a_closed_store_is_told(store: Store) -> None:
    epoch = await store.begin("node", NOW)
    lane = Waiting(claim(epoch))
    store.stand_by("twitter", lane)
    await store.close()
    with pytest.raises(StoreError):
        await store.accept(acceptance(alert(1, 1)))
    with pytest.raises(StoreError):
        await lane.got()


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
