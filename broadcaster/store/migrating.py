"""The schema, as numbered steps that are never changed once released: `migrations/NNNN_*.sql`.

All pending steps run in one transaction begun IMMEDIATE (sqlite-utils' own would begin deferred), so that a kill
between two of them leaves the old schema whole. `user_version` is the number of the last step.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlite_utils import Database, Migrations

from broadcaster import failpoints
from broadcaster.store.driver import sqlite3
from broadcaster.store.statements import migration_files


def latest() -> int:
    """Return the number of the schema this version of the program works with."""
    return len(migration_files())


def split(script: str) -> Iterator[str]:
    """Yield the statements of a script, each ending its line. `executescript` would commit what is under way."""
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""


def migrate(connection: sqlite3.Connection) -> int:
    """Run the pending steps inside the caller's transaction; return how many there were."""
    database = Database(connection, execute_plugins=False, recursive_triggers=False)
    migrations = _migrations(migration_files())
    pending = len(migrations.pending(database))
    if pending:
        migrations.apply(database)
    return pending


def _migrations(files: tuple[Path, ...]) -> Migrations:
    migrations = Migrations("broadcaster")
    for number, path in enumerate(files, start=1):
        _register(migrations, number, path)
    return migrations


def _register(migrations: Migrations, number: int, path: Path) -> None:
    @migrations(name=path.stem)
    def step(database: Database) -> None:
        failpoints.hit("g1")
        for statement in split(path.read_text(encoding="utf-8")):
            database.execute(statement)
        database.execute(f"PRAGMA user_version = {number:d}")
        failpoints.hit("g2")
