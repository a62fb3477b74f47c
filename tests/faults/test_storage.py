"""B. Storage: power cuts, a disk that is full, read-only or failing, files that were torn, and too many open files."""

from __future__ import annotations

import asyncio
import hashlib
import json
import resource
import signal
import socket
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from broadcaster.bootstrap.instance import free_bytes
from broadcaster.desk import Desk
from broadcaster.errors import Refused, SchemaMismatch, ServiceUnreachable, StoreError
from broadcaster.model import Draft, Mode, Subscriber
from broadcaster.store import FILE, Spare, open_store
from broadcaster.store.driver import sqlite3
from tests.desk.world import OFFICER, world
from tests.faults.kit import http, needs
from tests.faults.kit.disk import small_disk
from tests.faults.kit.invariants import Scene, check
from tests.faults.kit.life import Life, life
from tests.faults.kit.strace import Strike, struck
from tests.faults.kit.waiting import until
from tests.faults.loops import power

pytestmark = pytest.mark.timeout(120)
X = ("twitter",)
KEY = "the client's key"
KILLED = -signal.SIGKILL


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Life]:
    async with life(tmp_path, start=False) as made:
        yield made


# ---------------------------------------------------------------- power


@pytest.mark.fault(15)
async def test_power_goes_at_any_write_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    disk = await power.record(tmp_path, 5, power.OFTEN)
    found = await asyncio.to_thread(power.run, disk, 40, 15)
    assert (found.cuts, found.lost, found.broken) == (40, [], [])
    assert found.told > 300


@pytest.mark.fault(15)
async def test_the_bench_sees_a_store_that_does_not_sync(tmp_path: Path) -> None:
    disk = await power.record(tmp_path, 5, power.OFTEN, "PRAGMA synchronous = NORMAL")
    found = await asyncio.to_thread(power.run, disk, 40, 15, ("drop",))
    assert found.lost


@pytest.mark.fault(16)
async def test_a_torn_last_frame_is_left_out_and_an_older_commit_stays(tmp_path: Path) -> None:
    disk = await power.record(tmp_path, 3)
    found = await asyncio.to_thread(power.run, disk, 30, 16, ("tear", "noise"))
    assert (found.cuts, found.lost, found.broken) == (30, [], [])


@pytest.mark.fault(16)
async def test_a_bit_that_flips_in_the_last_frame_is_left_out_and_told(town: Life) -> None:
    town.start()
    await town.answering()
    first = await town.say()
    await town.settled()
    await town.kill()
    log = town.store.with_name(town.store.name + "-wal")
    with log.open("r+b") as file:
        file.seek(-100, 2)
        byte = file.read(1)
        file.seek(-100, 2)
        file.write(bytes([byte[0] ^ 1]))
    town.start()
    await town.answering()
    assert "store_log_torn" in town.log.read_text(encoding="utf-8")
    await town.settled()
    await town.end()
    assert town.query("SELECT identifier FROM alert") == [(first,)]
    assert check(town.store, Scene(mode="live", acknowledged=[first])) == []


# ---------------------------------------------------------------- full, read-only, failing


@pytest.mark.fault(17)
@pytest.mark.fault(18)
async def test_a_full_disk_refuses_keeps_results_in_memory_and_heals(tmp_path: Path) -> None:
    with small_disk(tmp_path / "data") as disk:
        async with life(tmp_path) as town:
            answer = asyncio.Event()
            town.x.script(http.late(answer))
            sending = await town.say(draft=replace(town.draft(), channels=X))
            await town.x.arrived.wait()
            disk.fill()
            draft = town.draft()
            with pytest.raises(StoreError, match="store_full"):
                await fill_up(town)
            answer.set()
            await until(lambda: "record_failed" in town.tail(), 20, town.tail)
            # Of those that filled the disk one may have been claimed, too.
            assert town.states("sending") >= 1, "the result is kept in memory"
            disk.free()
            await until(lambda: not town.states("sending"), 20, town.tail)
            assert town.core is not None
            assert town.core.alive
            await town.say(draft=draft)
            await town.settled()
            (await town.verdict()).holds()
            states = dict(town.query("SELECT identifier, state FROM delivery WHERE channel = 'twitter'"))
            assert states[sending] in ("accepted", "confirmed")
            assert town.query("SELECT count(*) FROM attempt WHERE reason = 'restart'") == [(0,)]


@pytest.mark.fault(19)
async def test_with_no_room_what_can_wait_is_refused_and_an_emergency_has_the_room_kept_for_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with small_disk(data) as disk:
        spare = Spare(data / FILE, size=1 << 20, room=1 << 20)
        spare.lay()
        async with world(tmp_path, Mode.LIVE) as made:
            free = partial(free_bytes, made.config)
            desk = Desk(made.desk.office.context, made.channels, made.store, free=free)
            here = replace(made, desk=desk)
            disk.fill()
            (said,) = (await desk.board()).disk
            assert (said.code, said.params) == ("space_gone", {"free_mb": 0})
            with pytest.raises(Refused, match="space_scarce"):
                await here.send(await here.draft("shelter-opened"))
            with pytest.raises(Refused, match="space_scarce"):
                await desk.put_subscribers([Subscriber(address="a@example.jp")], OFFICER)
            for _ in range(20):
                assert (await here.send(await here.draft())).accepted
                if not spare.path.exists():
                    break
            assert not spare.path.exists(), "it was not needed"
            disk.free()


@pytest.mark.fault(19)
def test_the_room_that_was_used_is_set_aside_again(tmp_path: Path) -> None:
    with small_disk(tmp_path, 2 << 20) as disk:
        spare = Spare(tmp_path / FILE, size=1 << 20, room=1 << 19)
        spare.lay()
        assert spare.path.stat().st_blocks * 512 == 1 << 20, "it is really there, not only long"
        disk.fill()
        assert spare.give()
        assert not spare.give()
        spare.lay_again()
        assert not spare.path.exists(), "while there is no room it is not taken"
        disk.free()
        spare.lay_again()
        assert spare.path.exists()
        assert not spare.given


async def fill_up(town: Life) -> None:
    """The log may still have room inside its last block: hand in until it has none."""
    for number in range(20):
        await town.hand_in(replace(town.draft(), channels=X), f"{KEY} {number}")


@pytest.mark.fault(20)
async def test_a_disk_turned_read_only_sends_nothing(town: Life) -> None:
    needs("strace")
    core = town.start("a3")
    saying = asyncio.create_task(town.say(draft=replace(town.draft(), channels=X)))
    await core.ended()
    core = town.start("w0=stop")
    writes = (Strike(call=call, what="error=EROFS", when="1+") for call in ("pwrite64", "write", "ftruncate"))
    async with struck(core, *writes, paths=[town.store, log_of(town)]):
        with pytest.raises((StoreError, ServiceUnreachable)):
            await town.hand_in(town.draft(), KEY)
        await until(lambda: not core.alive or "record_failed" in town.tail(), 20, town.tail)  # of the look at the doubt
        assert not town.x.posts
    with suppress(TimeoutError):  # a claim that may or may not hold ends the core, a refused write does not
        await core.ended(2)
        town.start()
    await saying
    await town.settled()
    (await town.verdict()).holds()
    assert len(town.x.posts) == 1


def log_of(town: Life) -> Path:
    return town.store.with_name(town.store.name + "-wal")


@pytest.fixture
async def calm(tmp_path: Path) -> AsyncIterator[Life]:
    """An instance in which nothing is written by itself for a while: its clock runs as ours does."""
    async with life(tmp_path, start=False, speed=1.0) as made:
        yield made


@pytest.mark.fault(21)
async def test_a_sync_that_fails_is_unknown_and_looked_at_before_going_on(calm: Life) -> None:
    async with unsynced(calm) as draft:
        pass
    await calm.say(draft=draft, key=KEY)
    await calm.settled()
    assert int(calm.query("SELECT value FROM meta WHERE key = 'healed'")[0][0]) >= 1, "it was opened anew and checked"
    (await calm.verdict()).holds()
    assert len(calm.x.posts) == 1


@pytest.mark.fault(22)
async def test_a_commit_that_raised_but_holds_is_the_same_message_under_its_key(calm: Life) -> None:
    """The file cannot be opened anew, so that nothing takes the place of what was written before the kill."""
    async with unsynced(calm, Strike(call="openat", what="error=EMFILE", when="1+")) as draft:
        await calm.kill()
    calm.start()
    await calm.answering()
    held = calm.query("SELECT identifier FROM alert")
    assert len(held) == 1, "its frames were written; only the sync had failed"
    assert await calm.say(draft=draft, key=KEY) == held[0][0]
    await calm.settled()
    (await calm.verdict()).holds()
    assert len(calm.x.posts) == 1


@asynccontextmanager
async def unsynced(town: Life, *strikes: Strike) -> AsyncGenerator[Draft, None]:
    """Hand in a draft, and from just before its commit on let every sync of the log fail, and what `strikes` say."""
    needs("strace")
    core, draft = town.start("a2=stop"), replace(town.draft(), channels=X)
    await town.answering()
    await asyncio.to_thread(town.client.board)  # somebody reads: the log is not cleared away with its only writer
    handing_in = asyncio.create_task(town.hand_in(draft, KEY))
    every_sync = Strike(call="fsync", what="error=EIO", when="1+")
    async with struck(core, every_sync, *strikes, paths=[town.store, log_of(town)]):
        with pytest.raises(StoreError, match="store_unknown"):
            await handing_in
        yield draft


# ---------------------------------------------------------------- migration, publishing, open files


@pytest.mark.fault(28)
async def test_a_killed_migration_leaves_no_part_of_it(tmp_path: Path) -> None:
    async with life(tmp_path, bare=True, start=False) as town:
        for point in ("g1", "g2"):
            assert await town.start(point).ended() == KILLED
            with closing(sqlite3.connect(town.store)) as connection:
                assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
        await town.furnish(3)
        town.start()
        await town.answering()
        await town.say(draft=replace(town.draft(), channels=X))
        await town.settled()
        (await town.verdict()).holds()


@pytest.mark.fault(28)
async def test_a_store_of_a_newer_version_is_refused_and_left_alone(town: Life) -> None:
    with closing(sqlite3.connect(town.store)) as connection:
        connection.execute("PRAGMA user_version = 9999")
    before = town.store.read_bytes()
    assert await town.start().ended() != 0
    assert town.store.read_bytes() == before
    with pytest.raises(SchemaMismatch, match="store_newer"):
        open_store(town.store, Mode.LIVE)


@pytest.mark.fault(29)
@pytest.mark.parametrize("point", ["p0", "p1", "p2", "p3"])
async def test_killed_while_publishing_the_page_is_whole(town: Life, point: str) -> None:
    town.start()
    await town.answering()
    first = await town.say(draft=replace(town.draft(), channels=("page",)))
    await town.settled()
    before = whole_editions(town)
    await town.kill()
    core = town.start(point)
    saying = asyncio.create_task(town.say(of=first, draft=replace(town.draft(), channels=("page",))))
    assert await core.ended() == KILLED
    town.look()
    after = whole_editions(town)
    assert all(one >= other for one, other in zip(after, before, strict=True))
    assert after != before or point != "p3"
    town.start()
    await saying
    await town.settled()
    assert whole_editions(town)[0] > before[0]
    (await town.verdict()).holds()


def whole_editions(town: Life) -> list[int]:
    """Return the numbers of what residents get, page and feeds, once every file is seen to be what it should."""
    return [whole(town.folder / "data" / channel / "public") for channel in ("page", "feeds")]


def whole(public: Path) -> int:
    if not public.exists():
        return 0
    manifest = json.loads((public / "edition.json").read_bytes())
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((public / name).read_bytes()).hexdigest() == digest, name
    return int(manifest["number"])


@pytest.mark.fault(30)
async def test_too_many_open_files_shed_visitors_and_not_deliveries(town: Life) -> None:
    core = town.start()
    resource.prlimit(core.pid, resource.RLIMIT_NOFILE, (64, 64))
    await town.answering()
    visitors = [visitor(town) for _ in range(100)]
    assert await asyncio.to_thread(visitors[-1].recv, 1) == b"", "the last one is turned away"
    assert len(list(Path(f"/proc/{core.pid}/fd").iterdir())) < 56, "there is room for deliveries"
    for each in visitors[:8]:
        each.close()
    await town.say()
    await town.settled()
    for each in visitors:
        each.close()
    assert core.alive
    (await town.verdict()).holds()


def visitor(town: Life) -> socket.socket:
    """Return a connection that says nothing."""
    made = socket.socket(socket.AF_UNIX)
    made.settimeout(20)
    with suppress(OSError):
        made.connect(str(town.stage.socket))
    return made
