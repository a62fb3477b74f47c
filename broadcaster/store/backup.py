"""Copies of the store: made while it runs, checked afterwards, put back only with everything unsent held for a person.

What that means is in `holding`; an older store that was put back by hand is noticed at the next start (`head`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from broadcaster import audit
from broadcaster.errors import StoreBusy, StoreCorrupt, StoreError
from broadcaster.model import Actor, Mode
from broadcaster.ports.store import Entry
from broadcaster.store import trail
from broadcaster.store.driver import sqlite3, translated
from broadcaster.store.head import beside, head
from broadcaster.store.holding import hold_all
from broadcaster.store.opening import connect, prepare
from broadcaster.store.transaction import Tx

Progress = Callable[[int, int], None]
"""Called with (done, total) pages."""
_STEP = 512
_SIDES = ("-wal", "-shm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restore left for a person: deliveries held, deliveries in doubt, and where the replaced file lies."""

    held: int
    doubts: int
    replaced: Path | None


def back_up(source: Path, target: Path, mode: Mode, progress: Progress | None = None) -> None:
    """Copy a store, running or not, into one file, and check the copy. Nothing is left behind where it fails.

    Raise `StoreCorrupt` where the copy does not hold, `StoreFull`, or another `StoreError`.
    """
    prepare(source, mode, read_only=True)
    with _beside(target) as partial:
        _copy(source, partial, progress)
        verify(partial, mode)
        _put_in_place(partial, target)


def verify(path: Path, mode: Mode) -> None:
    """Check a store: owner, mode, every page, every reference, the audit chain. Raise `StoreError`."""
    prepare(path, mode, read_only=True)
    with _wrapped(), closing(connect(path, write=False)) as connection:
        found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(5)")]
        if found != ["ok"]:
            raise StoreCorrupt("store_corrupt", cause=found[0])
        if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
            raise StoreCorrupt("store_corrupt", cause="foreign_key_check")
        if broken := audit.verify(_entries(Tx(connection)), head(Tx(connection))):
            raise StoreCorrupt("store_audit_broken", seq=broken.seq, damage=broken.damage.value)


def restore(  # noqa: PLR0917 (each is needed, none has a default worth having)
    source: Path, target: Path, mode: Mode, actor: Actor, now: datetime, progress: Progress | None = None
) -> Restored:
    """Check a copy and put it in the place of the store; the service must be stopped.

    Raise `StoreBusy` where it is not, `StoreCorrupt`, `WrongMode` or `SchemaMismatch` where the copy cannot be used;
    the store is then as it was.
    """
    verify(source, mode)
    with _beside(target) as partial:
        _copy(source, partial, progress)
        prepare(partial, mode, read_only=False)
        held, doubts = _hold(partial, actor, now)
        verify(partial, mode)
        replaced = _set_aside(target, now)
        _put_in_place(partial, target)
        beside(target).unlink(missing_ok=True)  # it speaks of the store that was there
    return Restored(held=held, doubts=doubts, replaced=replaced)


# ---------------------------------------------------------------- files


def _copy(source: Path, target: Path, progress: Progress | None) -> None:
    """Copy one snapshot, however long it takes, and leave it a single file."""

    def told(_status: int, remaining: int, total: int) -> None:
        if progress is not None:
            progress(total - remaining, total)

    target.touch(0o600)
    with _wrapped(), closing(connect(source, write=False)) as old, closing(sqlite3.connect(target)) as new:
        old.execute("BEGIN")
        old.execute("SELECT count(*) FROM meta").fetchone()
        old.backup(new, pages=_STEP, progress=told, sleep=0)
        new.execute("PRAGMA journal_mode = DELETE")


def _set_aside(target: Path, now: datetime) -> Path | None:
    """Keep the store that is replaced: it is evidence. Raise `StoreBusy` if anybody has it open."""
    if not target.exists():
        return None
    kept = target.with_name(f"{target.name}.before-{now:%Y%m%dT%H%M%SZ}")
    _close_for_all(target)
    os.link(target, kept)
    for side in _SIDES:
        # Only of a damaged store: its log must not be taken for that of the restored one.
        with suppress(FileNotFoundError):
            Path(f"{target}{side}").replace(f"{kept}{side}")
    return kept


def _close_for_all(target: Path) -> None:
    """Bring the log into the file. A damaged store is left as it is."""
    try:
        with closing(sqlite3.connect(target, timeout=1.0, isolation_level=None)) as connection:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA journal_mode = DELETE").fetchone()
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        if isinstance(ours := translated(error), StoreBusy):
            raise StoreBusy("store_in_use", path=str(target)) from error
        if not isinstance(ours, StoreCorrupt):
            raise ours from error


@contextmanager
def _beside(target: Path) -> Generator[Path]:
    """Yield a name in the same folder that is gone afterwards, so that a rename is all that is left to do."""
    partial = target.with_name(f".{target.name}.partial")
    _remove(partial)
    try:
        yield partial
    except OSError as error:
        raise StoreError("store_unopenable", path=str(target), cause=error.strerror or "") from error
    finally:
        _remove(partial)


def _remove(path: Path) -> None:
    for name in (path, *(Path(f"{path}{side}") for side in _SIDES)):
        name.unlink(missing_ok=True)


def _put_in_place(partial: Path, target: Path) -> None:
    _sync(partial)
    partial.replace(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _wrapped() -> Generator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise translated(error) from error


# ---------------------------------------------------------------- what is held


def _hold(path: Path, actor: Actor, now: datetime) -> tuple[int, int]:
    with _wrapped(), closing(connect(path, write=True)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        tx, name = Tx(connection), trail.who(actor)
        held, doubts = hold_all(tx, name, now)
        trail.append(tx, at=now, event="restored", subject="store", actor=name, held=held, doubts=doubts)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    return held, doubts


def _entries(tx: Tx) -> Iterator[Entry]:
    after = 0
    while page := trail.page(tx, after=after):
        yield from page
        after = page[-1].seq
