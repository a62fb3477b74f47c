"""After an I/O error: look before going on.

A commit whose sync failed may or may not be in the write-ahead log. Opening anew decides it: either recovery replays
it, or the mark written here takes its place in the log. From then on the answer to "is it there?" stays the same.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from broadcaster.errors import StoreCorrupt, StoreError
from broadcaster.store.driver import sqlite3, translated
from broadcaster.store.opening import connect


def reopened(path: Path) -> sqlite3.Connection:
    """Return a new writing connection to a file that was checked and takes writes again. Raise `StoreError`."""
    connection = connect(path, write=True)
    try:
        check(connection)
        connection.execute(
            "INSERT INTO meta (key, value) VALUES ('healed', '1')"
            " ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + 1"
        )
    except (sqlite3.Error, StoreError) as error:
        with suppress(sqlite3.Error):
            connection.close()
        raise translated(error) from None
    return connection


def check(connection: sqlite3.Connection) -> None:
    """Raise `StoreCorrupt` unless SQLite's quick check finds nothing."""
    found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(5)")]
    if found != ["ok"]:
        raise StoreCorrupt("store_corrupt", cause=found[0])
