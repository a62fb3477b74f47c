"""Taking the write-ahead log into the file, beside the writer.

Left to SQLite, the commit that finds the log long enough does it, and whoever brought that commit waits several times
as long as others. Here a thread of its own does it a moment after something was written, when an alert that was just
accepted is on its way already. Nothing is lost where it fails: the log keeps what the file has not.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress

from broadcaster.errors import StoreError
from broadcaster.store.driver import error_name, sqlite3

_LOG = logging.getLogger("broadcaster.store")
PAUSE = 0.5
"""Seconds in which commits gather before the log is taken in."""


class Checkpointer:
    """The thread and its connection, which `opener` opens: at first and after each error."""

    def __init__(self, opener: Callable[[], sqlite3.Connection]) -> None:
        self._opener = opener
        self._connection: sqlite3.Connection | None = None
        self._grown = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="store-checkpointer", daemon=True)
        self._thread.start()

    def grown(self) -> None:
        """Say that something was committed."""
        self._grown.set()

    def stop(self) -> None:
        """Let go of the file. Blocks."""
        self._over.set()
        self._grown.set()
        self._thread.join()

    def _loop(self) -> None:
        while self._grown.wait() and not self._over.wait(PAUSE):
            self._grown.clear()
            try:
                self._take_in()
            except (sqlite3.Error, StoreError) as error:
                words = {"event": "store_checkpoint_failed", "cause": error_name(error)}
                _LOG.warning("The log could not be taken into the file; it is tried again.", extra=words)
                self._let_go()
        self._let_go()

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
