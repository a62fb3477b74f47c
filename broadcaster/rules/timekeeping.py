"""Whether the wall clock can be trusted: it is set by people and by the network, and lost with a battery."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

RELEASED = datetime(2026, 11, 1, tzinfo=UTC)
"""No clock of a machine that runs this version can be before it: a clock that is was lost at boot."""

JUMP = timedelta(seconds=5)
"""A difference of wall clock and monotonic time from which on the wall clock was moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Both clocks at one look: the wall's, and seconds that never jump."""

    wall: datetime
    steady: float


def jump_between(then: Tick, this: Tick) -> timedelta:
    """Return by how much the wall clock was moved between two looks, ahead or back; zero up to five seconds. A machine
    that slept is no jump: the steady clock counts that time.
    """
    moved = (this.wall - then.wall) - timedelta(seconds=this.steady - then.steady)
    return moved if abs(moved) > JUMP else timedelta()


def lost(now: datetime) -> bool:
    """Return whether the clock is before this version was made: then nothing may be said by it."""
    return now < RELEASED
