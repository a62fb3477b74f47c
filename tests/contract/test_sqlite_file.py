"""Whose file it is: foreign, newer, of the other mode, damaged. None of them is touched."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from broadcaster.errors import SchemaMismatch, StoreBusy, StoreCorrupt, StoreError, WrongMode
from broadcaster.model import Mode
from broadcaster.store import Store, checkpointing, migrating, open_store
from broadcaster.store.driver import sqlite3
from broadcaster.store.opening import APPLICATION_ID, connect
from broadcaster.store.statements import migration_files
from tests.contract.values import NOW, OFFICER, accepted


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "broadcaster.db"


async def made(path: Path, mode: Mode = Mode.LIVE) -> None:
    async with open_store(path, mode) as store:
        await accepted(store)


def pragma(path: Path, name: str) -> int:
    connection = sqlite3.connect(path)
    found = int(connection.execute(f"PRAGMA {name}").fetchone()[0])
    connection.close()
    return found


async def test_a_new_store_is_stamped_and_private(path: Path) -> None:
    await made(path)
    assert pragma(path, "application_id") == APPLICATION_ID
    assert pragma(path, "user_version") == len(migration_files())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_everything_is_there_after_opening_again(path: Path) -> None:
    await made(path)
    async with open_store(path, Mode.LIVE) as store:
        assert await store.counts() == {"page": {"ready": 1}, "twitter": {"ready": 1}}


async def test_the_writer_is_as_careful_as_it_must_be(path: Path) -> None:
    async with open_store(path, Mode.LIVE) as store:
        assert store._writer is not None
        connection = store._writer._connection
        assert connection is not None
        found = {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")}
        assert found == {"journal_mode": "wal", "synchronous": 2}
        tables = connection.execute("PRAGMA table_list").fetchall()
        ours = [row for row in tables if row["schema"] == "main" and not row["name"].startswith(("sqlite_", "_sqlite"))]
        assert ours
        assert all(row["strict"] for row in ours)


@pytest.mark.parametrize(("stamped", "asked"), [(Mode.LIVE, Mode.DRILL), (Mode.DRILL, Mode.LIVE)])
@pytest.mark.parametrize("read_only", [True, False])
async def test_a_store_of_the_other_mode_is_refused(path: Path, stamped: Mode, asked: Mode, read_only: bool) -> None:
    await made(path, stamped)
    with pytest.raises(WrongMode):
        open_store(path, asked, read_only=read_only)


@pytest.mark.parametrize("read_only", [True, False])
async def test_a_newer_schema_is_refused_with_both_numbers(path: Path, read_only: bool) -> None:
    await made(path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(SchemaMismatch) as caught:
        open_store(path, Mode.LIVE, read_only=read_only)
    assert caught.value.code == "store_newer"
    assert (caught.value.params["found"], caught.value.params["known"]) == (99, len(migration_files()))


@pytest.mark.parametrize("content", [b"a city's budget\n" * 100, b"SQLite format 3\x00" + b"\x07" * 2_000])
async def test_a_file_that_is_not_ours_is_not_touched(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(StoreCorrupt, match="store_not_ours"):
        open_store(path, Mode.LIVE)
    assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


async def test_a_database_of_another_program_is_refused(path: Path) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE accounts (name TEXT)")
    connection.commit()
    connection.close()
    with pytest.raises(StoreCorrupt, match="store_not_ours"):
        open_store(path, Mode.LIVE)


async def test_reading_makes_no_file(path: Path) -> None:
    with pytest.raises(StoreError, match="store_missing"):
        open_store(path, Mode.LIVE, read_only=True)
    assert not path.exists()


async def test_a_store_opened_for_reading_reads_beside_the_service_and_writes_nothing(path: Path) -> None:
    async with open_store(path, Mode.LIVE) as writing:
        await accepted(writing)
        async with open_store(path, Mode.LIVE, read_only=True) as reading:
            assert (await reading.counts())["twitter"] == {"ready": 1}
            await accepted(writing)
            assert (await reading.counts())["twitter"] == {"ready": 2}
            with pytest.raises(StoreError, match="store_read_only"):
                await reading.begin("node", NOW)


async def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="store_unopenable"):
        open_store(tmp_path / "file" / "broadcaster.db", Mode.LIVE)
    with pytest.raises(StoreError, match="store_unopenable"):
        open_store(tmp_path, Mode.LIVE)


async def test_a_closed_store_says_so(path: Path) -> None:
    store = open_store(path, Mode.LIVE)
    await store.close()
    await store.close()
    with pytest.raises(StoreError, match="store_closed"):
        await store.begin("node", NOW)
    with pytest.raises(StoreError, match="store_closed"):
        await store.counts()


def steps(folder: Path, *scripts: str) -> tuple[Path, ...]:
    """Our steps and some more."""
    more: list[Path] = []
    for number, script in enumerate(scripts, start=len(migration_files()) + 1):
        more.append(folder / f"{number:04d}_more.sql")
        more[-1].write_text(script)
    return (*migration_files(), *more)


async def test_pending_steps_are_all_done_or_none(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await made(path)
    before = pragma(path, "user_version")
    good = "CREATE TABLE first (x INTEGER) STRICT;"
    broken = steps(tmp_path, good, "CREATE TABLE second (x INTEGER) STRICT;\nINSERT INTO nowhere VALUES (1);")
    monkeypatch.setattr(migrating, "migration_files", lambda: broken)
    with pytest.raises(StoreError):
        open_store(path, Mode.LIVE)
    assert pragma(path, "user_version") == before
    mended = steps(tmp_path, good, "CREATE TABLE second (x INTEGER) STRICT;")
    monkeypatch.setattr(migrating, "migration_files", lambda: mended)
    with pytest.raises(SchemaMismatch, match="store_older"):
        open_store(path, Mode.LIVE, read_only=True)
    async with open_store(path, Mode.LIVE) as store:
        assert (await store.counts())["twitter"] == {"ready": 1}
    assert pragma(path, "user_version") == before + 2


async def test_residents_names_are_gone_from_no_other_place(path: Path) -> None:
    """Neither the trail nor an alert's row holds an address."""
    async with open_store(path, Mode.LIVE) as store:
        from tests.contract.values import resident

        await store.put([resident(7)], OFFICER, NOW)
        assert all(resident(7).address not in f"{entry}" for entry in [each async for each in store.entries()])


async def test_the_store_is_the_ports(path: Path) -> None:
    """Every protocol is served; mypy checks the signatures."""
    from broadcaster.ports.store import Archive, AuditTrail, Intake, Outbox, RecipientBook, Subscribers

    def served(store: Store) -> tuple[Intake, Outbox, RecipientBook, Archive, Subscribers, AuditTrail]:
        return (store, store, store, store, store, store)

    async with open_store(path, Mode.LIVE) as store:
        assert len(served(store)) == 6


def test_the_log_is_taken_in_when_it_is_quiet_or_else_before_it_is_long() -> None:
    assert checkpointing.is_time(1, 1, quiet=True)
    assert not checkpointing.is_time(1, 1, quiet=False)
    assert checkpointing.is_time(1, checkpointing.ROWS, quiet=False)
    assert checkpointing.is_time(checkpointing.LATEST, 1, quiet=False)


async def test_the_log_is_taken_in_beside_the_writer(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And tried again where that failed."""
    monkeypatch.setattr(checkpointing, "PAUSE", 0.0)
    await open_store(path, Mode.LIVE).close()
    failed, opened = threading.Event(), threading.Event()

    def opener() -> sqlite3.Connection:
        if not failed.is_set():
            failed.set()
            raise StoreBusy("store_busy")
        opened.set()
        return connect(path, write=True)

    writing = connect(path, write=True)
    writing.execute("CREATE TABLE further (one)")
    assert b"further" not in path.read_bytes()
    checkpointer = checkpointing.Checkpointer(opener)
    for reached in (failed, opened):
        checkpointer.grown(1)
        assert reached.wait(60)
    checkpointer.stop()
    assert b"further" in path.read_bytes()
    writing.close()
