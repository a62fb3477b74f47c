"""Every backend runs the same suite: a test asks for `store`, or `backend` to open it more than once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from broadcaster.model import Mode
from broadcaster.store import Store, open_store
from broadcaster.store.driver import sqlite3


class SqliteBackend:
    """A store in one file."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "store" / "broadcaster.db"

    def open(self, mode: Mode = Mode.LIVE, *, read_only: bool = False) -> Store:
        return open_store(self.path, mode, read_only=read_only)

    def tamper(self, *statements: str) -> list[tuple[Any, ...]]:
        """Change the stored rows behind the store's back; return what the last statement found."""
        connection = sqlite3.connect(self.path, isolation_level=None)
        found: list[tuple[Any, ...]] = []
        for statement in statements:
            found = connection.execute(statement).fetchall()
        connection.close()
        return found


@pytest.fixture(params=["sqlite"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> SqliteBackend:
    return SqliteBackend(tmp_path)


@pytest.fixture
async def store(backend: SqliteBackend) -> AsyncIterator[Store]:
    async with backend.open() as opened:
        yield opened
