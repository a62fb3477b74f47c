"""The store on SQLite: all its parts over one writer and one set of readers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import TracebackType
from typing import Self

from broadcaster.model import Mode
from broadcaster.rules.districts import Districts
from broadcaster.store.archive import Snapshots
from broadcaster.store.automatic import Automatic
from broadcaster.store.backup import Progress, back_up
from broadcaster.store.begun import Begun
from broadcaster.store.canary import Canary
from broadcaster.store.claiming import Claiming
from broadcaster.store.drafts import Sheets
from broadcaster.store.engine import Readers, Writer
from broadcaster.store.feeds import Watched
from broadcaster.store.glass import Glass
from broadcaster.store.head import Remembered
from broadcaster.store.intake import Accepting
from broadcaster.store.ledger import Book
from broadcaster.store.opening import prepare
from broadcaster.store.people import People
from broadcaster.store.recording import Recording
from broadcaster.store.recovery import Recovery
from broadcaster.store.roster import Roster
from broadcaster.store.routine import Routine
from broadcaster.store.spare import Spare
from broadcaster.store.staff import Staff
from broadcaster.store.submissions import Submissions
from broadcaster.store.trail import Trail

NOWHERE = Districts()


class Store(
    Accepting,
    Submissions,
    Sheets,
    Claiming,
    Recording,
    Recovery,
    Book,
    Snapshots,
    People,
    Roster,
    Staff,
    Glass,
    Routine,
    Watched,
    Canary,
    Automatic,
    Trail,
):
    """Serves every protocol of `broadcaster.ports.store`. Close it; or use it with `async with`."""

    def __init__(self, path: Path, mode: Mode, *, read_only: bool, districts: Districts) -> None:
        remembered = Remembered(path)
        if not read_only:
            remembered.compare()
        writer = None if read_only else Writer(path, remembered, Spare(path))
        super().__init__(writer, Readers(path), remembered, Begun(path), districts)
        self._path = path
        self._mode = mode

    async def back_up(self, target: Path, progress: Progress | None = None) -> None:
        """Copy the running store into one file and check the copy. `progress` is called from another thread."""
        await asyncio.to_thread(back_up, self._path, target, self._mode, progress)

    async def close(self) -> None:
        """Finish what was brought and let go of the file. Safe to call twice."""
        await asyncio.to_thread(self._stop)
        self._begun.leave()

    def _stop(self) -> None:
        """The writer last: only a connection that may write takes the log in and leaves a single file."""
        self._readers.stop()
        if self._writer is not None:
            self._writer.stop()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def open_store(path: Path, mode: Mode, *, read_only: bool = False, districts: Districts = NOWHERE) -> Store:
    """Open the store of an instance; make or migrate it first unless `read_only`. `districts` are the city's: by them
    it is told whom an alert concerns; without any only wishes for the very name are met.

    Raise `StoreCorrupt` for a file that is not ours or damaged, `WrongMode` for one of the other mode,
    `SchemaMismatch` for one of a newer version, `StoreBusy` when it is held, or another `StoreError`.
    """
    prepare(path, mode, read_only=read_only)
    return Store(path, mode, read_only=read_only, districts=districts)
