"""Opening the file: whose it is, which mode it is stamped with, which schema it has."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

from broadcaster.errors import SchemaMismatch, StoreCorrupt, StoreError, WrongMode
from broadcaster.model import Mode
from broadcaster.store import torn
from broadcaster.store.driver import sqlite3, translated
from broadcaster.store.migrating import latest, migrate

FILE = "broadcaster.db"
"""The store's name within an instance's `data_dir`."""
APPLICATION_ID = int.from_bytes(b"BCST", "big")
BUSY_MS = 5_000
"""How long a lock held by another process is waited for."""
_PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_MS}",
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA temp_store = MEMORY",
)
_WRITER_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA wal_autocheckpoint = 4000",  # pages; only where `checkpointing`, which is there before it, cannot follow
    "PRAGMA cache_size = -32768",  # KiB
    "PRAGMA journal_size_limit = 67108864",
)


def connect(path: Path, *, write: bool) -> sqlite3.Connection:
    """Return a connection that begins no transaction by itself. Raise `StoreError`."""
    try:
        mode = "rw" if write else "ro"
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
    except sqlite3.Error as error:
        raise translated(error) from error
    try:
        _set_up(connection, write=write)
    except sqlite3.Error as error:
        connection.close()
        raise translated(error) from error
    return connection


def _set_up(connection: sqlite3.Connection, *, write: bool) -> None:
    connection.row_factory = sqlite3.Row
    for pragma in (*_PRAGMAS, *(_WRITER_PRAGMAS if write else ())):
        connection.execute(pragma)


def prepare(path: Path, mode: Mode, *, read_only: bool) -> None:
    """Make the file if it is missing, check that it is ours, of this mode and not newer; migrate it.

    Raise `StoreCorrupt`, `WrongMode`, `SchemaMismatch`, `StoreBusy` or another `StoreError`.
    """
    if not read_only:
        _make(path)
    elif not path.exists():
        raise StoreError("store_missing", path=str(path))
    _check_header(path)
    with closing(connect(path, write=not read_only)) as connection:
        try:
            fresh = _check_owner(connection, path, read_only=read_only)
            if not fresh:
                check_mode(connection, mode)
            if not read_only:
                torn.tell(connection, path)
                _migrate(connection, mode)
        except sqlite3.Error as error:
            raise translated(error) from error


def _make(path: Path) -> None:
    """Only the service's own user may read it: it holds residents' addresses."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StoreError("store_unopenable", path=str(path), cause=error.strerror or "") from error


def _check_header(path: Path) -> None:
    """Before SQLite touches it: a foreign file must not even get a journal beside it.

    Beside a write-ahead log the header proves nothing: power may have gone while a checkpoint wrote over it, and the
    log still holds the page. Then `_check_owner` decides, once SQLite has taken the log in.
    """
    if _has_log(path):
        return
    try:
        with path.open("rb") as file:
            head = file.read(72)
    except OSError as error:
        raise StoreError("store_unopenable", path=str(path), cause=error.strerror or "") from error
    if not head:
        return
    if not head.startswith(b"SQLite format 3\x00"):
        raise StoreCorrupt("store_not_ours", path=str(path))
    if int.from_bytes(head[68:72], "big") not in (0, APPLICATION_ID):
        raise StoreCorrupt("store_not_ours", path=str(path))


def _has_log(path: Path) -> bool:
    try:
        return path.with_name(path.name + "-wal").stat().st_size > 0
    except OSError:
        return False


def _check_owner(connection: sqlite3.Connection, path: Path, *, read_only: bool) -> bool:
    """Return whether it is empty and may become ours."""
    owner, version = _pragma(connection, "application_id"), _pragma(connection, "user_version")
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if owner != APPLICATION_ID:
        if owner or tables or read_only:
            raise StoreCorrupt("store_not_ours", path=str(path))
        return True
    if version > latest():
        raise SchemaMismatch("store_newer", path=str(path), found=version, known=latest())
    if version < latest() and read_only:
        raise SchemaMismatch("store_older", path=str(path), found=version, known=latest())
    return False


def check_stamp(path: Path, mode: Mode) -> None:
    """Raise `WrongMode` if there is a store here that was made for the other mode, whatever its schema.

    Where that cannot be read, nothing is said: what else is wrong with a store is for `prepare`.
    """
    try:
        with closing(connect(path, write=False)) as connection:
            check_mode(connection, mode)
    except WrongMode:
        raise
    except (sqlite3.Error, StoreError):
        return


def check_mode(connection: sqlite3.Connection, mode: Mode) -> None:
    """Raise `WrongMode` unless the store is stamped with this mode."""
    row = connection.execute("SELECT value FROM meta WHERE key = 'mode'").fetchone()
    stamped = row[0] if row else "?"
    if stamped != mode.value:
        raise WrongMode("store_other_mode", stamped=stamped, wanted=mode.value)


def _migrate(connection: sqlite3.Connection, mode: Mode) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if migrate(connection):
            connection.execute("INSERT OR IGNORE INTO meta (key, value) VALUES ('mode', ?)", (mode.value,))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
