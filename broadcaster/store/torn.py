"""Did the last write of the log arrive whole? SQLite leaves out what did not, and says nothing; we say it.

Frames that carry the log's present salts but lie behind its last whole commit were begun and never committed, or were
damaged since: by power that went, by a killed process, by a failing disk. Nothing accepted is among them as long as the
disk keeps what it was told to sync, so this is for a person to know, not a reason to stop.
"""

from __future__ import annotations

import logging
from pathlib import Path

from broadcaster.store.driver import sqlite3

_LOG = logging.getLogger("broadcaster.store")
_HEAD, _FRAME = 32, 24
"""Bytes of the log's header and of each frame's (SQLite's file format, 4)."""


def tell(connection: sqlite3.Connection, path: Path) -> int:
    """Log an alarm if the log's end was left out when it was opened; return how many frames that were."""
    whole = int(connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1])
    left_out = max(0, _begun(path.with_name(path.name + "-wal")) - max(0, whole))
    if left_out:
        words = {"event": "store_log_torn", "frames": left_out, "whole": whole}
        _LOG.error("The last write before the stop did not arrive whole; it was left out.", extra=words)
    return left_out


def _begun(log: Path) -> int:
    """Return how many frames of the log's present round are in the file, whole or not."""
    try:
        with log.open("rb") as file:
            head = file.read(_HEAD)
            page, salts = int.from_bytes(head[8:12], "big"), head[16:24]
            frames = 0
            while len(frame := file.read(_FRAME)) == _FRAME and frame[8:16] == salts:
                frames += 1
                file.seek(page, 1)
            return frames
    except OSError:
        return 0
