"""What work on the store is given: named statements on a transaction in progress, or on a snapshot."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from broadcaster.store.driver import sqlite3
from broadcaster.store.statements import numbered

Value = str | int | float | None


def listed(numbers: Iterable[int]) -> str:
    """Return numbers as one value of a statement (`json_each`): row by row, each would wait for the interpreter."""
    return json.dumps(list(numbers), separators=(",", ":"))


class Row(Protocol):
    """A row, by column name."""

    def __getitem__(self, column: str, /) -> Any:
        """Return the value of a column."""
        ...

    def __iter__(self) -> Iterator[Any]:
        """Yield the values, in the order of the columns."""
        ...

    def keys(self) -> list[str]:
        """Return the names of the columns."""
        ...


Gathered = Mapping[str, Any]
"""A row that came as a JSON object."""


class Tx:
    """A transaction in progress. Nothing in it outlives the work it was handed to."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._statements = numbered()

    def run(self, name: str, **values: Value) -> int:
        """Run a statement; return how many rows it changed."""
        return self._execute(name, values).rowcount

    def many(self, name: str, rows: Iterable[Mapping[str, Value]]) -> int:
        """Run a statement once per row; return how many rows were changed in all."""
        sql, names = self._statements[name]
        return self._connection.executemany(sql, ([row[each] for each in names] for row in rows)).rowcount

    def all(self, name: str, **values: Value) -> list[Row]:
        """Return every row of a query."""
        return self._execute(name, values).fetchall()

    def gathered(self, name: str, **values: Value) -> list[Gathered]:
        """Return every row of a query that gathers them into one JSON list, called `value`. For many rows beside a busy
        event loop: the interpreter's lock is given away and waited for at each step of a query, and here there is one.
        """
        row = self.one(name, **values)
        found: list[Gathered] = [] if row is None else json.loads(row["value"])
        return found

    def numbers(self, name: str, **values: Value) -> list[int]:
        """Return the numbers that a query gathers into one JSON list, called `value`."""
        row = self.one(name, **values)
        found: list[int] = [] if row is None else json.loads(row["value"])
        return found

    def one(self, name: str, **values: Value) -> Row | None:
        """Return the first row of a query, or None."""
        row: Row | None = self._execute(name, values).fetchone()
        return row

    def number(self, name: str, **values: Value) -> int:
        """Return the first column, called `value`, of the first row; 0 where there is none."""
        row = self.one(name, **values)
        return 0 if row is None or row["value"] is None else int(row["value"])

    def _execute(self, name: str, values: Mapping[str, Value]) -> sqlite3.Cursor:
        sql, names = self._statements[name]
        return self._connection.execute(sql, [values[each] for each in names])
