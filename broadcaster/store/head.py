"""How far the audit chain has come: as the store says it, and as a small file beside the store remembers it.

An older store in the place of a newer one looks whole: a copy put back by hand, a file copied or left without its log,
a disk that forgot what it had synced. But what it believes unsent may have gone out. So the writer notes the head of
the chain in `STORE-head`, after each commit that moved it: after it, never before, and without a sync of its own. The
file may lag, after a power cut by much; it never leads. A store whose chain does not go through the head that stands
there is older than it, or another one (docs/adr/0026).
"""

from __future__ import annotations

import os
import zlib
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from broadcaster import audit
from broadcaster.ports.store import Head
from broadcaster.store.driver import sqlite3, translated
from broadcaster.store.opening import connect
from broadcaster.store.transaction import Tx

_CLOSED = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Older:
    """The store ends at `found`; `known` had been written here before."""

    known: Head
    found: Head


def head(tx: Tx) -> Head:
    """Return the head of the chain that the store records."""
    row = tx.one("trail.head")
    return audit.START if row is None else Head(seq=row["seq"], hash=row["hash"])


def beside(store: Path) -> Path:
    """Return where the file of a store is."""
    return store.with_name(f"{store.name}-head")


class Remembered:
    """The file. `older` says that the store is not the one it was; until that is dealt with, nothing is noted. `note`
    and `close` are for the writer's thread.
    """

    def __init__(self, store: Path) -> None:
        self.older: Older | None = None
        self._store = store
        self._file = _CLOSED
        self._last = audit.START

    def read(self) -> Head:
        """Return what is remembered; the start of all chains where no whole line is: that proves nothing."""
        with suppress(OSError, ValueError):
            line, _, check = beside(self._store).read_bytes().rpartition(b" ")
            if int(check, 16) == zlib.crc32(line):
                _, seq, hashed = line.decode("ascii").split()
                return Head(seq=int(seq), hash=hashed)
        return audit.START

    def compare(self) -> None:
        """Set `older` if the chain does not go through what is remembered. Raise `StoreError`."""
        known = self.read()  # before the store: another process may still be writing it
        if known == audit.START:
            return
        try:
            with closing(connect(self._store, write=False)) as connection:
                tx = Tx(connection)
                row = tx.one("trail.at", seq=known.seq)
                if row is None or row["hash"] != known.hash:
                    self.older = Older(known=known, found=head(tx))
        except sqlite3.Error as error:
            raise translated(error) from error

    def note(self, last: Head) -> None:
        """Remember a head that is committed. Where it cannot be written it lags."""
        if last == self._last or self.older is not None:
            return
        with suppress(OSError):
            if self._file == _CLOSED:
                self._file = os.open(beside(self._store), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            line = f"head {last.seq:020d} {last.hash}".encode("ascii")
            os.pwrite(self._file, b"%b %08x\n" % (line, zlib.crc32(line)), 0)
            self._last = last

    def close(self) -> None:
        """Let go of the file."""
        if self._file != _CLOSED:
            os.close(self._file)
            self._file = _CLOSED
