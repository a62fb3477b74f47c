"""The SQLite driver: pysqlite3 where it is installed (its SQLite is years newer), else Python's own, as sqlite-utils
chooses; and what its errors mean to us.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadcaster.errors import StoreBusy, StoreCorrupt, StoreError, StoreFull, StoreUnknown

if TYPE_CHECKING:
    import sqlite3
else:
    from sqlite_utils.utils import sqlite3

__all__ = ["error_name", "fatal", "sqlite3", "sqlite_version", "translated", "whole_group"]

# For each NULL the driver looks through all that may adapt a value, unless it is told here.
sqlite3.register_adapter(type(None), lambda nothing: nothing)

_FULL, _BUSY, _IO, _CORRUPT = "SQLITE_FULL", "SQLITE_BUSY", "SQLITE_IOERR", "SQLITE_CORRUPT"
_SAID = {
    "database or disk is full": _FULL,
    "database is locked": _BUSY,
    "database table is locked": _BUSY,
    "disk I/O error": _IO,
    "database disk image is malformed": _CORRUPT,
    "file is not a database": "SQLITE_NOTADB",
    "interrupted": "SQLITE_INTERRUPT",
    "attempt to write a readonly database": "SQLITE_READONLY",
    "unable to open database file": "SQLITE_CANTOPEN",
}
"""What old drivers say where newer ones carry `sqlite_errorname`."""


_KNOWN_NOT_THERE = (_FULL, _BUSY, "SQLITE_LOCKED")
_OURS: dict[str, tuple[type[StoreError], str]] = {
    _FULL: (StoreFull, "store_full"),
    _BUSY: (StoreBusy, "store_busy"),
    "SQLITE_LOCKED": (StoreBusy, "store_busy"),
    _CORRUPT: (StoreCorrupt, "store_corrupt"),
    "SQLITE_NOTADB": (StoreCorrupt, "store_corrupt"),
    "SQLITE_INTERRUPT": (StoreError, "store_slow"),
}


def sqlite_version() -> str:
    """Return the version of the SQLite in use."""
    version: str = sqlite3.sqlite_version
    return version


def error_name(error: BaseException) -> str:
    """Return SQLite's name for what went wrong, extended codes included (`SQLITE_IOERR_FSYNC`)."""
    name = getattr(error, "sqlite_errorname", None)
    return str(name) if name else _SAID.get(str(error), "SQLITE_ERROR")


def translated(error: BaseException, *, committing: bool = False) -> BaseException:
    """Return our error for a driver's; anything else is returned as it is.

    An error while COMMIT runs leaves the outcome open (a frame whose fsync failed may be replayed after a crash),
    unless SQLite says that there was no room for it or that it was not its turn.
    """
    if not isinstance(error, sqlite3.Error):
        return error
    name = error_name(error)
    if committing and not name.startswith(_KNOWN_NOT_THERE):
        return StoreUnknown("store_unknown", cause=name)
    for start, (kind, code) in _OURS.items():
        if name.startswith(start):
            return kind(code, cause=name)
    return StoreError("store_failed", cause=name)


def fatal(error: BaseException) -> bool:
    """Whether the connection must not be used again before the file was looked at."""
    return isinstance(error, sqlite3.Error) and error_name(error).startswith((_IO, _CORRUPT, "SQLITE_NOTADB"))


def whole_group(error: BaseException) -> bool:
    """Whether it concerns the store and not the one statement that met it."""
    named = (_FULL, _BUSY, "SQLITE_NOMEM", "SQLITE_CANTOPEN", "SQLITE_READONLY")
    return fatal(error) or (isinstance(error, sqlite3.Error) and error_name(error).startswith(named))
