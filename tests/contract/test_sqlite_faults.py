"""A lock held, a full disk, an I/O error in the middle of COMMIT: told in our own words, healed without a restart."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from broadcaster.errors import StoreBusy, StoreCorrupt, StoreError, StoreFull, StoreUnknown
from broadcaster.model import Mode
from broadcaster.store import Store, open_store
from broadcaster.store.driver import sqlite3
from broadcaster.store.transaction import Tx
from tests.contract.conftest import SqliteBackend
from tests.contract.values import NOW, OFFICER, acceptance, accepted, alert, resident

ROUND = 9_000_000
"""Bytes of one commit."""


def writing(store: Store) -> Any:
    """The writer's own connection."""
    assert store._writer is not None
    return store._writer._connection


class Failing:
    """A connection whose COMMIT fails once, before or after it was done."""

    def __init__(self, connection: Any, name: str, *, persisted: bool) -> None:
        self._connection, self._name, self._persisted = connection, name, persisted

    def execute(self, statement: str, *values: Any) -> Any:
        if statement != "COMMIT":
            return self._connection.execute(statement, *values)
        if self._persisted:
            self._connection.execute(statement)
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorname = self._name
        raise error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def fail(store: Store, name: str = "SQLITE_IOERR_FSYNC", *, persisted: bool = False) -> None:
    assert store._writer is not None
    store._writer._connection = Failing(writing(store), name, persisted=persisted)  # type: ignore[assignment]


@contextmanager
def held(path: Path) -> Iterator[None]:
    """The lock is held by somebody else."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@pytest.mark.fault(24)
async def test_a_lock_held_by_another_process_is_waited_for_and_told(store: Store, backend: SqliteBackend) -> None:
    await accepted(store)
    writing(store).execute("PRAGMA busy_timeout = 200")
    with held(backend.path):
        began = time.monotonic()
        results = await asyncio.gather(*(store.begin("node", NOW) for _ in range(20)), return_exceptions=True)
        assert time.monotonic() - began < 3
        assert {type(result) for result in results} == {StoreBusy}
        assert (await store.counts())["twitter"] == {"ready": 1}, "reading goes on"
    assert await store.begin("node", NOW) == 1


@pytest.mark.fault(24)
async def test_a_lock_held_for_a_moment_is_not_noticed(store: Store, backend: SqliteBackend) -> None:
    await accepted(store)
    with held(backend.path):
        waiting = asyncio.ensure_future(store.begin("node", NOW))
        await store.counts()
    assert await waiting == 1


@pytest.mark.fault(17)
@pytest.mark.fault(18)
async def test_a_full_disk_refuses_and_heals_by_itself(store: Store) -> None:
    await accepted(store)
    pages = writing(store).execute("PRAGMA page_count").fetchone()[0]
    writing(store).execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreFull):
        await store.put((resident(number) for number in range(500)), OFFICER, NOW)
    assert (await store.stats()).total == 0
    writing(store).execute("PRAGMA max_page_count = 1000000")
    assert await store.put((resident(number) for number in range(500)), OFFICER, NOW) == (500, 0)


@pytest.mark.fault(21)
async def test_an_io_error_in_commit_is_unknown_and_the_next_one_goes_on(store: Store) -> None:
    await accepted(store)
    before = writing(store)
    number, version = await store.next_serial(None)
    whole = acceptance(alert(number, version), key="k")
    fail(store)
    with pytest.raises(StoreUnknown):
        await store.accept(whole)
    assert writing(store) is None, "the connection is dropped"
    made = await store.accept(whole)
    assert writing(store) not in (None, before)
    assert len(made) == 2
    assert await store.known("k") is not None


@pytest.mark.fault(22)
async def test_a_commit_that_raised_but_holds_is_found_by_its_key(store: Store) -> None:
    number, version = await store.next_serial(None)
    whole = acceptance(alert(number, version), key="k")
    fail(store, persisted=True)
    with pytest.raises(StoreUnknown):
        await store.accept(whole)
    await store.begin("node", NOW)
    assert await store.known("k") is not None
    assert len(await store.accept(whole)) == 2
    assert len(await store.incident(number)) == 1


async def test_everybody_in_the_group_is_told_that_it_is_unknown(store: Store) -> None:
    serials = [await store.next_serial(None) for _ in range(10)]
    fail(store)
    wholes = [acceptance(alert(number, version)) for number, version in serials]
    results = await asyncio.gather(*(store.accept(whole) for whole in wholes), return_exceptions=True)
    unknown = [result for result in results if isinstance(result, StoreUnknown)]
    assert unknown, "at least the first group met the error"
    assert len(await store.board(NOW)) == len(results) - len(unknown)


async def test_no_room_in_commit_is_known_not_to_be_there(store: Store) -> None:
    number, version = await store.next_serial(None)
    fail(store, "SQLITE_FULL")
    with pytest.raises(StoreFull):
        await store.accept(acceptance(alert(number, version)))
    store._writer._connection = writing(store)._connection  # type: ignore[union-attr]
    assert len(await store.accept(acceptance(alert(number, version)))) == 2


@pytest.mark.fault(23)
async def test_a_damaged_file_is_not_written_to_again(store: Store, backend: SqliteBackend) -> None:
    await store.put((resident(number) for number in range(3_000)), OFFICER, NOW)
    writing(store).execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with backend.path.open("r+b") as file:
        file.seek(backend.path.stat().st_size // 2)
        file.write(b"\xff" * 64 * 1024)
    fail(store)
    with pytest.raises(StoreUnknown):
        await store.begin("node", NOW)
    for _ in range(2):
        with pytest.raises(StoreCorrupt):
            await store.begin("node", NOW)


@pytest.mark.fault(25)
async def test_a_snapshot_held_too_long_is_cut(store: Store) -> None:
    await store.put((resident(number) for number in range(3_000)), OFFICER, NOW)

    def endless(tx: Any) -> None:
        while tx.all("people.page", after="", limit=3_000):
            pass

    with pytest.raises(StoreError, match="store_slow"):
        await store._readers.do(endless, limit_s=0.05)
    assert (await store.stats()).total == 3_000


@pytest.mark.fault(25)
async def test_once_it_is_cut_the_log_grows_no_more(backend: SqliteBackend) -> None:
    """More than sixteen megabytes are taken in with each commit; but not while somebody reads what was before."""
    log = backend.path.with_name(backend.path.name + "-wal")
    begun, gate = threading.Event(), threading.Event()

    letters = iter("abcdefgh")  # the same text again would be written nowhere

    def fill(tx: Tx) -> None:
        text = f"printf('%.*c', {ROUND}, '{next(letters)}')"
        tx._connection.execute(f"INSERT OR REPLACE INTO meta (key, value) VALUES ('x', {text})")

    def reading(tx: Tx) -> None:
        tx.all("trail.head")
        begun.set()
        gate.wait(20)
        while tx.all("people.page", after="", limit=1):
            pass

    async with backend.open() as store:
        await store.put([resident(1)], OFFICER, NOW)
        held_open = asyncio.ensure_future(store._readers.do(reading, limit_s=0.1))
        await asyncio.to_thread(begun.wait, 20)
        await store._write(fill)
        await store._write(fill)
        grown = log.stat().st_size
        gate.set()
        with pytest.raises(StoreError, match="store_slow"):
            await held_open
        for _ in range(3):
            await store._write(fill)
        assert grown > 2 * ROUND
        assert log.stat().st_size < 4 * ROUND, "taken in with the first commit after it, and begun anew"


async def test_a_caller_who_gives_up_leaves_the_others_in_peace(store: Store, backend: SqliteBackend) -> None:
    await accepted(store)
    with held(backend.path):
        impatient = asyncio.ensure_future(store.begin("node", NOW))
        patient = asyncio.ensure_future(store.begin("node", NOW))
        await store.counts()
        impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    assert await patient in (1, 2)


async def test_what_was_brought_before_closing_is_done(backend: SqliteBackend) -> None:
    store = backend.open()
    await accepted(store)
    begun = [asyncio.ensure_future(store.begin("node", NOW)) for _ in range(5)]
    await asyncio.sleep(0)
    await store.close()
    assert sorted(await asyncio.gather(*begun)) == [1, 2, 3, 4, 5]
    async with open_store(backend.path, Mode.LIVE) as again:
        assert await again.begin("node", NOW) == 6
