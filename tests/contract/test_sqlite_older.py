"""An older store in the place of the newer one is noticed by the head beside it; nothing of it goes out by itself."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from broadcaster import audit
from broadcaster.model import Mode, State
from broadcaster.ports.store import Decision, Verb
from broadcaster.store import Store, open_store, restore
from broadcaster.store.head import Remembered, beside
from tests.contract.conftest import SqliteBackend
from tests.contract.values import HOUR, NOW, OFFICER, accepted, claim, planned

PLAN = [planned(name) for name in ("twitter", "mail")]
CHANNELS = ("twitter", "mail")


async def events(store: Store) -> list[str]:
    return [entry.event async for entry in store.entries()]


async def started(backend: SqliteBackend) -> list[str]:
    """Start once more; return what the chain then holds."""
    async with backend.open() as store:
        await store.begin("node", NOW + HOUR)
        return await events(store)


async def nothing_goes_out(store: Store, incident: int) -> None:
    found = (await store.alert(f"{incident}-1")).deliveries
    assert {each.channel: each.state for each in found} == dict.fromkeys(CHANNELS, State.HELD)
    assert all(each.possible_duplicate for each in found)
    epoch = await store.begin("node", NOW + HOUR)
    assert [await store.claim(claim(epoch, name, now=NOW + HOUR)) for name in CHANNELS] == [(), ()]


@pytest.mark.fault(27)
async def test_a_copy_put_back_by_hand_is_held_for_a_person(backend: SqliteBackend, tmp_path: Path) -> None:
    async with backend.open() as store:
        (first, *_) = await accepted(store, plan=PLAN)
    shutil.copy(backend.path, tmp_path / "copy.db")
    async with backend.open() as store:
        epoch = await store.begin("node", NOW)
        assert await store.claim(claim(epoch, "twitter")), "it goes out after the copy was made"
        (lost, *_) = await accepted(store, plan=PLAN)
        edition = await store.new_edition(NOW, Mode.LIVE)
    shutil.copy(tmp_path / "copy.db", backend.path)
    async with backend.open() as store:
        await store.begin("node", NOW + HOUR)
        await nothing_goes_out(store, first.incident)
        assert (await store.new_edition(NOW + HOUR, Mode.LIVE)).number > edition.number, "I13"
        assert (await store.next_serial(None))[0] > lost.incident
        assert (await events(store)).count("older_store") == 1
        assert (await audit.verify_trail(store))[1] is None
        released = await store.decide(first.id, Decision(verb=Verb.RELEASE, actor=OFFICER, at=NOW, why="not sent"))
        assert released.state is State.READY
    assert (await started(backend)).count("older_store") == 1, "from then on it is the store"


@pytest.mark.fault(26)
@pytest.mark.parametrize("gone", ["log", "store"])
async def test_a_store_without_its_log_is_noticed(backend: SqliteBackend, tmp_path: Path, gone: str) -> None:
    """The files as a kill leaves them; then the log is deleted, or everything but the head."""
    left = SqliteBackend(tmp_path / "left")
    left.path.parent.mkdir(parents=True)
    async with backend.open() as store:
        await accepted(store, plan=PLAN)
        for side in ("", "-wal", "-head"):
            shutil.copy(f"{backend.path}{side}", f"{left.path}{side}")
    Path(f"{left.path}-wal").unlink()
    if gone == "store":
        left.path.unlink()
    async with left.open() as store:
        await store.begin("node", NOW)
        assert await events(store) == ["older_store", "started"]
        assert (await store.next_serial(None))[0] > 100, "no number is used twice"


async def test_whatever_a_kill_leaves_is_the_same_store(backend: SqliteBackend, tmp_path: Path) -> None:
    left = SqliteBackend(tmp_path / "left")
    left.path.parent.mkdir(parents=True)
    async with backend.open() as store:
        await accepted(store, plan=PLAN)
        shutil.copy(f"{backend.path}-head", f"{left.path}-head")
        await accepted(store, plan=PLAN)  # the head lags
        for side in ("", "-wal"):
            shutil.copy(f"{backend.path}{side}", f"{left.path}{side}")
    assert "older_store" not in await started(left)


@pytest.mark.fault(26)
async def test_another_store_as_long_is_noticed(backend: SqliteBackend, tmp_path: Path) -> None:
    async with backend.open() as store:
        await accepted(store, plan=PLAN)
    async with open_store(tmp_path / "other.db", Mode.LIVE) as store:
        await accepted(store, plan=[planned("page")])
    shutil.copy(tmp_path / "other.db", backend.path)
    assert "older_store" in await started(backend)


@pytest.mark.parametrize("left", [b"", b"head 00000000000000000009 abc 0", b"head \xff 12", b"head 9 12 345678\n"])
async def test_a_torn_head_proves_nothing(backend: SqliteBackend, left: bytes) -> None:
    async with backend.open() as store:
        await accepted(store, plan=PLAN)
    beside(backend.path).write_bytes(left)
    assert Remembered(backend.path).read() == audit.START
    assert "older_store" not in await started(backend)
    async with backend.open(read_only=True) as store:
        assert Remembered(backend.path).read() == await store.head()


async def test_a_head_that_cannot_be_written_stops_nothing(backend: SqliteBackend) -> None:
    beside(backend.path).mkdir(parents=True)
    async with backend.open() as store:
        await accepted(store, plan=PLAN)
    assert "older_store" not in await started(backend)


async def test_a_restore_is_no_older_store(backend: SqliteBackend, tmp_path: Path) -> None:
    async with backend.open() as store:
        await store.back_up(tmp_path / "copy.db")
        await accepted(store, plan=PLAN)
    restore(tmp_path / "copy.db", backend.path, Mode.LIVE, OFFICER, NOW)
    found = await started(backend)
    assert "restored" in found
    assert "older_store" not in found
