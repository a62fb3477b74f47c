"""Copies while it runs, and a restore after which nothing goes out by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from broadcaster import audit
from broadcaster.errors import StoreBusy, StoreCorrupt, StoreError, WrongMode
from broadcaster.model import Kind, Mode, State
from broadcaster.officers import codes
from broadcaster.ports.store import Breaking, Settlement
from broadcaster.store import Store, open_store, restore, verify
from broadcaster.store.driver import sqlite3
from tests.contract.conftest import SqliteBackend
from tests.contract.values import HOUR, NOW, OFFICER, acceptance, accepted, alert, attempt, claim, planned, resident
from tests.desk.persons import seat

PLAN = [planned(name) for name in ("twitter", "mail", "page", "feeds")]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return tmp_path / "copy.db"


async def busy(store: Store) -> int:
    """Bring a store into the middle of work: ready, sending, in doubt, accepted. Return the incident."""
    await store.put((resident(number) for number in range(300)), OFFICER, NOW)
    twitter, *_ = await accepted(store, plan=PLAN)
    epoch = await store.begin("node", NOW)
    for channel, end in (
        ("page", Settlement(state=State.ACCEPTED, due_at=NOW)),
        ("feeds", Settlement(state=State.IN_DOUBT, due_at=NOW, doubt_since=NOW)),
    ):
        (work,) = await store.claim(claim(epoch, channel))
        await store.record(work.delivery, epoch, attempt(work.delivery), end)
    (mail,) = await store.claim(claim(epoch, "mail"))
    await store.claim_recipients(mail.delivery.id, epoch, NOW, 10)
    return twitter.incident


async def states(store: Store, incident: int) -> dict[str, State]:
    return {each.channel: each.state for each in (await store.alert(f"{incident}-1")).deliveries}


async def test_a_copy_of_a_running_store_is_whole_and_one_file(store: Store, copy: Path) -> None:
    incident = await busy(store)
    told: list[tuple[int, int]] = []
    await store.back_up(copy, lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1] > 0
    assert [path.name for path in copy.parent.iterdir() if path.is_file()] == ["copy.db"]
    verify(copy, Mode.LIVE)
    async with open_store(copy, Mode.LIVE, read_only=True) as copied:
        assert await copied.head() == await store.head()
        assert await states(copied, incident) == await states(store, incident)


@pytest.mark.fault(27)
async def test_after_a_restore_nothing_unsent_goes_out_by_itself(backend: SqliteBackend, copy: Path) -> None:
    async with backend.open() as store:
        incident = await busy(store)
        edition = await store.new_edition(NOW, Mode.LIVE)
        await store.back_up(copy)
        lost = [await accepted(store, plan=PLAN) for _ in range(3)]
        for _ in range(5):
            edition = await store.new_edition(NOW, Mode.LIVE)
    done = restore(copy, backend.path, Mode.LIVE, OFFICER, NOW + HOUR)
    assert (done.held, done.doubts) == (2, 1)
    async with backend.open() as store:
        assert await states(store, incident) == {
            "twitter": State.HELD,
            "mail": State.HELD,
            "page": State.ACCEPTED,
            "feeds": State.NEEDS_HUMAN,
        }
        epoch = await store.begin("node", NOW + HOUR)
        for channel in ("twitter", "mail", "page", "feeds"):
            assert await store.claim(claim(epoch, channel, now=NOW + HOUR)) == ()
            assert await store.doubts(channel, NOW + HOUR, 10) == ()
        assert all(each.possible_duplicate for each in await store.sweep(NOW + 7 * HOUR))
        assert (await store.new_edition(NOW + HOUR, Mode.LIVE)).number > edition.number, "I13"
        number, _ = await store.next_serial(None)
        assert number > max(each[0].incident for each in lost)
        assert (await audit.verify_trail(store))[1] is None
        assert "restored" in [entry.event async for entry in store.entries()]


async def test_what_is_replaced_is_kept(backend: SqliteBackend, copy: Path) -> None:
    async with backend.open() as store:
        await store.back_up(copy)
        await accepted(store)
    done = restore(copy, backend.path, Mode.LIVE, OFFICER, NOW)
    assert done.replaced is not None
    async with open_store(done.replaced, Mode.LIVE, read_only=True) as kept:
        assert await kept.counts() != {}
    async with backend.open() as store:
        assert await store.counts() == {}
    names = sorted(path.name for path in backend.path.parent.iterdir())
    assert names == [backend.path.name, done.replaced.name]


async def test_a_store_in_use_is_not_replaced(backend: SqliteBackend, copy: Path) -> None:
    async with backend.open() as store:
        await accepted(store)
        await store.back_up(copy)
        with pytest.raises(StoreBusy, match="store_in_use"):
            restore(copy, backend.path, Mode.LIVE, OFFICER, NOW)
        assert (await store.counts())["twitter"] == {"ready": 1}


async def test_a_damaged_store_can_be_replaced(backend: SqliteBackend, copy: Path) -> None:
    async with backend.open() as store:
        await accepted(store)
        await store.back_up(copy)
    with backend.path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 40_960)
    done = restore(copy, backend.path, Mode.LIVE, OFFICER, NOW)
    async with backend.open() as store:
        assert (await store.counts())["twitter"] == {"held": 1}
    assert done.replaced is not None


async def test_a_store_can_be_restored_where_there_is_none(backend: SqliteBackend, copy: Path, tmp_path: Path) -> None:
    async with backend.open() as store:
        await accepted(store)
        await store.back_up(copy)
    fresh = tmp_path / "fresh.db"
    assert restore(copy, fresh, Mode.LIVE, OFFICER, NOW).replaced is None
    verify(fresh, Mode.LIVE)


async def test_a_copy_of_the_other_mode_is_refused(backend: SqliteBackend, copy: Path, tmp_path: Path) -> None:
    async with open_store(tmp_path / "drill.db", Mode.DRILL) as drill:
        await drill.back_up(copy)
    async with backend.open() as store:
        await accepted(store)
    with pytest.raises(WrongMode):
        restore(copy, backend.path, Mode.LIVE, OFFICER, NOW)
    async with backend.open() as store:
        assert (await store.counts())["twitter"] == {"ready": 1}


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit SET actor = 'nobody' WHERE seq = 1", "DELETE FROM audit WHERE seq = 2"],
)
async def test_a_copy_whose_trail_is_broken_is_refused(backend: SqliteBackend, copy: Path, statement: str) -> None:
    async with backend.open() as store:
        await accepted(store)
        await accepted(store)
        await store.back_up(copy)
    connection = sqlite3.connect(copy)
    connection.execute(statement)
    connection.commit()
    connection.close()
    with pytest.raises(StoreCorrupt, match="store_audit_broken"):
        restore(copy, backend.path, Mode.LIVE, OFFICER, NOW)


async def test_a_backup_that_cannot_be_written_leaves_nothing(store: Store, tmp_path: Path) -> None:
    await accepted(store)
    with pytest.raises(StoreError):
        await store.back_up(tmp_path / "nowhere" / "copy.db")
    assert not (tmp_path / "nowhere").exists()


async def test_an_officer_may_release_what_a_restore_held(backend: SqliteBackend, copy: Path) -> None:
    from broadcaster.ports.store import Decision, Verb

    async with backend.open() as store:
        (first, *_) = await accepted(store, kind=Kind.ALERT)
        await store.back_up(copy)
    restore(copy, backend.path, Mode.LIVE, OFFICER, NOW)
    async with backend.open() as store:
        released = await store.decide(first.id, Decision(verb=Verb.RELEASE, actor=OFFICER, at=NOW, why="not sent"))
        assert (released.state, released.possible_duplicate) == (State.READY, True)


@pytest.mark.fault(27)
async def test_a_restore_revives_no_login_and_no_countdown(backend: SqliteBackend, copy: Path) -> None:
    async with backend.open() as store:
        session = await seat(store, "duty-a", NOW)
        number = await store.submit(acceptance(alert(1, 1), plan=PLAN))
        running = Breaking(
            submission=number, actor=OFFICER, reason="alone", digest="d", started_at=NOW, due_at=NOW + HOUR
        )
        await store.start_breaking(running)
        await store.back_up(copy)
    restore(copy, backend.path, Mode.LIVE, OFFICER, NOW)
    async with backend.open() as store:
        found = await store.session(codes.hashed(session))
        assert found is not None
        assert found.ended
        assert await store.breakings() == ()
        assert [each.id for each in await store.submissions()] == [number]
