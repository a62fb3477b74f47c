"""A wall clock that tests own, also in other processes: it may run faster than time does, and it may jump.

Every process reads the same small file, so one `jump` moves them all. Waiting takes `1/speed` of what it would.
Monotonic time runs at the same speed and never jumps.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path


class RacingClock:
    """Broadcaster's `Clock` port, `speed` times as fast as time since `origin`, plus what stands in the file."""

    def __init__(self, file: Path, origin: float, speed: float = 1.0) -> None:
        self._file = file
        self._origin = origin
        self._speed = speed
        self._seen: tuple[int, float] = (0, 0.0)

    def time(self) -> float:
        """Return the wall clock in seconds since 1970."""
        return self._origin + (time.time() - self._origin) * self._speed + self._offset()

    def now(self) -> datetime:
        """Return the wall clock, aware, in UTC."""
        return datetime.fromtimestamp(self.time(), UTC)

    def monotonic(self) -> float:
        """Return seconds that never jump."""
        return time.monotonic() * self._speed

    async def sleep(self, seconds: float) -> None:
        """Wait, as long as this clock needs for it."""
        await asyncio.sleep(max(0.0, seconds) / self._speed)

    def jump(self, seconds: float) -> None:
        """Move the wall clock of every process that reads the same file, forth or back."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(str(self._offset() + seconds), encoding="ascii")
        fresh.replace(self._file)

    def _offset(self) -> float:
        """What the file says; read again only when it has changed."""
        try:
            changed = self._file.stat().st_mtime_ns
        except FileNotFoundError:
            return 0.0
        if changed != self._seen[0]:
            self._seen = (changed, float(self._file.read_text(encoding="ascii") or 0.0))
        return self._seen[1]
