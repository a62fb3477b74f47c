"""Power cuts: a disk that remembers every write until it is synced, and what a cut may leave of it.

The store itself runs on it: its own engine, threads, statements and migration, over a virtual file system (`apsw.VFS`)
that writes down each write, sync, truncation and deletion. `Disk.cuts` then replays the record: at any point the power
may go, and of what no sync has covered yet each write is kept, dropped, torn at a sector, or left as noise.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import apsw

from broadcaster.store import engine, healing, opening

SECTOR = 512
EVEN = 0.5
HOW = ("keep", "drop", "tear", "noise", "mixed")
_main = apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL


@dataclass(frozen=True, slots=True)
class Op:
    """One thing done to the disk, or, with `what` "mark", something the caller was told."""

    what: str
    file: str = ""
    offset: int = 0
    data: bytes = b""
    mark: Any = None


@dataclass
class Cut:
    """A disk after the power went: `files` as they are found, and every mark told before."""

    position: int
    how: str
    files: Mapping[str, bytes]
    marks: Sequence[Any]

    def lay_out(self, folder: Path) -> None:
        """Write the files into an empty folder."""
        for name, data in self.files.items():
            (folder / name).write_bytes(data)


@dataclass
class _File:
    """What surely is on the disk (None: no such file), and what has been done since the last sync."""

    durable: bytearray | None = None
    pending: list[Op] = field(default_factory=list)

    @property
    def fresh(self) -> bool:
        """Whether the file was made since the last sync."""
        return self.durable is None or any(op.what.startswith("delete") for op in self.pending)

    def sync(self) -> None:
        for op in self.pending:
            self.durable = applied(self.durable, op)
        self.pending.clear()


class Disk:
    """The record. `mark` says in the same order what the caller was told."""

    def __init__(self) -> None:
        self.ops: list[Op] = []
        self._lock = threading.Lock()

    def note(self, op: Op) -> None:
        """Append to the record."""
        with self._lock:
            self.ops.append(op)

    def mark(self, what: Any) -> None:
        """The caller was told this: from here on no cut may take it back."""
        self.note(Op("mark", mark=what))

    def cuts(self, wanted: Iterable[int], seed: int, hows: Sequence[str] = HOW) -> Iterator[Cut]:
        """Yield a cut for each position in `wanted`, each in its way of losing writes."""
        chance, marks, files = random.Random(seed), list[Any](), dict[str, _File]()
        positions = sorted(wanted)
        for position, op in enumerate(self.ops):
            while positions and positions[0] == position:
                positions.pop(0)
                how = hows[chance.randrange(len(hows))]
                left = {name: _left(file, how, chance) for name, file in files.items()}
                found = {name: bytes(data) for name, data in left.items() if data is not None}
                yield Cut(position, how, found, tuple(marks))
            if op.what == "mark":
                marks.append(op.mark)
            else:
                _record(files, op)


def _record(files: dict[str, _File], op: Op) -> None:
    file = files.setdefault(op.file, _File())
    if op.what == "sync":
        if file.fresh and not op.file.endswith(".db"):
            _sync_directory(files)  # SQLite syncs the directory with the first sync of a journal or log it has made
        file.sync()
    else:
        file.pending.append(op)
        if op.what == "delete synced":
            _sync_directory(files)


def _sync_directory(files: dict[str, _File]) -> None:
    """What was deleted stays deleted."""
    for file in files.values():
        deleted = [place for place, op in enumerate(file.pending) if op.what.startswith("delete")]
        if deleted:
            file.durable = None
            del file.pending[: deleted[-1] + 1]


def _left(file: _File, how: str, chance: random.Random) -> bytearray | None:
    data = None if file.durable is None else bytearray(file.durable)
    for op in file.pending:
        fate = chance.choice(HOW[:-1]) if how == "mixed" else how
        if op.what == "write" and fate in ("tear", "noise"):
            data = _torn(data, op, chance, noise=fate == "noise")
        elif fate == "keep" or (fate != "drop" and chance.random() < EVEN):
            data = applied(data, op)
    return data


def _torn(data: bytearray | None, op: Op, chance: random.Random, *, noise: bool) -> bytearray | None:
    """Some sectors arrived, the others did not; or one holds noise."""
    for start in range(0, len(op.data), SECTOR):
        if chance.random() < EVEN:
            sector = op.data[start : start + SECTOR]
            found = chance.randbytes(len(sector)) if noise else sector
            data = applied(data, Op("write", op.file, op.offset + start, found))
    return data


def applied(data: bytearray | None, op: Op) -> bytearray | None:
    """Return the file after the operation."""
    if op.what.startswith("delete"):
        return None
    data = bytearray() if data is None else data
    if op.what == "truncate":
        del data[op.offset :]
    elif op.what == "write":
        if len(data) < op.offset:
            data.extend(bytes(op.offset - len(data)))
        data[op.offset : op.offset + len(op.data)] = op.data
    return data


# ---------------------------------------------------------------- the virtual file system


class _Recording(apsw.VFS):
    def __init__(self, name: str, disk: Disk) -> None:
        self._disk = disk
        super().__init__(name, "")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 (SQLite's own names)
        where = name.filename() if isinstance(name, apsw.URIFilename) else name
        if not flags[0] & _main or not where:
            return apsw.VFSFile("", name, flags)
        return _RecordedFile(self._disk, Path(where).name, name, flags)

    def xDelete(self, name: str, syncdir: bool) -> None:  # noqa: N802
        super().xDelete(name, syncdir)
        self._disk.note(Op("delete synced" if syncdir else "delete", Path(name).name))


class _RecordedFile(apsw.VFSFile):
    def __init__(self, disk: Disk, short: str, name: Any, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self._disk = disk
        self._short = short
        disk.note(Op("open", short))

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        super().xWrite(data, offset)
        self._disk.note(Op("write", self._short, offset, bytes(data)))

    def xTruncate(self, size: int) -> None:  # noqa: N802
        super().xTruncate(size)
        self._disk.note(Op("truncate", self._short, size))

    def xSync(self, flags: int) -> None:  # noqa: N802
        super().xSync(flags)
        self._disk.note(Op("sync", self._short))


# ---------------------------------------------------------------- the store on top of it


class _Row:
    """As `sqlite3.Row`."""

    def __init__(self, names: tuple[str, ...], values: tuple[Any, ...]) -> None:
        self._names, self._values = names, values

    def __getitem__(self, wanted: str | int) -> Any:
        return self._values[wanted if isinstance(wanted, int) else self._names.index(wanted)]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def keys(self) -> list[str]:
        return list(self._names)


class _Done:
    """As `sqlite3.Cursor`, after it has run."""

    def __init__(self, rows: list[Any], rowcount: int, description: Any) -> None:
        self._rows, self.rowcount, self.description = rows, rowcount, description
        self.lastrowid = 0

    def fetchall(self) -> list[Any]:
        return self._rows

    def fetchone(self) -> Any:
        return self._rows[0] if self._rows else None

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)


class _Wired:
    """As `sqlite3.Connection`, as far as the store uses it, over apsw and the recording file system."""

    def __init__(self, path: Path, vfs: str, *, write: bool) -> None:
        mode = apsw.SQLITE_OPEN_READWRITE if write else apsw.SQLITE_OPEN_READONLY
        self._connection = apsw.Connection(str(path), flags=mode, vfs=vfs)
        self._connection.row_trace = _named
        self.row_factory: Any = None

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    @property
    def total_changes(self) -> int:
        return self._connection.total_changes()

    def execute(self, statement: str, values: Any = None) -> _Done:
        said: list[Any] = []

        def begun(cursor: apsw.Cursor, *_: Any) -> bool:
            said[:] = cursor.get_description()
            return True

        cursor = self._connection.cursor()
        cursor.exec_trace = begun
        rows = list(cursor.execute(statement, values))
        return _Done(rows, self._connection.changes(), tuple(said))

    def executemany(self, statement: str, rows: Iterable[Any]) -> _Done:
        return _Done([], sum(self.execute(statement, row).rowcount for row in rows), None)

    def set_progress_handler(self, handler: Any, steps: int) -> None:
        self._connection.set_progress_handler(handler, steps)

    def close(self) -> None:
        self._connection.close()


def _named(cursor: apsw.Cursor, row: tuple[Any, ...]) -> Any:
    return _Row(tuple(each[0] for each in cursor.get_description()), row)


@contextmanager
def powered(disk: Disk, *pragmas: str) -> Iterator[None]:
    """While this is open, every store opened in this process runs on that disk; `pragmas` come after its own."""
    name = f"power-{id(disk)}"
    vfs = _Recording(name, disk)

    def connect(path: Path, *, write: bool) -> Any:
        connection: Any = _Wired(path, name, write=write)
        opening._set_up(connection, write=write)
        for pragma in pragmas if write else ():
            connection.execute(pragma)
        return connection

    with (
        patch.object(opening, "connect", connect),
        patch.object(engine, "connect", connect),
        patch.object(healing, "connect", connect),
    ):
        yield
    vfs.unregister()


def spread(total: int, count: int, seed: int) -> list[int]:
    """Return `count` positions out of `total`, each as often as another as far as that goes."""
    chance = random.Random(seed)
    return [*range(total)] * (count // total) + chance.sample(range(total), count % total)
