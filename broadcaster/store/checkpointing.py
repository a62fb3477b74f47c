"""Taking the write-ahead log into the file, beside the writer.

Left to SQLite, the commit that finds the log long enough does it, and whoever brought that commit waits several times
as long as others. Here a thread of its own does it when nothing is written for a moment: both wait for the same disk,
and an alert that was just accepted is then on its way already. Nothing is lost where it fails: the log keeps what the
file has not.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from itertools import count

from broadcaster.errors import StoreError
from broadcaster.store.driver import error_name, sqlite3

_LOG = logging.getLogger("broadcaster.store")
PAUSE = 0.5
"""Seconds without a commit after which the log is taken in: nobody waits for the disk then."""
LATEST = 10
"""Pauses after which it is taken in though commits go on."""
ROWS = 2000
"""Changed rows that are not waited with: where the log is long, SQLite takes it in within a commit."""


def is_time(pauses: int, rows: int, *, quiet: bool) -> bool:
    """Return whether the log is to be taken in, so many pauses after a commit: `rows` were changed, and nothing in the
    last pause if it was `quiet`.
    """
    return quiet or rows >= ROWS or pauses >= LATEST


class Checkpointer:
    """The thread and its connection, which `opener` opens: at first and after each error. `afterwards` is done
    whenever the log was taken in: it may wait for the disk, too.
    """

    def __init__(self, opener: Callable[[], sqlite3.Connection], afterwards: Callable[[], None] = lambda: None) -> None:
        self._opener = opener
        self._afterwards = afterwards
        self._connection: sqlite3.Connection | None = None
        self._grown = threading.Event()
        self._over = threading.Event()
        self._changed = 0
        self._thread = threading.Thread(target=self._loop, name="store-checkpointer", daemon=True)
        self._thread.start()

    def grown(self, rows: int) -> None:
        """Say that something was committed, and how many rows it changed."""
        self._changed += rows
        self._grown.set()

    def stop(self) -> None:
        """Let go of the file. Blocks."""
        self._over.set()
        self._grown.set()
        self._thread.join()

    def _loop(self) -> None:
        while self._grown.wait() and self._gather():
            try:
                self._take_in()
                self._afterwards()
            except (sqlite3.Error, StoreError) as error:
                words = {"event": "store_checkpoint_failed", "cause": error_name(error)}
                _LOG.warning("The log could not be taken into the file; it is tried again.", extra=words)
                self._let_go()
        self._let_go()

    def _gather(self) -> bool:
        """Wait until it is time; return whether the log is still to be taken in."""
        for pauses in count(1):
            self._grown.clear()
            if self._over.wait(PAUSE):
                return False
            if is_time(pauses, self._changed, quiet=not self._grown.is_set()):
                break
        self._changed = 0
        return True

    def _take_in(self) -> None:
        """As far as it goes without making anybody wait; what a reader's snapshot holds back comes next time."""
        if self._connection is None:
            self._connection = self._opener()
        self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def _let_go(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
