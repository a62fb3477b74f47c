"""kill -9 of a real process at every named moment of acceptance, recording, recovery and migration."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from broadcaster import audit
from broadcaster.errors import NotFound
from broadcaster.model import Mode, State
from broadcaster.store import Store, open_store
from broadcaster.store.driver import sqlite3
from tests.contract.child import KEY, do
from tests.contract.values import NOW, acceptance, alert, planned
from tests.nursery import fate


async def run(path: Path, does: str) -> None:
    assert await fate(do, path, does) == 0


async def killed(path: Path, does: str, failpoints: str) -> None:
    assert await fate(do, path, does, failpoints=failpoints) == -signal.SIGKILL, f"{failpoints} was not passed"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "broadcaster.db"


async def whole(store: Store) -> bool:
    """What holds after any kill: the chain verifies, and what is counted is what is there."""
    return (await audit.verify_trail(store))[1] is None


@pytest.mark.fault(1)
@pytest.mark.parametrize("point", ["a0", "a1", "a2"])
async def test_killed_before_the_commit_nothing_is_accepted(path: Path, point: str) -> None:
    await killed(path, "accept", point)
    async with open_store(path, Mode.LIVE) as store:
        assert await store.known(KEY) is None
        assert await store.counts() == {}
        assert await whole(store)
        number, version = await store.next_serial(None)
        await store.accept(acceptance(alert(number, version), key=KEY))
        assert await whole(store)


@pytest.mark.fault(2)
async def test_killed_after_the_commit_it_is_there_under_its_key(path: Path) -> None:
    await killed(path, "accept", "a3")
    async with open_store(path, Mode.LIVE) as store:
        known = await store.known(KEY)
        assert known is not None
        assert known.alert is not None
        row = await store.alert(known.alert)
        again = acceptance(row.alert, key=KEY, plan=[planned("twitter"), planned("mail")])
        assert await store.accept(again) == row.deliveries
        assert await store.counts() == {"twitter": {"ready": 1}, "mail": {"ready": 1}}
        assert await whole(store)


async def test_killed_before_a_result_is_committed_it_is_in_doubt(path: Path) -> None:
    await run(path, "accept")
    await killed(path, "record", "w3")
    async with open_store(path, Mode.LIVE) as store:
        await store.begin("node", NOW)
        (doubt,) = await store.doubts("twitter", NOW.replace(hour=23), 10)
        assert doubt.delivery.ref == ""
        assert await whole(store)


@pytest.mark.fault(5)
@pytest.mark.parametrize("points", [["r1"], ["r2"], ["r3"], ["r4"], ["r3", "r2"], ["r4", "r4"], ["r1", "r4"]])
async def test_recovery_killed_at_any_step_and_again_is_recovery_done_once(path: Path, points: list[str]) -> None:
    await run(path, "accept")
    await run(path, "send")
    for point in points:
        await killed(path, "begin", point)
    async with open_store(path, Mode.LIVE) as store:
        await store.begin("node", NOW)
        (row,) = await store.board(NOW)
        delivery = row.deliveries[0]
        assert delivery.state is State.IN_DOUBT
        assert [each.reason for each in await store.attempts(delivery.id)] == ["restart"]
        assert await whole(store)


@pytest.mark.fault(28)
@pytest.mark.parametrize("point", ["g1", "g2"])
async def test_a_killed_migration_leaves_no_part_of_it(path: Path, point: str) -> None:
    await killed(path, "nothing", point)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
    connection.close()
    async with open_store(path, Mode.LIVE) as store:
        with pytest.raises(NotFound):
            await store.delivery(1)
        assert await whole(store)
