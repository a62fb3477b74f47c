"""The engine: one thread that owns the only writing connection, and readers on their own.

Callers bring work; whatever has come while the last commit was being synced is done in the next transaction, each
piece under a savepoint of its own, and told only after that commit. So a caller waits for one sync, not for one per
caller before it, and a piece that fails takes nobody else's with it. Pieces of one kind that stand beside one another
are done at once, since a statement for all costs little more than a statement for one; if that fails, one by one.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from broadcaster.errors import StoreError, StoreFull, StoreUnknown
from broadcaster.store.checkpointing import Checkpointer
from broadcaster.store.driver import fatal, sqlite3, translated, whole_group
from broadcaster.store.head import Remembered, head
from broadcaster.store.healing import reopened
from broadcaster.store.opening import connect
from broadcaster.store.spare import Spare
from broadcaster.store.transaction import Tx

T = TypeVar("T")
A = TypeVar("A")
R = TypeVar("R")
_GROUP = 256
"""Pieces of work in one commit at most; what follows them has the next one."""
_READERS = 4
_READ_S = 5.0
"""A snapshot is cut after this long: an old one keeps the write-ahead log from shrinking."""


Together = Callable[[Tx, Sequence[A]], Sequence[R]]
"""Does what several callers bring, and returns as many results in their order."""


class Following(NamedTuple):
    """What is done right after another piece of work, in the next commit: nobody has to wake up in between."""

    work: Together[Any, Any]
    item: Any
    future: asyncio.Future[Any]


@dataclass(slots=True)
class _Job:
    work: Callable[[Tx], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    together: Together[Any, Any] | None = None
    item: Any = None
    result: Any = None
    error: BaseException | None = None


class Writer:
    """The thread, its queue and its connection. The connection is opened here and again after an I/O error."""

    def __init__(self, path: Path, remembered: Remembered, spare: Spare) -> None:
        self._path = path
        self._remembered = remembered
        self._spare = spare
        self._connection: sqlite3.Connection | None = connect(path, write=True)
        self._queue: queue.SimpleQueue[list[_Job] | None] = queue.SimpleQueue()
        self._closed = False
        self._checkpointer = Checkpointer(lambda: connect(path, write=True), spare.lay_again)
        self._thread = threading.Thread(target=self._loop, name="store-writer", daemon=True)
        self._thread.start()

    async def do(self, work: Callable[[Tx], T], *following: Following) -> T:
        """Do the work in a transaction, then what follows it in another; return its result once the first is committed.
        Raise what it raised.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        followers = (_Job(partial(_alone, each), loop, each.future, each.work, each.item) for each in following)
        self._bring([_Job(work, loop, future), *followers])
        return await future

    async def do_together(self, work: Together[A, R], item: A) -> R:
        """Do the work with this item, and with those of other callers who bring the same work at the same time."""
        loop = asyncio.get_running_loop()
        brought = Following(work, item, loop.create_future())
        self._bring([_Job(partial(_alone, brought), loop, brought.future, work, item)])
        done: R = await brought.future
        return done

    def _bring(self, jobs: list[_Job]) -> None:
        if not self._closed:
            self._queue.put(jobs)
            return
        for job in jobs:
            job.future.set_exception(StoreError("store_closed"))

    def stop(self) -> None:
        """Finish what was brought, then end. Blocks."""
        if not self._closed:
            self._closed = True
            self._checkpointer.stop()
            self._queue.put(None)
        self._thread.join()

    def _loop(self) -> None:
        while (first := self._queue.get()) is not None:
            group = list(self._group(first))
            self._do([jobs[0] for jobs in group])
            self._do([job for jobs in group for job in jobs[1:]])
        if self._connection is not None:
            self._connection.close()
        self._remembered.close()

    def _do(self, jobs: list[_Job]) -> None:
        wanted = [job for job in jobs if not job.future.cancelled()]
        if wanted:
            self._commit(wanted)
            _tell(wanted)

    def _group(self, first: list[_Job]) -> Iterator[list[_Job]]:
        """Yield the first and whatever else is there, without waiting for more."""
        yield first
        for _ in range(_GROUP - 1):
            try:
                jobs = self._queue.get_nowait()
            except queue.Empty:
                return
            if jobs is None:
                self._queue.put(None)
                return
            yield jobs

    def _commit(self, group: list[_Job]) -> None:
        """On a full disk the room kept for that is given up, and all is done once more."""
        raised = self._try(group)
        if isinstance(raised, StoreFull) and self._spare.give():
            for job in group:
                job.error = None
            raised = self._try(group)
        if raised is not None:
            for job in group:
                job.error = raised

    def _try(self, group: list[_Job]) -> BaseException | None:
        """Do all of it in one transaction. Return what ended that as a whole: then nothing was done."""
        committing = False
        try:
            connection = self._open()
            changes = connection.total_changes
            connection.execute("BEGIN IMMEDIATE")
            transaction = Tx(connection)
            for jobs in _runs(group):
                _attempt_all(connection, transaction, jobs)
            last, committing = head(transaction), True
            connection.execute("COMMIT")
            self._remembered.note(last)
            self._checkpointer.grown(connection.total_changes - changes)
        except Exception as error:  # noqa: BLE001 (handed to every caller, none is swallowed)
            raised = translated(error, committing=committing)
            self._undo(drop=fatal(error) or isinstance(raised, StoreUnknown))
            return raised
        return None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = reopened(self._path)
        return self._connection

    def _undo(self, *, drop: bool) -> None:
        """After an I/O error the connection is dropped: what it believes of the file may be wrong."""
        if self._connection is None:
            return
        with suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        if drop or self._connection.in_transaction:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


def _alone(brought: Following, tx: Tx) -> Any:
    return brought.work(tx, (brought.item,))[0]


def _runs(group: Sequence[_Job]) -> Iterator[list[_Job]]:
    """Yield the jobs in their order: those of one kind that stand beside one another together, others alone."""
    for kind, jobs in groupby(group, key=lambda job: job.together):
        if kind is None:
            yield from ([job] for job in jobs)
        else:
            yield list(jobs)


def _attempt_all(connection: sqlite3.Connection, transaction: Tx, jobs: list[_Job]) -> None:
    """Do jobs of one kind at once; where that fails, one by one, so that only the failing one fails."""
    together = jobs[0].together
    if together is None or len(jobs) == 1:
        for job in jobs:
            _attempt(connection, transaction, job)
        return
    connection.execute("SAVEPOINT jobs")
    try:
        results = together(transaction, [job.item for job in jobs])
    except Exception as error:
        if whole_group(error) or not connection.in_transaction:
            raise
        connection.execute("ROLLBACK TO jobs")
        for job in jobs:
            _attempt(connection, transaction, job)
    else:
        for job, result in zip(jobs, results, strict=True):
            job.result = result
    connection.execute("RELEASE jobs")


def _attempt(connection: sqlite3.Connection, transaction: Tx, job: _Job) -> None:
    """Do one piece of work. Raise only what ends the whole transaction."""
    connection.execute("SAVEPOINT job")
    try:
        job.result = job.work(transaction)
    except Exception as error:
        if whole_group(error) or not connection.in_transaction:
            raise
        connection.execute("ROLLBACK TO job")
        job.error = translated(error)
    connection.execute("RELEASE job")


def _tell(group: list[_Job]) -> None:
    """One wake-up per event loop, however many callers wait."""
    for loop in {job.loop for job in group}:
        with suppress(RuntimeError):  # the loop has been closed: nobody is waiting any more
            loop.call_soon_threadsafe(_settle, [job for job in group if job.loop is loop])


def _settle(jobs: list[_Job]) -> None:
    for job in jobs:
        if job.future.done():
            continue
        if job.error is None:
            job.future.set_result(job.result)
        else:
            job.future.set_exception(job.error)


class Readers:
    """A few threads with a read-only connection each. Every piece of work sees one snapshot."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._all: list[sqlite3.Connection] = []
        self._pool = ThreadPoolExecutor(_READERS, thread_name_prefix="store-reader")
        self._closed = False

    async def do(self, work: Callable[[Tx], T], *, limit_s: float = _READ_S) -> T:
        """Do the work on a snapshot; it is cut off after `limit_s` seconds. Raise what it raised, or `StoreError`."""
        if self._closed:
            raise StoreError("store_closed")
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._read, work, limit_s)

    def stop(self) -> None:
        """Wait for those reading, then close. Blocks."""
        self._closed = True
        self._pool.shutdown(wait=True)
        for connection in self._all:
            connection.close()
        self._all.clear()

    def _read(self, work: Callable[[Tx], T], limit_s: float) -> T:
        connection = self._connection()
        until = time.monotonic() + limit_s
        connection.set_progress_handler(lambda: time.monotonic() > until, 50_000)
        try:
            connection.execute("BEGIN")
            return work(Tx(connection))
        except Exception as error:
            if fatal(error):
                self._forget(connection)
            raised = translated(error)
            if raised is error:
                raise
            raise raised from error
        finally:
            with suppress(sqlite3.Error):
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = connect(self._path, write=False)
            self._local.connection = connection
            self._all.append(connection)
        return connection

    def _forget(self, connection: sqlite3.Connection) -> None:
        self._local.connection = None
        with suppress(ValueError):
            self._all.remove(connection)
        connection.close()
