"""The real clock and real chance: everything else is handed one of these, so that tests own time. And who notices that
a clock cannot be trusted, for loops that go by one.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from datetime import UTC, datetime, timedelta

from broadcaster.ports.world import Clock
from broadcaster.rules import timekeeping
from broadcaster.rules.timekeeping import Tick

_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class SystemClock:
    """This machine's clock."""

    def now(self) -> datetime:
        """Return the wall clock, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never jump, those of a suspended machine included: that it slept is no reason to take
        the wall clock for set (Linux, CLOCK_BOOTTIME).
        """
        return time.clock_gettime(_STEADY)

    async def sleep(self, seconds: float) -> None:
        """Wait; cancellable."""
        await asyncio.sleep(max(0.0, seconds))


class SystemEntropy:
    """This machine's chance, from the kernel."""

    def token(self) -> str:
        """Return 128 unguessable bits as lower-case hexadecimal."""
        return secrets.token_hex(16)

    def jitter(self) -> float:
        """Return a number in [0, 1)."""
        return secrets.randbelow(1 << 53) / (1 << 53)


class Timekeeper:
    """Looks at both clocks for one loop, and tells its log when the wall clock was moved or is lost: in the words
    `moved` and `lost`, which say what that loop makes of it.
    """

    def __init__(self, clock: Clock, log: logging.Logger, *, moved: str, lost: str) -> None:
        self._clock, self._log = clock, log
        self._moved, self._said_of_lost = moved, lost
        self._told = False
        self._seen = self._tick()

    @property
    def now(self) -> datetime:
        """The wall clock, as it was at the last look."""
        return self._seen.wall

    @property
    def lost(self) -> bool:
        """Whether nothing may be done by the wall clock, as it was at the last look."""
        return timekeeping.lost(self.now)

    def look(self) -> timedelta:
        """Look at both; return by how much the wall clock was moved since the last look."""
        then, self._seen = self._seen, self._tick()
        if jump := timekeeping.jump_between(then, self._seen):
            words = {"event": "clock_jumped", "seconds": round(jump.total_seconds(), 1)}
            self._log.warning(self._moved, extra=words)
        if self.lost and not self._told:
            self._log.error(self._said_of_lost, extra={"event": "clock_lost", "now": self.now.isoformat()})
        self._told = self.lost
        return jump

    def _tick(self) -> Tick:
        return Tick(wall=self._clock.now(), steady=self._clock.monotonic())
