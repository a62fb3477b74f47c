"""Room that is kept for the worst hour: a file of zeros beside the store, given up when the disk is full.

Whatever filled the disk (logs, copies, another program), what is grave can still be accepted then, and what providers
have answered can be written down. It is laid by `broadcaster run`, where there is room, and laid again by the store
once there is room again.
"""

from __future__ import annotations

import logging
import os
import shutil
from contextlib import suppress
from pathlib import Path

SIZE = 64 << 20
"""Bytes: a mail to 100,000 residents and thousands of alerts."""
ROOM = 1_000_000_000
"""Bytes that must be free beside it: it is not to cause what it is there for."""
_LOG = logging.getLogger("broadcaster.store")


class Spare:
    """The file beside a store. `given`: it was given up by this process and is to be laid again."""

    def __init__(self, store: Path, *, size: int = SIZE, room: int = ROOM) -> None:
        self.path = store.with_name(f"{store.name}-spare")
        self.given = False
        self._size, self._room = size, room

    def lay(self) -> None:
        """Take the room, if the disk has plenty. Where that fails there is no spare: that stops nothing."""
        try:
            if not self.path.exists() and shutil.disk_usage(self.path.parent).free >= self._room + self._size:
                self._take()
        except OSError as error:
            words = {"event": "spare_not_laid", "why": error.strerror or type(error).__name__}
            _LOG.warning("No room could be set aside for a full disk.", extra=words)
            with suppress(OSError):
                self.path.unlink(missing_ok=True)

    def lay_again(self) -> None:
        """Take the room once more if it was given up."""
        if self.given:
            self.lay()
            self.given = not self.path.exists()

    def give(self) -> bool:
        """Give the room back to the disk; return whether there was any."""
        try:
            self.path.unlink()
        except OSError:
            return False
        self.given = True
        _LOG.error("The disk is full; the room kept for that is used now. Make room.", extra={"event": "spare_given"})
        return True

    def _take(self) -> None:
        file = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(file, 0, self._size)
        finally:
            os.close(file)
