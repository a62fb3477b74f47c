"""Power cuts under the store: a busy morning is recorded once, then the power goes at thousands of moments of it.

`run` prints nothing; `python -m tests.faults.loops.kill` does. With `synchronous=NORMAL` the same bench loses what was
acknowledged, which shows that it can see a loss.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from broadcaster.errors import BroadcasterError
from broadcaster.model import Kind, Mode, Outcome, State
from broadcaster.ports.store import Approval, ApprovalBy, Settlement
from broadcaster.store import Store, open_store
from broadcaster.store.opening import prepare
from tests.contract.direct import Direct, done
from tests.contract.values import (
    NOW,
    OFFICER,
    SECOND,
    acceptance,
    alert,
    attempt,
    claim,
    planned,
    resident,
    served,
)
from tests.faults.kit.invariants import Scene, check
from tests.faults.kit.power import HOW, Cut, Disk, powered, spread
from tests.faults.loops.tally import Found

NAME = "store.db"
GLASS = Approval(actor=OFFICER, by=ApprovalBy.BREAK_GLASS, at=NOW, digest="digest of the texts", reason="alone")
CHANNELS = (planned("twitter"), planned("mail"), planned("page"))
OFTEN = "PRAGMA wal_autocheckpoint = 30"
"""Checkpoints come every few acceptances, so that cuts fall into them too."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a caller was told: this query then finds at least one row, or as many as it was told."""

    words: str
    query: str
    values: tuple[Any, ...]
    rows: int = 1


class Morning:
    """The workload: alerts and updates, dispatch, mail to many, editions, recovery."""

    def __init__(self, store: Store, disk: Disk) -> None:
        self.store = store
        self.disk = disk
        self.epoch = 0

    async def live(self, rounds: int) -> None:
        self.epoch = await self.store.begin("node", NOW)
        self._told("epoch", "SELECT 1 FROM counter WHERE name = 'epoch' AND value >= ?", self.epoch)
        await self.store.put((resident(number) for number in range(40)), OFFICER, NOW)
        self._told("residents", "SELECT 1 FROM subscriber", rows=40)
        for number in range(rounds):
            await asyncio.gather(*(self._accept(None) for _ in range(1 + number % 3)))
            await self._dispatch()
            await self._post()

    async def _accept(self, incident: int | None) -> None:
        serial, version = await self.store.next_serial(incident)
        said = alert(serial, version, Kind.UPDATE if version > 1 else Kind.ALERT)
        whole = replace(acceptance(said, plan=CHANNELS), approvals=(GLASS,))
        made = await self.store.accept(whole)
        query = "SELECT 1 FROM alert a JOIN delivery d ON d.alert = a.id WHERE a.identifier = ?"
        self._told(f"alert {said.serial}", query, said.identifier, rows=len(made))
        if version == 1 and serial % 2:
            await self._accept(serial)

    async def _dispatch(self) -> None:
        for work in await self.store.claim(claim(self.epoch)):
            owed = work.delivery
            query = "SELECT 1 FROM delivery WHERE id = ? AND attempt >= ? AND state <> 'ready'"
            self._told(f"claim of {owed.id}", query, owed.id, owed.attempt)
            done = Settlement(state=State.ACCEPTED, due_at=NOW, ref=str(owed.id))
            await self.store.record(owed, self.epoch, attempt(owed, Outcome.ACCEPTED), done)
            self._told(f"result of {owed.id}", "SELECT 1 FROM delivery WHERE id = ? AND ref = ?", owed.id, str(owed.id))

    async def _post(self) -> None:
        for work in await self.store.claim(claim(self.epoch, "mail", limit=2)):
            owed = work.delivery
            claimed = await self.store.claim_recipients(owed.id, self.epoch, NOW, 20)
            await self.store.record_recipients(owed.id, self.epoch, NOW + SECOND, served(claimed))
            query = "SELECT 1 FROM recipient WHERE delivery = ? AND state = 'accepted'"
            self._told(f"recipients of {owed.id}", query, owed.id, rows=len(claimed))
        edition = await self.store.new_edition(NOW, Mode.LIVE)
        self._told("edition", "SELECT 1 FROM counter WHERE name = 'edition' AND value >= ?", edition.number)

    def _told(self, words: str, query: str, *values: Any, rows: int = 1) -> None:
        self.disk.mark(Told(words, query, values, rows))


async def record(folder: Path, rounds: int = 12, *pragmas: str) -> Disk:
    """Live through a morning on a recording disk. The process ends without closing: the last cut is its end."""
    disk = Disk()
    with powered(disk, *pragmas):
        store = open_store(folder / NAME, Mode.LIVE)
        try:
            await Morning(store, disk).live(rounds)
        finally:
            await store.close()
    return disk


def run(disk: Disk, count: int, seed: int, hows: Sequence[str] = HOW) -> Found:
    """Cut the power `count` times and look at each disk with the real driver."""
    result = Found()
    memory = Path("/dev/shm")
    for cut in disk.cuts(spread(len(disk.ops), count, seed), seed, hows):
        with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
            cut.lay_out(Path(folder))
            _look(cut, Path(folder) / NAME, result)
    return result


def worker(pragmas: Sequence[str], count: int, seed: int) -> Found:
    """Record a morning and cut the power in it: one share of the work, in a process of its own."""
    logging.disable()  # each torn log is told, as it should be
    with tempfile.TemporaryDirectory() as folder:
        disk = asyncio.run(record(Path(folder), 12, *pragmas))
    return run(disk, count, seed)


def _look(cut: Cut, path: Path, result: Found) -> None:
    result.cuts += 1
    result.told += len(cut.marks)
    result.hows[cut.how] += 1
    where = f"cut {cut.position} ({cut.how})"
    try:
        _started_again(path)
    except (BroadcasterError, sqlite3.Error) as error:
        result.broken.append(f"{where}: {error}")
        return
    result.broken += [f"{where}: {words}" for words in check(path, Scene(mode="live", resting=False))]
    with closing(sqlite3.connect(path)) as connection:
        for told in cut.marks:
            if len(connection.execute(told.query, told.values).fetchall()) < told.rows:
                result.lost.append(f"{where}: {told.words}")


def _started_again(path: Path) -> None:
    """What the service does first after the power is back."""
    prepare(path, Mode.LIVE, read_only=False)
    store = Direct(path)
    try:
        done(store.begin("node", NOW + SECOND))
    finally:
        done(store.close())
