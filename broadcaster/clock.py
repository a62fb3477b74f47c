"""The real clock and real chance. Everything else is handed one of these, so that tests own time."""

from __future__ import annotations

import asyncio
import secrets
import time
from datetime import UTC, datetime

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
